'use strict';

// The memories of a guest: what the host reads and writes, and when.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { inspect } = require('node:util');
const vm = require('node:vm');
const { module: wasm, open, untilBusy } = require('./helpers/run-imports');
const { rejection } = require('./helpers/run-process');

const PAGE = 65536;
const source = wasm(`(import "env" "wait" (func $wait (result i32)))
  (memory (export "memory") 1 4) (data (i32.const 16) "Gr\\c3\\bc\\c3\\9fe\\00 aus \\00\\f0\\9f\\98\\80\\00")
  (memory $second (export "second") 2 3) (data (memory $second) (i32.const 0) "second\\00")
  (memory $wide (export "wide") i64 1) (data (memory $wide) (i64.const 0) "wide\\00")
  (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
  (func (export "size") (result i32) (memory.size))
  (func (export "trap") unreachable)
  (func (export "loop") (loop $forever (br $forever)))
  (func (export "wait") (result i32) (call $wait))
  (func (export "wait and load") (param i32) (result i32) (drop (call $wait)) (i32.load8_u (local.get 0)))`);

const openIt = (t, options, wait = () => 0) => open(t, source, { ...options, imports: { env: { wait } } });
const outOfRange = (action, message = /outside of the memory/) => assert.throws(action, (error) => {
  assert.ok(error instanceof RangeError);
  assert.equal(error.code, 'ERR_OUT_OF_RANGE');
  assert.match(error.message, message);
  return true;
});
const invalidType = (action, name) => assert.throws(action, (error) => {
  assert.ok(error instanceof TypeError);
  assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
  assert.match(error.message, new RegExp(`^The "${name}" argument must be `));
  return true;
});

describe('read()', () => {
  test('gives a copy', async (t) => {
    const { memory, exports } = await openIt(t);
    const bytes = memory.read(16, 3);
    assert.ok(Buffer.isBuffer(bytes));
    assert.deepEqual(bytes, Buffer.from([0x47, 0x72, 0xc3]));
    bytes.fill(0);
    assert.equal(await exports.byte(16), 0x47);
    memory.write(16, 'x');
    assert.deepEqual(bytes, Buffer.alloc(3));
  });

  test('ends at the end of the memory', async (t) => {
    const { memory } = await openIt(t);
    assert.equal(memory.read(0, PAGE).length, PAGE);
    assert.equal(memory.read(PAGE, 0).length, 0);
    assert.equal(memory.read(PAGE - 1, 1).length, 1);
    for (const [pointer, length] of [[PAGE, 1], [PAGE + 1, 0], [1, PAGE], [0, PAGE + 1], [2 ** 32, 0], [0, 2 ** 32], [2 ** 32 - 1, 2],
      [2 ** 53 - 1, 2 ** 53 - 1], [0, 2 ** 53 - 1]]) {
      outOfRange(() => memory.read(pointer, length));
    }
  });

  test('says what was asked for, and how much there is', async (t) => {
    const { memory } = await openIt(t);
    outOfRange(() => memory.read(65530, 7), /^The region of 7 bytes at the pointer 65530 is outside of the memory, which has 65536 bytes$/);
  });
});

describe('write()', () => {
  test('takes strings and bytes of any kind, and says how many there were', async (t) => {
    const { memory } = await openIt(t);
    const bytes = [1, 2, 3, 4];
    const buffer = new Uint8Array([0, ...bytes, 0]).buffer;
    const shared = new SharedArrayBuffer(4);
    new Uint8Array(shared).set(bytes);
    const kinds = [Buffer.from(bytes), new Uint8Array(bytes), new Uint8Array(buffer, 1, 4), new DataView(buffer, 1, 4), new Uint8Array(bytes).buffer,
      shared, new Uint8Array(shared), new Int16Array([0x0201, 0x0403]), new BigUint64Array([0x04030201n]), new Float32Array(new Uint8Array(bytes).buffer),
      vm.runInNewContext('new Uint8Array([1, 2, 3, 4])'), vm.runInNewContext('new Uint8Array([1, 2, 3, 4]).buffer')];
    for (const data of kinds) {
      memory.write(100, Buffer.alloc(8));
      assert.equal(memory.write(100, data), data.byteLength, inspect(data));
      assert.deepEqual([...memory.read(100, 4)], bytes, inspect(data));
    }
    assert.equal(memory.write(200, 'Grüße 😀'), 12);
    assert.equal(memory.text(200, 12), 'Grüße 😀');
    assert.deepEqual([memory.write(0, ''), memory.write(PAGE, Buffer.alloc(0))], [0, 0]);
    assert.equal(memory.write(0, '\ud800'), 3);
    assert.deepEqual(memory.read(0, 3), Buffer.from([0xef, 0xbf, 0xbd]));
  });

  test('writes all or nothing', async (t) => {
    const { memory } = await openIt(t);
    for (const [pointer, data] of [[PAGE - 2, 'abc'], [PAGE, 'a'], [PAGE + 1, ''], [0, Buffer.alloc(PAGE + 1, 1)], [-1, 'a'], [2 ** 53 - 1, 'ab']]) {
      outOfRange(() => memory.write(pointer, data));
    }
    assert.deepEqual([memory.read(PAGE - 2, 2), memory.read(0, 16)], [Buffer.alloc(2), Buffer.alloc(16)]);
  });

  test('is what the guest sees', async (t) => {
    const { memory, exports } = await openIt(t);
    memory.write(5, new Uint8Array([77]));
    assert.equal(await exports.byte(5), 77);
  });

  test('refuses what is neither a string nor bytes', async (t) => {
    const { memory } = await openIt(t);
    for (const data of [undefined, null, 5, 5n, true, [1, 2], {}, { length: 1, 0: 1 }, () => {}, Symbol('s')]) invalidType(() => memory.write(0, data), 'data');
  });
});

describe('text()', () => {
  test('ends at a length or before the next NUL', async (t) => {
    const { memory } = await openIt(t);
    assert.deepEqual([memory.text(16), memory.text(16, 4), memory.text(16, 8), memory.text(23), memory.text(0)], ['Grüße', 'Grü', 'Grüße\0', '', '']);
    assert.deepEqual([memory.text(30), memory.text(30, undefined), memory.text(16, 0), memory.text(PAGE, 0)], ['😀', '😀', '', '']);
    outOfRange(() => memory.text(16, PAGE));
  });

  test('needs a NUL if it has no length', async (t) => {
    const { memory } = await openIt(t);
    memory.write(PAGE - 3, 'abc');
    outOfRange(() => memory.text(PAGE - 3), /^There is no NUL at or after the pointer 65533 in the memory of 65536 bytes$/);
    outOfRange(() => memory.text(PAGE), /no NUL/);
    for (const pointer of [PAGE + 1, 2 ** 40]) outOfRange(() => memory.text(pointer));
    memory.write(PAGE - 1, '\0');
    assert.equal(memory.text(PAGE - 3), 'ab');
    assert.equal(memory.text(PAGE - 1), '');
  });

  test('replaces what is not UTF-8, as Buffers do', async (t) => {
    const { memory } = await openIt(t);
    const invalid = ['ff', 'c3', 'c328', 'e282', 'e28228', 'f09f98', 'f09f9861', 'eda080', 'f4908080', 'c080', 'e0807f', '80', '61ff62', 'efbbbf61', 'fefe', 'f8888080', '6180c3bc'];
    for (const hex of invalid) {
      const bytes = Buffer.from(hex, 'hex');
      memory.write(0, bytes);
      assert.equal(memory.text(0, bytes.length), bytes.toString(), hex);
      memory.write(bytes.length, '\0');
      assert.equal(memory.text(0), bytes.toString(), hex);
    }
  });

  test('longer than any string is refused', async (t) => {
    const { memory } = await open(t, wasm('(memory (export "memory") 8192)'));
    assert.throws(() => memory.text(0, memory.size), { code: 'ERR_STRING_TOO_LONG' });
  });
});

describe('grow()', () => {
  test('gives the number of pages before, up to what the guest allows', async (t) => {
    const { memory, exports } = await openIt(t);
    assert.deepEqual([memory.grow(0), memory.grow(2), memory.size], [1, 1, 3 * PAGE]);
    assert.equal(await exports.size(), 3);
    assert.deepEqual(memory.read(2 * PAGE, 1), Buffer.alloc(1));
    for (const pages of [2, 65536, -1, 2 ** 53 - 1]) outOfRange(() => memory.grow(pages), /^The memory can't grow by \d+ pages$/);
    assert.deepEqual([memory.grow(1n), memory.size], [3, 4 * PAGE]);
    outOfRange(() => memory.grow(1), /can't grow/);
  });

  test('stays within the memory limit', async (t) => {
    const { memory, exports } = await openIt(t, { memoryLimit: 5 * PAGE });
    assert.throws(() => memory.grow(2), { code: 'ERR_WASI_MEMORY_LIMIT', message: /options\.memoryLimit allows: 320 KiB/ });
    assert.deepEqual([memory.size, memory.grow(1), memory.size], [PAGE, 1, 2 * PAGE]);
    assert.equal(await exports.size(), 2);
  });

  test('while the guest waits is what the guest sees next', async (t) => {
    const { exports } = await openIt(t, {}, function wait() {
      const pages = this.memory.grow(1);
      this.memory.write(pages * PAGE + 5, new Uint8Array([9]));
      return 0;
    });
    assert.equal(await exports['wait and load'](PAGE + 5), 9);
  });
});

describe('pointers and lengths', () => {
  test('may be negative or BigInts, as guests pass them', async (t) => {
    const { exports, memory } = await openIt(t);
    assert.deepEqual(memory.read(16n, 2n), Buffer.from('Gr'));
    assert.equal(memory.text(16n), 'Grüße');
    assert.equal(memory.write(100n, 'x'), 1);
    assert.deepEqual([exports.wide.text(0n), exports.wide.grow(1n), exports.wide.size], ['wide', 1, 2 * PAGE]);
    outOfRange(() => memory.read(-1, 1), /at the pointer 4294967295 /);
    outOfRange(() => memory.read(-(2 ** 31), 1), /at the pointer 2147483648 /);
    outOfRange(() => memory.read(0, -1), /region of 4294967295 bytes/);
    const { memory: large } = await open(t, wasm('(memory (export "memory") 32769) (data (i32.const 0x80000000) "high")'));
    assert.deepEqual([large.text(-(2 ** 31)), large.text(2 ** 31, 4)], ['high', 'high']);
  });

  test('are whole numbers', async (t) => {
    const { memory } = await openIt(t);
    for (const value of [0.5, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 31) - 1, 2n ** 64n, -(2n ** 40n)]) {
      const actions = { pointer: [() => memory.read(value, 1), () => memory.write(value, 'x'), () => memory.text(value)],
        length: [() => memory.read(0, value), () => memory.text(0, value)], pages: [() => memory.grow(value)] };
      for (const [name, all] of Object.entries(actions)) all.forEach((action) => outOfRange(action, new RegExp(`^The value of "${name}" is out of range`)));
    }
    for (const value of [null, '0', true, {}, [], { valueOf: () => 1 }, Symbol('s')]) {
      invalidType(() => memory.read(value, 1), 'pointer');
      invalidType(() => memory.write(value, 'x'), 'pointer');
      invalidType(() => memory.text(value), 'pointer');
      invalidType(() => memory.read(0, value), 'length');
      invalidType(() => memory.text(0, value), 'length');
      invalidType(() => memory.grow(value), 'pages');
    }
    invalidType(() => memory.read(0), 'length');
    invalidType(() => memory.grow(), 'pages');
  });
});

describe('which memory', () => {
  test('each has its name', async (t) => {
    const { exports, memory } = await openIt(t);
    assert.deepEqual([exports.second.text(0), exports.second.size, exports.second.grow(1), exports.second.size], ['second', 2 * PAGE, 2, 3 * PAGE]);
    exports.second.write(16, 'changed');
    assert.deepEqual([memory.text(16), exports.memory.text(16), memory.size], ['Grüße', 'Grüße', PAGE]);
  });

  test('is `memory`: the one of this name, or the only one', async (t) => {
    const text = async (...parts) => (await open(t, wasm(...parts))).memory?.text(0);
    assert.equal(await text('(memory 1) (memory $m 1) (data (memory $m) (i32.const 0) "one\\00") (export "memory" (memory $m)) (export "other" (memory 0))'), 'one');
    assert.equal(await text('(memory (export "mem") 1) (data (i32.const 0) "only\\00")'), 'only');
    assert.equal(await text('(import "env" "m" (memory 1)) (data (i32.const 0) "imported\\00")'), 'imported');
    assert.equal(await text('(import "env" "m" (memory 1)) (export "again" (memory 0)) (data (i32.const 0) "both\\00")'), 'both');
    assert.equal(await text('(memory (export "a") 1) (memory (export "b") 1)'), undefined);
    assert.equal(await text('(memory 1)'), undefined);
    assert.equal(await text(''), undefined);
  });

  test('is the same for `this` of a host function', async (t) => {
    const texts = [];
    const wait = function wait() {
      texts.push(this.memory.text(16), this.exports.memory.text(16), this.exports.second.text(0));
      return 0;
    };
    await (await openIt(t, {}, wait)).exports.wait();
    assert.deepEqual(texts, ['Grüße', 'Grüße', 'second']);
  });
});

describe('when', () => {
  const actions = (memory) => [() => memory.size, () => memory.read(0, 1), () => memory.write(0, 'x'), () => memory.text(0), () => memory.grow(0)];
  const refused = (memory, code) => actions(memory).forEach((action) => assert.throws(action, { code }));

  test('not while the guest computes', async (t) => {
    const controller = new AbortController();
    const { exports, memory } = await openIt(t, { signal: controller.signal });
    const call = rejection(exports.loop(), 'ABORT_ERR');
    await untilBusy(() => memory.size);
    refused(memory, 'ERR_INVALID_STATE');
    assert.throws(() => memory.size, { message: /^The guest is running/ });
    controller.abort();
    await call;
    assert.equal(memory.size, PAGE);
  });

  test('not while a nested call computes, for any host function', async (t) => {
    const controller = new AbortController();
    const instance = await openIt(t, { signal: controller.signal }, async function wait() {
      const call = this.exports.loop();
      await untilBusy(() => this.memory.size);
      refused(this.memory, 'ERR_INVALID_STATE');
      refused(instance.memory, 'ERR_INVALID_STATE');
      controller.abort();
      return call;
    });
    await rejection(instance.exports.wait(), 'ABORT_ERR');
  });

  test('while the guest waits, for everyone', async (t) => {
    const instance = await openIt(t, {}, function wait() {
      instance.memory.write(0, 'from outside');
      return this.memory.text(0) === 'from outside' ? 1 : 0;
    });
    assert.equal(await instance.exports.wait(), 1);
  });

  test('after a trap, as before', async (t) => {
    const { exports, memory } = await openIt(t);
    await rejection(exports.trap(), 'ERR_WASI_TRAP');
    assert.equal(memory.text(16), 'Grüße');
  });

  test('not after close(), also within a host function', async (t) => {
    const instance = await openIt(t);
    instance.close();
    refused(instance.memory, 'ERR_WASI_CLOSED');
    refused(instance.exports.second, 'ERR_WASI_CLOSED');
    let caller;
    const other = await openIt(t, {}, function wait() {
      caller = this;
      other.close();
      return 0;
    });
    await rejection(other.exports.wait(), 'ERR_WASI_CLOSED');
    refused(caller.memory, 'ERR_WASI_CLOSED');
  });
});

test('a memory shows its size', async (t) => {
  const instance = await openIt(t);
  assert.equal(inspect(instance.memory), `GuestMemory { size: ${PAGE} }`);
  instance.close();
  assert.equal(inspect(instance.memory), 'GuestMemory {}');
});
