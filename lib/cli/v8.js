'use strict';

// Runs a program by the engine of Node.js, in this very thread. Signals do what they do by
// default: no JavaScript would run to handle them.

const fs = require('node:fs');
const { devNull } = require('node:os');
const { WASI } = require('../../index.js');
const { truncated } = require('./failures.js');
const { argumentsFor, functionOf, resultLines } = require('./invoke.js');
const { load } = require('./load.js');
const { bytesOf } = require('./module.js');
const { stdout } = require('./output.js');
const { withProgress } = require('./progress.js');
const { inCommandTerms } = require('./terms.js');
const { sayLoaded, sayUsage } = require('./verbose.js');
const { visible } = require('./visible.js');
const native = require('../native.js');

// What keeps V8 from running it, too. What is wrong with its code, V8 says itself.
function obstacle({ kind, isText, needs, memories }, { invoke }) {
  if (isText && kind === 'module') {
    return 'This is a WebAssembly module in the text format, and V8 reads only the binary format. Use --engine wasmtime';
  }
  const isOne = {
    invalid: () => false,
    calls: () => invoke === undefined,
    start: () => invoke === undefined,
    // A program may have shared memory of its own.
    threads: () => memories.some(({ imported, shared }) => imported && shared),
  };
  const need = needs.find(({ about }) => (isOne[about] ?? (() => true))());
  return need && inCommandTerms(need.message);
}

async function read(module, values) {
  const bytes = await bytesOf(module);
  const reason = obstacle(native.inspect(bytes), values);
  if (reason === undefined) return bytes;
  throw new Error(`${module.label}: ${reason}`);
}

async function compiled({ module, values }) {
  const bytes = await read(module, values);
  const start = performance.now();
  const compiling = WebAssembly.compile(bytes).catch((error) => {
    throw new Error(`${module.label}: ${visible(error.message)}`);
  });
  const result = await withProgress(`compiling ${visible(module.name)}…`, compiling);
  if (values.verbose) sayLoaded(module, bytes.length, 'v8', performance.now() - start);
  return result;
}

function versionFor(module) {
  const imports = WebAssembly.Module.imports(module);
  return imports.some((item) => item.module === 'wasi_unstable') ? 'unstable' : 'preview1';
}

function wasiFor(compiled, { surroundings, values, hasStdin }) {
  if (values.strace) process.env.WASI_RS_STRACE = '1';
  // Outside of start() there is nobody to whom a code could be returned.
  const returnOnExit = values.invoke === undefined;
  const stdin = hasStdin ? 0 : fs.openSync(devNull);
  return new WASI({ version: versionFor(compiled), ...surroundings, stdin, returnOnExit });
}

// V8 has no reflection of types: the other engine tells them.
async function typeOf(name, module) {
  const { exports } = await load(module, {});
  return functionOf(exports, name, module.label);
}

// A command has its memory bound only; without memory no call of WASI can do anything.
function prepare(wasi, instance) {
  const { _initialize, _start, memory } = instance.exports;
  if (memory === undefined) _initialize?.();
  else if (_start === undefined) wasi.initialize(instance);
  else wasi.finalizeBindings(instance);
}

// What is to be done with the instance, and with what comes of it. Says first what is wrong with the
// command line.
async function plan({ module, args, values }) {
  const { invoke: name } = values;
  if (name === undefined) {
    return {
      proceed: (wasi, instance) => wasi.start(instance),
      finish: (exitCode) => truncated(exitCode),
      what: (exitCode) => `the program exited with code ${exitCode}`,
    };
  }
  const called = await typeOf(name, module);
  const parameters = argumentsFor(called, args);
  return {
    proceed(wasi, instance) {
      prepare(wasi, instance);
      return instance.exports[name](...parameters);
    },
    finish(result) {
      stdout.write(resultLines(called, resultsOf(called, result)));
      return 0;
    },
    what: () => `${name}() returned`,
  };
}

// Several come in an array, or whatever can be iterated over.
function resultsOf({ results: types }, result) {
  return types.length === 1 ? [result] : Array.from(result ?? []);
}

function isTrap(error) {
  return error instanceof WebAssembly.RuntimeError || error instanceof WebAssembly.Exception ||
    // Of a stack overflow there is no other sign.
    error instanceof RangeError && error.code === undefined;
}

function asTrap(error) {
  const backtrace = (error.stack ?? '').split('\n').filter((line) => /^ {4}at .*wasm/.test(line)).join('\n');
  const message = error.message ?? 'uncaught exception';
  return Object.assign(new Error(`The program trapped: ${message}`), { code: 'ERR_WASI_TRAP', backtrace });
}

function sayWhat(what, { exports: { memory } }, duration) {
  sayUsage(what, { duration, memoryPeak: memory?.buffer?.byteLength });
}

// Gives the exit code.
async function run(job) {
  Error.stackTraceLimit = 50; // for the guest's
  const module = await compiled(job);
  const { proceed, finish, what } = await plan(job);
  const wasi = wasiFor(module, job);
  const start = performance.now();
  let instance;
  try {
    instance = await WebAssembly.instantiate(module, wasi.getImportObject());
    const result = proceed(wasi, instance);
    if (job.values.verbose) sayWhat(what(result), instance, performance.now() - start);
    return finish(result);
  } catch (error) {
    if (!isTrap(error)) throw error;
    if (job.values.verbose && instance) sayWhat('the program was terminated', instance, performance.now() - start);
    throw asTrap(error);
  }
}

module.exports = { run };
