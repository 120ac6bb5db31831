// The smallest command, one run after the other: what a run costs by itself.

import { once } from 'node:events';
import { openSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { fastest } from './fastest.mjs';
import { check, compile, moduleOf, runOnNode, TURN, workerFile } from './guests.mjs';
import { aim, time, times } from './table.mjs';

const OUTPUT = 'hello\n';

async function inWorker(workerData) {
  const [exitCode] = await once(new Worker(workerFile, { workerData }), 'exit');
  check(exitCode);
}

export function checkHello({ exitCode, stdout }) {
  check(exitCode);
  if (stdout !== OUTPUT) throw new Error('no output');
}

export const runHello = async (program) => checkHello(await program.run());

// Where node:wasi writes to: a file, so that there is something to read afterwards.
function prepare(output, guest = 'hello') {
  const descriptors = { stdin: openSync(os.devNull, 'r'), stdout: openSync(output, 'w') };
  const done = (result) => {
    if (statSync(output).size === 0 || statSync(output).size % OUTPUT.length !== 0) throw new Error('no output');
    return result;
  };
  return { module: moduleOf(guest), descriptors, done };
}

// It need not wait for anything, but it is called from the same loop.
export async function onMainThread({ output, guest, size = TURN }) {
  const { module, descriptors, done } = prepare(output, guest);
  return done(await fastest(() => runOnNode(module, descriptors), { size }));
}

const tasks = {
  async run() {
    const program = await compile('hello');
    return fastest(() => runHello(program), { size: 500 });
  },

  main: onMainThread,

  async worker({ output }) {
    const { module, descriptors, done } = prepare(output);
    return done(await fastest(() => inWorker({ module, ...descriptors }), { size: 10, samples: 5, warmUp: 2 }));
  },
};

async function onOneCore(run) {
  if (!run.pinnable.one) return [];
  return [{ row: 'run(), on one core', ...await run.least('run', {}, { cores: '0' }), aim: '≤ 60 µs' }];
}

async function measure(run) {
  const output = path.join(run.directory, 'hello.txt');
  const ours = await run.least('run');
  const compared = async (task) => {
    const { ns } = await run.least(task, { output });
    return { ns, times: ns / ours.ns };
  };
  const rows = [
    { row: 'run()', ...ours },
    ...await onOneCore(run),
    { row: 'node:wasi in the main thread', ...await compared('main'), aim: '≥ 15×' },
    { row: 'node:wasi in a new Worker', ...await compared('worker'), aim: '≥ 200×' },
  ];
  const remark = 'run() captures the output and leaves the event loop free. node:wasi writes to a file that ' +
    'nobody reads, and in the main thread it blocks the event loop.';
  return { rows, remarks: [remark] };
}

export const hello = {
  name: 'hello',
  title: 'A run of hello world',
  columns: [
    ['Implementation', ({ row }) => row],
    ['Time', ({ ns }) => time(ns)],
    ['Compared to run()', ({ times: value }) => times(value)],
    ['Target', aim],
  ],
  tasks,
  measure,
};
