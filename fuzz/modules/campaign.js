'use strict';

// Modules in batches, each batch in a process of its own, which is started again behind a module that
// ends it, lets it hang or takes all memory.

const { fork, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { family, memory } = require('../../__test__/hostile/support/processes');

const BATCH = 200;
const SECONDS = 60;
const BYTES = 4 * 2 ** 30;

function generate(program, { purpose, first, count, features }) {
  const args = [purpose, String(first), String(count), ...features];
  const { status, stdout, stderr } = spawnSync(program, args, { maxBuffer: 2 ** 31 - 1 });
  if (status !== 0) throw new Error(`modules ${first} to ${first + count} can't be generated: ${stderr}`);
  return stdout;
}

// Kills the child when a module takes too long or too much; why is in what it gives.
function guard(child) {
  const seen = { since: performance.now(), killed: undefined };
  const look = () => {
    const pids = family(child.pid);
    if (performance.now() - seen.since > SECONDS * 1000) seen.killed = 'hangs';
    else if (memory(pids).now > BYTES) seen.killed = 'takes all memory';
    if (seen.killed) pids.forEach((pid) => process.kill(pid, 'SIGKILL'));
  };
  const timer = setInterval(look, 50);
  seen.stop = () => clearInterval(timer);
  return seen;
}

// Goes on from `left` to the end of the batch, or to a module that ends the process; gives how far it got.
async function runFrom(left, { purpose, file, first }, each) {
  const child = fork(path.join(__dirname, 'child.js'), [purpose, file, first, left], {
    execArgv: ['--no-warnings'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const seen = guard(child);
  let current;
  child.on('message', ({ begins, ...result }) => {
    seen.since = performance.now();
    current = begins;
    if (begins === undefined) each(result);
  });
  const [code, signal] = await once(child, 'close');
  seen.stop();
  if (current === undefined) return Infinity;
  each({ seed: current, finding: seen.killed ?? `ends the process: ${signal ?? code}` });
  return current - first + 1;
}

async function batch(program, { purpose, first, count, features }, each) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-modules-'));
  const file = path.join(folder, 'modules');
  try {
    fs.writeFileSync(file, generate(program, { purpose, first, count, features }));
    for (let left = 0; left < count;) left = await runFrom(left, { purpose, file, first }, each);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function sum() {
  return { modules: 0, calls: 0, deep: 0, trapped: 0, latest: undefined, skipped: {}, ends: {}, findings: [] };
}

function add(total, { seed, skipped, calls = 0, deep, trapped, latest, ends = {}, finding }) {
  total.modules += 1;
  total.calls += calls;
  total.deep += deep ? 1 : 0;
  total.trapped += trapped ? 1 : 0;
  if (latest !== undefined) total.latest = Math.max(total.latest ?? latest, latest);
  if (skipped) total.skipped[skipped] = (total.skipped[skipped] ?? 0) + 1;
  for (const [code, count] of Object.entries(ends)) total.ends[code] = (total.ends[code] ?? 0) + count;
  if (finding) total.findings.push({ seed, finding });
}

// Puts `count` modules from the seed `first` to an oracle, or as many as there is time for; calls `tell`
// after each batch with the sum so far and the seed to go on from.
async function campaign(program, { purpose, first, count, seconds = Infinity, features }, tell = () => {}) {
  const total = sum();
  const until = performance.now() + seconds * 1000;
  let next = first;
  while (next < first + count && performance.now() < until) {
    const some = Math.min(BATCH, first + count - next);
    await batch(program, { purpose, first: next, count: some, features }, (result) => add(total, result));
    next += some;
    tell(total, next);
  }
  return { ...total, next };
}

module.exports = { campaign, generate };
