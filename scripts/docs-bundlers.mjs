// npm run docs:bundlers: builds a program with each file of docs/bundlers.md and runs the bundle.
// The bundlers come from npm, into node_modules/.cache.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fail, root, run } from './tools.mjs';

const folder = path.join(root, 'node_modules', '.cache', 'bundlers');
const packages = ['esbuild@0.28.2', 'rollup@4.68.7', 'webpack@5.112.2', 'webpack-cli@7.3.1', 'vite@8.3.8'];

const tool = (name) => path.join(folder, 'node_modules', name);
const commands = {
  'esbuild.config.mjs': ['esbuild.config.mjs'],
  'rollup.config.mjs': [tool('rollup/dist/bin/rollup'), '-c', '--silent'],
  'webpack.config.mjs': [tool('webpack-cli/bin/cli.js'), '-c', 'webpack.config.mjs', '--stats=errors-only'],
  'vite.config.mjs': [tool('vite/bin/vite.js'), 'build', '--logLevel=warn'],
};

// Imports it by both names. Only our objects can be closed.
const app = `import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';
import { WASI as same } from 'wasi';

const wasi = new WASI({ version: 'preview1' });
const wasm = await WebAssembly.compile(await readFile('demo.wasm'));
wasi.start(await WebAssembly.instantiate(wasm, wasi.getImportObject()));
console.log('close' in wasi && WASI === same);
`;

function configs() {
  const text = readFileSync(path.join(root, 'docs', 'bundlers.md'), 'utf8');
  return Array.from(text.matchAll(/^```js (\S+)\n([^]*?)^```$/gm), ([, name, code]) => ({ name, code }));
}

function prepare() {
  mkdirSync(folder, { recursive: true });
  run('npm', ['install', '--prefix', folder, '--no-save', '--loglevel=error', ...packages]);
  if (!existsSync(tool('wasi-rs'))) symlinkSync(root, tool('wasi-rs'));
  copyFileSync(path.join(root, 'examples', 'demo.wasm'), path.join(folder, 'demo.wasm'));
  writeFileSync(path.join(folder, 'app.mjs'), app);
}

function node(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) fail(`node ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

function check({ name, code }) {
  rmSync(path.join(folder, 'dist'), { recursive: true, force: true });
  writeFileSync(path.join(folder, name), code);
  node(...commands[name]);
  const output = node('dist/app.mjs');
  if (output !== 'hello world\ntrue\n') fail(`${name}: the bundle printed:\n${output}`);
  console.log(`${name}: fine`);
}

prepare();
const found = configs();
if (found.length !== Object.keys(commands).length) fail(`docs/bundlers.md has ${found.length} files`);
found.forEach(check);
