// Commands that come faster than they can run: how many are done each second.

import { openSync } from 'node:fs';
import os from 'node:os';
import { check, compile, elapsed, moduleOf, runOnNode, tidy, TURN, wasiRs } from './guests.mjs';
import { aim, count, times } from './table.mjs';

const IN_FLIGHT = 64;
const WARM_UP_MS = 300;
const MEASURE_MS = 1000;

const guests = [
  { guest: 'hello', row: 'hello' },
  { guest: 'work', row: 'computes for a millisecond' },
];

// Runs for some time; nanoseconds for each.
async function timed(program, ms) {
  const start = performance.now();
  let done = 0;
  const lane = async () => {
    while (performance.now() - start < ms) {
      check((await program.run()).exitCode);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return { ns: elapsed(start) / done };
}

async function timedOnNode(module, descriptors, ms) {
  let [ns, done] = [0, 0];
  while (ns < ms * 1e6) {
    await tidy();
    const start = performance.now();
    for (let i = 0; i < TURN; i += 1) runOnNode(module, descriptors);
    ns += elapsed(start);
    done += TURN;
  }
  return { ns: ns / done };
}

const tasks = {
  async run({ guest, concurrency }) {
    wasiRs().configure({ concurrency });
    const program = await compile(guest);
    await timed(program, WARM_UP_MS);
    return timed(program, MEASURE_MS);
  },

  async main({ guest }) {
    const module = moduleOf(guest);
    const descriptors = { stdin: openSync(os.devNull, 'r'), stdout: openSync(os.devNull, 'w') };
    await timedOnNode(module, descriptors, WARM_UP_MS);
    return timedOnNode(module, descriptors, MEASURE_MS);
  },
};

// `undefined` stands for the default concurrency.
async function measureGuest(run, { guest, row }) {
  const perSecond = async (...task) => 1e9 / (await run.least(...task)).ns;
  const result = { row, node: await perSecond('main', { guest }), aim: '≥ 1.7×' };
  for (const cores of run.pinnable.two ? ['0', '0,1'] : []) {
    for (const concurrency of [1, 2, undefined]) {
      result[`${cores} ${concurrency}`] = await perSecond('run', { guest, concurrency }, { cores });
    }
  }
  return { ...result, gain: run.pinnable.two ? result['0,1 2'] / result['0 1'] : undefined };
}

async function measure(run) {
  const rows = [];
  for (const guest of guests) rows.push(await measureGuest(run, guest));
  const remark = `Programs per second, with ${IN_FLIGHT} at once for run(). node:wasi runs one after the other in ` +
    'the main thread.';
  return { rows, remarks: [remark] };
}

const perSecond = (key) => (row) => count(row[key]);

export const throughput = {
  name: 'throughput',
  title: 'Many runs at once',
  columns: [
    ['Program', ({ row }) => row],
    ['node:wasi', perSecond('node')],
    ['1 core, concurrency 1', perSecond('0 1')],
    ['1 core, concurrency 2', perSecond('0 2')],
    ['1 core, default', perSecond('0 undefined')],
    ['2 cores, concurrency 1', perSecond('0,1 1')],
    ['2 cores, concurrency 2', perSecond('0,1 2')],
    ['2 cores, default', perSecond('0,1 undefined')],
    ['2 cores compared to 1', ({ gain }) => times(gain)],
    ['Target', aim],
  ],
  tasks,
  measure,
};
