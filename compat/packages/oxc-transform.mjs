import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { application } from '../lib/sources.mjs';

export default {
  packages: ['oxc-transform', '@oxc-transform/binding-wasm32-wasi'],
  task: 'compiles TypeScript with declarations and source maps, on threads',

  async run() {
    const { transform } = await import('oxc-transform');
    const files = readdirSync(application).filter((name) => /\.tsx?$/.test(name)).sort();
    const results = await Promise.all(files.map((name) => {
      const source = readFileSync(path.join(application, name), 'utf8');
      return transform(name, source, { sourcemap: true, target: 'es2018', typescript: { declaration: {} } });
    }));
    return JSON.stringify(results.map(({ code, map, declaration, errors }) => ({ code, map, declaration, errors })));
  },
};
