'use strict';

// Runs a program by the engine of Node.js, in this very thread. Signals do what they do by
// default: no JavaScript would run to handle them.

const fs = require('node:fs');
const { devNull } = require('node:os');
const { WASI } = require('../../index.js');
const { truncated } = require('./failures.js');
const { argumentsFor, functionOf, requireStart, resultLines } = require('./invoke.js');
const { load } = require('./load.js');
const { stdout } = require('./output.js');
const { withProgress } = require('./progress.js');

const MAGIC = Buffer.from('\0asm');

async function read({ source, label }) {
  const bytes = typeof source === 'string' ? await fs.promises.readFile(source) : source;
  if (bytes.subarray(0, MAGIC.length).equals(MAGIC)) return bytes;
  throw new Error(`${label} is not a WebAssembly module in the binary format, the only one that V8 reads. ` +
    'Use --engine wasmtime');
}

async function compiled({ module }) {
  const compiling = WebAssembly.compile(await read(module)).catch((error) => {
    throw new Error(`${module.label}: ${error.message}`);
  });
  return withProgress(`compiling ${module.name}…`, compiling);
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
async function typeOf(name, module, values) {
  const { exports } = await load(module, values);
  return functionOf(exports, name, module.label);
}

// A command has its memory bound only; without memory no call of WASI can do anything.
function prepare(wasi, instance) {
  const { _initialize, _start, memory } = instance.exports;
  if (memory === undefined) _initialize?.();
  else if (_start === undefined) wasi.initialize(instance);
  else wasi.finalizeBindings(instance);
}

// What is to be done with the instance; says first what is wrong with the command line.
async function plan(compiled, { module, args, values }) {
  const { invoke: name } = values;
  if (name === undefined) {
    requireStart(WebAssembly.Module.exports(compiled), module.label);
    return (wasi, instance) => truncated(wasi.start(instance));
  }
  const called = await typeOf(name, module, values);
  const parameters = argumentsFor(called, args);
  return (wasi, instance) => {
    prepare(wasi, instance);
    stdout.write(resultLines(called, instance.exports[name](...parameters)));
    return 0;
  };
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

// Gives the exit code.
async function run(job) {
  Error.stackTraceLimit = 50; // for the guest's
  const module = await compiled(job);
  const proceed = await plan(module, job);
  const wasi = wasiFor(module, job);
  try {
    const instance = await WebAssembly.instantiate(module, wasi.getImportObject());
    return proceed(wasi, instance);
  } catch (error) {
    throw isTrap(error) ? asTrap(error) : error;
  }
}

module.exports = { run };
