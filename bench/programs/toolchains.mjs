// Hello world with a C library and with the standard library of Rust, beside one written in WAT.

import path from 'node:path';
import { fastest, fastestOf } from './fastest.mjs';
import { compile } from './guests.mjs';
import { onMainThread, runHello } from './hello.mjs';
import { aim, count, time, times } from './table.mjs';

const AT_ONCE = 1000;

// With the runs of node:wasi between two collections of garbage. Zig gives a C program a memory of
// 16 MiB, and with more than a few of those the process ends with a segmentation fault.
export const helloGuests = [
  { guest: 'hello', row: 'WAT', sizeOnNode: 20, aim: '≤ 27 µs, 80,000 per second' },
  { guest: 'c-hello', row: 'C, printf() of wasi-libc', sizeOnNode: 2, aim: '≤ 40 µs, 50,000 per second' },
  { guest: 'rust-hello', row: 'Rust, println!', sizeOnNode: 20, aim: '≤ 40 µs, 50,000 per second' },
];

const together = (program) => Promise.all(Array.from({ length: AT_ONCE }, () => runHello(program)));

const tasks = {
  async alone({ guest }) {
    const program = await compile(guest);
    return fastest(() => runHello(program), { size: 500 });
  },

  async atOnce({ guest }) {
    const program = await compile(guest);
    return fastestOf(AT_ONCE, () => together(program));
  },

  main: onMainThread,
};

async function measureGuest(run, { guest, sizeOnNode, ...labels }) {
  const output = path.join(run.directory, `${guest}.txt`);
  const [alone, atOnce] = [await run.least('alone', { guest }), await run.least('atOnce', { guest })];
  const node = await run.least('main', { guest, output, size: sizeOnNode });
  return { ...labels, ns: alone.ns, perSecond: 1e9 / atOnce.ns, node: node.ns, times: node.ns / alone.ns };
}

async function measure(run) {
  const rows = [];
  for (const guest of helloGuests) rows.push(await measureGuest(run, guest));
  const remark = 'Each program prints one line. The times are from one run after the other. The runs per second are ' +
    `from ${count(AT_ONCE)} calls of run() at once. node:wasi runs in the main thread.`;
  return { rows, remarks: [remark] };
}

export const toolchains = {
  name: 'toolchains',
  title: 'Hello world from toolchains',
  columns: [
    ['Program', ({ row }) => row],
    ['run()', ({ ns }) => time(ns)],
    ['run() per second, at once', ({ perSecond }) => count(perSecond)],
    ['node:wasi', ({ node }) => time(node)],
    ['node:wasi compared to run()', ({ times: value }) => times(value)],
    ['Target', aim],
  ],
  tasks,
  measure,
};
