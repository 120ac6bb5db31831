// The native addon, built when a source has changed.

import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fail, hashOf, readOr, root, run } from './tools.mjs';

const stamp = path.join(root, '.build-stamp');
const sources = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'src', 'package-lock.json'];

// The loader and, beside it, an addon.
const isBuilt = () => {
  const names = readdirSync(root);
  return names.includes('binding.js') && names.some((name) => name.endsWith('.node'));
};

export function build() {
  const wanted = `${hashOf(sources)} ${process.platform} ${process.arch}`;
  if (isBuilt() && readOr(stamp, '') === wanted) return;
  if (spawnSync('cargo', ['--version']).error) run('cargo', ['--version']);
  console.error('wasi-rs: building the addon (a minute the first time)');
  const napi = path.join(root, 'node_modules', '@napi-rs', 'cli', 'dist', 'cli.js');
  run(process.execPath, [
    napi, 'build', '--platform', '--release', '--js', 'binding.js', '--dts', 'binding.d.ts',
    '--', '--locked',
  ]);
  writeFileSync(stamp, wanted);
}

export function requireAddon() {
  try {
    createRequire(import.meta.url)(root);
  } catch (error) {
    fail(`the addon was built but does not load: ${error.message}`);
  }
}
