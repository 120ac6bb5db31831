'use strict';

// Programs with the legacy exception instructions, called on V8 and on wasmtime.

const assert = require('node:assert/strict');
const wabt = require('wabt');
const { compile } = require('../..');

const FEATURES = { exceptions: true, tail_call: true };

// The binary of a text.
async function assemble(text) {
  const module = (await wabt()).parseWat('test.wat', text, FEATURES);
  try {
    module.validate(FEATURES);
    return Buffer.from(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

// What a call on V8 came to.
function onV8(exports, [name, ...args]) {
  try {
    return exports[name](...args);
  } catch (error) {
    if (error instanceof WebAssembly.Exception) return 'exception';
    if (error instanceof WebAssembly.RuntimeError) return 'trap';
    throw error;
  }
}

async function onWasmtime(exports, [name, ...args]) {
  try {
    return await exports[name](...args);
  } catch (error) {
    if (error.code !== 'ERR_WASI_TRAP') throw error;
    return error.trap === 'exception' ? 'exception' : 'trap';
  }
}

// What calls, each a name and its arguments, come to one after the other: the same on both.
async function outcomes(bytes, calls) {
  const v8 = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  const program = await compile(bytes, { cache: false });
  const instance = await program.instantiate();
  const results = [];
  for (const call of calls) {
    const expected = onV8(v8, call);
    assert.deepEqual(await onWasmtime(instance.exports, call), expected, call.join(' '));
    results.push(expected);
  }
  instance.close();
  return results;
}

module.exports = { assemble, outcomes };
