'use strict';

// The functions that the package exports, beside the class.

const { readCompileOptions } = require('./compile-options.js');
const { configure } = require('./concurrency.js');
const { failureError } = require('./errors.js');
const { execute } = require('./execute.js');
const native = require('./native.js');
const { pipesFor, throwIfAborted, unlessAborted } = require('./operation.js');
const { readSettings } = require('./options.js');
const { Program } = require('./program.js');
const { sourceOf } = require('./source.js');

async function compile(source, options) {
  const { handle, name } = await compiled(source, readCompileOptions(options));
  return new Program(handle, name);
}

async function compiled(source, options) {
  throwIfAborted(options.signal);
  return unlessAborted(compileNow(source, options), options.signal);
}

async function compileNow(source, { cache, precompiled }) {
  const found = sourceOf(source);
  // Bytes are taken as they are now.
  const { path, bytes, name } = found instanceof Promise ? await found : found;
  const request = { path, bytes, name, cache, precompiled };
  const [failure, handle] = await new Promise((resolve) => {
    native.compile(request, (...answer) => resolve(answer));
  });
  if (failure !== null) throw failureError(failure);
  return { handle, name };
}

async function run(source, options) {
  // All options before anything is done.
  const settings = readSettings(options);
  if (source instanceof Program) return Program.run(source, settings);
  return runOnce(source, readCompileOptions(options), settings);
}

// Streams may fail while the program is compiled, which would end the process if no one listened.
async function runOnce(source, options, settings) {
  const pipes = pipesFor(settings);
  try {
    return await runAndRelease(await compiled(source, options), settings, pipes);
  } finally {
    pipes?.release();
  }
}

// A program that nobody else has holds memory and a descriptor: that is not left to the collector.
async function runAndRelease({ handle, name }, settings, pipes) {
  settings.args ??= [name];
  try {
    return await execute(handle, settings, pipes);
  } finally {
    native.release(handle);
  }
}

module.exports = { compile, configure, run };
