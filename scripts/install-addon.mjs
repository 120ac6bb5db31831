// For the installed package, run by npm or by hand: where no prebuilt addon fits, builds one from
// the sources that are in the package.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { environment, place, platform, rustc, targets } from './cargo.mjs';
import { root } from './tools.mjs';

const needed = /^rust-version = "(.*)"/m.exec(readFileSync(path.join(root, 'Cargo.toml'), 'utf8'))[1];
const install = `Install Rust ${needed} or newer (https://rustup.rs) and a C compiler, then try again`;

class Failure extends Error {}

// A checkout builds when its commands are run. The tests are never in a package.
const isCheckout = () => existsSync(path.join(root, '__test__'));

// What the addon's loading ends with: undefined if it loads. In another process, since an addon that
// does not fit can end the process.
function loadError() {
  const script = 'require(process.argv[1]).load()';
  const { status, signal, stderr } = spawnSync(process.execPath, ['-e', script, path.join(root, 'addon.js')], {
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  return /^\w*Error: .*/m.exec(stderr)?.[0] ?? `the process ended with ${signal ?? status}`;
}

// npm shows what a script prints only when it fails: who waits for minutes should know why.
function announce(text) {
  console.error(text);
  if (process.stderr.isTTY) return;
  try {
    appendFileSync('/dev/tty', `\r${text}\n`);
  } catch {
    // Nobody sits there.
  }
}

function checkPlatform() {
  if (Object.hasOwn(targets, platform)) return;
  throw new Failure(`${platform} is not supported. These are: ${Object.keys(targets).join(', ')}`);
}

const isOlder = ([major, minor], [wantedMajor, wantedMinor]) => (
  major < wantedMajor || (major === wantedMajor && minor < wantedMinor)
);

function checkCargo() {
  const { error, stdout, stderr } = spawnSync('cargo', ['--version'], { cwd: '/', encoding: 'utf8' });
  if (error?.code === 'ENOENT') throw new Failure(`cargo was not found. ${install}`);
  const version = /^cargo (\d+)\.(\d+)/.exec(stdout)?.slice(1).map(Number);
  if (version === undefined) throw new Failure(`cargo does not run: ${error?.message ?? stderr.trim()}. ${install}`);
  if (isOlder(version, needed.split('.').map(Number))) {
    throw new Failure(`${stdout.trim()} is too old. ${install}`);
  }
}

// What cargo's words mean, for those who never use it.
const hints = [
  [/linker .* not found|failed to find tool/, 'A C compiler is missing. Install one, then try again'],
  [/can't find crate for `(core|std)`/, `Run \`rustup target add ${targets[platform]}\`, then try again`],
  [/failed to (download|get|fetch|query)|could not resolve host|offline/i,
    'Cargo could not get the Rust libraries: it needs the network, or its cache filled before'],
  [/signal: 9, SIGKILL/, 'The system ended the compiler, most likely for want of memory: give it more'],
  [/no space left/i, 'The disk is full: make room (about 1 GB while it builds), then try again'],
];

function advice(words) {
  const hint = hints.find(([pattern]) => pattern.test(words))?.[1] ?? 'Mend what cargo says above, then try again';
  const { RUSTFLAGS } = process.env;
  return RUSTFLAGS ? `${hint}. RUSTFLAGS is set to "${RUSTFLAGS}": try without` : hint;
}

// Beside the package and not in a temporary directory: there is room, programs may be run, and the
// package manager removes what we can't.
function makeFolder() {
  try {
    return mkdtempSync(path.join(root, '.build-'));
  } catch ({ code }) {
    throw new Failure(`the package can't be written to (${code}). Make ${root} writable, then try again`);
  }
}

// Nothing but the user's own settings of cargo counts, so it runs at the root: a project around the
// package may have a toolchain and a configuration of its own.
const startCargo = (folder) => spawn('cargo', [
  ...rustc('release'), '--manifest-path', path.join(root, 'Cargo.toml'),
  '--target', targets[platform], '--target-dir', folder,
], { cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment() } });

async function textOf(stream, tee) {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += chunk;
    tee?.write(chunk);
  }
  return text;
}

async function runCargo(folder, signal) {
  const child = startCargo(folder);
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  // With the compilers that it has started.
  signal.onabort = () => isRunning() && process.kill(-child.pid, 'SIGKILL');
  const [[code], messages, words] = await Promise.all([
    once(child, 'close'), textOf(child.stdout), textOf(child.stderr, process.stderr),
  ]);
  if (code !== 0) throw new Failure(`cargo failed. ${advice(words)}`);
  return messages;
}

// A signal ends this process once the action, which it aborts, has cleaned up.
async function untilSignal(action) {
  const controller = new AbortController();
  const abort = (name) => controller.abort(name);
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const name of names) process.on(name, abort);
  try {
    await action(controller.signal);
  } finally {
    for (const name of names) process.off(name, abort);
    if (controller.signal.aborted) process.kill(process.pid, controller.signal.reason);
  }
}

async function build(signal) {
  const folder = makeFolder();
  try {
    place(await runCargo(folder, signal));
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function buildAddon() {
  checkPlatform();
  checkCargo();
  announce('wasi-rs: no prebuilt addon fits; building one with cargo, which takes some minutes');
  await untilSignal(build);
  const error = loadError();
  if (error !== undefined) throw new Failure(`what was built does not load (${error})`);
  announce('wasi-rs: the addon is built');
}

async function main() {
  const missing = isCheckout() ? undefined : loadError();
  if (missing === undefined) return;
  try {
    await buildAddon();
  } catch (error) {
    // What the system refuses, such as a full disk, is told in its words.
    if (!(error instanceof Failure) && error.syscall === undefined) throw error;
    console.error(`wasi-rs: no prebuilt addon loads (${missing}), and building one failed: ${error.message}`);
    process.exitCode = 1;
  }
}

await main();
