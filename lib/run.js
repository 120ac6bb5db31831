'use strict';

// The functions compile(), run(), spawn() and configure().

const { cacheFolder } = require('./compile-options.js');
const { announceCompiler } = require('./compiler.js');
const { configure } = require('./concurrency.js');
const { failureError } = require('./errors.js');
const { execute } = require('./execute.js');
const { Guest } = require('./guest.js');
const native = require('./native.js');
const { operate, throwIfAborted, unlessAborted, withPipes } = require('./operation.js');
const { compileOptions, runOptions, spawnOptions, uncaptured } = require('./option-tables.js');
const { requireGuest, requireRead, requireWasi } = require('./permission.js');
const { Program } = require('./program.js');
const { sourceOf } = require('./source.js');

async function compile(source, options = {}) {
  const settings = compileOptions.read(options);
  const { handle, name } = await compiled(source, settings, settings);
  return new Program(handle, name);
}

async function compiled(source, { cache, allowPrecompiled, signal }, { timeout, memoryLimit }) {
  requireWasi();
  throwIfAborted(signal);
  const found = sourceOf(source);
  // Avoid waiting unless necessary, so that bytes are read before the caller can change them.
  const { path, bytes, name } = found instanceof Promise ? await unlessAborted(found, signal) : found;
  if (path !== undefined) requireRead(path);
  announceCompiler();
  const request = { path, bytes, cache: cacheFolder(cache), precompiled: allowPrecompiled, timeout, memoryLimit };
  const start = (done) => native.compile(request, (...answer) => done(answer));
  const [failure, handle] = await operate(start, signal, null);
  if (failure !== null) throw failureError(failure, signal?.reason);
  return { handle, name };
}

// All options are checked before anything else is done. Listen to the streams from the start: an error
// while the program is compiled would end the process.
async function run(source, options = {}) {
  if (source instanceof Program) return source.run(options);
  const settings = runOptions.read(options);
  return withPipes(settings, (pipes) => runOnce(source, settings, pipes));
}

// Wrong options are thrown, as in child_process.
function spawn(source, options = {}) {
  if (source instanceof Program) return source.spawn(options);
  const settings = { ...spawnOptions.read(options), ...uncaptured };
  return new Guest(settings, (piped) => withPipes(piped, (pipes) => runOnce(source, piped, pipes)));
}

async function runOnce(source, settings, pipes) {
  const { compileTimeout: timeout, compileMemoryLimit: memoryLimit } = settings;
  requireGuest(settings.preopens);
  return runAndRelease(await compiled(source, settings, { timeout, memoryLimit }), settings, pipes);
}

// Free the memory and the descriptor of the program now, rather than when it is garbage-collected.
async function runAndRelease({ handle, name }, settings, pipes) {
  settings.args ??= [name];
  try {
    return await execute(handle, settings, pipes);
  } finally {
    native.release(handle);
  }
}

module.exports = { compile, configure, run, spawn };
