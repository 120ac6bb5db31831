// Whether anything grows with the number of runs.

import { openSync, readdirSync } from 'node:fs';
import os from 'node:os';
import { check, compile, moduleOf, runOnNode, tidy, TURN } from './guests.mjs';
import { asynchronous, synchronous } from './host-calls.mjs';
import { count } from './table.mjs';

const IN_FLIGHT = 16;
// What rises at first, but no longer the second time, is not kept for each run.
const RUNS = [1000, 10_000, 10_000];
const CALLS = [10_000, 50_000, 50_000];

// What is no longer used is gone before it is counted.
async function usage() {
  for (let i = 0; i < 3; i += 1) await tidy();
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    rss: process.memoryUsage.rss(),
    heap: process.memoryUsage().heapUsed,
  };
}

// So many runs, `atOnce` of them at a time.
async function inLanes(runs, atOnce, once) {
  let left = runs;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await once();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

// What is used after each of these numbers of runs.
async function after(counts, runMany) {
  const usages = [];
  for (const runs of counts) {
    await runMany(runs);
    usages.push(await usage());
  }
  return { usages };
}

const tasks = {
  async run() {
    const program = await compile('hello');
    const once = async () => check((await program.run()).exitCode);
    return after(RUNS, (runs) => inLanes(runs, IN_FLIGHT, once));
  },

  async main() {
    const module = moduleOf('hello');
    const descriptors = { stdin: openSync(os.devNull, 'r'), stdout: openSync(os.devNull, 'w') };
    return after(RUNS, async (runs) => {
      for (let i = 0; i < runs; i += 1) {
        runOnNode(module, descriptors);
        if (i % TURN === 0) await tidy();
      }
    });
  },

  async calls({ counts = CALLS }) {
    const once = asynchronous(await compile('plugin'));
    return after(counts, (runs) => inLanes(runs, IN_FLIGHT, once));
  },

  async callsSync({ counts = CALLS }) {
    const once = synchronous(await compile('plugin'));
    return after(counts, (runs) => inLanes(runs, 1, once));
  },
};

const plan = [
  { row: 'run()', task: 'run', counts: RUNS },
  { row: 'node:wasi', task: 'main', counts: RUNS },
  { row: 'run() and instantiate() of a plugin', task: 'calls', counts: CALLS },
  { row: 'runSync() and instantiateSync() of a plugin', task: 'callsSync', counts: CALLS },
];

// As 1000, 11000 and 21000.
const totals = (counts) => counts.map((_, index) => counts.slice(0, index + 1).reduce((sum, runs) => sum + runs));

async function measure(run) {
  if (process.platform !== 'linux') return { rows: [], remarks: ['Not measured, because only Linux has /proc.'] };
  const rows = [];
  for (const { task, ...labels } of plan) rows.push({ ...labels, ...await run.once(task) });
  const remark = 'The first two rows run hello world. In the others, plugins call functions of the host that return, ' +
    'throw, return a wrong value, call back, abort the call, or return again and again until the timeout. In asynchronous ' +
    'calls, functions also resolve, reject, never settle, or settle too late. Half of the instances are never closed. ' +
    'Garbage is collected before each measurement.';
  return { rows, remarks: [remark] };
}

const change = (text) => ({ usages }) => usages.map(text).join(' → ');
const mib = (bytes) => (bytes / 2 ** 20).toFixed(1);

export const flat = {
  name: 'flat',
  title: 'What many runs leave behind',
  columns: [
    ['Implementation', ({ row }) => row],
    ['Measured after runs', ({ counts }) => totals(counts).map(count).join(', ')],
    ['Open descriptors', change(({ descriptors }) => descriptors)],
    ['Threads', change(({ threads }) => threads)],
    ['RSS in MiB', change(({ rss }) => mib(rss))],
    ['JavaScript heap in MiB', change(({ heap }) => mib(heap))],
  ],
  tasks,
  measure,
};
