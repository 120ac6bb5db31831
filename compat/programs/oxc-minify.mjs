import { readFileSync } from 'node:fs';
import { large } from '../lib/sources.mjs';

export default {
  packages: ['oxc-minify', '@oxc-minify/binding-wasm32-wasi'],
  task: 'minifies 94 KB of JavaScript twice at once, on threads',

  async run() {
    const { minify } = await import('oxc-minify');
    const source = readFileSync(large, 'utf8');
    const results = await Promise.all([true, false].map((mangle) => minify('input.cjs', source, { mangle, sourcemap: true })));
    return JSON.stringify(results.map(({ code, map, errors }) => ({ code, map, errors })));
  },
};
