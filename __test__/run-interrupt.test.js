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

test('a timeout ends what takes long, one instruction after the other', async () => {
  const fill = '(memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000))';
  const source = `(module (memory (export "memory") 1024) (func (export "_start") ${fill.repeat(400)}))`;
  const running = run(Buffer.from(source), { timeout: 50, cache: false });
  await assert.rejects(running, { code: 'ERR_WASI_TIMEOUT' });
});

// Taken apart as C++ has it, each part of the name would double what comes of those before.
test('a backtrace is short, whatever the names of functions are', async () => {
  const parts = Array.from({ length: 60 }, (_, i) => `S0_IS${(i + 1).toString(36).toUpperCase()}_S${i}_E`);
  const name = `_Z1f1A1TIS_S_E${parts.join('')}`;
  const source = `(module (func $${name} unreachable) (func (export "_start") (call $${name})))`;
  await assert.rejects(run(Buffer.from(source), { cache: false }), ({ code, backtrace }) => {
    assert.equal(code, 'ERR_WASI_TRAP');
    assert.match(backtrace, /^ {4}at _Z1f1A.{194}\n {4}at .+\n$/);
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
    assert.deepEqual(Object.keys(instance.exports), ['ran']);
    assert.equal(await instance.exports.ran(), 1, 'the start function ran');
    instance.close();
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
