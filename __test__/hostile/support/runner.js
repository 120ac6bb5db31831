'use strict';

// Carries out attacks, each in a process of its own, which is watched from outside: an attack that
// succeeds must not take the machine down.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { workFolder } = require('../../helpers/work-folder');
const { family, memory } = require('./processes');

const GIB = 2 ** 30;

function start(attack, folder) {
  // Without the test runner's own variables, which would make a child report to it.
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  return spawn(process.execPath, ['--no-warnings', path.join(__dirname, 'child.js'), attack.name, folder], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: { ...env, XDG_CACHE_HOME: folder },
  });
}

function kill(pids) {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

// Looks at the processes until they are stopped by `stop()`; what it saw is in the object it gives.
function watch(child, { seconds, bytes }) {
  const seen = { peak: 0, killed: undefined };
  const started = performance.now();
  const look = () => {
    const pids = family(child.pid);
    const { now, peak } = memory(pids);
    seen.peak = Math.max(seen.peak, peak);
    if (now > bytes) seen.killed ??= 'memory';
    if (performance.now() - started > seconds * 1000) seen.killed ??= 'time';
    if (seen.killed) kill(pids);
  };
  const timer = setInterval(look, 20);
  seen.stop = () => clearInterval(timer);
  return seen;
}

// What the child told, or how it ended if it did not get that far.
function resultOf(told, seen, [code, signal], stderr) {
  const peak = Math.max(seen.peak, told?.peak ?? 0);
  if (told) return { ...told, peak };
  const outcome = seen.killed ? `killed: ${seen.killed}` : `crashed: ${signal ?? code}`;
  return { outcomes: [outcome], detail: stderr.slice(-1000), peak };
}

async function runOne(attack, limits) {
  const folder = fs.mkdtempSync(path.join(workFolder(), 'wasi-rs-hostile-'));
  const child = start(attack, folder);
  const seen = watch(child, limits);
  let told;
  let stderr = '';
  child.on('message', (message) => { told = message; });
  child.stderr.setEncoding('utf8').on('data', (data) => { stderr += data; });
  const ended = await once(child, 'close');
  seen.stop();
  fs.rmSync(folder, { recursive: true });
  return resultOf(told, seen, ended, stderr);
}

// Calls `each` with every attack and its result. `options`:
//   parallel  attacks at a time
//   seconds   after which one is killed
//   bytes     of memory beyond which one is killed
async function runAll(attacks, { parallel = 2, seconds = 60, bytes = 8 * GIB }, each) {
  const next = attacks.values();
  const worker = async () => {
    for (const attack of next) each(attack, await runOne(attack, { seconds, bytes }));
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

module.exports = { GIB, runAll };
