'use strict';

// The option `imports`: which of its members a program gets, and what is said of those that it doesn't.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { command } = require('./helpers/run-guests');
const { module: wasm, open } = require('./helpers/run-imports');
const { rejection } = require('./helpers/run-process');
const { compile, run, spawn } = require('..');

const number = (module, name) => wasm(`(import ${JSON.stringify(module)} ${JSON.stringify(name)} (func $f (result i32)))
  (func (export "f") (result i32) (call $f))`);

// What the only function of such a program gives.
async function result(t, source, imports) {
  return (await open(t, source, { imports })).exports.f();
}

describe('a function', () => {
  test('is found by both of its names, whatever they are', async (t) => {
    const names = ['env', 'a.b', '', 'ü', 'with space', '__proto__', 'constructor', 'then', '0', '\u{1f600}'];
    for (const module of names) {
      for (const name of names) {
        const members = Object.defineProperty({}, name, { value: () => 7 });
        const imports = Object.defineProperty({}, module, { value: members });
        assert.equal(await result(t, number(module, name), imports), 7, `${module} ${name}`);
      }
    }
  });

  test('may be inherited, of a class, without a prototype, of a function or behind a Proxy', async (t) => {
    class Env {
      x() {
        return 1;
      }

      get lazily() {
        return () => 2;
      }
    }
    const source = number('env', 'x');
    assert.equal(await result(t, source, { env: new Env() }), 1);
    assert.equal(await result(t, number('env', 'lazily'), { env: new Env() }), 2);
    assert.equal(await result(t, source, Object.create({ env: Object.create({ x: () => 3 }) })), 3);
    assert.equal(await result(t, source, Object.assign(Object.create(null), { env: { x: () => 4 } })), 4);
    assert.equal(await result(t, source, { env: Object.assign(() => {}, { x: () => 5 }) }), 5);
    assert.equal(await result(t, source, { env: new Proxy({}, { get: () => () => 6 }) }), 6);
  });

  test('may be a member of a module namespace', async (t) => {
    const env = await import('data:text/javascript,export const x = () => 8; export default 1;');
    assert.equal(await result(t, number('env', 'x'), { env }), 8);
    const all = await import('data:text/javascript,export const env = { x: () => 9 };');
    assert.equal(await result(t, number('env', 'x'), all), 9);
  });

  test('is looked up once, when the program starts', async (t) => {
    let lookups = 0;
    const env = { get x() { lookups += 1; return () => lookups; } };
    const { exports } = await open(t, number('env', 'x'), { imports: { env } });
    Object.defineProperty(env, 'x', { value: () => 100 });
    assert.deepEqual([await exports.f(), await exports.f()], [1, 1]);
  });

  test('is looked at only if the program imports it', async (t) => {
    const env = { x: () => 1, get unused() { throw new Error('must not be read'); } };
    assert.equal(await result(t, number('env', 'x'), { env, other: 5 }), 1);
  });

  test('can be imported twice, and is the same', async (t) => {
    const source = wasm('(import "env" "x" (func $a (result i32))) (import "env" "x" (func $b (result i32)))',
      '(func (export "f") (result i32) (i32.add (call $a) (call $b)))');
    let count = 0;
    assert.equal(await result(t, source, { env: { x: () => count += 1 } }), 3);
  });

  test('serves run(), spawn() and every method of a program', async () => {
    const source = Buffer.from(command('(call $f (i32.const 5))').toString()
      .replace('(module', '(module (import "env" "f" (func $f (param i32)))'));
    const seen = [];
    const options = { imports: { env: { f: (value) => void seen.push(value) } } };
    const program = await compile(source, { cache: false });
    await run(source, { ...options, cache: false });
    await run(program, options);
    await program.run(options);
    await spawn(source, { ...options, cache: false }).exit;
    await program.spawn(options).exit;
    assert.deepEqual(seen, [5, 5, 5, 5, 5]);
    const instance = await program.instantiate(options);
    await instance.exports._start();
    instance.close();
    assert.equal(seen.length, 6);
  });
});

describe('what is missing', () => {
  test('is ERR_WASI_LINK with its name, for each way of giving nothing', async (t) => {
    for (const imports of [undefined, {}, { env: undefined }, { env: {} }, { env: { x: undefined } }, { Env: { x() {} } }]) {
      const error = await rejection(result(t, number('env', 'x'), imports), 'ERR_WASI_LINK');
      assert.match(error.message, /function env\.x\b/);
      assert.deepEqual([error.module, error.import], ['env', 'x']);
    }
  });

  test('is named alone if others are given', async (t) => {
    const source = wasm('(import "env" "a" (func)) (import "env" "b" (func)) (import "env" "c" (global i32))');
    const one = await rejection(open(t, source, { imports: { env: { a() {}, c: 1 } } }), 'ERR_WASI_LINK');
    assert.match(one.message, /imports the function env\.b,/);
    const two = await rejection(open(t, source, { imports: { env: { a() {} } } }), 'ERR_WASI_LINK');
    assert.match(two.message, /2 imports .*env\.b.*env\.c/);
    const number = await rejection(open(t, source, { imports: { env: { a() {}, b() {} } } }), 'ERR_WASI_LINK');
    assert.match(number.message, /global env\.c/);
  });

  test('is refused before anything of the guest runs', async (t) => {
    const source = wasm('(import "env" "a" (func $a)) (import "env" "b" (func)) (start $a)');
    const a = () => assert.fail('called');
    await rejection(open(t, source, { imports: { env: { a } } }), 'ERR_WASI_LINK');
  });

  test('can be given the next time', async () => {
    const program = await compile(number('env', 'x'), { cache: false });
    await rejection(program.instantiate(), 'ERR_WASI_LINK');
    const instance = await program.instantiate({ imports: { env: { x: () => 1 } } });
    assert.equal(await instance.exports.f(), 1);
    instance.close();
    await rejection(program.instantiate(), 'ERR_WASI_LINK');
  });
});

describe('what is of another type', () => {
  const invalid = async (t, source, imports, message) => {
    const error = await rejection(open(t, source, { imports }), 'ERR_INVALID_ARG_TYPE');
    assert.ok(error instanceof TypeError);
    assert.match(error.message, message);
  };

  test('is refused with its name', async (t) => {
    const source = number('env', 'x');
    for (const x of [null, 0, 'x', {}, [], Symbol('x'), 1n, false, new WebAssembly.Memory({ initial: 1 })]) {
      await invalid(t, source, { env: { x } }, /^The "options\.imports\.env\.x" property must be of type function\. Received /);
    }
    for (const env of [null, 0, 'x', 1n, false, Symbol('x')]) {
      await invalid(t, source, { env }, /^The "options\.imports\.env" property must be of type object\. Received /);
    }
    for (const imports of [null, 0, 'x', [], () => {}]) await invalid(t, source, imports, /^The "options\.imports" property must be an object of modules/);
  });

  test('is named as JavaScript would write it', async (t) => {
    await invalid(t, number('a.b', 'c"d'), { 'a.b': { 'c"d': 1 } }, /"options\.imports\["a\.b"\]\["c\\"d"\]" property/);
    await invalid(t, number('a b', 'x'), { 'a b': 1 }, /"options\.imports\["a b"\]" property/);
  });

  test('is thrown by spawn() if it is the option itself, as any wrong option', () => {
    assert.throws(() => spawn(number('env', 'x'), { imports: 1 }), { code: 'ERR_INVALID_ARG_TYPE' });
  });

  test('is what its getter throws, if it throws', async (t) => {
    const boom = new Error('boom');
    const env = { get x() { throw boom; } };
    await assert.rejects(open(t, number('env', 'x'), { imports: { env } }), (error) => error === boom);
  });

  test('is a function that neither takes nor gives numbers', async (t) => {
    for (const type of ['(param externref)', '(result funcref)', '(param v128)']) {
      const source = wasm(`(import "env" "x" (func ${type}))`);
      const error = await rejection(open(t, source, { imports: { env: { x() {} } } }), 'ERR_WASI_LINK');
      assert.match(error.message, /env\.x as \(func .*numbers/);
    }
  });
});

describe('functions of WASI', () => {
  const source = command('');

  test("can't be replaced", async () => {
    for (const [module, env] of [['wasi_snapshot_preview1', { fd_write() {} }], ['wasi_snapshot_preview1', { proc_exit: 1 }]]) {
      const error = await rejection(run(source, { imports: { [module]: env } }), 'ERR_INVALID_ARG_VALUE');
      assert.match(error.message, /^The property 'options\.imports\.wasi_snapshot_preview1' can't replace functions of WASI such as \w+, /);
    }
  });

  test('that the program does not import are not looked at', async () => {
    const imports = { wasi_snapshot_preview1: { sock_shutdown() {}, fd_write: undefined }, wasi_unstable: { fd_write() {} } };
    assert.equal((await run(source, { imports })).exitCode, 0);
  });

  test('that WASI does not have can be given under its name', async (t) => {
    assert.equal(await result(t, number('wasi_snapshot_preview1', 'sock_open'), { wasi_snapshot_preview1: { sock_open: () => 3 } }), 3);
  });
});

describe('a global', () => {
  const kinds = ['i32', 'i64', 'f32', 'f64'];
  const globals = wasm(...kinds.map((kind) => `(import "env" "${kind}" (global $${kind} ${kind}))`),
    ...kinds.map((kind) => `(func (export "${kind}") (result ${kind}) (global.get $${kind}))`));

  test('is a number, or a BigInt for 64 bits', async (t) => {
    const env = { i32: 2 ** 31, i64: 2n ** 63n, f32: 0.1, f64: -0 };
    const { exports } = await open(t, globals, { imports: { env } });
    assert.deepEqual([await exports.i32(), await exports.i64(), await exports.f32(), await exports.f64()],
      [-(2 ** 31), -(2n ** 63n), Math.fround(0.1), -0]);
  });

  test('is of the right type', async (t) => {
    const right = { i32: 1, i64: 1n, f32: 1, f64: 1 };
    for (const [kind, value] of Object.entries({ i32: 1n, i64: 1, f32: '1', f64: null })) {
      const error = await rejection(open(t, globals, { imports: { env: { ...right, [kind]: value } } }), 'ERR_INVALID_ARG_TYPE');
      assert.match(error.message, new RegExp(`"options\\.imports\\.env\\.${kind}" property must be of type ${kind === 'i64' ? 'bigint' : 'number'}`));
    }
  });

  test('that can be changed belongs to the instance', async (t) => {
    const source = wasm('(import "env" "g" (global $g (mut i32))) (export "g" (global $g))',
      '(func (export "f") (result i32) (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g))');
    const options = { imports: { env: { g: 5 } } };
    const [first, second] = [await open(t, source, options), await open(t, source, options)];
    assert.deepEqual([await first.exports.f(), await first.exports.f(), await second.exports.f()], [6, 7, 6]);
    assert.deepEqual([first.exports.g.value, second.exports.g.value], [7, 6]);
  });

  test('that is a reference is refused', async (t) => {
    await rejection(open(t, wasm('(import "env" "g" (global externref))'), { imports: { env: { g: null } } }), 'ERR_WASI_LINK');
  });
});

describe('memories and tables', () => {
  test('are made for each instance, with or without the option', async (t) => {
    const source = wasm('(import "env" "memory" (memory 1 3)) (import "env" "table" (table $table 2 funcref))',
      '(elem (table $table) (i32.const 1) func $five) (type $number (func (result i32)))',
      '(func $five (result i32) (i32.const 5))',
      '(func (export "f") (result i32) (call_indirect $table (type $number) (i32.const 1)))',
      '(func (export "grow") (result i32) (memory.grow (i32.const 1)))');
    const [first, second] = [await open(t, source), await open(t, source, { imports: { env: {} } })];
    assert.equal(await first.exports.f(), 5);
    assert.deepEqual([await first.exports.grow(), await first.exports.grow(), await first.exports.grow()], [1, 2, -1]);
    assert.equal(await second.exports.grow(), 1);
  });

  test('are never taken from the option', async (t) => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    new Uint8Array(memory.buffer)[0] = 1;
    const instance = await open(t, wasm('(import "env" "memory" (memory 2))'), { imports: { env: { memory } } });
    assert.deepEqual([instance.memory.size, instance.memory.read(0, 1)[0]], [2 * 65536, 0]);
  });

  test('can be imported twice, and are the same', async (t) => {
    const { exports } = await open(t, wasm('(import "env" "m" (memory $a 1)) (import "env" "m" (memory $b 1))',
      '(func (export "f") (result i32) (i32.store $a (i32.const 8) (i32.const 77)) (i32.load $b (i32.const 8)))'));
    assert.equal(await exports.f(), 77);
  });

  test('are within the memory limit', async (t) => {
    const source = wasm('(import "env" "memory" (memory 3)) (func (export "f"))');
    const error = await rejection(open(t, source, { memoryLimit: 2 * 65536 }), 'ERR_WASI_MEMORY_LIMIT');
    assert.match(error.message, /It starts with 192 KiB/);
    await rejection(open(t, wasm('(import "env" "t" (table 10000 funcref))'), { memoryLimit: 65536 }), 'ERR_WASI_MEMORY_LIMIT');
    assert.equal(await (await open(t, source, { memoryLimit: 3 * 65536 })).exports.f(), undefined);
  });

  test('that threads share are refused', async (t) => {
    const error = await rejection(open(t, wasm('(import "env" "memory" (memory 1 2 shared))')), 'ERR_WASI_LINK');
    assert.match(error.message, /threads/);
  });
});

test('imports of one name and different types are refused with the name', async (t) => {
  const types = ['(memory 1)', '(memory 2)', '(memory 1 2)', '(table 1 funcref)', '(table 1 externref)', '(table 2 funcref)',
    '(global i32)', '(global i64)', '(global (mut i32))', '(func)', '(func (param i32))', '(func (result i32))'];
  for (const first of types) {
    for (const second of types.filter((type) => type !== first)) {
      const source = wasm(`(import "env" "x" ${first}) (import "env" "x" ${second})`);
      const error = await rejection(open(t, source), 'ERR_WASI_LINK');
      assert.match(error.message, /imports env\.x more than once, with different types/, `${first} ${second}`);
    }
  }
});

test('a program may have ten thousand imports, and no more', async (t) => {
  const many = (count) => wasm(...Array.from({ length: count }, (_, index) => `(import "env" "f${index}" (func $f${index} (result i32)))`),
    `(func (export "f") (result i32) (call $f${count - 1}))`);
  const env = new Proxy({}, { get: (_, name) => () => Number(name.slice(1)) });
  assert.equal(await result(t, many(10_000), { env }), 9999);
  const error = await rejection(result(t, many(10_001), { env }), 'ERR_WASI_LINK');
  assert.match(error.message, /more than 10000 imports/);
});

test('what every object has is not an import', async () => {
  const source = (module, name) => Buffer.from(`(module (import "${module}" "${name}" (func)) (func (export "_start") (call 0)))`);
  for (const [module, name] of [['constructor', 'assign'], ['env', 'toString'], ['toString', 'constructor'], ['env', 'constructor']]) {
    const program = await compile(source(module, name), { cache: false });
    await rejection(program.run({ imports: { env: {} } }), 'ERR_WASI_LINK');
  }
  const own = await compile(source('env', 'toString'), { cache: false });
  let calls = 0;
  await own.run({ imports: { env: { toString() { calls += 1; } } } });
  assert.equal(calls, 1);
});
