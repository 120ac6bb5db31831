// The cases: one for each module in packages/ and programs/.
//
//   packages          names on npm: the one that is imported, and its build for WebAssembly
//   task              what it does, for the table
//   threads           false if it starts none
//   shared            false if the memory of its guest is not shared
//   node              the Node that it needs, if it has no package that says so
//   prepare()         gives the program, which run() finds in WASI_COMPAT_PROGRAM; fails if it is not there
//   version()         that of a program without a package
//   run(directory)    gives what it made, as text or bytes

import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const compat = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

// Where the cases are, and where npm installs what they import.
const folders = {
  packages: { cases: path.join(compat, 'packages'), root: compat },
  programs: { cases: path.join(compat, 'programs'), root: path.join(compat, 'programs') },
};

const defaults = { packages: [], node: '*', threads: true, shared: true };

// By its name with the folder: packages/rolldown.
export async function load(id) {
  const [folder, name] = id.split('/');
  const module = await import(pathToFileURL(path.join(folders[folder].cases, `${name}.mjs`)));
  return { id, name, root: folders[folder].root, ...defaults, ...module.default };
}

export function loadAll(folder) {
  const names = readdirSync(folders[folder].cases).filter((file) => file.endsWith('.mjs')).sort();
  return Promise.all(names.map((file) => load(`${folder}/${path.basename(file, '.mjs')}`)));
}

// What package-lock.json says of the packages of a case.
export function lockedPackages({ packages, root }) {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  return packages.map((name) => ({ name, ...lock[`node_modules/${name}`] }));
}

// The packages of a case that say they don't support this Node, with what they want.
export function unsupported(found) {
  const { satisfies } = createRequire(import.meta.url)('semver');
  const wanted = lockedPackages(found).map(({ name, engines }) => ({ name, node: engines?.node ?? '*' }));
  return [...wanted, { name: found.name, node: found.node }]
    .filter(({ node }) => !satisfies(process.versions.node, node, { includePrerelease: true }));
}
