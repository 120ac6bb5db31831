'use strict';

// wasi-rs run --invoke: arguments and results of functions as text, and whole runs on both engines.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { UsageError } = require('../lib/cli/failures');
const { argumentsFor, functionOf, resultLines } = require('../lib/cli/invoke');

const bin = path.join(__dirname, '..', 'bin', 'wasi-rs.js');
const fixture = (name) => path.join(__dirname, 'fixtures', 'bin', `${name}.wasm`);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-test-'));
after(() => fs.rmSync(folder, { recursive: true }));

const usage = (message) => (error) => error instanceof UsageError && error.message === message;

describe('arguments of a function', () => {
  const parsed = (type, text) => argumentsFor({ name: 'f', parameters: [type] }, [text])[0];

  for (const [type, text, expected] of [
    ['i32', '0', 0], ['i32', '-1', -1], ['i32', '+7', 7], ['i32', '2147483647', 2147483647],
    ['i32', '-2147483648', -2147483648], ['i32', '4294967295', -1], ['i32', '0xff', 255], ['i32', '-0x10', -16],
    ['i64', '9007199254740993', 9007199254740993n], ['i64', '-9223372036854775808', -(2n ** 63n)],
    ['i64', '18446744073709551615', -1n], ['i64', '0xFFFFFFFFFFFFFFFF', -1n], ['i64', '-5', -5n],
    ['f32', '1.5', 1.5], ['f32', '.5', 0.5], ['f64', '-1e300', -1e300], ['f64', '-0', -0], ['f64', '0x10', 16],
    ['f64', 'inf', Infinity], ['f64', '-Infinity', -Infinity], ['f64', 'NaN', NaN], ['f64', '-nan', NaN],
  ]) {
    test(`${text} as ${type}`, () => assert.equal(parsed(type, text), expected));
  }

  for (const [type, text, reason] of [
    ['i32', '', 'an integer is expected'], ['i32', '1.0', 'an integer is expected'],
    ['i32', '1e3', 'an integer is expected'], ['i32', 'one', 'an integer is expected'],
    ['i32', '--1', 'an integer is expected'], ['i32', ' 1', 'an integer is expected'],
    ['i32', '4294967296', 'more than 32 bits'], ['i32', '-2147483649', 'more than 32 bits'],
    ['i64', '18446744073709551616', 'more than 64 bits'], ['i64', '-9223372036854775809', 'more than 64 bits'],
    ['f64', '', 'a number is expected'], ['f64', '1,5', 'a number is expected'], ['f64', '-', 'a number is expected'],
    ['f64', '--1', 'a number is expected'], ['f32', 'pi', 'a number is expected'],
  ]) {
    test(`"${text}" is no ${type}`, () => {
      assert.throws(() => parsed(type, text), usage(`argument 1, "${text}": ${reason} (${type})`));
    });
  }

  test('of types that have no notation', () => {
    assert.throws(() => parsed('externref', '1'),
      usage("argument 1 would be of type externref, which can't be written here"));
  });

  test('too few and too many', () => {
    const called = { name: 'f', parameters: ['i32', 'f64'] };
    assert.throws(() => argumentsFor(called, ['1']), usage('f takes 2 arguments (i32, f64), not 1'));
    assert.throws(() => argumentsFor(called, ['1', '2', '3']), usage('f takes 2 arguments (i32, f64), not 3'));
    assert.throws(() => argumentsFor({ name: 'f', parameters: [] }, ['1']), usage('f takes 0 arguments, not 1'));
  });

  test('the function must be there, and be one', () => {
    const [f, g] = ['f', 'g'].map((name) => ({ name, kind: 'function' }));
    const exports = [{ name: 'memory', kind: 'memory' }, f, g];
    assert.equal(functionOf(exports, 'g', 'a.wasm'), g);
    for (const name of ['h', 'memory']) {
      const message = `a.wasm exports no function "${name}"; it exports f, g`;
      assert.throws(() => functionOf(exports, name, 'a.wasm'), usage(message));
    }
    assert.throws(() => functionOf([], 'h', 'a.wasm'), usage('a.wasm exports no function "h"'));
  });
});

describe('results of a function', () => {
  for (const [type, value, expected] of [
    ['i32', -1, '-1'], ['i64', 2n ** 63n - 1n, '9223372036854775807'], ['f64', 0.1, '0.1'], ['f64', -0, '-0'],
    ['f64', NaN, 'NaN'], ['f64', -Infinity, '-Infinity'], ['f32', Math.fround(0.1), '0.1'], ['f32', -0, '-0'],
    ['f32', 16777216, '16777216'], ['f32', Math.fround(1 / 3), '0.33333334'], ['f32', NaN, 'NaN'],
    ['f32', Math.fround(3.4028235e38), '3.4028235e+38'], ['f32', Math.fround(1e-45), '1e-45'],
  ]) {
    test(`${type} ${expected}`, () => assert.equal(resultLines({ results: [type] }, [value]), `${expected}\n`));
  }

  test('none and several', () => {
    assert.equal(resultLines({ results: [] }, undefined), '');
    assert.equal(resultLines({ results: ['i32', 'f32'] }, [1, Math.fround(0.2)]), '1\n0.2\n');
  });
});

// A library, binary for both engines: it counts what has run before, and prints its arguments.
const LIBRARY = `(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $ready (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $ready (i32.const 1)))
  (func (export "ready") (result i32) (global.get $ready))
  (func (export "i32") (param i32 i32) (result i32) (i32.sub (local.get 0) (local.get 1)))
  (func (export "i64") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 2)))
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64 f64) (result f64) (f64.div (local.get 0) (local.get 1)))
  (func (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
  (func (export "nothing"))
  (func (export "exit") (param i32) (call $exit (local.get 0)))
  (func (export "trap") unreachable)
  (func $recurse (export "recurse") (result i32) (i32.add (call $recurse) (i32.const 1)))
  (func (export "argc") (result i32) (drop (call $args (i32.const 0) (i32.const 4))) (i32.load (i32.const 0))))`;

const COMMAND = `(module
  (memory (export "memory") 1)
  (global $started (mut i32) (i32.const 0))
  (func (export "_start") (global.set $started (i32.const 1)))
  (func (export "started") (result i32) (global.get $started)))`;

const BARE = '(module (func (export "seven") (result i32) (i32.const 7)))';

async function assemble() {
  const wabt = await require('wabt')();
  for (const [name, source] of Object.entries({ library: LIBRARY, command: COMMAND, bare: BARE })) {
    const { buffer } = wabt.parseWat(`${name}.wat`, source, { multi_value: true }).toBinary({});
    fs.writeFileSync(path.join(folder, `${name}.wasm`), buffer);
  }
}

describe('--invoke', () => {
  before(assemble);

  for (const engine of ['wasmtime', 'v8']) {
    const invoke = (name, file, ...args) => {
      const options = ['run', '--engine', engine, '--invoke', name];
      const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...options, file, ...args], {
        encoding: 'utf8', cwd: folder, env: { ...process.env, XDG_CACHE_HOME: folder },
      });
      return { status, stdout, stderr };
    };
    const gave = (stdout) => ({ status: 0, stdout, stderr: '' });

    for (const [name, args, stdout] of [
      ['i32', ['3', '-4'], '7\n'], ['i32', ['0', '0x80000000'], '-2147483648\n'],
      ['i64', ['4611686018427387904'], '-9223372036854775808\n'], ['i64', ['-4503599627370497'], '-9007199254740994\n'],
      ['f32', ['0.1'], '0.1\n'], ['f64', ['1', '3'], '0.3333333333333333\n'], ['f64', ['1', '-0'], '-Infinity\n'],
      ['swap', ['1', '2'], '2\n1\n'], ['nothing', [], ''], ['ready', [], '1\n'], ['argc', [], '1\n'],
    ]) {
      test(`${name} ${args.join(' ')} on ${engine}`, () => {
        assert.deepEqual(invoke(name, 'library.wasm', ...args), gave(stdout));
      });
    }

    test(`before its result, what the function writes, on ${engine}`, () => {
      assert.deepEqual(invoke('write_hello', fixture('reactor')), gave('hello from reactor\n0\n'));
    });

    test(`_start is not called on ${engine}`, () => {
      assert.deepEqual(invoke('started', 'command.wasm'), gave('0\n'));
    });

    test(`a module without memory on ${engine}`, () => assert.deepEqual(invoke('seven', 'bare.wasm'), gave('7\n')));

    test(`a function that exits on ${engine}`, () => {
      assert.deepEqual(invoke('exit', 'library.wasm', '300'), { status: 44, stdout: '', stderr: '' });
    });

    for (const [name, reason] of [['trap', 'unreachable'], ['recurse', 'stack']]) {
      test(`a function that traps, ${reason}, on ${engine}`, () => {
        const { status, stdout, stderr } = invoke(name, 'library.wasm');
        assert.deepEqual({ status, stdout }, { status: 134, stdout: '' });
        assert.match(stderr, new RegExp(`^wasi-rs: The program trapped: .*${reason}.*\\n(.*wasm.*\\n)+$`));
      });
    }

    for (const [name, args, message] of [
      ['nothing', ['1'], 'nothing takes 0 arguments, not 1'],
      ['i64', ['1.5'], 'argument 1, "1.5": an integer is expected (i64)'],
      ['memory', [], 'bare.wasm exports no function "memory"; it exports seven'],
    ]) {
      test(`${name} ${args.join(' ')} is refused on ${engine}`, () => {
        const stderr = `wasi-rs: ${message}\nTry: wasi-rs run --help\n`;
        assert.deepEqual(invoke(name, name === 'memory' ? 'bare.wasm' : 'library.wasm', ...args),
          { status: 2, stdout: '', stderr });
      });
    }
  }
});
