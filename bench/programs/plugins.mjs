// Plugins: what it costs to call them, for them to call the host, and to make them; and commands that
// are run synchronously.

import path from 'node:path';
import { fastest, fastestOf } from './fastest.mjs';
import { compile } from './guests.mjs';
import { checkHello, onMainThread, runHello } from './hello.mjs';
import { isExtismInstalled, makers } from './plugin-makers.mjs';
import { operations } from './plugin-operations.mjs';
import { aim, time } from './table.mjs';
import { helloGuests } from './toolchains.mjs';

const RUNS = 500;
const TIMEOUT_MS = 1000;
// For Extism in a Worker, which can hang when it calls the host. It is measured once.
const PATIENCE_SECONDS = 30;

const all = Object.keys(makers);
const plan = [
  { row: 'call of an exported add()', operation: 'add', aim: '≤ 400 ns synchronous' },
  { row: 'call of a function of the host', operation: 'hostCall', by: all.filter((name) => name !== 'extismWorker'), aim: '≤ 500 ns synchronous' },
  { row: 'a new plugin, one call, close()', operation: 'fresh' },
  { row: '1,000 plugins wait 100 ms', operation: 'waiting', by: ['async'], aim: '< 300 ms' },
];

function manyHellos(program, options) {
  for (let i = 0; i < RUNS; i += 1) checkHello(program.runSync(options));
}

const tasks = {
  async measure({ operation, implementation }) {
    return operations[operation](await makers[implementation]());
  },

  async runSync({ guest, options }) {
    const program = await compile(guest);
    return fastestOf(RUNS, () => manyHellos(program, options));
  },

  async run({ guest }) {
    const program = await compile(guest);
    return fastest(() => runHello(program), { size: RUNS });
  },

  main: onMainThread,
};

const isMeasured = (implementation) => !implementation.startsWith('extism') || isExtismInstalled();

function measureMaker(run, args) {
  if (args.implementation === 'extismWorker') return run.once('measure', args, { seconds: PATIENCE_SECONDS });
  return run.least('measure', args);
}

async function measureOperation(run, { operation, by = all, ...labels }) {
  const result = { ...labels };
  for (const implementation of by.filter(isMeasured)) {
    result[implementation] = (await measureMaker(run, { operation, implementation })).ns;
  }
  return result;
}

async function measureHello(run, { guest, row, sizeOnNode }) {
  const ns = async (task, args) => (await run.least(task, { guest, ...args })).ns;
  return {
    row: `hello world, ${row}`,
    sync: await ns('runSync', {}),
    syncTimeout: await ns('runSync', { options: { timeout: TIMEOUT_MS } }),
    async: await ns('run'),
    v8: await ns('main', { output: path.join(run.directory, `plugins-${guest}.txt`), size: sizeOnNode }),
    aim: guest === 'hello' ? '≤ 10 µs synchronous' : undefined,
  };
}

const notInstalled = 'Extism was not measured, because it is not installed. Install it with npm install --prefix bench.';

async function measure(run) {
  const rows = [];
  for (const item of plan) rows.push(await measureOperation(run, item));
  for (const hello of helloGuests) rows.push(await measureHello(run, hello));
  const remark = 'The synchronous columns use instantiateSync() and runSync(), the second one with ' +
    `timeout: ${TIMEOUT_MS}. The asynchronous column uses instantiate() and run(). V8 runs plugins with ` +
    'WebAssembly.Instance and hello world with node:wasi, both in the main thread and without limits. Extism also runs ' +
    'on V8, and its functions take and return bytes. Calls of the host from a Worker are not measured, because Extism ' +
    '1.0.3 hangs after some of them.';
  return { rows, remarks: isExtismInstalled() ? [remark] : [remark, notInstalled] };
}

const cell = (key) => (row) => time(row[key]);

export const plugins = {
  name: 'plugins',
  title: 'Plugins',
  columns: [
    ['Operation', ({ row }) => row],
    ['Synchronous', cell('sync')],
    ['Synchronous, with a timeout', cell('syncTimeout')],
    ['Asynchronous', cell('async')],
    ['V8', cell('v8')],
    ['Extism', cell('extism')],
    ['Extism in a Worker', cell('extismWorker')],
    ['Target', aim],
  ],
  tasks,
  measure,
};
