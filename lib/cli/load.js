'use strict';

// A file made a Program, with a word about it when that takes long.

const path = require('node:path');
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
function throwTranslated(error, file) {
  const translated = messages[error.code]?.(error);
  if (translated !== undefined) error.message = `${file}: ${translated}`;
  throw error;
}

// The options are those of compile().
function load(file, options) {
  const { compile } = require('../../index.js'); // not before: --help works without the addon
  const program = compile(file, options).catch((error) => throwTranslated(error, file));
  return withProgress(`compiling ${path.basename(file)}…`, program);
}

module.exports = { load, throwTranslated };
