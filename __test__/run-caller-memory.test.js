'use strict';

// The memory of a guest that has called a function of the host, which calls the guest back.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { compile } = require('..');

const source = `(module
  (import "env" "lookup" (func $lookup (result i32)))
  (memory (export "memory") 1)
  (func (export "alloc") (result i32) (i32.const 1024))
  (func (export "find") (result i32) (call $lookup)))`;

// Only many calls show whether the promise is fulfilled before the guest stands still again.
test('a function of the host can use the memory as soon as an export that it called has returned', async () => {
  const program = await compile(Buffer.from(source));
  const lookup = async function lookup() {
    const place = await this.exports.alloc();
    this.memory.write(place, 'text\0');
    return place;
  };
  for (let count = 0; count < 300; count += 1) {
    const instance = await program.instantiate({ imports: { env: { lookup } } });
    assert.equal(instance.memory.text(await instance.exports.find()), 'text');
    instance.close();
  }
});
