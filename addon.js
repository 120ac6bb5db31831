'use strict';

// Finds and loads the addon: the one that was built here, or else the one in the package for this
// platform. The loader that napi-rs generates takes longer than everything else in this package, so
// this one is as small as possible.

const version = '0.1.0'; // As in package.json, which would take time to read.

const { platform, arch, execPath } = process;
const named = (suffix) => `${platform}-${arch}${suffix}`;

// An addon for musl would load a second C library into a process with glibc and crash it, so it is
// only tried where there is musl. With musl, an addon for glibc just fails to load. The start of the
// executable contains the name of the dynamic loader, which tells which library this process uses.
// Reading it takes a tenth of the time that a report takes.
function usesMusl() {
  const [, libc] = /\/ld-(musl|linux)-/.exec(startOf(execPath)) ?? [];
  return libc === undefined ? reportsMusl() : libc === 'musl';
}

function startOf(file) {
  const { closeSync, openSync, readSync } = require('node:fs');
  const bytes = Buffer.alloc(2048);
  try {
    const fd = openSync(file, 'r');
    readSync(fd, bytes);
    closeSync(fd);
  } catch {
    // The file can't be read, or no longer exists.
  }
  return bytes.latin1Slice();
}

function reportsMusl() {
  process.report.excludeNetwork = true; // Otherwise, the report would look up names.
  return process.report.getReport().header.glibcVersionRuntime === undefined;
}

// Checking the executable takes as long as loading the addon. With glibc, it is not needed.
function* platforms() {
  yield named(platform === 'linux' ? '-gnu' : '');
  if (platform === 'linux' && usesMusl()) yield named('-musl');
}

function checked(addon) {
  if (addon.version === version) return addon;
  throw new Error(`The addon has version ${addon.version}, but the package has version ${version}`);
}

// If several places fail, throws the first error that is not just about a missing file.
function load() {
  let failure;
  for (const name of platforms()) {
    for (const place of [`./wasi-rs.${name}.node`, `@wasi-rs/${name}`]) {
      try {
        return checked(require(place));
      } catch (error) {
        if (failure === undefined || failure.code === 'MODULE_NOT_FOUND') failure = error;
      }
    }
  }
  throw failure;
}

let addon;

module.exports = { load: () => (addon ??= load()), usesMusl, version };
