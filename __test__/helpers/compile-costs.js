'use strict';

// Programs that cost much to compile: some for ever, some honestly. Text, so that all can be read.

const many = (count, make) => Array.from({ length: count }, (_, index) => make(index)).join(' ');
const source = (...parts) => Buffer.from(`(module ${parts.join('\n')})`);

const wide = `(type $wide (func (param ${'i64 '.repeat(1000)}) (result ${'i64 '.repeat(1000)})))`;
const pushed = '(i64.const 0) '.repeat(1000);
const dropped = 'drop '.repeat(1000);

// Each takes minutes or gigabytes.
const bombs = {
  'loops of a wide type': () => source(wide, '(func', pushed, 'loop (type $wide) '.repeat(1000), 'end '.repeat(1000), dropped, ')'),
  'calls of a wide type': () => source(wide, '(func $callee (type $wide) unreachable)', '(func', pushed, 'call $callee '.repeat(4000), dropped, ')'),
  'arrays of fixed size': () => source('(type $array (array (mut i32)))',
    '(func', many(500, () => `${'i32.const 0 '.repeat(1000)} array.new_fixed $array 1000 drop`), ')'),
  'loops within each other over locals': () => source(`(func (param i32) (local ${'i64 '.repeat(500)})`,
    'loop '.repeat(1000), many(1000, (index) => `(local.set ${1 + index % 500} (i64.add (local.get ${1 + index * 7 % 500}) (i64.const 1))) (br_if 0 (local.get 0)) end`), ')'),
  'values that are alive together': () => source('(memory 1) (func (param i32) (result i64)',
    many(20_000, (index) => `(i64.load offset=${8 * index} (local.get 0))`), 'i64.add '.repeat(19_999), ')'),
  'handlers around calls': () => source('(tag $tag) (func $f block', 'try_table (catch_all 0) '.repeat(240), 'call $f '.repeat(20_000), 'end '.repeat(240), 'end)'),
  'objects in constant expressions': () => source('(type $a (struct))',
    many(3000, () => '(global (ref $a) (struct.new_default $a))')),
  'clauses that catch many values': () => source(`(type $wide (func (param ${'i64 '.repeat(1000)}))) (tag $e (type $wide))
    (func $f block (result ${'i64 '.repeat(1000)}) try_table`, '(catch $e 0) '.repeat(200),
  `call $f end return end ${'drop '.repeat(1000)})`),
  'branches over few locals': () => source(`(func (param i32) (local ${'i64 '.repeat(8)})`,
    many(60_000, (index) => `(if (local.get 0) (then (local.set ${1 + index * 7 % 8} (i64.add (local.get ${1 + index % 8}) (i64.const 1)))))`), ')'),
};

// Honest, but more than is surely cheap: a child process compiles it within a second or two.
const large = (text = 'large', functions = 9000) => source(`
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\08\\00\\00\\00\\${text.length.toString(16).padStart(2, '0')}\\00\\00\\00${text}")`,
many(functions, () => '(func)'),
'(func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100))))');

module.exports = { bombs, large };
