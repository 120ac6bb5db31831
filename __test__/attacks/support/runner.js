'use strict';

// Runs attacks in child processes, watches over them, and gives the outcomes:
//
//   held     the attack got nothing
//   escaped  it reached what it was not given
//   leaked   it took something from the host: descriptors, memory, a stream
//   crashed  the process is gone
//   hung     the watchdog had to end it
//   broken   the attack itself does not work

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { workFolder } = require('../../helpers/work-folder');

// Few descriptors, so that running out of them takes no time; no core dumps.
const LIMITED = 'ulimit -n 1024; ulimit -c 0; exec "$@"';

function start(request, { node = process.execPath, env }) {
  // Without the test runner's own variables, which would make a child report to it.
  const { NODE_TEST_CONTEXT, ...inherited } = process.env;
  const command = [node, '--no-warnings', path.join(__dirname, 'child.js'), JSON.stringify(request)];
  const child = spawn('sh', ['-c', LIMITED, 'sh', ...command], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'], env: { ...inherited, ...env },
  });
  child.stdin.on('error', () => {});
  child.stdout.on('error', () => {}).resume();
  return child;
}

// The outcomes of those that were begun, by id.
async function runOnce(ids, { watchdog, ...options }) {
  const root = fs.mkdtempSync(path.join(workFolder(), 'wasi-rs-attacks-'));
  const child = start({ implementation: options.implementation, ids, root }, options);
  const outcomes = new Map();
  let current;
  let hung = false;
  let stderr = '';
  child.stderr.on('error', () => {}).on('data', (data) => { stderr += data; });
  const timer = setTimeout(() => { hung = child.kill('SIGKILL'); }, watchdog);
  createInterface({ input: child.stdio[3] }).on('line', (line) => {
    timer.refresh();
    const { id, ...result } = JSON.parse(line);
    current = result.outcome ? undefined : id;
    if (result.outcome) outcomes.set(id, result);
  });
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  // Attacks make directories deeper than a path can name; rmSync does not get there.
  execFileSync('rm', ['-rf', root]);
  const unfinished = current ?? (outcomes.size < ids.length && outcomes.size === 0 ? ids[0] : undefined);
  if (unfinished !== undefined) {
    outcomes.set(unfinished, {
      outcome: hung ? 'hung' : 'crashed', detail: signal ?? `exit code ${code}`, stderr: stderr.slice(-2000),
    });
  }
  return outcomes;
}

// Runs a list in as few processes as survive it.
async function runBatch(ids, options) {
  const outcomes = new Map();
  for (let left = ids; left.length > 0; left = left.filter((id) => !outcomes.has(id))) {
    for (const [id, result] of await runOnce(left, options)) outcomes.set(id, result);
  }
  return outcomes;
}

// Runs `attacks`; gives the outcomes by id. `options`:
//   implementation  'node' or 'wasi-rs'
//   batch           attacks per process (those marked `alone` have one to themselves)
//   parallel        processes at a time
//   watchdog        milliseconds an attack may take
//   node, env       the binary, variables for it
async function runAll(attacks, { batch = 1, parallel = 2, ...options }) {
  const batches = attacks.filter(({ alone }) => alone).map(({ id }) => [id]);
  const others = attacks.filter(({ alone }) => !alone).map(({ id }) => id);
  for (let from = 0; from < others.length; from += batch) batches.push(others.slice(from, from + batch));
  const outcomes = new Map();
  const next = batches.values();
  const worker = async () => {
    for (const ids of next) {
      for (const [id, result] of await runBatch(ids, options)) outcomes.set(id, result);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return outcomes;
}

module.exports = { runAll };
