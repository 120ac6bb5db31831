'use strict';

// Guests use the same memory one after the other. None sees what another one has left there.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { FOREVER } = require('./helpers/run-guests');
const { compile } = require('..');

const PAGE = 65536;
const [DIRTY, WRONG_DATA, WRONG_SIZE] = [1, 2, 3];

// Exits with one of the numbers above if its memory is not new. Then it writes to every `stride`
// bytes, also of `more` pages by which the memory grows, and ends as `end` says.
const program = ({ pages, more, stride, end }) => Buffer.from(`(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") ${pages})
  (data (i32.const ${pages * PAGE - 8}) "8 bytes!")
  (func $check (param $from i32) (param $to i32)
    (loop $next
      (if (i64.ne (i64.load (local.get $from)) (i64.const 0)) (then (call $exit (i32.const ${DIRTY}))))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $to)))))
  (func (export "_start") (local $to i32)
    (if (i32.ne (memory.size) (i32.const ${pages})) (then (call $exit (i32.const ${WRONG_SIZE}))))
    (if (i64.ne (i64.load (i32.const ${pages * PAGE - 8})) (i64.const ${Buffer.from('8 bytes!').readBigInt64LE()}))
      (then (call $exit (i32.const ${WRONG_DATA}))))
    (call $check (i32.const 0) (i32.const ${pages * PAGE - 8}))
    (if (i32.ne (memory.grow (i32.const ${more})) (i32.const ${pages})) (then (call $exit (i32.const ${WRONG_SIZE}))))
    (local.set $to (i32.const ${(pages + more) * PAGE}))
    ${more === 0 ? '' : `(call $check (i32.const ${pages * PAGE}) (local.get $to))`}
    (loop $next
      (local.set $to (i32.sub (local.get $to) (i32.const ${stride})))
      (i32.store8 (local.get $to) (i32.const 255))
      (br_if $next (i32.ge_u (local.get $to) (i32.const ${stride}))))
    ${end}))`);

// Around the sizes that are zeroed as a whole, kept, and given back; regions of a page and of many.
const sizes = [[1, 0], [1, 3], [2, 0], [17, 0], [17, 20], [40, 1], [300, 0], [900, 300]];
const strides = [3, 4096, 12_288, 65_536];
const ends = { normally: '', 'by a trap': '(unreachable)', 'by a timeout': FOREVER };

const outcome = (running) => running.then(({ exitCode }) => exitCode, ({ code }) => code);

describe('the memory of a guest', () => {
  for (const [name, end] of Object.entries(ends)) {
    test(`is new, although others ended ${name} before`, async () => {
      const programs = await Promise.all(sizes.flatMap(([pages, more]) => strides.map((stride) => (
        compile(program({ pages, more, stride, end }), { cache: false })
      ))));
      const outcomes = new Set();
      // Several at once, each after those of other sizes.
      for (let turn = 0; turn < 3; turn += 1) {
        for (let first = 0; first < programs.length; first += 8) {
          const some = programs.slice(first, first + 8);
          const running = some.map((one) => outcome(one.run({ timeout: end === FOREVER ? 300 : 20_000 })));
          for (const one of await Promise.all(running)) outcomes.add(one);
        }
      }
      const expected = { normally: 0, 'by a trap': 'ERR_WASI_TRAP', 'by a timeout': 'ERR_WASI_TIMEOUT' };
      assert.deepEqual([...outcomes], [expected[name]]);
    });
  }
});
