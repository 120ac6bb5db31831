// How cargo builds the addon, in a checkout and in an installed package.

import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './tools.mjs';

const { usesMusl } = createRequire(import.meta.url)('../addon.js');

// The supported platforms, as their packages are named, and Rust's names for them.
export const targets = {
  'darwin-arm64': 'aarch64-apple-darwin',
  'darwin-x64': 'x86_64-apple-darwin',
  'linux-arm64-gnu': 'aarch64-unknown-linux-gnu',
  'linux-arm64-musl': 'aarch64-unknown-linux-musl',
  'linux-x64-gnu': 'x86_64-unknown-linux-gnu',
  'linux-x64-musl': 'x86_64-unknown-linux-musl',
};

const library = () => (usesMusl() ? '-musl' : '-gnu');

// That of the Node.js that runs this.
export const platform = `${process.platform}-${process.arch}${process.platform === 'linux' ? library() : ''}`;

export const addonName = (name) => `wasi-rs.${name}.node`;

export const addonFile = path.join(root, addonName(platform));

// Only as a dynamic library: beside others, Cargo leaves out optimization at link time.
export const rustc = (profile) => [
  'rustc', '--profile', profile, '--locked', '--lib', '--crate-type', 'cdylib',
  '--message-format', 'json-render-diagnostics',
];

// For musl, Rust links statically by default, and then makes no dynamic libraries. Cargo hears of
// RUSTFLAGS only if it finds no CARGO_ENCODED_RUSTFLAGS.
export function environment() {
  if (!platform.endsWith('-musl')) return {};
  const RUSTFLAGS = `${process.env.RUSTFLAGS ?? ''} -C target-feature=-crt-static`.trim();
  return { RUSTFLAGS, CARGO_ENCODED_RUSTFLAGS: undefined };
}

const isLibrary = (file) => ['.so', '.dylib'].includes(path.extname(file));

function libraryIn(messages) {
  const artifacts = messages.trim().split('\n').map((line) => JSON.parse(line));
  const own = artifacts.filter(({ reason, target }) => reason === 'compiler-artifact' && target.name === 'wasi_rs');
  return own.flatMap(({ filenames }) => filenames).find(isLibrary);
}

// Puts what cargo made, by its messages, where it is loaded from. Renamed into place: a process
// that has the old one loaded keeps it.
export function place(messages) {
  const copy = `${addonFile}.new`;
  try {
    copyFileSync(libraryIn(messages), copy);
    renameSync(copy, addonFile);
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  }
}
