// Commands that never end by themselves: how long until they do, and what the event loop feels of it.

import { execFileSync } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { compile, elapsed, moduleOf, workerFile } from './guests.mjs';
import { aim, time } from './table.mjs';

const TIMEOUT_MS = 100;
// For a Worker that does not end. The process is given up then.
const PATIENCE_SECONDS = 5;

const rows = [
  { args: ['compute'], row: 'computes' },
  { args: ['sleep'], row: 'sleeps' },
  { args: ['read'], row: 'reads from a pipe' },
];

// Both ends are here, so a read waits for ever.
const emptyPipe = (fifo) => openSync(fifo, constants.O_RDWR);

async function timeOut(program, options) {
  const code = await program.run(options).then(() => 'none', (error) => error.code);
  if (code !== 'ERR_WASI_TIMEOUT') throw new Error(`ended with the code ${code}`);
}

const tasks = {
  async run({ args, fifo }) {
    const program = await compile('endless');
    const options = { args, stdin: emptyPipe(fifo) };
    await timeOut(program, { ...options, timeout: 10 });

    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await sleep(20);
    delay.reset();
    const start = performance.now();
    await timeOut(program, { ...options, timeout: TIMEOUT_MS });
    const ns = elapsed(start);
    delay.disable();
    return { ns, delay: Math.max(0, delay.max - 1e6) };
  },

  // The only limit there is for node:wasi.
  async worker({ args, fifo }) {
    const workerData = {
      module: moduleOf('endless'), args, stdin: emptyPipe(fifo), stdout: openSync(os.devNull, 'w'),
    };
    const worker = new Worker(workerFile, { workerData });
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    const start = performance.now();
    await sleep(TIMEOUT_MS);
    await worker.terminate();
    return { ns: elapsed(start) };
  },
};

async function measure(run) {
  const fifo = path.join(run.directory, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const measured = [];
  for (const { args, row } of rows) {
    const ours = await run.least('run', { args, fifo });
    const worker = await run.once('worker', { args, fifo }, { seconds: PATIENCE_SECONDS });
    measured.push({ row, ...ours, worker, aim: '≤ 150 ms, 5 ms' });
  }
  const remark = `run() has timeout: ${TIMEOUT_MS}. node:wasi runs in a Worker that is terminated after ${TIMEOUT_MS} ms.`;
  return { rows: measured, remarks: [remark] };
}

export const limits = {
  name: 'limits',
  title: 'A program that never ends',
  columns: [
    ['Program', ({ row }) => row],
    ['run() rejects after', ({ ns }) => time(ns)],
    ['Longest delay of the event loop', ({ delay }) => time(delay)],
    ['Target', aim],
    ['Worker ends after', ({ worker }) => (worker.exceeded ? `> ${PATIENCE_SECONDS} s` : time(worker.ns))],
  ],
  tasks,
  measure,
};
