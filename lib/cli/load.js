'use strict';

// A file made a Program, with a word about it when that takes long.

const path = require('node:path');
const { withProgress } = require('./progress.js');

// What compile() says, in terms of the command line.
function translate(error, file) {
  if (error.code === 'ERR_WASI_COMPILE') {
    error.message = `${file}: ${error.message.replace(/\ballowPrecompiled\b/, '--allow-precompiled')}`;
  }
  return error;
}

// The options are those of compile().
function load(file, options) {
  const { compile } = require('../../index.js'); // not before: --help works without the addon
  const program = compile(file, options).catch((error) => { throw translate(error, file); });
  return withProgress(`compiling ${path.basename(file)}…`, program);
}

module.exports = { load };
