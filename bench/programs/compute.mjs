// Guests that compute: the code that wasmtime made against what V8 makes when it has seen enough.

import { compile, elapsed, instantiateOnNode } from './guests.mjs';
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

const tasks = {
  async both({ name, argument, repeat }) {
    const exports = instantiateOnNode('compute');
    const program = await compile('compute');
    const ours = await program.instantiate();
    const calls = { node: () => exports[name](argument), ours: () => ours.exports[name](argument) };
    const best = { node: Infinity, ours: Infinity };
    for (let i = 0; i < SAMPLES; i += 1) {
      const results = {};
      for (const [key, call] of Object.entries(calls)) {
        const { ns, result } = await sample(call, repeat);
        best[key] = Math.min(best[key], ns);
        results[key] = result;
      }
      if (results.node !== results.ours) throw new Error(`${name}: ${results.node} is not ${results.ours}`);
    }
    ours.close();
    return best;
  },
};

async function measure(run) {
  const rows = [];
  for (const { row, ...kind } of kinds) {
    const best = await run.least('both', kind);
    rows.push({ row, ...best, ratio: best.ours / best.node, aim: '≤ 1.10' });
  }
  return { rows, remarks: ['V8 after warm-up, the fastest of all calls'] };
}

export const compute = {
  name: 'compute',
  title: 'Computing',
  columns: [
    ['', ({ row }) => row],
    ['V8', ({ node }) => time(node)],
    ['wasi-rs', ({ ours }) => time(ours)],
    ['ratio', ({ ratio }) => ratio.toFixed(2)],
    ['aim', aim],
  ],
  tasks,
  measure,
};
