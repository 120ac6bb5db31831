'use strict';

// WASI in Workers, as an ES module, and in great number.

const { execFile } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const assert = require('node:assert/strict');
const { fixture, tempDir } = require('./helpers/guest');
const { WASI } = require('..');

const run = promisify(execFile);
const helper = (name) => path.join(__dirname, 'helpers', name);

let assemble;
before(async () => {
  const wabt = await require('wabt')();
  assemble = (source) => {
    const parsed = wabt.parseWat('guest.wat', source, { threads: true });
    return new WebAssembly.Module(parsed.toBinary({}).buffer);
  };
});

// Starts one; `messages` are collected.
function start(workerData) {
  const worker = new Worker(helper('worker.js'), { workerData });
  const messages = [];
  worker.on('message', (message) => messages.push(message));
  return { worker, messages, exited: once(worker, 'exit').then(([code]) => code) };
}

describe('programs in Workers', () => {
  test('several at once, each with its own streams and preopens', async (t) => {
    const directory = tempDir(t);
    const count = 6;
    const fds = [];
    t.after(() => fds.forEach((fd) => fs.closeSync(fd)));
    const file = (name, mode) => {
      fds.push(fs.openSync(`${directory}/${name}`, mode));
      return fds.at(-1);
    };
    const runs = Array.from({ length: count }, (_, index) => {
      const inside = `${directory}/${index}`;
      fs.mkdirSync(inside);
      fs.writeFileSync(`${inside}/in`, `content of ${index}\n`.repeat(5000));
      return start({
        module: fixture('cat'),
        options: {
          args: ['cat', '/in', `/in`, `/missing${index}`], preopens: { '/': inside },
          stdout: file(`out${index}`, 'w'), stderr: file(`err${index}`, 'w'),
        },
      });
    });
    assert.deepEqual(await Promise.all(runs.map(({ exited }) => exited)), Array(count).fill(0));
    runs.forEach(({ messages }, index) => {
      assert.deepEqual(messages, ['started', 1]);
      assert.equal(fs.readFileSync(`${directory}/out${index}`, 'utf8'), `content of ${index}\n`.repeat(10000));
      assert.equal(fs.readFileSync(`${directory}/err${index}`, 'utf8'),
        `cat: /missing${index}: No such file or directory\n`);
    });
  });

  test('a guest that blocks in one does not hold up the others', async (t) => {
    const fifo = `${tempDir(t)}/fifo`;
    await run('mkfifo', [fifo]);
    const fd = fs.openSync(fifo, 'r+');
    t.after(() => fs.closeSync(fd));
    const null_ = fs.openSync('/dev/null', 'w');
    t.after(() => fs.closeSync(null_));
    const blocked = start({ module: fixture('poll'), options: { args: ['poll', '-1'], stdin: fd, stdout: null_ } });
    await once(blocked.worker, 'message');
    const other = start({ module: fixture('demo'), options: { stdout: null_ } });
    assert.equal(await other.exited, 0);
    assert.deepEqual(blocked.messages, ['started']);
    fs.writeSync(fd, 'go on');
    assert.equal(await blocked.exited, 0);
    assert.deepEqual(blocked.messages, ['started', 0]);
  });
});

describe('a Worker can be terminated while its guest', () => {
  const loops = {
    'spins': '',
    'calls sched_yield': '(drop (call $sched_yield))',
    'calls clock_time_get': '(drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8)))',
    'calls with bad pointers': '(drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const -1)))',
    'grows its memory': `(drop (memory.grow (i32.const 1)))
      (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8)))`,
  };
  for (const [name, body] of Object.entries(loops)) {
    test(name, async () => {
      const module_ = assemble(`(module
        (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
        (import "wasi_snapshot_preview1" "clock_time_get"
          (func $clock_time_get (param i32 i64 i32) (result i32)))
        (memory (export "memory") 1 2000)
        (func (export "_start") (loop $again ${body} (br $again))))`);
      const { worker, messages } = start({ module: module_ });
      await once(worker, 'message');
      await new Promise((resolve) => { setTimeout(resolve, 50); });
      assert.equal(await worker.terminate(), 1);
      assert.deepEqual(messages, ['started']);
    });
  }

  test('and this thread goes on', () => {
    const wasi = new WASI({ version: 'preview1' });
    const memory = new WebAssembly.Memory({ initial: 1 });
    wasi.finalizeBindings({ exports: { memory } });
    assert.equal(wasi.wasiImport.clock_time_get(1, 0n, 0), 0);
  });
});

test('threads of one guest: instances in several Workers share a memory', async () => {
  const count = 4;
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 64, shared: true });
  // Takes a number, fills 4 KiB of its own while the others do the same, and
  // counts itself as done.
  const module_ = assemble(`(module
    (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
    (import "env" "memory" (memory 4 64 shared))
    (func (export "_start") (local $at i32) (local $end i32)
      (local.set $at (i32.mul (i32.add (i32.atomic.rmw.add (i32.const 0) (i32.const 1)) (i32.const 1)) (i32.const 4096)))
      (local.set $end (i32.add (local.get $at) (i32.const 4000)))
      (loop $next
        (if (call $args_get (i32.const 65536) (local.get $at)) (then (unreachable)))
        (if (call $random_get (i32.add (local.get $at) (i32.const 4)) (i32.const 60)) (then (unreachable)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
      (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))))`);
  const runs = Array.from({ length: count }, () => start({ module: module_, memory, options: { args: ['abc'] } }));
  await Promise.all(runs.map(({ exited }) => exited));
  assert.deepEqual(runs.map(({ messages }) => messages), Array(count).fill(['started', 0]));
  const words = new Int32Array(memory.buffer);
  assert.deepEqual([words[0], words[2]], [count, count]);
  const abc = Buffer.from('abc\0').readInt32LE();
  for (let index = 1; index <= count; index++) {
    assert.ok(words.subarray(index * 1024, index * 1024 + 1000).every((word) => word === abc));
  }
});

describe('imported as an ES module by its own name', () => {
  const expected = { code: 5, same: true, instance: true };

  test('in a process', async () => {
    const { stdout, stderr } = await run(process.execPath, [helper('esm.mjs')]);
    assert.equal(stderr, '');
    assert.deepEqual(stdout.split('\n'), ['exit with 5', JSON.stringify(expected), '']);
  });

  test('in a Worker', async () => {
    const worker = new Worker(helper('esm.mjs'));
    const [[message]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
    assert.deepEqual(message, expected);
  });
});

describe('many objects', () => {
  test('1000, collected, in a process', async () => {
    const { stdout, stderr } = await run(process.execPath, ['--expose-gc', helper('many-objects.js'), '1000']);
    assert.deepEqual({ stdout, stderr }, { stdout: '0\n', stderr: '' });
  });

  test('what a Worker leaves behind is closed', async () => {
    const openFds = () => fs.readdirSync('/proc/self/fd').length;
    const source = `
      const { WASI } = require(${JSON.stringify(path.join(__dirname, '..'))});
      globalThis.objects = Array.from({ length: 40 }, () =>
        new WASI({ version: 'preview1', preopens: { '/': '/', '/tmp': '/tmp' } }));
      require('node:worker_threads').parentPort.postMessage(require('node:fs').readdirSync('/proc/self/fd').length);
    `;
    const runOne = async () => {
      const worker = new Worker(source, { eval: true });
      const [[during]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
      return during;
    };
    await runOne();
    const atStart = openFds();
    for (let i = 0; i < 5; i++) {
      const during = await runOne();
      assert.ok(during >= atStart + 2, `${during} with two directories more than ${atStart}`);
      assert.equal(openFds(), atStart);
    }
  });

  test('Workers one after the other', async () => {
    for (let i = 0; i < 15; i++) {
      const { exited, messages } = start({ module: fixture('exit-code') });
      assert.equal(await exited, 0);
      assert.deepEqual(messages, ['started', 42]);
    }
  });
});
