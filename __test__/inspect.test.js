'use strict';

// What util.inspect() and console.log() show of programs, instances, results and errors.

const assert = require('node:assert/strict');
const { inspect } = require('node:util');
const { before, describe, test } = require('node:test');
const { MemoryFile, compile, run } = require('..');
const { command, fixture, saying } = require('./helpers/run-guests');

let program;
before(async () => {
  program = await compile(fixture('reactor'));
});

const wide = { breakLength: Infinity };
const NAMES = "[ 'memory', '_initialize', 'init_count', 'add', 'write_hello' ]";

test('a program shows its size, imports and exports', () => {
  assert.equal(inspect(program, wide), `Program { size: ${program.size}, imports: 1, exports: ${NAMES} }`);
});

test('an instance shows its exports, and whether it is closed', async () => {
  const instance = await program.instantiate();
  assert.equal(inspect(instance, wide), `Instance { exports: ${NAMES}, closed: false }`);
  instance.close();
  assert.equal(inspect(instance, wide), `Instance { exports: ${NAMES}, closed: true }`);
});

test('an instance whose exports were replaced', async () => {
  const instance = await program.instantiate();
  instance.exports = undefined;
  assert.equal(inspect(instance), 'Instance { exports: undefined, memory: GuestMemory {} }');
});

describe('options are respected', () => {
  const exports = NAMES.replace(/[^]+/, '[Array]');

  test('depth', () => {
    assert.equal(inspect(program, { ...wide, depth: 0 }),
      `Program { size: ${program.size}, imports: 1, exports: ${exports} }`);
    assert.equal(inspect({ program }, { depth: 0 }), '{ program: [Program] }');
    assert.equal(inspect({ a: { b: { program } } }), '{\n  a: { b: { program: [Program] } }\n}'.replace(/\n {0,2}/g, ' '));
  });

  test('colors', () => assert.match(inspect(program, { colors: true }), /size: \u001b\[33m263\u001b/));
});

describe('does not throw for', () => {
  for (const [name, object, expected] of [
    ['prototypes', () => Object.getPrototypeOf(program), /^\{\}|Program/],
    ['objects that inherit', () => Object.create(program), /^Program \{\}$/],
    ['those of a MemoryFile', () => Object.create(MemoryFile.prototype), /^MemoryFile \{\}$/],
    ['proxies', () => new Proxy(program, {}), /Program/],
    ['an object whose class has no name', () => new (class extends MemoryFile { static name = Symbol('none'); })(), /./],
    ['an object without a program', () => new (class Mine extends program.constructor {})(), /^Mine \{/],
  ]) {
    test(name, () => assert.match(inspect(object()), expected));
  }
});

test('captured output does not flood the terminal', async () => {
  const text = 'x'.repeat(60_000);
  const { stdout } = await run(saying(1, text));
  assert.equal(stdout, text);
  assert.match(inspect({ stdout }), /^\{\n? +stdout: 'x{10000}'\.\.\. 50000 more characters\n?\}$/);
  const error = await run(saying(1, text, 'unreachable')).catch((reason) => reason);
  assert.ok(inspect(error).length < 12_000, 'an error');
  assert.match(inspect(error), /code: 'ERR_WASI_TRAP',\n {2}trap: 'unreachable'/);
});

test('a result is a plain object', async () => {
  const result = await run(command('nop'));
  assert.match(inspect(result, wide), /^\{ exitCode: 0, stdout: '', stderr: '', duration: [\d.]+, fuelUsed: undefined, memoryPeak: 131072 \}$/);
});
