'use strict';

// Runs a program by the engine of Node.js, in this very thread. Signals do what they do by
// default: no JavaScript would run to handle them.

const fs = require('node:fs/promises');
const path = require('node:path');
const { WASI } = require('../../index.js');
const { truncated } = require('./failures.js');
const { argumentsFor, functionOf, requireStart, resultLines } = require('./invoke.js');
const { load } = require('./load.js');
const { stdout } = require('./output.js');
const { withProgress } = require('./progress.js');

const MAGIC = Buffer.from('\0asm');

async function read(file) {
  const bytes = await fs.readFile(file);
  if (bytes.subarray(0, MAGIC.length).equals(MAGIC)) return bytes;
  throw new Error(`${file} is not binary WebAssembly, and V8 takes nothing else: use --engine wasmtime`);
}

async function compiled(file) {
  const module = WebAssembly.compile(await read(file)).catch((error) => {
    throw new Error(`${file}: ${error.message}`);
  });
  return withProgress(`compiling ${path.basename(file)}…`, module);
}

function versionFor(module) {
  const imports = WebAssembly.Module.imports(module);
  return imports.some((item) => item.module === 'wasi_unstable') ? 'unstable' : 'preview1';
}

function wasiFor(module, { surroundings, values }) {
  if (values.strace) process.env.WASI_RS_STRACE = '1';
  // Outside of start() there is nobody to whom a code could be returned.
  const returnOnExit = values.invoke === undefined;
  return new WASI({ version: versionFor(module), ...surroundings, returnOnExit });
}

// V8 has no reflection of types: the other engine tells them.
async function typeOf(name, file) {
  const { exports } = await load(file);
  return functionOf(exports, name, file);
}

// A command has its memory bound only; without memory no call of WASI can do anything.
function prepare(wasi, instance) {
  const { _initialize, _start, memory } = instance.exports;
  if (memory === undefined) _initialize?.();
  else if (_start === undefined) wasi.initialize(instance);
  else wasi.finalizeBindings(instance);
}

// What is to be done with the instance; says first what is wrong with the command line.
async function plan(module, { file, args, values: { invoke: name } }) {
  if (name === undefined) {
    requireStart(WebAssembly.Module.exports(module), file);
    return (wasi, instance) => truncated(wasi.start(instance));
  }
  const called = await typeOf(name, file);
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
  Error.stackTraceLimit = 50; // that of the guest is meant
  const module = await compiled(job.file);
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
