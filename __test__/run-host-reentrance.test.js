'use strict';

// Functions of the host that call the guest back, and calls from elsewhere meanwhile.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { module: wasm, open } = require('./helpers/run-imports');
const { rejection } = require('./helpers/run-process');
const { compile, run } = require('..');

const source = wasm(`(import "env" "up" (func $up (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (global $heap (mut i32) (i32.const 1024))
  (global (export "count") (mut i32) (i32.const 0))
  (func (export "up") (param i32) (result i32) (call $up (local.get 0)))
  (func (export "add") (param i32 i32) (result i32)
    (global.set 1 (i32.add (global.get 1) (i32.const 1)))
    (i32.add (local.get 0) (local.get 1)))
  (func (export "alloc") (param i32) (result i32)
    (global.get $heap) (global.set $heap (i32.add (global.get $heap) (local.get 0))))
  (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "pair") (param i64) (result i64 f64) (local.get 0) (f64.const 0.5))
  (func (export "nothing"))
  (func (export "trap") unreachable)
  (func (export "exit") (param i32) (call $exit (local.get 0)))
  (func (export "twice") (param i32) (result i32) (i32.add (call $up (local.get 0)) (call $up (local.get 0))))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (table (export "table") 1 funcref)`);

const withUp = (t, up, options) => open(t, source, { ...options, imports: { env: { up } } });
const turn = () => new Promise((resolve) => { setImmediate(resolve); });

describe('this.exports', () => {
  test('calls the guest that waits, at once', async (t) => {
    const { exports } = await withUp(t, async function up(value) {
      return await this.exports.add(value, 1) + await this.exports.add(value, 2);
    });
    assert.equal(await exports.up(10), 23);
    assert.equal(exports.count.value, 2);
  });

  test('has each export by its name', async (t) => {
    const { exports } = await withUp(t, async function up() {
      const own = this.exports;
      const names = [];
      for (const name in own) names.push(name);
      assert.deepEqual(names.sort(), (await compile(source)).exports.map(({ name }) => name).sort());
      assert.equal(own.add.name, 'add');
      assert.deepEqual([own.missing, own.toString, 'add' in own, own.table], [undefined, undefined, true, undefined]);
      assert.deepEqual(await own.pair(2n ** 63n), [-(2n ** 63n), 0.5]);
      assert.equal(await own.nothing(), undefined);
      assert.equal(own.memory.size, 65536);
      own.count.value = 41;
      await own.add(0, 0);
      return own.count.value;
    });
    assert.equal(await exports.up(0), 42);
  });

  test('takes what any call takes', async (t) => {
    const { exports } = await withUp(t, async function up() {
      for (const args of [[], [1], [1, 2, 3], [1n, 2], ['1', 2], [undefined, 1]]) await rejection(this.exports.add(...args), 'ERR_INVALID_ARG_TYPE');
      return 1;
    });
    assert.equal(await exports.up(0), 1);
  });

  test('allocates, so that the host can pass a string', async (t) => {
    const instance = await withUp(t, async function up(length) {
      const pointer = await this.exports.alloc(length);
      this.memory.write(pointer, 'x'.repeat(length));
      return pointer;
    });
    assert.equal(instance.memory.text(await instance.exports.up(3), 3), 'xxx');
    assert.equal(instance.memory.text(await instance.exports.up(5)), 'xxxxx');
  });

  test('goes down many levels and back', async (t) => {
    const seen = [];
    const { exports } = await withUp(t, async function up(value) {
      seen.push(value);
      return value === 0 ? 0 : value + await this.exports.up(value - 1);
    });
    assert.equal(await exports.up(100), 5050);
    assert.equal(seen.length, 101);
  });

  test('branches on each level', async (t) => {
    let calls = 0;
    const { exports } = await withUp(t, async function up(value) {
      calls += 1;
      return value === 0 ? 1 : this.exports.twice(value - 1);
    });
    assert.equal(await exports.up(7), 128);
    assert.equal(calls, 255);
  });

  test('without end is a trap of the guest, not of the process', async (t) => {
    const { exports } = await withUp(t, async function up(value) {
      return this.exports.up(value);
    }, { maxStack: 64 * 1024 });
    let error = await rejection(exports.up(0), 'ERR_WASI_HOST_FUNCTION');
    assert.ok(error.message.length < 1100);
    while (error.cause !== undefined) error = error.cause;
    assert.deepEqual([error.code, error.trap], ['ERR_WASI_TRAP', 'stack-overflow']);
    assert.equal(await exports.add(1, 2), 3);
  });

  test('runs calls that nobody awaits before the guest goes on', async (t) => {
    const { exports } = await withUp(t, function up(value) {
      for (let index = 0; index < value; index += 1) this.exports.add(0, 0);
      return value;
    });
    assert.equal(await exports.up(10), 10);
    assert.equal(exports.count.value, 10);
  });

  test('runs them one after the other, in order', async (t) => {
    const order = [];
    const { exports } = await withUp(t, async function up(value) {
      const calls = [1, 2, 3].map((index) => this.exports.add(index, 0).then((result) => order.push(result)));
      await Promise.all(calls);
      return value;
    });
    await exports.up(0);
    assert.deepEqual(order, [1, 2, 3]);
  });

  test('can be asked for while the guest is in a deeper call, and waits for it', async (t) => {
    const order = [];
    let outer;
    const { exports } = await withUp(t, async function up(value) {
      if (value === 0) {
        outer.exports.add(0, 0).then(() => order.push('outer'));
        await turn();
        order.push('inner');
        return 1;
      }
      outer = this;
      return this.exports.up(0);
    });
    assert.equal(await exports.up(1), 1);
    assert.deepEqual(order.slice(0, 1), ['inner']);
    assert.equal(exports.count.value, 1);
  });

  test('fails once the function has returned', async (t) => {
    let caller;
    const { exports } = await withUp(t, function up(value) {
      caller = this;
      return value;
    });
    await exports.up(0);
    const error = await rejection(caller.exports.add(1, 2), 'ERR_INVALID_STATE');
    assert.match(error.message, /has returned/);
    assert.equal(exports.count.value, 0);
  });
});

describe('a nested call that fails', () => {
  test('rejects, and the guest can go on', async (t) => {
    const { exports } = await withUp(t, async function up(value) {
      assert.equal((await rejection(this.exports.trap(), 'ERR_WASI_TRAP')).trap, 'unreachable');
      assert.equal((await rejection(this.exports.exit(7), 'ERR_WASI_EXIT')).exitCode, 7);
      assert.equal((await rejection(this.exports.exit(0), 'ERR_WASI_EXIT')).exitCode, 0);
      return value + await this.exports.add(1, 2);
    });
    assert.equal(await exports.up(5), 8);
  });

  test('is the cause if the function does not catch it', async (t) => {
    const { exports } = await withUp(t, function up(value) {
      return value === 0 ? this.exports.exit(7) : this.exports.trap();
    });
    const exit = await rejection(exports.up(0), 'ERR_WASI_HOST_FUNCTION');
    assert.deepEqual([exit.cause.code, exit.cause.exitCode, exit.exitCode], ['ERR_WASI_EXIT', 7, undefined]);
    assert.equal((await rejection(exports.up(1), 'ERR_WASI_HOST_FUNCTION')).cause.trap, 'unreachable');
  });

  test('does not end the process if nobody awaits it', async (t) => {
    const { exports } = await withUp(t, function up(value) {
      this.exports.trap();
      return value;
    });
    assert.equal(await exports.up(5), 5);
  });

  // Both are told at once: what the inner function throws, and what the outer one throws meanwhile.
  test('has what its own host function threw as its cause', async (t) => {
    const [inner, outer] = [new Error('inner'), new Error('outer')];
    let fail;
    let nested;
    const { exports } = await withUp(t, function up(value) {
      if (value === 1) {
        fail(outer);
        throw inner;
      }
      nested = rejection(this.exports.up(1), 'ERR_WASI_HOST_FUNCTION');
      return new Promise((_, reject) => { fail = reject; });
    });
    assert.equal((await rejection(exports.up(0), 'ERR_WASI_HOST_FUNCTION')).cause, outer);
    assert.equal((await nested).cause, inner);
  });

  test('for want of memory ends the guest', async (t) => {
    const { exports } = await withUp(t, async function up(value) {
      await this.exports.grow(value).catch(() => {});
      return 1;
    }, { memoryLimit: 5 * 65536 });
    await rejection(exports.up(10), 'ERR_WASI_MEMORY_LIMIT');
    assert.equal(await exports.up(1), 1);
  });
});

describe('instance.exports', () => {
  test('waits until the function has returned, and is not interleaved', async (t) => {
    const order = [];
    let queued;
    const instance = await withUp(t, async function up(value) {
      await turn();
      queued ??= [instance.exports.add(1, 0), instance.exports.add(2, 0)].map((call) => call.then((result) => order.push(result)));
      for (let index = 0; index < 5; index += 1) await turn();
      assert.equal(this.exports.count.value, 0);
      assert.equal(await this.exports.nothing(), undefined);
      order.push('up');
      return value;
    });
    await instance.exports.up(0);
    await Promise.all(queued);
    assert.deepEqual(order, ['up', 1, 2]);
  });

  test('refuses a host function that would wait for itself', async (t) => {
    const instance = await withUp(t, async (value) => instance.exports.add(value, 1));
    const { cause } = await rejection(instance.exports.up(4), 'ERR_WASI_HOST_FUNCTION');
    assert.equal(cause.code, 'ERR_INVALID_STATE');
    assert.match(cause.message, /waits for the host function that calls 'add'\. .* through this\.exports$/);
    assert.equal(await instance.exports.add(1, 2), 3);
  });

  test('of another instance is free meanwhile', async (t) => {
    const other = await withUp(t, () => 0);
    const { exports } = await withUp(t, (value) => other.exports.add(value, 1));
    assert.equal(await exports.up(4), 5);
  });
});

test('a command can be called back, too', async () => {
  const program = wasm(`(import "env" "f" (func $f)) (global (export "g") (mut i32) (i32.const 0)) (memory (export "memory") 1)
    (func (export "set") (param i32) (global.set 0 (local.get 0)))
    (func (export "_start") (call $f) (if (i32.ne (global.get 0) (i32.const 6)) (then unreachable)))`);
  const seen = [];
  const f = async function f() {
    await this.exports.set(5);
    seen.push(this.exports.g.value, this.memory.size);
    this.exports.g.value += 1;
  };
  assert.equal((await run(program, { imports: { env: { f } }, cache: false })).exitCode, 0);
  assert.deepEqual(seen, [5, 65536]);
});

test('a start function can be called back, before anyone has the instance', async (t) => {
  const program = wasm(`(import "env" "f" (func $f)) (memory (export "memory") 1) (data (i32.const 8) "data\\00")
    (func (export "store") (param i32) (i32.store (i32.const 0) (local.get 0))) (start $f)`);
  const seen = [];
  const f = async function f() {
    await this.exports.store(258);
    seen.push(this.memory.text(8), this.memory.read(0, 2));
  };
  const instance = await open(t, program, { imports: { env: { f } } });
  assert.deepEqual(seen, ['data', Buffer.from([2, 1])]);
  assert.deepEqual(instance.memory.read(0, 2), Buffer.from([2, 1]));
});
