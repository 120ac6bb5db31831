'use strict';

// `node --import wasi-rs/register` or `node -r wasi-rs/register`: `node:wasi` gives our class, in
// whatever way it is asked for. Every way ends at the one object that the built-in module exports,
// so that object is changed, and no hook of a module loader is needed.

const { syncBuiltinESMExports } = require('node:module');
const { WASI } = require('./index.js');

// Node warns, at the first `require`, that its module is experimental. Nobody will use that one.
function quietly(action) {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return action();
  } finally {
    process.emitWarning = emitWarning;
  }
}

quietly(() => require('node:wasi')).WASI = WASI;
syncBuiltinESMExports();
