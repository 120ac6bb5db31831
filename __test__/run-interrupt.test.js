'use strict';

// Programs that never end, in every way that a program can go on, and what is done so that they can be
// ended: nobody may see it.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { compile, run } = require('..');

const memory = '(memory (export "memory") 1)';
const endless = {
  'a loop': `(module ${memory} (func (export "_start") (loop (br 0))))`,
  'a loop that takes parameters': `(module ${memory} (func (export "_start")
    (i32.const 1) (loop (param i32) (drop) (br 0 (i32.const 2)))))`,
  'a loop in a loop': `(module ${memory} (func (export "_start") (loop (loop (br 1)))))`,
  'a loop that only reads': `(module ${memory} (func (export "_start")
    (loop (br_if 0 (i32.eqz (i32.load (i32.const 64)))))))`,
  'a loop without memory': '(module (func (export "_start") (loop (br 0))))',
  'a loop behind imports': `(module (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
    ${memory} (func (export "_start") (loop (drop (call $yield)) (br 0))))`,
  'a loop with two memories': `(module (memory (export "memory") 1) (memory $other 1)
    (func (export "_start") (loop (i32.store $other (i32.const 0) (i32.const 1)) (br 0))))`,
  'a start function': `(module ${memory} (func $loop (loop (br 0))) (start $loop) (func (export "_start")))`,
  'calls that double': `(module ${memory} (func $double (param $n i32)
    (if (local.get $n) (then
      (call $double (i32.sub (local.get $n) (i32.const 1))) (call $double (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "_start") (call $double (i32.const 1000))))`,
  'calls through a table': `(module ${memory} (table 1 funcref) (elem (i32.const 0) $double) (type $t (func (param i32)))
    (func $double (param $n i32) (if (local.get $n) (then
      (call_indirect (type $t) (i32.sub (local.get $n) (i32.const 1)) (i32.const 0))
      (call_indirect (type $t) (i32.sub (local.get $n) (i32.const 1)) (i32.const 0)))))
    (func (export "_start") (call $double (i32.const 1000))))`,
  'tail calls': `(module ${memory} (func $again (return_call $again)) (func (export "_start") (call $again)))`,
  'vectors': `(module ${memory} (func (export "_start") (local v128)
    (loop (local.set 0 (i32x4.add (local.get 0) (i32x4.splat (i32.const 1)))) (br 0))))`,
  'exceptions that are caught': `(module ${memory} (tag $e) (func (export "_start")
    (loop (block (try_table (catch_all 0) (throw $e))) (br 0))))`,
};

describe('a timeout ends', () => {
  for (const [name, source] of Object.entries(endless)) {
    test(name, async () => {
      const running = run(Buffer.from(source), { timeout: 50, cache: false });
      await assert.rejects(running, { code: 'ERR_WASI_TIMEOUT' });
    });

    test(`${name}, counting fuel`, async () => {
      const running = run(Buffer.from(source), { timeout: 50, fuel: 1n << 60n, cache: false });
      await assert.rejects(running, { code: 'ERR_WASI_TIMEOUT' });
    });
  }
});

// Each would take seconds if it were not ended on its way, and then say so.
const WRITE = `(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 65536) (data (i32.const 0) "\\08\\00\\00\\00\\04\\00\\00\\00done")`;
const DONE = '(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))';
const LEAF = `(func $leaf (param f64) (result f64) local.get 0 ${'f64.sqrt '.repeat(20_000)})`;
const LEAF_TYPE = '(type $t (func (param f64) (result f64)))';
const long = {
  'a straight line of calls of a straight line': [LEAF, '(drop (call $leaf (f64.const 3)))'.repeat(20_000)],
  'the same through a table': [
    `${LEAF_TYPE} (table 1 funcref) (elem (i32.const 0) $leaf) ${LEAF}`,
    '(drop (call_indirect (type $t) (f64.const 3) (i32.const 0)))'.repeat(20_000),
  ],
  'the same by reference': [
    `${LEAF_TYPE} (elem declare func $leaf) ${LEAF.replace('(param', '(type $t) (param')}`,
    '(drop (call_ref $t (f64.const 3) (ref.func $leaf)))'.repeat(20_000),
  ],
  // Small enough not to begin with a check: it is the callers that have them.
  'short functions in a row': [
    `(func $leaf (param f64) (result f64) local.get 0 ${'f64.sqrt '.repeat(20)})
    (func $more ${'(drop (call $leaf (f64.const 3)))'.repeat(2000)})
    (func $most ${'(call $more)'.repeat(2000)})`,
    '(call $most)'.repeat(20),
  ],
  'work on the way back from calls': [
    `(func $down (param i32) (result f64)
      (if (result f64) (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (f64.const 4)))
      ${'f64.sqrt '.repeat(2000)})`,
    '(drop (call $down (i32.const 10_000)))'.repeat(20),
  ],
  'filling memory': ['', '(memory.fill (i32.const 4096) (i32.const 1) (i32.const 0xfffff000))'.repeat(20)],
  'copying memory': ['', '(memory.copy (i32.const 4097) (i32.const 4096) (i32.const 0xffffe000))'.repeat(20)],
  'filling a table': [
    '(table $t 9999999 funcref)', '(table.fill $t (i32.const 0) (ref.null func) (i32.const 9999999))'.repeat(400),
  ],
  'making arrays of data': [
    `(type $a (array (mut i8))) (data $d "${'a'.repeat(1 << 20)}")`,
    '(drop (array.new_data $a $d (i32.const 0) (i32.const 0x100000)))'.repeat(4000),
  ],
  'copying arrays': [
    '(type $a (array (mut i8))) (global $g (mut (ref null $a)) (ref.null $a))',
    `(global.set $g (array.new_default $a (i32.const 0x1000000)))
    ${'(array.copy $a $a (global.get $g) (i32.const 1) (global.get $g) (i32.const 0) (i32.const 0xffffff))'.repeat(2000)}`,
  ],
};

describe('a timeout ends on its way', () => {
  for (const [name, [definitions, work]] of Object.entries(long)) {
    test(name, async () => {
      const source = `(module ${WRITE} ${definitions} (func (export "_start") ${work} ${DONE}))`;
      const program = await compile(Buffer.from(source), { cache: false });
      const running = program.run({ timeout: 50 });
      await assert.rejects(running, ({ code, stdout }) => {
        assert.deepEqual([code, stdout], ['ERR_WASI_TIMEOUT', '']);
        return true;
      });
    });
  }
});

test('a guest whose time is over has no result, even if it has come to its end', async () => {
  const program = await compile(Buffer.from(`(module ${WRITE} (func (export "_start") ${DONE}))`), { cache: false });
  const running = program.run({ timeout: 1e-4 });
  await assert.rejects(running, { code: 'ERR_WASI_TIMEOUT' });
});

describe('what is bounded before it starts', () => {
  const tooLarge = { code: 'ERR_WASI_COMPILE', message: /15000000 elements .* at most 2097152 are allowed/ };
  const array = '(array.new $a (i32.const 1) (i32.mul (i32.const 1500) (i32.const 10000)))';
  const definitions = {
    'a global': `(global (ref $a) ${array})`,
    'a segment of elements': `(table 1 anyref) (elem (i32.const 0) anyref (item ${array}))`,
    'a table': `(table 1 (ref null $a) ${array})`,
  };
  for (const [name, definition] of Object.entries(definitions)) {
    test(`arrays in ${name}`, async () => {
      const source = `(module ${memory} (type $a (array (mut i32))) ${definition} (func (export "_start")))`;
      await assert.rejects(compile(Buffer.from(source), { cache: false }), tooLarge);
    });
  }

  test('the elements of tables that have a value', async () => {
    const source = `(module ${memory} (func $f) (table 9999999 funcref (ref.func $f)) (func (export "_start")))`;
    await assert.rejects(compile(Buffer.from(source), { cache: false }), { code: 'ERR_WASI_COMPILE' });
  });
});

describe('growing in a way that takes long just fails', () => {
  const grown = {
    'a memory of 64 bits beyond 4 GiB': ['(memory i64 1)', '(i32.wrap_i64 (memory.grow (i64.const 65536)))'],
    'a table beyond ten million elements': ['(table 1 funcref)', '(table.grow (ref.null func) (i32.const 10000000))'],
  };
  for (const [name, [definition, grow]] of Object.entries(grown)) {
    test(name, async () => {
      const source = `(module ${definition} (func (export "grow") (result i32) ${grow}))`;
      const instance = await (await compile(Buffer.from(source), { cache: false })).instantiate();
      assert.equal(await instance.exports.grow(), -1);
    });
  }
});

// Taken apart as C++ has it, each part of the name would double what comes of those before.
test('a backtrace is short, whatever the names of functions are', async () => {
  const parts = Array.from({ length: 60 }, (_, i) => `S0_IS${(i + 1).toString(36).toUpperCase()}_S${i}_E`);
  const name = `_Z1f1A1TIS_S_E${parts.join('')}`;
  const source = `(module (func $${name} unreachable) (func (export "_start") (call $${name})))`;
  await assert.rejects(run(Buffer.from(source), { cache: false }), ({ code, backtrace }) => {
    assert.equal(code, 'ERR_WASI_TRAP');
    assert.match(backtrace, /^ {4}at _Z1f1A.{194}…\n {4}at .+\n$/);
    return true;
  });
});

describe('an instance', () => {
  test('goes on after each call that was ended', async () => {
    const source = `(module (func (export "spin") (loop (br 0)))
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`;
    const program = await compile(Buffer.from(source), { cache: false });
    const instance = await program.instantiate({ timeout: 30 });
    for (let round = 0; round < 3; round += 1) {
      await assert.rejects(instance.exports.spin(), { code: 'ERR_WASI_TIMEOUT' });
      assert.equal(await instance.exports.add(round, 1), round + 1);
    }
    instance.close();
  });
});

describe('nobody sees', () => {
  test('what is added to the exports', async () => {
    const source = `(module ${memory} (global $ran (mut i32) (i32.const 0))
      (func $first (global.set $ran (i32.const 1))) (start $first)
      (func (export "ran") (result i32) (global.get $ran)))`;
    const program = await compile(Buffer.from(source), { cache: false });
    assert.deepEqual(program.exports.map(({ name }) => name), ['memory', 'ran']);
    const instance = await program.instantiate();
    assert.deepEqual(Object.keys(instance.exports), ['memory', 'ran']);
    assert.equal(await instance.exports.ran(), 1, 'the start function ran');
    instance.close();
  });

  test('whatever the names of the exports are', async () => {
    const names = ['interrupt', 'wasi-rs interrupt 1', '\0wasi-rs interrupt', '\0wasi-rs interrupt 1',
      '\0\0wasi-rs interrupt 2', '\0wasi-rs start', '\0\0wasi-rs start', '\0\0\0'];
    const quoted = (name) => `"${name.replaceAll('\0', '\\00')}"`;
    const source = `(module ${names.map((name) => `(func (export ${quoted(name)}) (loop (br 0)))`).join(' ')})`;
    const program = await compile(Buffer.from(source), { cache: false });
    assert.deepEqual(program.exports.map(({ name }) => name), names);
    const instance = await program.instantiate({ timeout: 30 });
    for (const name of names) await assert.rejects(instance.exports[name](), { code: 'ERR_WASI_TIMEOUT' });
    instance.close();
  });

  test('the function that does an instruction in pieces in a backtrace', async () => {
    const source = `(module ${memory} (func $mine (export "f") (param i32)
      (memory.fill (i32.const 0) (i32.const 0) (local.get 0))))`;
    const instance = await (await compile(Buffer.from(source), { cache: false })).instantiate();
    const trap = { trap: 'memory-out-of-bounds', backtrace: '    at mine\n' };
    await assert.rejects(instance.exports.f(70_000), trap);
  });

  test('the memory in limits and peak', async () => {
    const program = await compile(Buffer.from(`(module ${memory} (func (export "_start")))`), { cache: false });
    assert.equal((await program.run({ memoryLimit: 65536 })).memoryPeak, 65536);
    await assert.rejects(program.run({ memoryLimit: 65535 }), { code: 'ERR_WASI_MEMORY_LIMIT' });
  });

  test('what a program without memory uses', async () => {
    const program = await compile(Buffer.from('(module (func (export "_start")))'), { cache: false });
    assert.equal((await program.run({ memoryLimit: 0 })).memoryPeak, 0);
  });

  test('checks in offsets of errors', async () => {
    // The body of the second function, after one with a loop, has an unknown opcode at byte 33.
    const bytes = Buffer.from('0061736d01000000010401600000030302000007050101610000' +
      '0a0d0207000340' + '0c000b0b0300ff0b', 'hex');
    const offset = bytes.indexOf(0xff);
    await assert.rejects(compile(bytes, { cache: false }), { code: 'ERR_WASI_COMPILE', offset });
  });

  test('numbers that take more bytes than they need', async () => {
    // Sections of exports and code, whose counts are padded to five bytes.
    const bytes = Buffer.from('0061736d0100000001040160000003020100' + '070e8180808000' + '065f73746172740000' +
      '0a0a8180808000' + '040001010b', 'hex');
    assert.equal((await run(bytes, { cache: false })).exitCode, 0);
  });
});

describe('what has no room for checks says so', () => {
  test('a program with as many memories as there may be', async () => {
    const source = (count) => Buffer.from(`(module ${'(memory 0) '.repeat(count)} (func (export "_start")))`);
    const tooMany = { code: 'ERR_WASI_COMPILE', message: /100 memories, but at most 99 are allowed, because checking/ };
    await assert.rejects(compile(source(100), { cache: false }), tooMany);
    assert.equal((await run(source(99), { cache: false })).exitCode, 0);
  });

  test('a program with an export whose name is as long as it may be, and begins with NULs', async () => {
    const source = (nuls) => Buffer.from(`(module (func (export "${'\\00'.repeat(nuls)}") (loop (br 0))) (func (export "_start")))`);
    const tooLong = { code: 'ERR_WASI_COMPILE', message: /no longer one is left: names have at most 100000 bytes/ };
    await assert.rejects(compile(source(100_000), { cache: false }), tooLong);
    assert.equal((await run(source(90_000), { cache: false })).exitCode, 0);
  });

  test('a function with handlers of exceptions around handlers', async () => {
    const source = (count) => Buffer.from(`(module (func (export "_start")
      block ${'try_table (catch_all 0) '.repeat(count)} ${'end '.repeat(count)} end))`);
    const tooMany = { code: 'ERR_WASI_COMPILE', message: /251 clauses .* at most 250 are allowed/ };
    await assert.rejects(compile(source(251), { cache: false }), tooMany);
    assert.equal((await run(source(250), { cache: false })).exitCode, 0);
  });
});
