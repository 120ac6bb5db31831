'use strict';

// instantiateSync(): instances on the thread of the caller, whose exports are plain functions.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { FOREVER, TEXT, guest } = require('./helpers/run-guests');
const { thrown } = require('./helpers/run-process');
const { compile } = require('..');

const compiled = (text) => compile(Buffer.from(text), { cache: false });

// The functions i32, i64, f32 and f64 below, which return their argument.
const IDENTITIES = Buffer.from('0061736d01000000' +
  '01150460017f017f60017e017e60017d017d60017c017c' + '03050400010203' +
  '071904036933320000036936340001036633320002036636340003' +
  '0a1504' + '040020000b'.repeat(4), 'hex');
const onV8 = () => new WebAssembly.Instance(new WebAssembly.Module(IDENTITIES)).exports;

const PLAIN = `
  (func (export "i32") (param i32) (result i32) (local.get 0))
  (func (export "i64") (param i64) (result i64) (local.get 0))
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "nothing"))
  (func (export "pair") (result i32 i64) (i32.const 1) (i64.const 2))
  (func (export "many") (param ${'i32 '.repeat(20)}) (result ${'i32 '.repeat(20)})
    ${Array.from({ length: 20 }, (_, index) => `(local.get ${19 - index})`).join(' ')})`;

const VALUES = [
  0, -0, 1, -1, 1.5, -1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 31 - 1, 2 ** 32, 2 ** 32 + 5, -(2 ** 31) - 1, 2 ** 53, 1e300, 0.1,
  true, false, undefined, null, '', '7', 'x', [], [3], {}, { valueOf: () => 9 }, { toString: () => '8' },
];
// V8 refuses them, and so must we.
const REFUSED = [1n, Symbol('s'), { valueOf() { throw new RangeError('valueOf'); } }];

const result = (call) => {
  try {
    return { value: call() };
  } catch (error) {
    return { thrown: error.constructor };
  }
};

describe('an exported function', () => {
  test('converts numbers as the WebAssembly JavaScript API does', async (t) => {
    const [program, reference] = [await compiled(`(module ${PLAIN})`), onV8()];
    const instance = program.instantiateSync();
    t.after(() => instance.close());
    for (const name of ['i32', 'f32', 'f64']) {
      for (const value of [...VALUES, ...REFUSED]) {
        const expected = result(() => reference[name](value));
        assert.deepEqual(result(() => instance.exports[name](value)), expected, `${name}(${typeof value} ${String(value?.toString?.() ?? value)})`);
      }
    }
    for (const value of [0n, -1n, 2n ** 63n, 2n ** 64n + 5n, -(2n ** 63n) - 1n]) {
      assert.equal(instance.exports.i64(value), reference.i64(value));
    }
    assert.equal(thrown(() => instance.exports.i64(1)).code, 'ERR_INVALID_ARG_TYPE');
    assert.deepEqual([instance.exports.nothing(), instance.exports.pair()], [undefined, [1, 2n]]);
    assert.equal(instance.exports.i32(), 0, 'what is missing is undefined');
    assert.equal(instance.exports.i32(1, 2, 3), 1, 'what is too much is ignored');
  });

  test('takes and gives as many numbers as there are', async (t) => {
    const instance = (await compiled(`(module ${PLAIN})`)).instantiateSync();
    t.after(() => instance.close());
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    assert.deepEqual(instance.exports.many(...numbers), numbers.toReversed());
    assert.deepEqual(instance.exports.many(5), [...Array(19).fill(0), 5]);
  });

  test('has a name, stays the same, and needs no `this`', async (t) => {
    const instance = (await compiled(`(module ${PLAIN})`)).instantiateSync();
    t.after(() => instance.close());
    const { i32 } = instance.exports;
    assert.equal(i32.name, 'i32');
    assert.equal(instance.exports.i32, i32);
    assert.equal(i32(5), 5);
    assert.deepEqual(Object.keys(instance.exports), ['i32', 'i64', 'f32', 'f64', 'nothing', 'pair', 'many']);
  });

  test("can't be called if JavaScript can't make what it takes", async (t) => {
    const instance = (await compiled('(module (func (export "f") (param externref)))')).instantiateSync();
    t.after(() => instance.close());
    assert.equal(thrown(() => instance.exports.f(1)).code, 'ERR_INVALID_ARG_TYPE');
  });
});

const source = guest(`
  (global $count (export "count") (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $count (i32.const 100)))
  (func (export "next") (result i32) (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count))
  (func (export "say") (call $write (i32.const 1) (i32.const ${TEXT}) (i32.const 5)))
  (func (export "trap") unreachable)
  (func (export "exit") (param i32) (call $proc_exit (local.get 0)))
  (func (export "loop") ${FOREVER})
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))`, { text: 'hello' });
const open = async (t, options) => {
  const instance = (await compile(source, { cache: false })).instantiateSync(options);
  t.after(() => instance.close());
  return instance;
};

describe('an instance', () => {
  test('is initialized, and keeps its state', async (t) => {
    const { exports } = await open(t);
    assert.deepEqual([exports.next(), exports.next(), exports.count.value], [101, 102, 102]);
    exports.count.value = 7;
    assert.equal(exports.next(), 8);
  });

  test('has what it has written so far', async (t) => {
    const instance = await open(t, { encoding: 'latin1' });
    assert.equal(instance.stdout, '');
    instance.exports.say();
    instance.exports.say();
    assert.deepEqual([instance.stdout, instance.stderr], ['hellohello', '']);
  });

  test('can be called again after a call that failed', async (t) => {
    const { exports } = await open(t, { timeout: 50, memoryLimit: 1 << 20 });
    assert.equal(thrown(() => exports.trap()).code, 'ERR_WASI_TRAP');
    const exit = thrown(() => exports.exit(3));
    assert.deepEqual([exit.code, exit.exitCode], ['ERR_WASI_EXIT', 3]);
    assert.equal(thrown(() => exports.loop()).code, 'ERR_WASI_TIMEOUT');
    assert.equal(thrown(() => exports.grow(1000)).code, 'ERR_WASI_MEMORY_LIMIT');
    assert.equal(exports.next(), 101);
  });

  test('counts its time for each call', async (t) => {
    const { exports } = await open(t, { timeout: 200 });
    for (let count = 0; count < 3; count += 1) {
      await sleep(100);
      assert.equal(typeof exports.next(), 'number');
    }
  });

  test('fails once it is closed, and closing it again does nothing', async (t) => {
    const instance = await open(t);
    instance.close();
    instance.close();
    assert.equal(thrown(() => instance.exports.next()).code, 'ERR_WASI_CLOSED');
    assert.equal(thrown(() => instance.memory.size).code, 'ERR_WASI_CLOSED');
    assert.equal(thrown(() => instance.exports.count.value).code, 'ERR_WASI_CLOSED');
  });

  // The first versions of Node 20 don't have the symbol.
  if (Symbol.dispose !== undefined) {
    test('is closed by `using`', async (t) => {
      const instance = await open(t);
      instance[Symbol.dispose]();
      assert.equal(thrown(() => instance.exports.next()).code, 'ERR_WASI_CLOSED');
    });
  }

  test('fails to start if its _initialize does', async () => {
    const program = await compiled('(module (func (export "_initialize") unreachable))');
    assert.equal(thrown(() => program.instantiateSync()).code, 'ERR_WASI_TRAP');
  });
});

describe('a function of the host', () => {
  const text = `(module (import "env" "f" (func $f (param i32) (result i32)))
    (func (export "call") (param i32) (result i32) (call $f (local.get 0)))
    (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
    (memory (export "memory") 1))`;
  const withF = async (t, f, options) => {
    const instance = (await compiled(text)).instantiateSync({ ...options, imports: { env: { f } } });
    t.after(() => instance.close());
    return instance;
  };

  test('is called at once, and gets the instance as `this`', async (t) => {
    const calls = [];
    const instance = await withF(t, function f(number) {
      calls.push(number);
      assert.equal(this.exports, instance.exports);
      assert.equal(this.memory, instance.memory);
      return number + 1;
    });
    assert.equal(instance.exports.call(1), 2);
    assert.deepEqual(calls, [1]);
  });

  test('can call the instance, at any depth', async (t) => {
    const instance = await withF(t, (number) => (number === 0 ? 0 : 1 + instance.exports.call(number - 1)));
    assert.equal(instance.exports.call(50), 50);
    const doubling = await withF(t, function f(number) {
      return this.exports.double(number);
    });
    assert.equal(doubling.exports.call(21), 42);
  });

  test('ends the call with what it throws as the cause', async (t) => {
    for (const value of [new Error('boom'), 'text', undefined, null, 5, { message: 'object' }]) {
      const instance = await withF(t, () => {
        throw value;
      });
      const error = thrown(() => instance.exports.call(1));
      assert.equal(error.code, 'ERR_WASI_HOST_FUNCTION');
      assert.ok(Object.hasOwn(error, 'cause'));
      assert.equal(error.cause, value);
      assert.match(error.message, /^The host function env\.f threw an error: /);
      assert.equal(instance.exports.double(4), 8);
    }
  });

  test('can catch what a call of the instance throws', async (t) => {
    let isInner = false;
    const instance = await withF(t, () => {
      if (isInner) throw new Error('inner');
      isInner = true;
      return thrown(() => instance.exports.call(1)).cause.message === 'inner' ? 7 : 0;
    });
    assert.equal(instance.exports.call(1), 7);
  });

  test("can't return a promise, and its rejection does no harm", async (t) => {
    const instance = await withF(t, async () => {
      throw new Error('nobody sees this');
    });
    const { code, cause } = thrown(() => instance.exports.call(1));
    assert.equal(code, 'ERR_WASI_HOST_FUNCTION');
    assert.equal(cause.code, 'ERR_INVALID_STATE');
    assert.match(cause.message, /env\.f returned a promise/);
    await sleep(1);
  });

  test('can close the instance that has called it', async (t) => {
    const instance = await withF(t, () => {
      instance.close();
      return 1;
    });
    assert.equal(thrown(() => instance.exports.call(1)).code, 'ERR_WASI_CLOSED');
    assert.equal(thrown(() => instance.exports.double(1)).code, 'ERR_WASI_CLOSED');
  });

  test('is not the end of the time that a call has', async (t) => {
    const instance = await withF(t, () => {
      const start = Date.now();
      while (Date.now() - start < 100);
      return 1;
    }, { timeout: 50 });
    assert.equal(thrown(() => instance.exports.call(1)).code, 'ERR_WASI_TIMEOUT');
  });
});
