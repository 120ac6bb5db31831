// esbuild, compiled by Go.

import { fileURLToPath } from 'node:url';
import { compat } from '../lib/cases.mjs';
import { runCommand } from '../lib/command.mjs';

export default {
  packages: ['@esbuild/wasi-preview1'],
  task: 'bundles a TypeScript project and minifies it',
  threads: false,
  shared: false,

  run(directory) {
    const file = fileURLToPath(import.meta.resolve('@esbuild/wasi-preview1/esbuild.wasm'));
    const flags = ['--bundle', '--minify', '--format=esm', '--jsx-factory=h', '--sourcemap=inline'];
    return runCommand(file, directory, {
      args: ['esbuild', 'fixtures/app/main.ts', ...flags],
      env: { PWD: '/' },
      preopens: { '/': compat },
    });
  },
};
