// npm dependencies, installed when package-lock.json has changed.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { hashOf, readOr, root, run } from './tools.mjs';

const stamp = path.join(root, 'node_modules', '.wasi-rs-stamp');

export function installDependencies() {
  const wanted = hashOf(['package.json', 'package-lock.json']);
  if (readOr(stamp, '') === wanted) return;
  console.error('wasi-rs: installing npm dependencies');
  // Not `npm ci`: it refuses lock files that lack optional packages of other platforms.
  run('npm', ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, wanted);
}
