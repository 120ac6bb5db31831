'use strict';

// Both engines catch faults of the processor: neither may take those of the other.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');
const { once } = require('node:events');
const { compile } = require('..');

// (module (memory 1) (func (export "f") (drop (i32.load (i32.const -1)))))
const outOfBounds = Buffer.from('0061736d010000000104016000000302010005030100010705010166' +
  '00000a0a010800417f2802001a0b', 'hex');
const source = '(module (memory (export "memory") 1) (func (export "_start") (drop (i32.load (i32.const -1)))))';

const onV8 = () => new WebAssembly.Instance(new WebAssembly.Module(outOfBounds)).exports.f();
const message = { name: 'RuntimeError', message: 'memory access out of bounds' };

test('traps of V8 and of wasmtime, by turns', async () => {
  assert.throws(onV8, message);
  const program = await compile(Buffer.from(source), { cache: false });
  for (let round = 0; round < 3; round += 1) {
    await assert.rejects(program.run(), { code: 'ERR_WASI_TRAP', trap: 'memory-out-of-bounds' });
    assert.throws(onV8, message);
  }
});

test('traps of V8 while a program runs', async () => {
  const program = await compile(Buffer.from('(module (func (export "_start") (loop (br 0))))'), { cache: false });
  const running = assert.rejects(program.run({ timeout: 100 }), { code: 'ERR_WASI_TIMEOUT' });
  for (let round = 0; round < 100; round += 1) assert.throws(onV8, message);
  await running;
});

test('traps of V8 in a Worker, afterwards', async () => {
  const worker = new Worker(`
    const { parentPort, workerData } = require('node:worker_threads');
    try {
      new WebAssembly.Instance(new WebAssembly.Module(workerData)).exports.f();
    } catch (error) {
      parentPort.postMessage(error.message);
    }`, { eval: true, workerData: outOfBounds });
  assert.deepEqual(await once(worker, 'message'), [message.message]);
});
