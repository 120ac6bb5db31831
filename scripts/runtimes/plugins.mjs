// Checks of host functions, memory and synchronous guests.

import assert from 'node:assert/strict';
import { compile, rejection, sleep } from './support.mjs';

const source = Buffer.from(`(module (import "env" "f" (func $f (param i32) (result i32)))
  (memory (export "memory") 1) (global (export "count") (mut i32) (i32.const 7))
  (data (i32.const 16) "hello")
  (func (export "call") (param i32) (result i32) (call $f (local.get 0)))
  (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "grow") (drop (memory.grow (i32.const 1))))
  (func (export "loop") (loop (br 0)))
  (func (export "_start") (drop (call $f (i32.const 1)))))`);
const program = await compile(source, { cache: false });
const withF = (f, options) => ({ ...options, imports: { env: { f } } });

function thrown(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

export default {
  async 'host functions, promises'() {
    const instance = await program.instantiate(withF(async function f(value) {
      await sleep(5);
      return this.exports.double(value);
    }));
    assert.equal(await instance.exports.call(21), 42);
    instance.close();
  },

  async 'host functions that throw'() {
    const error = await rejection(program.run(withF(() => { throw new RangeError('boom'); })), 'ERR_WASI_HOST_FUNCTION');
    assert.equal(error.cause.message, 'boom');
    await rejection(program.run(withF(() => new Promise(() => {}), { timeout: 50 })), 'ERR_WASI_TIMEOUT');
  },

  async 'memory and globals'() {
    const instance = await program.instantiate(withF(() => 0));
    assert.equal(instance.memory.text(16, 5), 'hello');
    assert.equal(instance.memory.write(32, 'wörld'), 6);
    assert.equal(instance.memory.text(32), 'wörld');
    assert.equal(thrown(() => instance.memory.read(65536, 1)).code, 'ERR_OUT_OF_RANGE');
    instance.exports.count.value += 1;
    assert.equal(instance.exports.count.value, 8);
    instance.close();
  },

  'runSync(), instantiateSync()'() {
    assert.equal(program.runSync(withF(() => 0)).exitCode, 0);
    const instance = program.instantiateSync(withF(function f(value) { return this.exports.double(value); }, { timeout: 50 }));
    assert.equal(instance.exports.call(4), 8);
    assert.equal(thrown(() => instance.exports.loop()).code, 'ERR_WASI_TIMEOUT');
    instance.close();
    assert.equal(thrown(() => instance.exports.double(1)).code, 'ERR_WASI_CLOSED');
  },

  'memory.buffer'() {
    const instance = program.instantiateSync(withF(() => 0));
    const { buffer } = instance.memory;
    new Uint8Array(buffer)[3] = 9;
    assert.equal(instance.exports.load(3), 9);
    instance.exports.grow();
    assert.equal(buffer.byteLength, 0);
    assert.equal(instance.memory.buffer.byteLength, 2 * 65536);
    instance.close();
  },

  async 'many host calls'() {
    for (let count = 0; count < 2000; count += 1) {
      const instance = program.instantiateSync(withF((value) => value));
      assert.equal(instance.memory.buffer.byteLength, 65536);
      assert.equal(instance.exports.call(count), count);
      instance.close();
      if (count % 100 === 0) await sleep(0);
    }
  },
};
