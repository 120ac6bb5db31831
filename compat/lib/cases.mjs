// The cases: one for each module in packages/.
//
//   packages          names on npm: the one that is imported, and its build for WebAssembly
//   task              what it does, for the table
//   threads           false if it starts none
//   ownWorkerOptions  true if it makes Workers with options of their own, without those of the process
//   run(directory)    gives what it made, as text or bytes

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const compat = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

const folder = path.join(compat, 'packages');

export async function load(name) {
  const module = await import(pathToFileURL(path.join(folder, `${name}.mjs`)));
  return { name, threads: true, ownWorkerOptions: false, ...module.default };
}

export function loadAll() {
  const names = readdirSync(folder).map((file) => path.basename(file, '.mjs')).sort();
  return Promise.all(names.map(load));
}

export function manifest(name) {
  return JSON.parse(readFileSync(path.join(compat, 'node_modules', name, 'package.json'), 'utf8'));
}

// The packages of a case that say they don't support this Node, with what they want.
export function unsupported({ packages }) {
  const { satisfies } = createRequire(import.meta.url)('semver');
  const lock = JSON.parse(readFileSync(path.join(compat, 'package-lock.json'), 'utf8')).packages;
  return packages
    .map((name) => ({ name, node: lock[`node_modules/${name}`].engines?.node ?? '*' }))
    .filter(({ node }) => !satisfies(process.versions.node, node, { includePrerelease: true }));
}
