'use strict';

// Numbers between guests and functions of the host, compared with V8's own WebAssembly.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { assemble } = require('./helpers/exceptions');
const { open } = require('./helpers/run-imports');
const { rejection } = require('./helpers/run-process');

const KINDS = ['i32', 'i64', 'f32', 'f64'];
const ALL = KINDS.join(' ');

// Imports `env.give...` give results, `env.take...` take arguments that an export passes on.
const source = assemble(`(module
  ${KINDS.map((kind) => `(import "env" "give ${kind}" (func $give_${kind} (result ${kind})))
    (import "env" "take ${kind}" (func $take_${kind} (param ${kind})))`).join('\n')}
  (import "env" "give nothing" (func $give_nothing))
  (import "env" "give all" (func $give_all (result ${ALL})))
  (import "env" "give two" (func $give_two (result i32 i32)))
  (import "env" "take all" (func $take_all (param ${ALL})))
  ${KINDS.map((kind) => `(func (export "give ${kind}") (result ${kind}) call $give_${kind})
    (func (export "take ${kind}") (param ${kind}) local.get 0 call $take_${kind})
    (global (export "${kind}") (mut ${kind}) (${kind}.const 0))`).join('\n')}
  (func (export "give nothing") call $give_nothing)
  (func (export "give all") (result ${ALL}) call $give_all)
  (func (export "give two") (result i32 i32) call $give_two)
  (func (export "take all") (param ${ALL}) local.get 0 local.get 1 local.get 2 local.get 3 call $take_all))`);

const boom = new Error('boom');
const throws = () => { throw boom; };
const numbers = [0, -0, 1, -1, 0.5, -0.5, 1.9, -1.9, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) - 1,
  2 ** 32, 2 ** 32 + 7.9, 2 ** 53, 2 ** 63, 2 ** 64 + 2 ** 33, 1e20, -1e20, 1e300, 0.1, 5e-324, 1e-45, 1.401298464324817e-45, 3.4028235e38,
  3.4028235677973366e38, 3.4028236e38, 16777217, Number.MAX_SAFE_INTEGER];
const bigs = [0n, 1n, -1n, 2n ** 31n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), 2n ** 64n, 2n ** 64n + 5n, -(2n ** 200n) - 1n];
const others = {
  undefined, null: null, true: true, false: false, empty: '', text: 'text', decimal: '12', hex: '0x1f', spaces: ' 7 ', negative: '-3',
  'too large': '1e400', array: [], one: [5], two: [1, 2], symbol: Symbol('s'), object: {}, function: () => {}, date: new Date(5),
  valueOf: { valueOf: () => 42.5 }, 'valueOf BigInt': { valueOf: () => 42n }, toString: { toString: () => '8' },
  toPrimitive: { [Symbol.toPrimitive]: (hint) => (hint === 'number' ? 9 : 10) }, 'toPrimitive BigInt': { [Symbol.toPrimitive]: () => 9n },
  throws: { valueOf: throws }, 'no primitive': { valueOf: () => ({}), toString: () => ({}) }, 'null prototype': Object.create(null),
  boxed: Object(3), 'boxed BigInt': Object(3n), typed: new Uint8Array([4]),
};
const values = [...numbers, ...bigs, ...Object.values(others)];
const lists = {
  array: [1, 2n, 3.5, 4.5], 'other types': ['1', true, '3', null], set: new Set([1, 2n, 3, 4]), typed: new Uint8Array([1, 2, 3, 4]), text: '1234',
  'too short': [1, 2n, 3], 'too long': [1, 2n, 3, 4, 5], empty: [], holes: [1, 2n, , 4], number: 5, undefined, null: null,
  'array-like': { length: 4, 0: 1, 1: 2n, 2: 3, 3: 4 }, 'wrong BigInt': [1n, 2n, 3, 4], 'wrong number': [1, 2, 3, 4], 'throws late': [1, 2n, 3, { valueOf: throws }],
  'throws itself': { [Symbol.iterator]: throws }, 'no iterator': { [Symbol.iterator]: 1 }, map: new Map([[1, 2], [3, 4], [5, 6], [7, 8]]),
};

// What a function of the host gives next, and was given last.
const state = { next: undefined, taken: undefined };
const env = new Proxy({}, {
  get: (_, name) => (name.startsWith('give') ? () => (typeof state.next === 'function' && state.next.isMaker ? state.next() : state.next)
    : (...args) => { state.taken = args; }),
});
const v8 = source.then((bytes) => new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports);
const ours = async (t) => (await open(t, await source, { imports: { env } })).exports;

// What comes of a call on V8: its result, or what is thrown.
function expected(call) {
  try {
    return { result: call() };
  } catch (error) {
    return { error };
  }
}

// The same, on wasmtime. Values that can't be converted are told by name.
async function actual(call, name) {
  try {
    return { result: await call() };
  } catch (error) {
    assert.equal(error.code, 'ERR_WASI_HOST_FUNCTION');
    assert.equal(error.cause.code, 'ERR_INVALID_RETURN_VALUE');
    assert.match(error.cause.message, new RegExp(`^The host function env\\["${name}"\\] returned a value that can't be converted`));
    return { error: error.cause.cause };
  }
}

const shown = ({ result, error }) => (error === undefined ? { result } : { error: error === boom ? boom : error.constructor });

describe('a result', () => {
  for (const kind of KINDS) {
    test(`of type ${kind} is converted as by V8`, async (t) => {
      const [there, here] = [await v8, await ours(t)];
      for (const value of values) {
        state.next = value;
        const name = `give ${kind}`;
        assert.deepEqual(shown(await actual(here[name], name)), shown(expected(there[name])), `${typeof value} ${String(value?.constructor)}`);
      }
    });
  }

  test('that nobody wants is ignored', async (t) => {
    const here = await ours(t);
    for (const value of values) {
      state.next = value;
      assert.equal(await here['give nothing'](), undefined);
    }
  });

  test('that is converted when a promise is fulfilled is the same', async (t) => {
    const here = await ours(t);
    state.next = Promise.resolve({ valueOf: () => 7 });
    assert.equal(await here['give i32'](), 7);
    state.next = Promise.resolve(5);
    const error = await rejection(here['give i64'](), 'ERR_WASI_HOST_FUNCTION');
    assert.equal(error.cause.code, 'ERR_INVALID_RETURN_VALUE');
  });
});

test('a conversion can throw anything', async (t) => {
  const here = await ours(t);
  state.next = { valueOf() { throw null; } };
  const { cause } = await rejection(here['give i32'](), 'ERR_WASI_HOST_FUNCTION');
  assert.match(cause.message, /returned a value that can't be converted to its result: null$/);
  assert.deepEqual([cause.code, cause.cause], ['ERR_INVALID_RETURN_VALUE', null]);
});

describe('several results', () => {
  test('are taken from any iterable, as by V8', async (t) => {
    const [there, here] = [await v8, await ours(t)];
    for (const [label, list] of Object.entries(lists)) {
      for (const name of ['give all', 'give two']) {
        state.next = list;
        const [want, got] = [shown(expected(there[name])), shown(await actual(here[name], name))];
        assert.deepEqual(got, want, `${label}, ${name}`);
      }
    }
  });

  test('are taken from a generator', async (t) => {
    state.next = Object.assign(() => (function* list() { yield 1; yield 2; })(), { isMaker: true });
    assert.deepEqual(await (await ours(t))['give two'](), [1, 2]);
  });

  test('of the wrong number are counted in the message', async (t) => {
    state.next = [1, 2, 3];
    const { cause } = await rejection((await ours(t))['give two'](), 'ERR_WASI_HOST_FUNCTION');
    assert.match(cause.message, /Expected 2 results, but got 3$/);
  });
});

describe('arguments', () => {
  test('are what V8 gives', async (t) => {
    const [there, here] = [await v8, await ours(t)];
    for (const kind of KINDS) {
      const name = `take ${kind}`;
      for (const value of kind === 'i64' ? bigs : numbers) {
        there[name](value);
        const want = state.taken;
        await here[name](value);
        assert.deepEqual(state.taken, want, `${kind} ${value}`);
      }
    }
    await here['take all'](-1, 2n ** 63n, 0.1, -0);
    assert.deepEqual(state.taken, [-1, -(2n ** 63n), Math.fround(0.1), -0]);
  });
});

describe('an exported global', () => {
  for (const kind of KINDS) {
    test(`of type ${kind} is set as by V8`, async (t) => {
      const [there, here] = [(await v8)[kind], (await ours(t))[kind]];
      for (const value of values) {
        const set = (global) => expected(() => {
          global.value = value;
        });
        assert.deepEqual(shown(set(here)), shown(set(there)), `${typeof value}`);
        assert.deepEqual(here.value, there.value);
      }
    });
  }
});
