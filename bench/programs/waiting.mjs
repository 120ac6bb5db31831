// Guests that wait, and guests that begin while others compute.

import os from 'node:os';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, compile, elapsed, tidy, wasiRs } from './guests.mjs';
import { aim, time } from './table.mjs';

const SECOND = 1000;
const MEGABYTES = 10;
// Until the threads that the guests ran on have ended.
const IDLE_MS = 6000;

// Sleeps for so many milliseconds.
const sleeper = (ms) => Buffer.from(`(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 1)) ;; the monotonic clock
    (i64.store (i32.const 24) (i64.const ${ms * 1e6}))
    (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))`);

const compileText = (text) => wasiRs().compile(text, { cache: false });

// Bytes of this process that are in memory.
const resident = () => process.memoryUsage.rss();

const tasks = {
  async sleepers({ count, ms, idle = 0 }) {
    const program = await compileText(sleeper(ms));
    await program.run();
    await tidy();
    const before = resident();
    const start = performance.now();
    const running = Array.from({ length: count }, () => program.run());
    let most = 0;
    const timer = setInterval(() => (most = Math.max(most, resident())), 10);
    for (const { exitCode } of await Promise.all(running)) check(exitCode);
    const ns = elapsed(start);
    clearInterval(timer);
    running.length = 0;
    await sleep(idle);
    await tidy();
    return { ns, bytes: Math.max(0, most - before) / count, ...(idle && { before, after: resident() }) };
  },

  // The slowest of some, one after the other, beside loops that don't end before.
  async besideLoops({ timeout, runs }) {
    const [loop, hello] = [await compile('endless'), await compile('hello')];
    const loops = Array.from({ length: 4 * os.availableParallelism() }, () => (
      loop.run({ args: ['compute'], timeout }).catch(({ code }) => code)
    ));
    const times = [];
    for (let i = 0; i < runs; i += 1) {
      const start = performance.now();
      check((await hello.run()).exitCode);
      times.push(elapsed(start));
    }
    await Promise.all(loops);
    return { ns: Math.max(...times) };
  },

  // Guests of which each reads what the one before it writes. The last one starts first.
  async pipeline({ length, concurrency, reversed, megabytes = MEGABYTES }) {
    if (concurrency) wasiRs().configure({ concurrency });
    const cat = await compile('cat');
    const streams = Array.from({ length: length - 1 }, () => new PassThrough());
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const input = Readable.from((function* () {
      for (let i = 0; i < (megabytes * 1e6) / chunk.length; i += 1) yield chunk;
    })());
    const start = performance.now();
    const run = (_, index) => cat.run({
      args: ['cat'], stdin: streams[index - 1] ?? input, stdout: streams[index] ?? 'ignore',
    }).then(({ exitCode }) => check(exitCode));
    const order = [...Array(length).keys()];
    if (reversed) order.reverse();
    await Promise.all(order.map((index) => run(undefined, index)));
    return { ns: elapsed(start), each: elapsed(start) / megabytes };
  },
};

const plan = [
  { row: '50 guests sleep 100 ms at once', task: 'sleepers', data: { count: 50, ms: 100 }, aim: '< 200 ms' },
  { row: '4,000 guests sleep 1 s at once', task: 'sleepers', data: { count: 4000, ms: SECOND, idle: IDLE_MS }, aim: '< 2.5 s, 150 KiB' },
  { row: '10,000 guests sleep 100 ms at once', task: 'sleepers', data: { count: 10_000, ms: 100 }, aim: 'all complete' },
  { row: 'hello beside 4 endless loops per processor', task: 'besideLoops', data: { timeout: 2 * SECOND, runs: 20 }, aim: '≤ 50 ms' },
  ...[2, 3, 10].flatMap((length) => [undefined, 1].map((concurrency) => ({
    row: `${length} cats, ${MEGABYTES} MB${concurrency ? `, concurrency ${concurrency}` : ''}`,
    task: 'pipeline', data: { length, concurrency, reversed: length === 3 }, aim: 'completes',
  }))),
  { row: `2 cats, ${10 * MEGABYTES} MB`, task: 'pipeline', data: { length: 2, megabytes: 10 * MEGABYTES }, aim: 'completes' },
];

async function measure(run) {
  const rows = [];
  for (const { row, task, data, aim: target } of plan) rows.push({ row, ...await run.least(task, data), aim: target });
  const remark = 'hello is the slowest of 20 runs; the loops have timeout: 2000. Each cat reads the output of the one before it. ' +
    `The resident memory afterwards is that of the whole process, from before the guests to ${IDLE_MS / SECOND} seconds after them.`;
  return { rows, remarks: [remark] };
}

const mebibytes = (bytes) => Math.round(bytes / 2 ** 20);
const afterwards = ({ before, after }) => (after === undefined ? '-' : `${mebibytes(before)} → ${mebibytes(after)} MiB`);
const rate = ({ each }) => (each === undefined ? '-' : `${Math.round(1e9 / each)} MB/s`);
const kibibytes = ({ bytes }) => (bytes === undefined ? '-' : `${Math.round(bytes / 1024)} KiB`);

export const waiting = {
  name: 'waiting',
  title: 'Guests that wait',
  columns: [
    ['Guests', ({ row }) => row],
    ['Time', ({ ns }) => time(ns)],
    ['Resident memory, each', kibibytes],
    ['Resident memory afterwards', afterwards],
    ['Throughput', rate],
    ['Target', aim],
  ],
  tasks,
  measure,
};
