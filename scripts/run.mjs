// The commands of package.json. Each brings the checkout up to date first: dependencies when
// package-lock.json has changed, the addon when a source has. Needs Node and Rust, nothing else.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { build, requireAddon } from './build.mjs';
import { installDependencies, installPackages } from './install.mjs';
import { matrix } from './matrix.mjs';
import { checkRuntimes } from './runtimes.mjs';
import { root, run } from './tools.mjs';

const node = (...args) => run(process.execPath, args);

function testFiles() {
  const folder = path.join(root, '__test__');
  return readdirSync(folder).filter((name) => name.endsWith('.test.js')).map((name) => path.join('__test__', name));
}

const commands = {
  build() {},

  start() {
    node('examples/demo.mjs');
    node('examples/rust-wordcount.mjs');
  },

  test() {
    installPackages();
    run('cargo', ['test', '--locked', '--no-default-features', '--quiet']);
    node('--test', ...testFiles());
  },

  bench: () => node('bench/run.mjs', ...process.argv.slice(3)),

  attacks: () => node('scripts/attacks.mjs', ...process.argv.slice(3)),

  hostile: () => node('scripts/hostile.mjs', ...process.argv.slice(3)),

  fuzz: () => node('fuzz/differential/run.mjs', ...process.argv.slice(3)),

  fuzzModules: () => node('fuzz/modules/run.mjs', ...process.argv.slice(3)),

  compat() {
    installPackages();
    installPackages('compat/programs');
    node('compat/run.mjs', ...process.argv.slice(3));
  },

  matrix() {
    installPackages();
    return matrix(testFiles());
  },

  runtimes: checkRuntimes,

  threads() {
    const files = testFiles().filter((name) => path.basename(name).startsWith('threads'));
    run(process.execPath, ['--test', ...files], { WASI_RS_THREADS_ROUNDS: process.argv[3] ?? '20' });
  },
};

const command = commands[process.argv[2]];
if (command === undefined) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(commands).join(' | ')}`);
  process.exit(2);
}
installDependencies();
build(process.argv[3] === '--quick' ? 'quick' : 'release');
requireAddon();
await command();
