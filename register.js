'use strict';

// `node -r wasi-rs/register` or `node --import wasi-rs/register`: from then on, `node:wasi` exports
// our class, whether it is required or imported, and in Workers, too. All ways lead to the one object
// that the built-in module exports, so this changes that object. Only Deno needs a loader hook.

const { syncBuiltinESMExports } = require('node:module');
const { WASI } = require('./index.js');
const { quietly } = require('./lib/register/quietly.js');
const { hookWorkers } = require('./lib/register/workers.js');

// Node's class warns that it is experimental when it is loaded, but it won't be used.
const wasi = quietly('ExperimentalWarning', () => require('node:wasi'));

// Whether this file was loaded by `-r`. An import by `--import` can't be told from one by the program.
function isRequiredByFlag() {
  // `module.parent` is deprecated, because not every module has a parent.
  return quietly('DeprecationWarning', () => module.parent)?.id === 'internal/preload';
}

// Module loaders may evaluate this file a second time.
if (wasi.WASI !== WASI) {
  wasi.WASI = WASI;
  hookWorkers(__filename, isRequiredByFlag());
  syncBuiltinESMExports();
  // In Deno, syncBuiltinESMExports() does nothing.
  if (process.versions.deno) require('./lib/register/deno.js').hookImports();
}
