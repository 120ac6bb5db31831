'use strict';

// A module made a Program, with a line about it when that takes long.

const { withProgress } = require('./progress.js');
const { sayLoaded } = require('./verbose.js');

// By code of an error: its message in terms of the command line.
const messages = {
  ERR_WASI_COMPILE: ({ message }) => message.replace(/\ballowPrecompiled\b/, '--allow-precompiled'),
  ERR_WASI_COMPILE_MEMORY_LIMIT: () => 'compiling took more memory than --compile-memory allows (default: 2GiB)',
  ERR_WASI_COMPILE_PROCESS: ({ message }) => message.replace('serialize() or ', '')
    .replace(/\ballowPrecompiled\b/, '--allow-precompiled'),
  ERR_WASI_COMPILE_TIMEOUT: () => 'compiling took longer than --compile-timeout allows (default: 10m)',
};

// For an error of compile(), or of what compiles later, such as run() with `fuel`.
function throwTranslated(error, { label }) {
  const translated = messages[error.code]?.(error);
  if (translated !== undefined) error.message = `${label}: ${translated}`;
  throw error;
}

// `options` are more options of compile().
async function load(module, values, options) {
  const { compile } = require('../../index.js'); // not before: --help works without the addon
  const limits = { timeout: values['compile-timeout'], memoryLimit: values['compile-memory'] };
  const start = performance.now();
  const compiling = compile(module.source, { ...limits, ...options }).catch((error) => throwTranslated(error, module));
  const program = await withProgress(`compiling ${module.name}…`, compiling);
  if (values.verbose) sayLoaded(module, program.size, originOf(program), performance.now() - start);
  return program;
}

// As in lib/program.js, which loads the addon.
const originOf = (...args) => require('../program.js').originOf(...args);

module.exports = { load, originOf, throwTranslated };
