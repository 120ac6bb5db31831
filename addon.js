'use strict';

// Which file holds the addon, and loading it: the one built here, else that of the package for the
// platform. A loader of our own, as small as can be: the one that napi-rs generates takes longer
// than all the rest of the package.

const version = '0.1.0'; // that of package.json, which is not read for this

const { platform, arch, execPath } = process;
const named = (suffix) => `${platform}-${arch}${suffix}`;

// An addon for musl brings a second C library into a process that has glibc, which would end it, so
// it is tried only where there is musl; one for glibc just fails there. The name of the dynamic
// loader, near the start of the executable, tells which one this process has, in a tenth of the time
// that a report takes.
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
    // Not readable, or gone.
  }
  return bytes.latin1Slice();
}

function reportsMusl() {
  process.report.excludeNetwork = true; // it would look up names
  return process.report.getReport().header.glibcVersionRuntime === undefined;
}

// A look into the executable takes as long as loading the addon: most get their addon without.
function* platforms() {
  yield named(platform === 'linux' ? '-gnu' : '');
  if (platform === 'linux' && usesMusl()) yield named('-musl');
}

function checked(addon) {
  if (addon.version === version) return addon;
  throw new Error(`The addon is of version ${addon.version}, the package of version ${version}`);
}

// Of several failures, the one that is not just a missing file.
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
