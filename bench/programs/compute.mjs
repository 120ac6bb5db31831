// Guests that compute: the code that wasmtime made against what V8 makes when it has seen enough.

import { compile, elapsed, instantiateOnNode, wasiRs, wasiRsBefore } from './guests.mjs';
import { aim, time } from './table.mjs';

const kinds = [
  { name: 'sieve', row: 'sieve of Eratosthenes', argument: 1 << 20, repeat: 64 },
  { name: 'multiply', row: 'matrix multiplication, f64', argument: 256, repeat: 8 },
  { name: 'mix', row: 'mixing of words, i32', argument: 1.5e8, repeat: 1 },
  { name: 'fibonacci', row: 'recursive calls', argument: 37, repeat: 1 },
];
// V8 replaces a function's code when it is called again, so the first samples are its slow tier.
const SAMPLES = 6;

async function sample(call, repeat) {
  const start = performance.now();
  let result;
  for (let i = 0; i < repeat; i += 1) result = await call();
  return { ns: elapsed(start), result };
}

// Of this package, and of the one before it, where WASI_RS_BEFORE names one.
async function ourInstances() {
  const instances = { ours: await (await compile('compute', wasiRs())).instantiate() };
  if (wasiRsBefore) instances.before = await (await compile('compute', wasiRsBefore())).instantiate();
  return instances;
}

const tasks = {
  async both({ name, argument, repeat }) {
    const exports = instantiateOnNode('compute');
    const instances = await ourInstances();
    const calls = { node: () => exports[name](argument) };
    for (const [key, instance] of Object.entries(instances)) calls[key] = () => instance.exports[name](argument);
    const best = Object.fromEntries(Object.keys(calls).map((key) => [key, Infinity]));
    for (let i = 0; i < SAMPLES; i += 1) {
      const results = {};
      for (const [key, call] of Object.entries(calls)) {
        const { ns, result } = await sample(call, repeat);
        best[key] = Math.min(best[key], ns);
        results[key] = result;
      }
      if (new Set(Object.values(results)).size > 1) throw new Error(`${name} gives ${Object.values(results).join(', ')}`);
    }
    for (const instance of Object.values(instances)) instance.close();
    return best;
  },
};

async function measure(run) {
  const rows = [];
  for (const { row, ...kind } of kinds) {
    const best = await run.least('both', kind);
    rows.push({ row, ...best, ratio: best.ours / best.node, aim: '≤ 1.10' });
  }
  return { rows, remarks: ['The numbers of V8 are from after its warm-up. Each number is the fastest of all calls.'] };
}

export const compute = {
  name: 'compute',
  title: 'Computing',
  columns: [
    ['Function', ({ row }) => row],
    ['V8', ({ node }) => time(node)],
    ['wasi-rs', ({ ours }) => time(ours)],
    ['Ratio', ({ ratio }) => ratio.toFixed(2)],
    ['Target', aim],
    ...(wasiRsBefore ? [['Before', ({ before }) => time(before)], ['Change', ({ ours, before }) => (ours / before).toFixed(3)]] : []),
  ],
  tasks,
  measure,
};
