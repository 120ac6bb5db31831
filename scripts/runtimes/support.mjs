// What the checks share. Each runs in a process of its own, in an empty directory of its own.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../tools.mjs';

export const require = createRequire(import.meta.url);
export const { WASI, compile, configure, run, spawn } = require('../../index.js');
export const guests = require('../../__test__/helpers/run-guests.js');
export { root, sleep };

export const fixtureFile = (name) => path.join(root, '__test__', 'fixtures', 'bin', `${name}.wasm`);

export const moduleOf = (name) => new WebAssembly.Module(readFileSync(fixtureFile(name)));

export function instantiate(wasi, name, imports) {
  return new WebAssembly.Instance(moduleOf(name), { ...wasi.getImportObject(), ...imports });
}

// Runs a program on class WASI, its output in files.
export function start(name, options, Class = WASI) {
  const [stdout, stderr] = [openSync('stdout', 'w'), openSync('stderr', 'w')];
  const wasi = new Class({ version: 'preview1', args: [name], stdout, stderr, ...options });
  try {
    const code = wasi.start(instantiate(wasi, name));
    return { code, stdout: readFileSync('stdout', 'utf8'), stderr: readFileSync('stderr', 'utf8') };
  } finally {
    wasi.close();
    closeSync(stdout);
    closeSync(stderr);
  }
}

// What the runtime needs before a script.
export const flags = process.versions.deno ? ['run', '--allow-all'] : [];

// Runs a script on the same runtime to its end.
export function script(args, { preload, ...options } = {}) {
  const preloading = preload ? [process.versions.bun ? '--preload' : '--require', preload] : [];
  const all = [...flags, ...preloading, ...args];
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8', ...options });
  return { code: status ?? signal, stdout, stderr };
}

export async function rejection(promise, code) {
  const error = await promise.then(() => assert.fail(`fulfilled, not ${code}`), (reason) => reason);
  assert.equal(error.code, code, error.stack);
  return error;
}

export const descriptors = () => readdirSync('/proc/self/fd').length;
