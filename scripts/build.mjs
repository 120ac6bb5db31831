// The native addon, built when a source has changed.

import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { environment, place, rustc } from './cargo.mjs';
import { fail, hashOf, output, readOr, root } from './tools.mjs';

const stamp = path.join(root, '.build-stamp');
const sources = ['Cargo.toml', 'Cargo.lock', 'build.rs', 'src'];

export const stampOf = (profile) => `${hashOf(sources)} ${process.platform} ${process.arch} ${profile}`;

// Whether the addon that is there was built from the sources as they are.
export const isCurrent = (profile) => readOr(stamp, '') === stampOf(profile);

// `quick` builds in seconds what is not quite as fast: for working on the addon.
export function build(profile = 'release') {
  if (isCurrent(profile) && loads()) return;
  console.error('wasi-rs: building the addon (some minutes the first time)');
  const wanted = stampOf(profile);
  const messages = output('cargo', rustc(profile), environment());
  rmSync(stamp, { force: true });
  place(messages);
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
