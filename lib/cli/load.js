'use strict';

// A module made a Program, with a line about it when that takes long.

const { withProgress } = require('./progress.js');
const { inCommandTerms } = require('./terms.js');
const { sayLoaded } = require('./verbose.js');
const { visible } = require('./visible.js');

// By code of an error about the module rather than its run: its message for the command line.
const messages = {
  ERR_WASI_COMPILE: inCommandTerms,
  ERR_WASI_COMPILE_MEMORY_LIMIT: (message) => `compiling took more memory than --compile-memory allows: ${limitIn(message)}`,
  ERR_WASI_COMPILE_PROCESS: (message) => inCommandTerms(message.replace('serialize() or ', '')),
  ERR_WASI_COMPILE_TIMEOUT: (message) => `compiling took longer than --compile-timeout allows: ${limitIn(message)}`,
  ERR_WASI_LINK: inCommandTerms,
};

const limitIn = (message) => /limit of (.*?):/.exec(message)[1];

// For an error of what compiles or runs a program.
function throwTranslated(error, { label }) {
  const translate = messages[error.code];
  error.message = translate ? `${label}: ${translate(error.message)}` : inCommandTerms(error.message);
  throw error;
}

// `options` are more options of compile().
async function load(module, values, options) {
  const { compile } = require('../../index.js'); // not before: --help works without the addon
  const limits = { timeout: values['compile-timeout'], memoryLimit: values['compile-memory'] };
  const start = performance.now();
  const compiling = compile(module.source, { ...limits, ...options }).catch((error) => throwTranslated(error, module));
  const program = await withProgress(`compiling ${visible(module.name)}…`, compiling);
  if (values.verbose) sayLoaded(module, program.size, originOf(program), performance.now() - start);
  return program;
}

// As in lib/program.js, which loads the addon.
const originOf = (...args) => require('../program.js').originOf(...args);

module.exports = { load, originOf, throwTranslated };
