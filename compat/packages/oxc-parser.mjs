// Parses and prints a syntax tree, on threads of the pool and on the main thread.

import { readFileSync } from 'node:fs';
import { large } from '../lib/sources.mjs';

export default {
  packages: ['oxc-parser', '@oxc-parser/binding-wasm32-wasi'],
  task: 'parses 94 KB of JavaScript four times at once',

  async run() {
    const { parse, parseSync } = await import('oxc-parser');
    const source = readFileSync(large, 'utf8');
    const parsed = await Promise.all(['a', 'b', 'c', 'd'].map((name) => parse(`${name}.cjs`, source)));
    return JSON.stringify([...parsed, parseSync('e.cjs', source)].map(({ program, comments, errors }) => ({
      program, comments, errors,
    })));
  },
};
