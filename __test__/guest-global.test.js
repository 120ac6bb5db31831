'use strict';

// Exported globals: what the host reads and sets. Conversions are compared with V8 elsewhere.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { inspect } = require('node:util');
const { module: wasm, open, untilBusy } = require('./helpers/run-imports');
const { rejection } = require('./helpers/run-process');

const source = wasm(`(import "env" "f" (func $f))
  (global (export "i32") (mut i32) (i32.const -1))
  (global (export "i64") (mut i64) (i64.const -1))
  (global (export "f32") (mut f32) (f32.const 0.1))
  (global (export "f64") (mut f64) (f64.const -0))
  (global (export "constant") i32 (i32.const 4))
  (global (export "reference") (mut externref) (ref.null extern))
  (global (export "vector") (mut v128) (v128.const i64x2 0 0))
  (func (export "get") (result i32) (global.get 0))
  (func (export "set") (param i32) (global.set 0 (local.get 0)))
  (func (export "f") (call $f))
  (func (export "loop") (loop $forever (br $forever)))`);
const openIt = (t, options, f = () => {}) => open(t, source, { ...options, imports: { env: { f } } });

describe('a global', () => {
  test('has a value of its type', async (t) => {
    const { exports: { i32, i64, f32, f64, constant } } = await openIt(t);
    assert.deepEqual([i32, i64, f32, f64, constant].map(({ value }) => value), [-1, -1n, Math.fround(0.1), -0, 4]);
  });

  test('that can change is set, for the guest too', async (t) => {
    const { exports } = await openIt(t);
    exports.i32.value = 2 ** 32 + 7;
    assert.deepEqual([exports.i32.value, await exports.get()], [7, 7]);
    await exports.set(8);
    assert.equal(exports.i32.value, 8);
    exports.i32.value += 1;
    assert.equal(await exports.get(), 9);
  });

  test('that is constant is not', async (t) => {
    const { exports: { constant } } = await openIt(t);
    assert.throws(() => { constant.value = 5; }, { code: 'ERR_INVALID_STATE', message: "The global 'constant' is constant, so its value can't be set" });
    assert.equal(constant.value, 4);
  });

  test('keeps its value if the new one is of another type', async (t) => {
    const { exports: { i32, i64 } } = await openIt(t);
    for (const [global, value] of [[i32, 1n], [i32, Symbol('s')], [i64, 1], [i64, undefined]]) assert.throws(() => { global.value = value; }, TypeError);
    assert.deepEqual([i32.value, i64.value], [-1, -1n]);
  });

  test('that is no number can neither be read nor set', async (t) => {
    const { exports } = await openIt(t);
    for (const name of ['reference', 'vector']) {
      const refused = { code: 'ERR_INVALID_STATE', message: `The value of the global '${name}' is not a number` };
      assert.throws(() => exports[name].value, refused);
      assert.throws(() => { exports[name].value = null; }, refused);
    }
  });

  test('counts as its value', async (t) => {
    const { exports } = await openIt(t);
    assert.deepEqual([exports.constant + 1, exports.i64 * 2n, `${inspect(exports.constant)}`], [5, -2n, 'GuestGlobal { value: 4 }']);
  });

  test('can be reached by a host function, not while the guest computes, and not after close()', async (t) => {
    const controller = new AbortController();
    const instance = await openIt(t, { signal: controller.signal }, function f() {
      this.exports.i32.value = 5;
      assert.equal(instance.exports.i32.value, 5);
    });
    const { i32 } = instance.exports;
    await instance.exports.f();
    assert.equal(i32.value, 5);
    const call = rejection(instance.exports.loop(), 'ABORT_ERR');
    await untilBusy(() => i32.value);
    assert.throws(() => { i32.value = 6; }, { code: 'ERR_INVALID_STATE' });
    controller.abort();
    await call;
    assert.equal(i32.value, 5);
    instance.close();
    assert.throws(() => i32.value, { code: 'ERR_WASI_CLOSED' });
    assert.throws(() => { i32.value = 1; }, { code: 'ERR_WASI_CLOSED' });
  });
});
