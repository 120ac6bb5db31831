'use strict';

// What ends a guest before it ends by itself: limits and traps; and what the errors tell.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');
const { describe, test } = require('node:test');
const { tempDir } = require('./helpers/guest');
const { FOREVER, TEXT, command, fixture, guest, saying, waits } = require('./helpers/run-guests');
const { rejection } = require('./helpers/run-process');
const { compile, configure, run } = require('..');

// Writes to both streams first.
const talking = (then) => command(`
  (call $write (i32.const 1) (i32.const ${TEXT}) (i32.const 3))
  (call $write (i32.const 2) (i32.const ${TEXT + 3}) (i32.const 3)) ${then}`, { text: 'outerr' });

// What every error of a guest that had started has.
function assertTellsSoFar(error, { stdout = 'out', stderr = 'err', fuelUsed } = {}) {
  assert.equal(error.name, 'Error');
  assert.equal(error.stack.split('\n')[0], `Error [${error.code}]: ${error.message}`);
  assert.deepEqual([error.stdout, error.stderr], [stdout, stderr]);
  assert.ok(error.duration > 0, `${error.duration}`);
  assert.equal(typeof error.memoryPeak, 'number');
  assert.equal(typeof error.fuelUsed, fuelUsed ?? 'undefined');
}

describe('timeout', () => {
  for (const [name, wait] of Object.entries(waits)) {
    test(`ends a guest while ${name}`, async (t) => {
      const fifo = path.join(tempDir(t), 'fifo');
      execFileSync('mkfifo', [fifo]);
      const stdin = fs.openSync(fifo, 'r+');
      t.after(() => fs.closeSync(stdin));
      const error = await rejection(run(talking(wait), { timeout: 200, stdin }), 'ERR_WASI_TIMEOUT');
      assertTellsSoFar(error);
      assert.ok(error.duration >= 200, `${error.duration}`);
    });
  }

  test('ends a guest while reading from a stream', async () => {
    const stdin = new Readable({ read() {} });
    assertTellsSoFar(await rejection(run(talking(waits.reading), { timeout: 200, stdin }), 'ERR_WASI_TIMEOUT'));
    assert.equal(stdin.destroyed, true);
  });

  test('ends a start function', async () => {
    const source = Buffer.from(`(module (func $start ${FOREVER}) (start $start) (func (export "_start")))`);
    await rejection(run(source, { timeout: 10 }), 'ERR_WASI_TIMEOUT');
    await rejection((await compile(source)).instantiate({ timeout: 10 }), 'ERR_WASI_TIMEOUT');
  });

  test('of less than a millisecond ends a guest', async () => {
    await rejection(run(command(FOREVER), { timeout: 0.1 }), 'ERR_WASI_TIMEOUT');
  });

  for (const timeout of [0, 60_000, 2 ** 53, Infinity]) {
    test(`of ${timeout} does not end one that ends by itself`, async () => {
      assert.equal((await run(command('(call $sleep (i64.const 20))'), { timeout })).exitCode, 0);
    });
  }

  test('counts from when the guest starts', async () => {
    configure({ concurrency: 1 });
    const program = await compile(command('(call $sleep (i64.const 50))'));
    // The last of them waits longer than that for its turn.
    const results = await Promise.all(Array.from({ length: 30 }, () => program.run({ timeout: 1000 })));
    configure({ concurrency: 2 });
    for (const { duration } of results) assert.ok(duration >= 50, `${duration}`);
  });
});

describe('maxBuffer', () => {
  const times = (count, fd = 1) => command(`(call $flood (i32.const ${fd}) (i32.const ${count}))`);
  const KIB64 = 65536;

  test('is 1 MiB by default', async () => {
    assert.equal((await run(times(16))).stdout.length, 2 ** 20);
    const error = await rejection(run(times(17)), 'ERR_WASI_MAX_BUFFER');
    assertTellsSoFar(error, { stdout: '\0'.repeat(2 ** 20), stderr: '' });
  });

  test('is for each stream', async () => {
    for (const [fd, said] of [[1, { stdout: '1234', stderr: '' }], [2, { stdout: '', stderr: '1234' }]]) {
      const { stdout, stderr } = await run(saying(fd, '12345'), { maxBuffer: 5 });
      assert.equal(stdout + stderr, '12345');
      assertTellsSoFar(await rejection(run(saying(fd, '12345'), { maxBuffer: 4 }), 'ERR_WASI_MAX_BUFFER'), said);
    }
    const { stdout: out, stderr: err } = await run(talking(''), { maxBuffer: 3 });
    assert.deepEqual([out, err], ['out', 'err']);
  });

  test('of 0 allows no output', async () => {
    assert.equal((await run(command(''), { maxBuffer: 0 })).exitCode, 0);
    await rejection(run(saying(1, '1'), { maxBuffer: 0 }), 'ERR_WASI_MAX_BUFFER');
  });

  test('can be without end', async () => {
    const { stdout } = await run(times(300), { maxBuffer: Infinity, encoding: 'buffer' });
    assert.equal(stdout.length, 300 * KIB64);
  });

  test('ends a guest that would write for ever, at once', async () => {
    const forever = command(`(loop $more (call $write (i32.const 1) (i32.const 0) (i32.const 1000)) (br $more))`);
    const { stdout } = await rejection(run(forever, { maxBuffer: 5000, encoding: null }), 'ERR_WASI_MAX_BUFFER');
    assert.equal(stdout.length, 5000);
  });

  test('is not for what is not captured', async () => {
    assert.equal((await run(times(20), { stdout: 'ignore', maxBuffer: 0 })).exitCode, 0);
  });
});

describe('memoryLimit', () => {
  const PAGE = 65536;
  const growing = (pages) => command(`
    (call $write (i32.const 1) (i32.const ${TEXT}) (i32.const 2))
    (call $proc_exit (memory.grow (i32.const ${pages})))`, { text: 'up' });

  test('is where a guest that grows is ended', async () => {
    assert.equal((await run(growing(8), { memoryLimit: 10 * PAGE })).exitCode, 2);
    const error = await rejection(run(growing(9), { memoryLimit: 10 * PAGE }), 'ERR_WASI_MEMORY_LIMIT');
    assertTellsSoFar(error, { stdout: 'up', stderr: '' });
    assert.equal(error.memoryPeak, 2 * PAGE);
  });

  test('counts the memory to start with', async () => {
    await rejection(run(growing(0), { memoryLimit: 2 * PAGE - 1 }), 'ERR_WASI_MEMORY_LIMIT');
    await rejection(run(growing(0), { memoryLimit: 0 }), 'ERR_WASI_MEMORY_LIMIT');
    assert.equal((await run(growing(0), { memoryLimit: 2 * PAGE })).exitCode, 2);
    assert.equal((await run(Buffer.from('(module (func (export "_start")))'), { memoryLimit: 0 })).exitCode, 0);
  });

  test('counts all memories together', async () => {
    const two = (pages) => Buffer.from(`(module (memory 3) (memory 3)
      (func (export "_start") (drop (memory.grow 0 (i32.const ${pages}))) (drop (memory.grow 1 (i32.const 1)))))`);
    assert.equal((await run(two(3), { memoryLimit: 10 * PAGE })).memoryPeak, 10 * PAGE);
    await rejection(run(two(4), { memoryLimit: 10 * PAGE }), 'ERR_WASI_MEMORY_LIMIT');
  });

  test('is none by default, and what a module says of itself still counts', async () => {
    const source = Buffer.from(`(module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1 4) (func (export "_start") (call $exit (memory.grow (i32.const 4)))))`);
    for (const memoryLimit of [undefined, Infinity, 2 * PAGE]) {
      assert.equal((await run(source, { memoryLimit })).exitCode, -1);
    }
    assert.equal((await run(growing(500))).exitCode, 2);
  });
});

describe('fuel', () => {
  // So many turns of a loop.
  const turning = (turns) => talking(`(local $left i32) (local.set $left (i32.const ${turns}))
    (loop $turn (br_if $turn (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))`)
    .toString().replace(/(\(func \(export "_start"\))([^]*)(\(local \$left i32\))/, '$1 $3 $2');
  const program = (turns) => compile(Buffer.from(turning(turns)));

  test('is counted, the same each time', async () => {
    const [short, long] = [await program(1000), await program(2000)];
    const used = await Promise.all([short, short, long].map(async (each) => (await each.run({ fuel: 1e6 })).fuelUsed));
    assert.equal(used[0], used[1]);
    assert.ok(used[2] - used[0] >= 1000, `${used}`);
    assert.equal((await short.run({ fuel: 2n ** 64n - 1n })).fuelUsed, used[0]);
  });

  test('ends a guest that wants more', async () => {
    const long = await program(10_000);
    const { fuelUsed } = await long.run({ fuel: 1e6 });
    assert.equal((await long.run({ fuel: fuelUsed })).fuelUsed, fuelUsed);
    const error = await rejection(long.run({ fuel: 5000n }), 'ERR_WASI_OUT_OF_FUEL');
    assertTellsSoFar(error, { fuelUsed: 'number' });
    assert.ok(error.fuelUsed >= 4000 && error.fuelUsed <= 5000, `${error.fuelUsed}`);
    await rejection(run(command(FOREVER), { fuel: 1 }), 'ERR_WASI_OUT_OF_FUEL');
    await rejection(run(command(FOREVER), { fuel: Number.MAX_SAFE_INTEGER, timeout: 10 }), 'ERR_WASI_TIMEOUT');
  });
});

describe('maxStack', () => {
  // Calls itself so often.
  const deep = (depth) => guest(`
    (func $down (param $left i32) (result i32)
      (if (result i32) (local.get $left)
        (then (i32.add (i32.const 1) (call $down (i32.sub (local.get $left) (i32.const 1)))))
        (else (i32.const 0))))
    (func (export "_start") (drop (call $down (i32.const ${depth}))))`);

  test('is where calls end', async () => {
    const program = await compile(deep(100_000));
    for (const maxStack of [65536, 131072, undefined, 2 ** 20]) {
      const error = await rejection(program.run({ maxStack }), 'ERR_WASI_TRAP');
      assert.equal(error.trap, 'stack-overflow');
    }
    assert.equal((await program.run({ maxStack: 64 * 2 ** 20 })).exitCode, 0);
    assert.equal((await program.run({ maxStack: 32 * 2 ** 20, fuel: 1e9 })).exitCode, 0);
  });

  test('is enough for shallow ones', async () => {
    assert.equal((await run(deep(100), { maxStack: 65536 })).exitCode, 0);
  });
});

describe('a trap', () => {
  const division = '(drop (i32.div_s (i32.const 1) (i32.load (i32.const 512))))';
  const traps = {
    'unreachable': 'unreachable',
    'memory-out-of-bounds': '(drop (i32.load (i32.const -1)))',
    'integer-divide-by-zero': division,
    'integer-overflow': '(drop (i32.div_s (i32.const 0x80000000) (i32.sub (i32.load (i32.const 512)) (i32.const 1))))',
    'invalid-conversion-to-integer': '(drop (i32.trunc_f32_s (f32.const nan)))',
    'stack-overflow': '(call $forever)',
    'indirect-call-to-null': '(call_indirect (i32.const 0))',
    'indirect-call-type-mismatch': '(call_indirect (result i32) (i32.const 1)) drop',
    'table-out-of-bounds': '(call_indirect (i32.const 2))',
  };
  const trapping = (body) => guest(`
    (table 2 funcref) (elem (i32.const 1) $forever)
    (func $forever (call $forever) (drop (i32.const 0)))
    (func $inner ${body})
    (func (export "_start")
      (call $write (i32.const 1) (i32.const ${TEXT}) (i32.const 3))
      (call $write (i32.const 2) (i32.const ${TEXT + 3}) (i32.const 3)) (call $inner))`, { text: 'outerr' });

  for (const [name, body] of Object.entries(traps)) {
    test(`is told by name: ${name}`, async () => {
      const error = await rejection(run(trapping(body)), 'ERR_WASI_TRAP');
      assertTellsSoFar(error);
      assert.equal(error.trap, name);
    });
  }

  test('has a backtrace', async () => {
    const { backtrace, message } = await rejection(run(trapping(division)), 'ERR_WASI_TRAP');
    assert.match(backtrace, /\binner\b.*\n.*<wasm function \d+>/);
    assert.match(message, /divi/);
  });

  test('keeps what the guest said before', async () => {
    const error = await rejection(run(fixture('rust-panic')), 'ERR_WASI_TRAP');
    assert.equal(error.stdout, 'before panic\n');
    assert.match(error.stderr, /panicked at src\/main.rs:7:5:/);
  });

  test('has output in the encoding of the run', async () => {
    const { stdout, stderr } = await rejection(run(trapping('unreachable'), { encoding: 'buffer' }), 'ERR_WASI_TRAP');
    assert.deepEqual([stdout, stderr], [Buffer.from('out'), Buffer.from('err')]);
  });

  test('is seen where the run was awaited', async () => {
    async function awaitingIt() {
      await run(trapping('unreachable'));
    }
    assert.match((await rejection(awaitingIt(), 'ERR_WASI_TRAP')).stack, /at async awaitingIt/);
  });
});
