// The native addon, built when a source has changed.

import { spawnSync } from 'node:child_process';
import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fail, hashOf, output, readOr, root } from './tools.mjs';

const { addonNames } = createRequire(import.meta.url)('../addon.js');

const stamp = path.join(root, '.build-stamp');
const sources = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'src'];

// Only as a dynamic library: beside others, Cargo leaves out optimization at link time.
const command = (profile) => [
  'rustc', '--profile', profile, '--locked', '--lib', '--crate-type', 'cdylib',
  '--message-format', 'json-render-diagnostics',
];

const isLibrary = (file) => ['.so', '.dylib', '.dll'].includes(path.extname(file));

function libraryIn(messages) {
  const artifacts = messages.trim().split('\n').map((line) => JSON.parse(line));
  const own = artifacts.filter(({ reason, target }) => reason === 'compiler-artifact' && target.name === 'wasi_rs');
  return own.flatMap(({ filenames }) => filenames).find(isLibrary);
}

const usesMusl = () => /^host: .*-musl/m.test(spawnSync('rustc', ['-vV'], { encoding: 'utf8' }).stdout);

export function addonFile() {
  const [usual, musl = usual] = addonNames;
  return path.join(root, usesMusl() ? musl : usual);
}

// `quick` builds in seconds what is not quite as fast: for working on the addon.
export function build(profile = 'release') {
  const wanted = `${hashOf(sources)} ${process.platform} ${process.arch} ${profile}`;
  if (readOr(stamp, '') === wanted && loads()) return;
  console.error('wasi-rs: building the addon (some minutes the first time)');
  const library = libraryIn(output('cargo', command(profile)));
  // Renamed into place: a process that has the old one loaded keeps it.
  const file = addonFile();
  copyFileSync(library, `${file}.new`);
  renameSync(`${file}.new`, file);
  writeFileSync(stamp, wanted);
}

const load = () => createRequire(import.meta.url)(root);

function loads() {
  try {
    load();
    return true;
  } catch {
    return false;
  }
}

export function requireAddon() {
  try {
    load();
  } catch (error) {
    fail(`the addon was built but does not load: ${error.message}`);
  }
}
