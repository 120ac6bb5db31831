'use strict';

// `node -r wasi-rs/register` or `node --import wasi-rs/register`: `node:wasi` gives our class, in
// whatever way it is asked for, in Workers too. Every way ends at the one object that the built-in
// module exports, so that object is changed, and no hook of a module loader is needed, but in Deno.

const { syncBuiltinESMExports } = require('node:module');
const { WASI } = require('./index.js');
const { quietly } = require('./lib/register/quietly.js');
const { hookWorkers } = require('./lib/register/workers.js');

// Node's class is experimental, as it says when it is loaded. Nobody will use it.
const wasi = quietly('ExperimentalWarning', () => require('node:wasi'));

// Whether `-r` has named this file. Nothing tells `--import` from an import by the program.
function isRequiredByFlag() {
  // Deprecated, because not every module has one.
  return quietly('DeprecationWarning', () => module.parent)?.id === 'internal/preload';
}

// Loaders can evaluate this file a second time.
if (wasi.WASI !== WASI) {
  wasi.WASI = WASI;
  hookWorkers(__filename, isRequiredByFlag());
  syncBuiltinESMExports();
  // There, the line above does nothing.
  if (process.versions.deno) require('./lib/register/deno.js').hookImports();
}
