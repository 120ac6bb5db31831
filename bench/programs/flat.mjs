// Whether anything grows with the number of runs.

import { openSync, readdirSync } from 'node:fs';
import os from 'node:os';
import { check, compile, moduleOf, runOnNode, tidy, TURN } from './guests.mjs';

const WARM_UP = 1000;
const RUNS = 10_000;
const IN_FLIGHT = 16;

// What is no longer used is gone before it is counted.
async function usage() {
  for (let i = 0; i < 3; i += 1) await tidy();
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    rss: process.memoryUsage.rss(),
  };
}

// What rises at first, but no longer the second time, is not kept for each run.
async function threeTimes(runMany) {
  const usages = [];
  for (const runs of [WARM_UP, RUNS, RUNS]) {
    await runMany(runs);
    usages.push(await usage());
  }
  return { usages };
}

const tasks = {
  async run() {
    const program = await compile('hello');
    return threeTimes(async (runs) => {
      let left = runs;
      const lane = async () => {
        for (; left > 0; left -= 1) check((await program.run()).exitCode);
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    });
  },

  async main() {
    const module = moduleOf('hello');
    const descriptors = { stdin: openSync(os.devNull, 'r'), stdout: openSync(os.devNull, 'w') };
    return threeTimes(async (runs) => {
      for (let i = 0; i < runs; i += 1) {
        runOnNode(module, descriptors);
        if (i % TURN === 0) await tidy();
      }
    });
  },
};

async function measure(run) {
  if (process.platform !== 'linux') return { rows: [], remarks: ['Not measured, because only Linux has /proc.'] };
  const rows = [{ row: 'run()', ...await run.once('run') }, { row: 'node:wasi', ...await run.once('main') }];
  const remark = `The numbers are from after ${WARM_UP} runs of hello world, after another ${RUNS}, and after ` +
    `another ${RUNS}. Garbage is collected before each measurement.`;
  return { rows, remarks: [remark] };
}

const change = (text) => ({ usages }) => usages.map(text).join(' → ');
const mib = (bytes) => (bytes / 2 ** 20).toFixed(1);

export const flat = {
  name: 'flat',
  title: 'Ten thousand runs, twice',
  columns: [
    ['Implementation', ({ row }) => row],
    ['Open descriptors', change(({ descriptors }) => descriptors)],
    ['Threads', change(({ threads }) => threads)],
    ['RSS in MiB', change(({ rss }) => mib(rss))],
  ],
  tasks,
  measure,
};
