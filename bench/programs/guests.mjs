// The guests, and both ways of running them, for the processes that measure.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const bench = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

export const workerFile = path.join(bench, 'programs', 'worker.cjs');

// Those that are shared with the tests. The others only exist for the benchmark.
const fixtures = ['c-hello', 'cat', 'rust-hello'];
const folderOf = (guest) => (fixtures.includes(guest) ? path.join(bench, '..', '__test__', 'fixtures', 'bin') : path.join(bench, 'guest'));
export const fileOf = (guest) => path.join(folderOf(guest), `${guest}.wasm`);
export const moduleOf = (guest) => new WebAssembly.Module(readFileSync(fileOf(guest)));

export const wasiRs = () => require(path.join(bench, '..'));

// Another checkout of the package, built, to compare with: undefined if there is none.
const { WASI_RS_BEFORE: beforePath } = process.env;
export const wasiRsBefore = beforePath === undefined ? undefined : () => require(path.resolve(beforePath));

// Without the cache: what is measured is not to depend on what ran before.
export const compile = (guest, from = wasiRs()) => from.compile(fileOf(guest), { cache: false });

// Runs a command with node:wasi, its standard streams on these descriptors.
export function runOnNode(module, { args = ['guest'], stdin, stdout }) {
  const { WASI } = require('node:wasi');
  const wasi = new WASI({ version: 'preview1', args, stdin, stdout, stderr: stdout });
  check(wasi.start(new WebAssembly.Instance(module, wasi.getImportObject())));
}

// The exports of a guest that is no command.
export function instantiateOnNode(guest) {
  const { WASI } = require('node:wasi');
  const wasi = new WASI({ version: 'preview1' });
  const instance = new WebAssembly.Instance(moduleOf(guest), wasi.getImportObject());
  wasi.initialize(instance);
  return instance.exports;
}

// How many runs of node:wasi there are between two collections of garbage. V8 does not collect what
// they leave soon enough: after some thousand the process ends with a segmentation fault.
export const TURN = 100;

// Collects, and gives the event loop a turn. Not to be timed.
export async function tidy() {
  globalThis.gc();
  await new Promise(setImmediate);
}

export function check(exitCode) {
  if (exitCode !== 0) throw new Error(`the guest ended with ${exitCode}`);
}

// Nanoseconds since `start`.
export const elapsed = (start) => Math.round((performance.now() - start) * 1e6);
