'use strict';

// Guests that end, and memory that they lend, at moments that host functions don't expect.

const assert = require('node:assert/strict');
const { constants } = require('node:buffer');
const { test } = require('node:test');
const { compile } = require('..');

const source = `(module (import "env" "f" (func $f)) (memory (export "memory") 1)
  (func (export "callHost") (call $f))
  (func (export "spin") (loop (br 0)))
  (func (export "nop")))`;
const program = compile(Buffer.from(source), { cache: false });

const instantiate = async (f, options) => (await program).instantiate({ imports: { env: { f } }, ...options });

test('exports that wait when the guest is ended are told why they never ran', async () => {
  const calls = [];
  const instance = await instantiate(function f() {
    calls.push(this.exports.spin(), this.exports.nop(), this.exports.nop());
    setImmediate(() => instance.close());
    return new Promise(() => {});
  });
  await assert.rejects(instance.exports.callHost(), { code: 'ERR_WASI_CLOSED' });
  const [first, ...others] = (await Promise.allSettled(calls)).map(({ reason }) => reason?.code);
  // The first one may have begun.
  assert.match(first, /^ERR_(?:WASI_CLOSED|INVALID_STATE)$/);
  assert.deepEqual(others, ['ERR_INVALID_STATE', 'ERR_INVALID_STATE']);
});

test('a guest can only import its memory', async () => {
  const importing = await compile(Buffer.from(`(module (import "env" "memory" (memory 1))
    (func (export "store") (i32.store8 (i32.const 3) (i32.const 65))))`), { cache: false });
  const instance = await importing.instantiate();
  await instance.exports.store();
  assert.equal(instance.memory.text(3, 1), 'A');
  instance.close();
  const synchronous = importing.instantiateSync();
  synchronous.exports.store();
  assert.equal(new Uint8Array(synchronous.memory.buffer)[3], 65);
  synchronous.close();
});

test('text that is too long for a string is refused before it is copied', async () => {
  const instance = await instantiate(() => {});
  instance.memory.grow(8192);
  assert.throws(() => instance.memory.text(0, constants.MAX_STRING_LENGTH + 1), { code: 'ERR_STRING_TOO_LONG' });
  instance.close();
});

test('bytes that are not UTF-8 become the characters that TextDecoder gives', async () => {
  const instance = await instantiate(() => {});
  for (const hex of ['ff41', 'e28241', 'f09f98', 'c0af', 'eda080', 'f5808080', '41e2', '00ff00']) {
    const bytes = Buffer.from(hex, 'hex');
    instance.memory.write(0, bytes);
    assert.equal(instance.memory.text(0, bytes.length), new TextDecoder().decode(bytes), hex);
  }
  instance.close();
});

test('what a host function throws is told although it resists being read', async () => {
  const thrown = new Proxy(new Error('hidden'), { get() { throw new Error('trap'); } });
  const instance = await instantiate(() => { throw thrown; });
  const error = await instance.exports.callHost().then(assert.fail, (reason) => reason);
  assert.equal(error.code, 'ERR_WASI_HOST_FUNCTION');
  assert.equal(error.cause, thrown);
  instance.close();
});
