import path from 'node:path';
import { application } from '../lib/sources.mjs';

export default {
  packages: ['rolldown', '@rolldown/binding-wasm32-wasi'],
  task: 'bundles a TypeScript project and its dependencies to disk, split and minified, on threads',

  async run(directory) {
    const { build } = await import('rolldown');
    const { output } = await build({
      input: path.join(application, 'main.ts'),
      cwd: application,
      logLevel: 'silent',
      plugins: [{ name: 'banner', renderChunk: (code) => `/* chunk */\n${code}` }],
      output: { dir: path.join(directory, 'dist'), format: 'esm', minify: true, sourcemap: true, cleanDir: true },
    });
    return JSON.stringify(output.map(({ fileName, code, source, map }) => ({ fileName, code, source, map })), null, 2);
  },
};
