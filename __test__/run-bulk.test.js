'use strict';

// run() does instructions over ranges in pieces. Nobody may see it: here they do what V8 does, or
// what a loop does, with lengths around those of the pieces, ranges that overlap, and ranges out of
// bounds.

const assert = require('node:assert/strict');
const { before, describe, test } = require('node:test');
const { compile } = require('..');

const PAGES = 5;
const SIZE = PAGES * 65536;
// Around what is done at once (1 KiB), a piece (64 KiB), and more pieces than one.
const LENGTHS = [0, 1, 1024, 1025, 65535, 65536, 65537, 131072, 200001];

const MEMORY = `(module
  (memory (export "memory") ${PAGES})
  (data $d "${'abcdefghijklmnopqrstuvwxyz012345'.repeat(6300)}")
  (func (export "mark") (local $i i32)
    (loop $next
      (i32.store (local.get $i) (i32.mul (local.get $i) (i32.const 0x9e3779b1)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const ${SIZE})))))
  (func (export "sum") (result i64) (local $i i32) (local $sum i64)
    (loop $next
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.load (local.get $i))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const ${SIZE}))))
    (local.get $sum))
  (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i32 i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop") (data.drop $d))
  (func (export "constant") (memory.fill (i32.const 7) (i32.const 9) (i32.const 100)))
)`;

const TABLE = `(module
  (memory (export "memory") 1)
  (table $t 10000 funcref)
  (elem $e func ${'$one $two $three '.repeat(3000)})
  (type $f (func (result i32)))
  (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2)) (func $three (result i32) (i32.const 3))
  (func (export "mark") (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 9000)))
  (func (export "sum") (result i64) (local $i i32) (local $sum i64)
    (loop $next
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.extend_i32_u
        (if (result i32) (ref.is_null (table.get $t (local.get $i))) (then (i32.const 0))
          (else (call_indirect $t (type $f) (local.get $i)))))))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000))))
    (local.get $sum))
  (func (export "fill") (param i32 i32 i32)
    (table.fill $t (local.get 0) (table.get $t (local.get 1)) (local.get 2)))
  (func (export "copy") (param i32 i32 i32) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i32 i32 i32) (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop") (elem.drop $e))
)`;

async function outcome(call) {
  try {
    await call();
    return 'done';
  } catch {
    return 'trap';
  }
}

async function onBoth(source) {
  const { wabt } = onBoth;
  const { buffer } = wabt.parseWat('bulk.wat', source, { bulk_memory: true, reference_types: true }).toBinary({});
  const ours = await (await compile(buffer, { cache: false })).instantiate();
  const { instance } = await WebAssembly.instantiate(buffer);
  return { ours: ours.exports, v8: instance.exports };
}

before(async () => {
  onBoth.wabt = await require('wabt')();
});

async function sameOnBoth({ ours, v8 }, name, args) {
  const [here, there] = [await outcome(() => ours[name](...args)), await outcome(() => v8[name](...args))];
  const call = `${name}(${args.join(', ')})`;
  assert.equal(here, there, call);
  assert.equal(await ours.sum(), v8.sum(), `what is there after ${call}`);
}

function* rangesIn(size, lengths) {
  for (const length of lengths) {
    const last = size - length;
    for (const [to, from] of [[0, 0], [0, 1], [1, 0], [last, 0], [0, last], [3, 70_000 % size], [70_000 % size, 3]]) {
      yield [to, from, length];
    }
    yield [last + 1, 0, length];
    yield [0, last + 1, length];
  }
  yield [0, 0, -1];
  yield [-1, 0, 2000];
  yield [0, -1, 2000];
  yield [-1, -1, -1];
}

async function checkAll(source, size, lengths) {
  const both = await onBoth(source);
  for (const name of ['copy', 'fill', 'init']) {
    await both.ours.mark();
    both.v8.mark();
    for (const range of rangesIn(size, lengths)) await sameOnBoth(both, name, range.map((value) => value | 0));
  }
  await both.ours.drop();
  both.v8.drop();
  for (const range of [[0, 0, 0], [0, 0, 1], [0, 0, 5000], [0, 5000, 0]]) await sameOnBoth(both, 'init', range);
  return both;
}

describe('as V8 does it', () => {
  test('ranges of memory', async () => {
    const both = await checkAll(MEMORY, SIZE, LENGTHS);
    await sameOnBoth(both, 'constant', []);
  });

  test('ranges of tables', () => checkAll(TABLE, 10_000, [0, 1, 64, 65, 4096, 4097, 8192, 9000]));
});

// Each array instruction, and the same as a loop of reads and writes of single elements.
const ARRAY = (element, value, read) => `(module
  (memory (export "memory") 1)
  (type $a (array (mut ${element})))
  (data $d "${'0123456789abcdef'.repeat(7000)}")
  (global $x (mut (ref $a)) (array.new_default $a (i32.const 0)))
  (global $y (mut (ref $a)) (array.new_default $a (i32.const 0)))
  (func (export "reset") (param $size i32) (local $i i32)
    (global.set $x (array.new $a ${value('(i32.const 7)')} (local.get $size)))
    (global.set $y (array.new_default $a (local.get $size)))
    (loop $next
      (array.set $a (global.get $x) (local.get $i) ${value('(i32.mul (local.get $i) (i32.const 77))')})
      (array.set $a (global.get $y) (local.get $i) ${value('(i32.mul (local.get $i) (i32.const 77))')})
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $size)))))
  (func (export "differences") (result i32) (local $i i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (i32.ne ${read('(global.get $x)')} ${read('(global.get $y)')})))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (global.get $x)))))
    (local.get $sum))
  (func (export "fill") (param i32 i32 i32)
    (array.fill $a (global.get $x) (local.get 0) ${value('(local.get 1)')} (local.get 2)))
  (func (export "fillLoop") (param $to i32) (param $value i32) (param $n i32)
    (loop $next (if (local.get $n) (then
      (array.set $a (global.get $y) (local.get $to) ${value('(local.get $value)')})
      (local.set $to (i32.add (local.get $to) (i32.const 1)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br $next)))))
  (func (export "copy") (param i32 i32 i32)
    (array.copy $a $a (global.get $x) (local.get 0) (global.get $x) (local.get 1) (local.get 2)))
  (func (export "copyLoop") (param $to i32) (param $from i32) (param $n i32) (local $t (ref $a)) (local $i i32)
    (local.set $t (array.new_default $a (local.get $n)))
    (if (local.get $n) (then
      (loop $next
        (array.set $a (local.get $t) (local.get $i)
          ${read('(global.get $y)').replace('(local.get $i)', '(i32.add (local.get $from) (local.get $i))')
    .replace(/^\(i32\.wrap_i64 (.*)\)$/, '$1')})
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
      (local.set $i (i32.const 0))
      (loop $next
        (array.set $a (global.get $y) (i32.add (local.get $to) (local.get $i))
          ${read('(local.get $t)').replace(/^\(i32\.wrap_i64 (.*)\)$/, '$1')})
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))))
  (func (export "init") (param i32 i32 i32)
    (array.init_data $a $d (global.get $x) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "new") (param i32 i32) (result i32) (local (ref null $a))
    (local.set 2 (array.new_data $a $d (local.get 0) (local.get 1)))
    (array.init_data $a $d (global.get $x) (i32.const 0) (local.get 0) (local.get 1))
    (global.set $y (global.get $x))
    (global.set $x (ref.as_non_null (local.get 2)))
    (array.len (global.get $x)))
  (func (export "null") (array.fill $a (ref.null $a) (i32.const 0) ${value('(i32.const 1)')} (i32.const 5000)))
)`;
const KINDS = {
  i8: [1, (number) => number, (array) => `(array.get_u $a ${array} (local.get $i))`],
  i16: [2, (number) => number, (array) => `(array.get_u $a ${array} (local.get $i))`],
  i32: [4, (number) => number, (array) => `(array.get $a ${array} (local.get $i))`],
  i64: [8, (number) => `(i64.extend_i32_u ${number})`, (array) => `(i32.wrap_i64 (array.get $a ${array} (local.get $i)))`],
};

describe('as a loop does it', () => {
  const SIZE_OF_ARRAY = 9001;
  for (const [kind, [bytes, value, read]] of Object.entries(KINDS)) {
    test(`arrays of ${kind}`, async () => {
      const source = Buffer.from(ARRAY(kind, value, read));
      const { exports } = await (await compile(source, { cache: false })).instantiate();
      await exports.reset(SIZE_OF_ARRAY);
      for (const [to, from, length] of rangesIn(SIZE_OF_ARRAY, [0, 1, 64, 65, 4096, 4097, 8192])) {
        for (const name of ['fill', 'copy']) {
          const args = [to, from, length].map((number) => number | 0);
          const call = `${name}(${args.join(', ')})`;
          const fits = (start) => start >= 0 && length >= 0 && start + length <= SIZE_OF_ARRAY;
          const expected = fits(to) && (name === 'fill' || fits(from)) ? 'done' : 'trap';
          assert.equal(await outcome(() => exports[name](...args)), expected, call);
          if (expected === 'done') await exports[`${name}Loop`](...args);
          assert.equal(await exports.differences(), 0, call);
        }
      }
    });

    test(`arrays of ${kind} from data`, async () => {
      const source = Buffer.from(ARRAY(kind, value, read));
      const { exports } = await (await compile(source, { cache: false })).instantiate();
      const most = Math.floor(112_000 / bytes);
      for (const length of [0, 1, 64, 65, 4096, 5000]) {
        await exports.reset(SIZE_OF_ARRAY);
        assert.equal(await exports.new(3, length), length);
        if (length > 0) assert.equal(await exports.differences(), 0, `${length} elements`);
      }
      for (const [offset, length] of [[0, most + 1], [112_001, 0], [-1, 100], [0, -1], [112_000 - bytes, 2]]) {
        assert.equal(await outcome(() => exports.new(offset, length)), 'trap', `from ${offset}, ${length}`);
        assert.equal(await outcome(() => exports.init(0, offset, length)), 'trap', `from ${offset}, ${length}`);
      }
      await assert.rejects(exports.null(), { code: 'ERR_WASI_TRAP', trap: 'null-reference' });
    });
  }

  test('an array that is too large for its heap', async () => {
    const source = (how) => Buffer.from(`(module (memory (export "memory") 1) (type $a (array (mut i8)))
      (func (export "_start") (drop ${how})))`);
    const tooLarge = { code: 'ERR_WASI_TRAP', trap: 'allocation-too-large' };
    for (const how of ['(array.new $a (i32.const 1) (i32.const -2))', '(array.new_default $a (i32.const 0x7fffffff))']) {
      const program = await compile(source(how), { cache: false });
      await assert.rejects(program.run(), tooLarge, how);
    }
  });
});
