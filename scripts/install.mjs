// npm dependencies, installed when package-lock.json has changed.

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hashOf, readOr, root, run } from './tools.mjs';

const inform = ['--no-audit', '--no-fund', '--loglevel=error'];

// What npm leaves out without a word: optional packages that it could not get, or not for this Node.
function missing(folder) {
  const { optionalDependencies = {} } = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'));
  return Object.keys(optionalDependencies).filter((name) => !existsSync(path.join(root, folder, 'node_modules', name)));
}

// `folder` is relative to the checkout. What is missing is tried again the next time.
function install(folder, what, files) {
  const stamp = path.join(root, folder, 'node_modules', '.wasi-rs-stamp');
  const wanted = hashOf(files.map((file) => path.join(folder, file)));
  if (readOr(stamp, '') === wanted) return;
  console.error(`wasi-rs: installing ${what}`);
  // Not `npm ci`: it refuses lock files that lack optional packages of other platforms.
  run('npm', ['install', '--prefix', folder, '--no-save', '--include=dev', '--include=optional', ...inform]);
  if (missing(folder).length === 0) writeFileSync(stamp, wanted);
  else rmSync(stamp, { force: true });
}

export const installDependencies = () => install('.', 'npm dependencies', ['package.json', 'package-lock.json']);

// Packages for WebAssembly, whatever the platform: compat/.npmrc says so.
export const installPackages = (folder = 'compat') =>
  install(folder, `packages to be tried (${folder})`, ['package.json', 'package-lock.json', '.npmrc']);
