'use strict';

// A module made a Program, with a line about it when that takes long.

const { withProgress } = require('./progress.js');

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
function load(module, values, options) {
  const { compile } = require('../../index.js'); // not before: --help works without the addon
  const limits = { timeout: values['compile-timeout'], memoryLimit: values['compile-memory'] };
  const program = compile(module.source, { ...limits, ...options }).catch((error) => throwTranslated(error, module));
  return withProgress(`compiling ${module.name}…`, program);
}

module.exports = { load, throwTranslated };
