'use strict';

// Guests that end, and memory that they lend, at moments that host functions don't expect.

const assert = require('node:assert/strict');
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
  const results = await Promise.allSettled(calls);
  assert.deepEqual(results.map(({ reason }) => reason?.code), ['ERR_WASI_CLOSED', 'ERR_INVALID_STATE', 'ERR_INVALID_STATE']);
});
