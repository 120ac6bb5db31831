'use strict';

// Programs with the exception instructions of older toolchains, which are rewritten for wasmtime: they
// have to do what they do on V8, which has these instructions.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { compile, run } = require('..');
const { assemble, outcomes } = require('./helpers/exceptions');
const { calls, randomProgram } = require('./helpers/random-exceptions');

const tags = `(tag $a) (tag $b (param i32)) (tag $c (param i32 i64)) (tag $d (param f64 f32 i64 i32))
  (func $throw (param i32)
    (block (block (block (block
      (br_table 0 1 2 3 (local.get 0)))
      (throw $a)) (throw $b (i32.const 11))) (throw $c (i32.const 12) (i64.const 13)))
    (throw $d (f64.const 1.5) (f32.const 2.5) (i64.const 14) (i32.const 15)))`;

// Name, body of a function f from i32 to i32 (and locals), arguments, what comes of them.
const cases = [
  ['a handler gets what was thrown', `(try (result i32)
    (do (throw $b (local.get 0)))
    (catch $b (i32.add (i32.const 1))))`, [4, -1], [5, 0]],
  ['a body that throws nothing', `(try (result i32)
    (do (local.get 0)) (catch $a (i32.const 7)) (catch_all (i32.const 8)))`, [1], [1]],
  ['the first handler that fits', `(try (result i32)
    (do (call $throw (local.get 0)) (i32.const 0))
    (catch $a (i32.const 100))
    (catch $b (i32.add (i32.const 200)))
    (catch $b (drop) (i32.const -1))
    (catch $c (drop) (i32.add (i32.const 300)))
    (catch_all (i32.const 400)))`, [0, 1, 2, 3], [100, 211, 312, 400]],
  ['what no handler fits goes on', `(try (result i32)
    (do (try (result i32)
      (do (call $throw (local.get 0)) (i32.const 0))
      (catch $a (i32.const 100))))
    (catch $b))`, [0, 1, 2, 3], [100, 11, 'exception', 'exception']],
  ['all parameters in their order', `(local $f32 f32) (local $i64 i64) (local $i32 i32)
    (try (result i32)
      (do (call $throw (i32.const 3)) (i32.const 0))
      (catch $d (local.set $i32) (local.set $i64) (local.set $f32) (i32.trunc_f64_s)
        (i32.add (i32.trunc_f32_s (local.get $f32)))
        (i32.add (i32.wrap_i64 (local.get $i64)))
        (i32.add (local.get $i32))))`, [0], [32]],
  ['a try that does not handle anything', `try (result i32) local.get 0 call $throw i32.const 3 end`,
    [0], ['exception']],
  ['a try without handlers', 'try (result i32) local.get 0 end', [5], [5]],
  ['a handler that throws', `(try (result i32)
    (do (try (result i32) (do (throw $a)) (catch $a (throw $b (i32.const 1))) (catch $b (drop) (i32.const 2))))
    (catch $b (i32.add (local.get 0))))`, [5], [6]],
  ['traps are not caught', `(try (result i32)
    (do (i32.div_u (i32.const 1) (local.get 0))) (catch_all (i32.const 9)))`, [0, 1], ['trap', 1]],

  ['rethrow', `(try (result i32)
    (do (try (result i32) (do (throw $b (local.get 0))) (catch $b (drop) (rethrow 0))))
    (catch $b (i32.add (i32.const 1))))`, [4], [5]],
  ['rethrow by catch_all', `(try (result i32)
    (do (try (result i32) (do (call $throw (local.get 0)) (i32.const 0)) (catch_all (rethrow 0))))
    (catch $a (i32.const 1)) (catch $b) (catch $c (drop)))`, [0, 1, 2, 3], [1, 11, 12, 'exception']],
  ['rethrow out of blocks', `(try (result i32)
    (do (try (result i32) (do (throw $b (local.get 0)))
      (catch $b (drop)
        (block (result i32) (loop (result i32)
          (if (result i32) (local.get 0) (then (rethrow 3)) (else (i32.const 77))))))))
    (catch $b (i32.add (i32.const 1))))`, [4, 0], [5, 77]],
  ['rethrow of the outer of two', `(try (result i32)
    (do (try (result i32) (do (throw $b (i32.const 1)))
      (catch $b (drop) (try (result i32) (do (throw $b (i32.const 2)))
        (catch $b (drop) (if (local.get 0) (then (rethrow 1)) (else (rethrow 2))) (i32.const 0))))))
    (catch $b (i32.add (i32.const 100))))`, [0, 1], [101, 102]],
  ['rethrow behind a try in a handler', `(try (result i32)
    (do (try (result i32) (do (throw $b (local.get 0)))
      (catch $b (drop)
        (try (do (throw $b (i32.const 50))) (catch $b (drop) (try (do (rethrow 1)) (catch $b (drop)))))
        (try (do (throw $c (i32.const 1) (i64.const 2))) (catch_all))
        (rethrow 0))))
    (catch $b (i32.add (i32.const 1))))`, [4], [5]],
  ['rethrow in a body within a handler', `(try (result i32)
    (do (throw $b (local.get 0)))
    (catch $b (drop) (try (result i32) (do (rethrow 1)) (catch $b (i32.add (i32.const 1000))))))`, [4], [1004]],
  ['rethrow to the caller', '(try (result i32) (do (throw $b (i32.const 1))) (catch $b (rethrow 0)))',
    [0], ['exception']],
  ['rethrow in a loop', `(local $i i32)
    (loop $again
      (try (do (try (do (throw $b (local.get $i))) (catch $b (drop) (rethrow 0))))
        (catch $b (local.set $i (i32.add (i32.const 1)))))
      (br_if $again (i32.lt_u (local.get $i) (local.get 0))))
    (local.get $i)`, [1, 1000], [1, 1000]],

  ['delegate past a handler', `(try (result i32)
    (do (try (result i32)
      (do (try (do (throw $b (local.get 0))) (delegate 1)) (i32.const 1))
      (catch_all (i32.const 2))))
    (catch $b (i32.add (i32.const 1000))))`, [4], [1004]],
  ['delegate to the next', `(try (result i32)
    (do (try (do (throw $b (local.get 0))) (delegate 0)) (i32.const 1))
    (catch $b (i32.add (i32.const 1000))))`, [4], [1004]],
  ['delegate to the caller', `(try (result i32)
    (do (try (result i32) (do (call $throw (local.get 0)) (i32.const 5)) (delegate 1)))
    (catch_all (i32.const 2)))`, [0, 1], ['exception', 'exception']],
  ['delegate to the caller, unless nothing is thrown', `(try (result i32)
    (do (try (result i32) (do (if (local.get 0) (then (throw $a))) (i32.const 5)) (delegate 1)))
    (catch_all (i32.const 2)))`, [0, 1], [5, 'exception']],
  ['delegate to a block', `(try (result i32)
    (do (block (result i32) (try (result i32)
      (do (try (result i32) (do (throw $b (local.get 0))) (delegate 1)))
      (catch_all (i32.const 2)))))
    (catch $b))`, [4], [4]],
  ['delegate out of a handler', `(try (result i32)
    (do (try (result i32)
      (do (throw $a))
      (catch $a (try (result i32)
        (do (try (result i32) (do (throw $b (local.get 0))) (delegate 1)))
        (catch_all (i32.const 2))))
      (catch_all (i32.const 3))))
    (catch $b (i32.add (i32.const 1))))`, [4], [5]],
  ['delegates in a row', `(try (result i32)
    (do (try (result i32)
      (do (try (result i32)
        (do (try (result i32)
          (do (try (result i32) (do (throw $b (local.get 0))) (delegate 1)))
          (catch_all (i32.const 1))))
        (delegate 1)))
      (catch_all (i32.const 2))))
    (catch $b (i32.add (i32.const 1000))))`, [4], [1004]],
  ['a body that handlers and delegates lead to', `(try (result i32)
    (do
      (try (do (if (i32.eqz (local.get 0)) (then (throw $a))))  (catch_all (throw $b (i32.const 40))))
      (try (do (try (do (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $b (i32.const 41))))) (delegate 1)))
        (catch_all (throw $a)))
      (local.get 0))
    (catch $b))`, [0, 1, 2], [40, 41, 2]],

  ['parameters of a try', `local.get 0 i32.const 10
    try (param i32 i32) (result i32) i32.add local.get 0 br_if 0 throw $b catch $b i32.const 5 i32.add end`,
    [0, 3], [15, 13]],
  ['results of a try', `(local i64)
    try (result i64 i32) i64.const 1 i32.const 2 local.get 0 call $throw
    catch $c local.set 1 drop local.get 1 i32.const 4
    catch_all i64.const 5 i32.const 6 end
    local.set 0 i32.wrap_i64 i32.const 100 i32.mul local.get 0 i32.add`,
    [0, 2], [506, 1304]],
  ['parameters of a delegate', `local.get 0
    try (param i32) (result i32) try (param i32) (result i32) throw $b delegate 0 catch $b i32.const 3 i32.add end`,
    [4], [7]],
  ['parameters of what a delegate leads to', `local.get 0
    try (param i32) (result i32)
      try (param i32) (result i32) try (param i32) (result i32) throw $b delegate 1 catch_all i32.const 1 end
    catch $b i32.const 3 i32.add end`, [4], [7]],

  ['branches out of a body', `(block $out (result i32)
    (try (result i32)
      (do (drop (br_if $out (i32.const 5) (local.get 0))) (br 0 (i32.const 6)))
      (catch $a (i32.const 1)) (catch $b) (catch_all (i32.const 2))))`, [0, 1], [6, 5]],
  ['branches out of handlers', `(block $out (result i32)
    (i32.add (i32.const 1000) (try $try (result i32)
      (do (call $throw (local.get 0)) (i32.const 0))
      (catch $a (br $out (i32.const 7)))
      (catch $b (br $try))
      (catch_all (drop (br_if $try (i32.const 1) (local.get 0))) (i32.const 2)))))`, [0, 1, 2], [7, 1011, 1001]],
  ['tables of branches', `(block $x (result i32) (i32.add (i32.const 100)
    (block $y (result i32) (i32.add (i32.const 10)
      (try $z (result i32)
        (do (try (do (br_table 1 2 3 4 (i32.const 1) (local.get 0))) (delegate 1)) (i32.const 0))
        (catch_all (i32.const 9)))))))`,
    [0, 1, 2, 3], [111, 101, 1, 1]],
  ['a loop out of handlers', `(local $sum i32)
    (loop $again (result i32)
      (try (result i32)
        (do (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (if (i32.lt_s (local.get 0) (i32.const 0)) (then (throw $a)))
          (throw $b (local.get 0)))
        (catch $b (local.set $sum (i32.add (local.get $sum))) (br $again))
        (catch $a (local.get $sum))))`, [0, 5], [0, 10]],
  ['code that is never reached', `(try (result i32)
    (do (throw $b (local.get 0)) (drop) (br 0) (i32.add))
    (catch $b (br 0) (rethrow 0) (try (do unreachable) (catch $b (drop) (rethrow 1))) (i32.add))
    (catch_all (unreachable) (try (result i32) (do (rethrow 1)) (delegate 0))))`, [4], [4]],
  ['return', `(try (result i32)
    (do (try (do (call $throw (local.get 0)) (return (i32.const 1))) (delegate 1)) (i32.const 2))
    (catch $a (return (i32.const 3))) (catch_all (i32.const 4)))`, [0], ['exception']],
  ['return out of bodies and handlers', `(try (result i32)
    (do (if (local.get 0) (then (return (i32.const 1)))) (throw $a))
    (catch $a (return (i32.const 3))))`, [0, 1], [3, 1]],
  ['tail calls leave the try', `(try (result i32)
    (do (return_call $fail (local.get 0))) (catch_all (i32.const 4)))`, [1], ['exception']],
  ['calls through a table', `(try (result i32)
    (do (call_indirect (type $unary) (local.get 0) (i32.const 0))) (catch $b (i32.add (i32.const 1))))`,
    [4], [105]],
  ['recursion', `(if (result i32) (local.get 0)
    (then (try (result i32) (do (call $f (i32.sub (local.get 0) (i32.const 1))))
      (catch $b (throw $b (i32.add (i32.const 1))))))
    (else (throw $b (i32.const 0))))`, [3], ['exception']],
  ['locals keep their values', `(local $x i32) (local $y i64) (local f32) (local $z i32)
    (local.set $x (i32.const 1)) (local.set $y (i64.const 2))
    (try (do (local.set $x (i32.const 10)) (call $throw (i32.const 1)) (local.set $x (i32.const 20)))
      (catch_all (local.set $z (i32.const 5)) (try (do (rethrow 1)) (catch $b (drop)))))
    (i32.add (i32.add (local.get $x) (local.get $z)) (i32.wrap_i64 (local.get $y)))`, [0], [17]],
];

const moduleOf = (body) => `(module (type $unary (func (param i32) (result i32))) ${tags}
  (table funcref (elem $fail))
  (func $fail (type $unary) (throw $b (i32.add (i32.const 100) (local.get 0))))
  (func $f (export "f") (type $unary) ${body}))`;

describe('as on V8', () => {
  for (const [name, body, args, expected] of cases) {
    test(name, async () => {
      const bytes = await assemble(moduleOf(body));
      assert.deepEqual(await outcomes(bytes, args.map((arg) => ['f', arg])), expected);
    });
  }

  test('all of these in one module', async () => {
    const functions = cases.map(([, body], index) =>
      `(func $f${index} (export "f${index}") (type $unary) ${body.replace('$f ', `$f${index} `)})`);
    const text = moduleOf('(i32.const 0)').replace(/\)$/, `${functions.join('\n')})`);
    const all = cases.flatMap(([, , args], index) => args.map((arg) => [`f${index}`, arg]));
    const expected = cases.flatMap(([, , , results]) => results);
    assert.deepEqual(await outcomes(await assemble(text), all), expected);
  });

  // Another number tries more.
  const programs = Number(process.env.WASI_RS_EXCEPTION_PROGRAMS ?? 300);
  test(`${programs} random programs`, async () => {
    const met = new Set();
    for (let seed = 0; seed < programs; seed += 1) {
      const results = await outcomes(await assemble(randomProgram(seed)), calls)
        .catch((error) => { throw new Error(`seed ${seed}`, { cause: error }); });
      for (const result of results) met.add(typeof result === 'number' ? 'number' : result);
    }
    assert.deepEqual(met, new Set(['number', 'exception', 'trap']));
  });
});

const started = (body, more = '') => Buffer.from(
  `(module (tag $a) (tag $b (param i32)) ${more} (func (export "_start") ${body}))`);

describe('run()', () => {
  test('says that nobody caught an exception', async () => {
    const running = run(started('try throw $a catch $a rethrow 0 end'), { cache: false });
    await assert.rejects(running, { code: 'ERR_WASI_TRAP', trap: 'exception', message: /thrown Wasm exception/ });
  });

  test('catches no exit', async () => {
    const source = Buffer.from(`(module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)
      (func (export "_start") try i32.const 5 call $exit catch_all unreachable end))`);
    assert.equal((await run(source, { cache: false })).exitCode, 5);
  });

  test('ends exceptions that go on for ever', async () => {
    const running = run(started('loop try throw $a catch $a br 1 end end'), { timeout: 50, cache: false });
    await assert.rejects(running, { code: 'ERR_WASI_TIMEOUT' });
  });

  test('counts exceptions as memory', async () => {
    const source = started('try throw $a catch $a end', '(memory (export "memory") 1)');
    assert.equal((await run(source, { cache: false })).memoryPeak, 2 * 65536);
    await assert.rejects(run(source, { memoryLimit: 65536, cache: false }), { code: 'ERR_WASI_MEMORY_LIMIT' });
  });

  test('runs what V8 has no instructions for', async () => {
    const source = started(`block $null
      try try ref.null $t br_on_null $null unreachable delegate 1 catch_all unreachable end
      end
      block $struct (result (ref $s))
      try (result anyref) struct.new $s br_on_cast $struct anyref (ref $s) catch_all unreachable end
      unreachable
      end
      try (param (ref $s)) drop struct.new $s throw $c
      catch $c drop try rethrow 1 catch $c drop end
      end`, '(type $t (func)) (type $s (struct)) (tag $c (param (ref $s)))');
    assert.equal((await run(source, { cache: false })).exitCode, 0);
  });

  test('runs exceptions of the standard, also beside functions with others', async () => {
    const source = started('call $legacy block $caught (result exnref) try_table (catch_all_ref $caught) throw $a end return end drop',
      '(func $legacy try throw $a catch_all end)');
    assert.equal((await run(source, { cache: false })).exitCode, 0);
  });
});

describe('compile() refuses, with the offset', () => {
  const refused = {
    'what is not valid': ['i32.const 1 try throw $a catch $b end', /type mismatch|values remaining/],
    'old and new instructions in one function': [
      'try throw $a catch $a end block try_table (catch $a 0) end end', /cannot be mixed with try_table/],
    'more locals than a function can have': [
      'try throw $a catch_all '.repeat(50_001) + 'rethrow 0 end '.repeat(50_001), /50001 locals, but at most 50000 are allowed/],
    'more handlers than a body can have': [`try ${'catch $a '.repeat(10_001)} end`, /10001 clauses, but at most 10000 are allowed/],
  };
  for (const [what, [body, message]] of Object.entries(refused)) {
    test(what, async () => {
      await assert.rejects(compile(started(body), { cache: false }), (error) => {
        assert.equal(error.code, 'ERR_WASI_COMPILE');
        assert.match(error.message, message);
        assert.ok(error.offset > 0, error.message);
        return true;
      });
    });
  }
});
