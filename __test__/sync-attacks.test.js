'use strict';

// Attempts to reach memory of a synchronous guest that no longer belongs to it.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { setImmediate: tick } = require('node:timers/promises');
const { compile } = require('..');

const source = `(module (memory (export "memory") 1)
  (func (export "grow") (drop (memory.grow (i32.const 1))))
  (func (export "fill") (memory.fill (i32.const 0) (i32.const 0x53) (i32.const 65536))))`;
const program = compile(Buffer.from(source), { cache: false });

const open = async () => (await program).instantiateSync();
const { transfer } = ArrayBuffer.prototype;
const moved = (buffer) => (transfer ? transfer.call(buffer) : structuredClone(buffer, { transfer: [buffer] }));

// Others get the memory next if it was freed.
async function fillOthers() {
  for (let count = 0; count < 5; count++) {
    const other = await open();
    other.exports.fill();
    other.close();
  }
}

test('memory in a buffer that was moved stays when the instance is closed several times', async () => {
  const instance = await open();
  instance.memory.write(0, 'own');
  const buffer = moved(instance.memory.buffer);
  instance.close();
  instance.close();
  assert.throws(() => instance.exports.fill(), { code: 'ERR_WASI_CLOSED' });
  await fillOthers();
  assert.equal(Buffer.from(buffer, 0, 3).toString(), 'own');
});

test('a buffer is detached although the one before it has been finalized meanwhile', async () => {
  const instance = await open();
  assert.equal(instance.memory.buffer.byteLength, 65536);
  instance.exports.grow();
  const second = instance.memory.buffer;
  for (let turn = 0; turn < 10; turn++) await tick();
  instance.exports.grow();
  assert.equal(second.byteLength, 0);
  const third = instance.memory.buffer;
  for (let turn = 0; turn < 10; turn++) await tick();
  instance.close();
  assert.equal(third.byteLength, 0);
});

test('a memory that is too large for a buffer is refused without freeing it', async () => {
  const large = await compile(Buffer.from('(module (memory (export "memory") i64 65540))'), { cache: false });
  const instance = large.instantiateSync();
  for (let count = 0; count < 3; count++) {
    try {
      assert.equal(instance.memory.buffer.byteLength, 65540 * 65536);
    } catch (error) {
      assert.equal(error.code, 'ERR_BUFFER_TOO_LARGE');
    }
  }
  assert.equal(instance.memory.size, 65540 * 65536);
  instance.close();
});
