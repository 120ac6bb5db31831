'use strict';

// Guests of many Workers, over one memory that grows, and with the same descriptors. More of it:
// npm run test:threads.

const assert = require('node:assert/strict');
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const { promisify } = require('node:util');
const { Calls, SIZE } = require('./helpers/calls');
const { PAGE, tempDir } = require('./helpers/guest');
const { record, records, rounds, sleep, openFds, startAll, until } = require('./helpers/threads');
const { WASI } = require('..');

const version = 'preview1';
const WORKERS = 8;

describe('one memory that grows', () => {
  const GUESTS = 5;
  const TURNS = 8;
  const MAXIMUM = 4096;
  const TURN_SIZE = PAGE - 16;
  // At the beginning there is one page for what `Calls` need.
  const initial = Math.ceil(((WORKERS * GUESTS + 1) * SIZE) / PAGE);

  // In its turn, a guest grows the memory and hands the new page to whoever comes next, in
  // whichever thread. It fills the page it gets, writes it to a file and reads it from there, with
  // everything that the calls need in that page, up to its very last byte.
  const source = `(module
    (import "wasi_snapshot_preview1" "fd_pwrite" (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_pread" (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
    (import "env" "memory" (memory ${initial} ${MAXIMUM} shared))

    (func $word (param $seed i32) (param $at i32) (result i32)
      (i32.mul (i32.add (local.get $at) (i32.mul (local.get $seed) (i32.const ${PAGE}))) (i32.const 0x9e3779b1)))
    (func $fill (param $page i32) (param $seed i32) (local $at i32)
      (loop $next
        (i32.store (i32.add (local.get $page) (local.get $at)) (call $word (local.get $seed) (local.get $at)))
        (br_if $next (i32.lt_u
          (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const ${TURN_SIZE})))))
    ;; How many bytes from $start on are those of the file.
    (func $same (param $start i32) (param $length i32) (param $seed i32) (result i32) (local $at i32)
      (loop $next
        (if (i32.eq (i32.load (i32.add (local.get $start) (local.get $at))) (call $word (local.get $seed) (local.get $at)))
          (then (br_if $next (i32.lt_u
            (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $length))))))
      (local.get $at))
    (func $vector (param $at i32) (param $pointer i32) (param $length i32)
      (i32.store (local.get $at) (local.get $pointer))
      (i32.store (i32.add (local.get $at) (i32.const 4)) (local.get $length)))

    ;; -1 when there is no page, the number of what failed otherwise.
    (func (export "turn") (param $fd i32) (param $seed i32) (param $offset i64) (result i32)
      (local $page i32) (local $end i32)
      (local.set $page (memory.grow (i32.const 1)))
      (if (i32.eq (local.get $page) (i32.const -1)) (then (return (i32.const 1))))
      (local.set $page (i32.atomic.rmw.xchg (i32.const 0) (i32.mul (local.get $page) (i32.const ${PAGE}))))
      (if (i32.eqz (local.get $page)) (then (return (i32.const -1))))
      (local.set $end (i32.add (local.get $page) (i32.const ${PAGE})))

      ;; Behind the end that memory can have.
      (if (i32.ne (call $random_get (i32.const ${MAXIMUM * PAGE - 4}) (i32.const 8)) (i32.const 61))
        (then (return (i32.const 2))))
      (if (i32.ne (call $random_get (i32.const ${MAXIMUM * PAGE}) (i32.const 0)) (i32.const 61))
        (then (return (i32.const 3))))

      (call $fill (local.get $page) (local.get $seed))
      (call $vector (i32.sub (local.get $end) (i32.const 16)) (local.get $page) (i32.const ${TURN_SIZE}))
      (if (call $fd_pwrite (local.get $fd) (i32.sub (local.get $end) (i32.const 16)) (i32.const 1)
          (local.get $offset) (i32.sub (local.get $end) (i32.const 4)))
        (then (return (i32.const 4))))
      (if (i32.ne (i32.load (i32.sub (local.get $end) (i32.const 4))) (i32.const ${TURN_SIZE}))
        (then (return (i32.const 5))))

      (memory.fill (local.get $page) (i32.const 0) (i32.const ${PAGE}))
      (call $vector (i32.sub (local.get $end) (i32.const 16)) (local.get $page) (i32.const ${TURN_SIZE}))
      (if (call $fd_pread (local.get $fd) (i32.sub (local.get $end) (i32.const 16)) (i32.const 1)
          (local.get $offset) (i32.sub (local.get $end) (i32.const 4)))
        (then (return (i32.const 6))))
      (if (i32.ne (i32.load (i32.sub (local.get $end) (i32.const 4))) (i32.const ${TURN_SIZE}))
        (then (return (i32.const 7))))
      (if (i32.ne (call $same (local.get $page) (i32.const ${TURN_SIZE}) (local.get $seed)) (i32.const ${TURN_SIZE}))
        (then (return (i32.const 8))))

      ;; The data at the end.
      (call $vector (local.get $page) (i32.sub (local.get $end) (i32.const 64)) (i32.const 64))
      (if (call $fd_pread (local.get $fd) (local.get $page) (i32.const 1)
          (local.get $offset) (i32.add (local.get $page) (i32.const 8)))
        (then (return (i32.const 9))))
      (if (i32.ne (call $same (i32.sub (local.get $end) (i32.const 64)) (i32.const 64) (local.get $seed)) (i32.const 64))
        (then (return (i32.const 10))))
      (i64.store (i32.sub (local.get $end) (i32.const 8)) (i64.const 0))
      (if (call $clock_time_get (i32.const 1) (i64.const 0) (i32.sub (local.get $end) (i32.const 8)))
        (then (return (i32.const 11))))
      (if (i64.eqz (i64.load (i32.sub (local.get $end) (i32.const 8)))) (then (return (i32.const 12))))
      (i32.const 0)))`;

  let guest;
  before(async () => {
    const wabt = await require('wabt')();
    const parsed = wabt.parseWat('guest.wat', source, { threads: true, bulk_memory: true });
    guest = new WebAssembly.Module(parsed.toBinary({}).buffer);
  });

  // What guest `id` must have written; nothing in the turns when there was no page.
  function expectedFile(id, skipped) {
    const words = new Int32Array((TURNS * TURN_SIZE) / 4);
    for (let number = 0; number < TURNS; number++) {
      if (skipped.has(number)) continue;
      const start = (number * TURN_SIZE) / 4;
      for (let at = 0; at < TURN_SIZE; at += 4) {
        words[start + at / 4] = Math.imul((id * TURNS + number) * PAGE + at, 0x9e3779b1);
      }
    }
    return Buffer.from(words.buffer);
  }

  async function runAll(t) {
    const directory = tempDir(t);
    const memory = new WebAssembly.Memory({ initial, maximum: MAXIMUM, shared: true });
    const data = { directory, guest, guests: GUESTS, memory, turns: TURNS, turnSize: TURN_SIZE };
    const results = startAll(WORKERS, 'threads-memory.js', data);
    // This thread grows it too.
    let grown = 0;
    const timer = setInterval(() => {
      grown++;
      memory.grow(1);
    }, 5);
    const skipped = (await results.finally(() => clearInterval(timer))).flat();
    assert.equal(skipped.length, 1); // who came first
    assert.equal(memory.grow(0), initial + WORKERS * GUESTS * TURNS + grown);
    for (let id = 0; id < WORKERS * GUESTS; id++) {
      const written = fs.readFileSync(path.join(directory, `${id}`));
      const own = new Set(skipped.filter((turn) => turn.id === id).map(({ number }) => number));
      // Skipped at the end, a turn leaves the file shorter.
      const expected = expectedFile(id, own);
      assert.ok(written.equals(expected.subarray(0, written.length)), `file ${id}`);
      assert.ok(written.length === expected.length || own.has(TURNS - 1), `length of file ${id}`);
      fs.rmSync(path.join(directory, `${id}`));
    }
  }

  test(`by guests who hand its pages from thread to thread`, async (t) => {
    const fds = openFds();
    for (let round = 0; round < rounds; round++) await runAll(t);
    assert.equal(await until(fds), fds);
  });
});

describe('the same descriptors', () => {
  const OPERATIONS = 400;
  const TOKENS = 20;
  const names = Array.from({ length: 60 }, (_, index) => `name-${index}`).sort();
  const numbers = (count) => Array.from({ length: count }, (_, number) => number);

  // Standard input is a FIFO, standard output a file.
  function host(directory) {
    execFileSync('mkfifo', [`${directory}/fifo`]);
    const stdin = fs.openSync(`${directory}/fifo`, 'r+');
    const stdout = fs.openSync(`${directory}/printed`, 'w+');
    fs.mkdirSync(`${directory}/root/directory`, { recursive: true });
    for (const name of names) fs.writeFileSync(`${directory}/root/directory/${name}`, '');
    fs.writeFileSync(`${directory}/root/read`, Buffer.concat(numbers(1000).map((number) => record(0, number))));
    const wasi = new WASI({ version, preopens: { '/': `${directory}/root` }, stdin, stdout });
    const calls = new Calls(wasi);
    const files = { written: calls.create('written'), read: calls.open('read'), directory: calls.openDirectory('directory') };
    return { stdin, stdout, wasi, calls, files };
  }

  // Puts what the guests take into the FIFO, little by little, so that they wait.
  async function feed(stdin) {
    for (let number = 0; number < WORKERS * TOKENS; number += 4) {
      fs.writeSync(stdin, Buffer.concat([0, 1, 2, 3].map((more) => record(0, number + more))));
      await sleep(1);
    }
  }

  // Each writer's records are all there, in order.
  function assertWritten(file, counts) {
    const all = records(fs.readFileSync(file));
    assert.ok(all, `${file} has only whole records`);
    for (const [writer, count] of counts.entries()) {
      assert.deepEqual(all.filter(([by]) => by === writer).map(([, number]) => number), numbers(count));
    }
  }

  // What several took one by one: nothing is missing, nothing there twice.
  function assertTaken(lists, count) {
    const all = lists.flat().map(([, number]) => number);
    assert.deepEqual(all.sort((a, b) => a - b), numbers(count));
  }

  async function runAll(t, seed) {
    const directory = tempDir(t);
    const { stdin, stdout, wasi, calls, files } = host(directory);
    const data = { files, names, operations: OPERATIONS, seed, share: wasi.share(), tokens: TOKENS };
    const results = startAll(WORKERS, 'threads-descriptors.js', data);
    const [done] = await Promise.all([results, feed(stdin)]);
    assertWritten(`${directory}/root/written`, done.map(({ written }) => written));
    assertWritten(`${directory}/printed`, done.map(({ printed }) => printed));
    assertTaken(done.map(({ read }) => read), 1000);
    assertTaken(done.map(({ taken }) => taken), WORKERS * TOKENS);
    assert.deepEqual(numbers(200).filter((fd) => calls.isOpen(fd)), [0, 1, 2, 3, ...Object.values(files)]);
    wasi.close();
    [stdin, stdout].forEach(fs.closeSync);
  }

  test('nothing is lost, and nothing there twice', async (t) => {
    const fds = openFds();
    for (let round = 0; round < rounds; round++) await runAll(t, 1000 * round);
    assert.equal(await until(fds), fds);
  });
});

describe('a program with threads ends', () => {
  const run = (how) => promisify(execFile)(process.execPath, [path.join(__dirname, '..', 'examples', 'threads.mjs'), how]);

  test('when one of them exits', async () => {
    const { stdout } = await run('exit');
    assert.match(stdout, /^exit code 3$/m);
  });

  test('when one of them traps', async () => {
    await assert.rejects(run('panic'), { code: 1, stderr: /as asked for\n[^]*unreachable/ });
  });
});
