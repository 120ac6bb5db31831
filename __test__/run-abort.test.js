'use strict';

// Ending compile(), run() and calls by an AbortSignal.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { getEventListeners, once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { PassThrough, Readable, Writable } = require('node:stream');
const { describe, test } = require('node:test');
const { setImmediate } = require('node:timers/promises');
const { tempDir } = require('./helpers/guest');
const { CHUNK, FOREVER, TEXT, command, guest, saying, waits } = require('./helpers/run-guests');
const { collectWarnings, rejection } = require('./helpers/run-process');
const { compile, configure, run } = require('..');

const hello = saying(1, 'hello');
const reason = new Error('no longer wanted');
const listeners = (signal) => getEventListeners(signal, 'abort').length;

async function aborted(promise, cause = reason) {
  const error = await rejection(promise, 'ABORT_ERR');
  assert.equal(error.name, 'AbortError');
  assert.equal(error.message, 'The operation was aborted');
  assert.equal(error.cause, cause);
  return error;
}

// A guest that says 'up' to stdout, then to stderr, for which `up` waits, and then does something.
function started(body, options) {
  const stderr = new PassThrough();
  const controller = new AbortController();
  const say = (fd) => `(call $write (i32.const ${fd}) (i32.const ${TEXT}) (i32.const 2))`;
  const source = command(`${say(1)} ${say(2)} ${body}`, { text: 'up' });
  const running = run(source, { stderr, signal: controller.signal, ...options });
  const up = Promise.race([once(stderr, 'data'), running]);
  // Not every test waits for it.
  up.catch(() => {});
  return { running, controller, up };
}

describe('a signal that is aborted already', () => {
  test('rejects at once, and nothing is done', async (t) => {
    const out = path.join(tempDir(t), 'out');
    const fd = fs.openSync(out, 'w');
    t.after(() => fs.closeSync(fd));
    const signal = AbortSignal.abort(reason);
    const program = await compile(hello);
    const stdin = new Readable({ read() { assert.fail('read'); } });
    const options = { signal, stdout: fd };
    for (const start of [
      () => run(hello, options), () => run(program, options), () => run('/nowhere', options),
      () => compile(hello, { signal }), () => program.run({ ...options, stdin }), () => program.instantiate(options),
    ]) await aborted(start());
    assert.equal(fs.statSync(out).size, 0);
    assert.equal(listeners(signal), 0);
  });

  test('gives the reason that Node has by default, and any other', async () => {
    const error = await rejection(run(hello, { signal: AbortSignal.abort() }), 'ABORT_ERR');
    assert.equal(error.cause.name, 'AbortError');
    await aborted(run(hello, { signal: AbortSignal.abort('text') }), 'text');
    await aborted(run(hello, { signal: AbortSignal.abort(null) }), null);
  });
});

describe('a signal ends', () => {
  for (const [name, wait] of Object.entries(waits)) {
    test(`a guest while ${name}`, async (t) => {
      const fifo = path.join(tempDir(t), 'fifo');
      execFileSync('mkfifo', [fifo]);
      const stdin = fs.openSync(fifo, 'r+');
      t.after(() => fs.closeSync(stdin));
      const { running, controller, up } = started(wait, { stdin });
      await up;
      controller.abort(reason);
      const error = await aborted(running);
      assert.ok(error.duration > 0);
      assert.equal(listeners(controller.signal), 0);
    });
  }

  test('a guest while it waits for a Readable', async () => {
    const stdin = new Readable({ read() {} });
    const { running, controller, up } = started(waits.reading, { stdin });
    await up;
    controller.abort(reason);
    await aborted(running);
    assert.deepEqual([stdin.destroyed, stdin.listenerCount('data')], [true, 0]);
  });

  test('a guest while it waits for a Writable that takes nothing', async () => {
    const stdout = new PassThrough();
    const { running, controller } = started(`(call $flood (i32.const 1) (i32.const 100))`, { stdout });
    while (stdout.writableLength === 0) await setImmediate();
    controller.abort(reason);
    await aborted(running);
    assert.equal(stdout.destroyed, false);
  });

  test('the wait for a Writable after the guest has ended', async () => {
    const controller = new AbortController();
    const program = await compile(saying(2, 'hello', `(call $write (i32.const 1) (i32.const ${TEXT}) (i32.const 5))`));
    const stdout = new Writable({ write() { setTimeout(() => controller.abort(reason), 20); } });
    const error = await aborted(program.run({ stdout, signal: controller.signal }));
    assert.equal(error.stderr, 'hello');
    assert.equal(listeners(controller.signal), 0);
  });

  test('a guest, and its error has the output so far', async () => {
    const { running, controller, up } = started(FOREVER);
    await up;
    controller.abort(reason);
    assert.equal((await aborted(running)).stdout, 'up');
  });

  test('a guest when the time of AbortSignal.timeout() is over', async () => {
    const { cause } = await rejection(run(command(FOREVER), { signal: AbortSignal.timeout(20) }), 'ABORT_ERR');
    assert.equal(cause.name, 'TimeoutError');
  });

  test('a start function, in run() and instantiate()', async () => {
    const source = Buffer.from(`(module (func $start ${FOREVER}) (start $start) (func (export "_start")))`);
    const program = await compile(source);
    for (const start of [(signal) => program.run({ signal }), (signal) => program.instantiate({ signal })]) {
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 20);
      await aborted(start(controller.signal));
    }
  });

  test('compiling', async () => {
    const functions = Array.from({ length: 3000 }, (_, index) =>
      `(func (param i32) (result i32) (i32.add (local.get 0) (i32.const ${index})))`);
    const controller = new AbortController();
    const compiling = compile(guest(functions.join('\n')), { signal: controller.signal, cache: false });
    controller.abort(reason);
    await aborted(compiling);
    assert.equal(listeners(controller.signal), 0);
  });

  test('the wait for a Response', async () => {
    const controller = new AbortController();
    const compiling = compile(new Response(new ReadableStream()), { signal: controller.signal });
    controller.abort(reason);
    await aborted(compiling);
  });

  test('a guest that waits for its turn, which never starts', async (t) => {
    configure({ concurrency: 1 });
    const out = path.join(tempDir(t), 'out');
    const fd = fs.openSync(out, 'w');
    t.after(() => fs.closeSync(fd));
    const first = started(FOREVER);
    await first.up;
    const controller = new AbortController();
    const queued = run(await compile(hello), { signal: controller.signal, stdout: fd });
    setTimeout(() => controller.abort(reason), 20);
    // The first one goes on. Only if the queued one is not told before, it has to go.
    let hasGivenUp = false;
    const giveUp = setTimeout(() => {
      hasGivenUp = true;
      first.controller.abort();
    }, 5000);
    await aborted(queued);
    assert.equal(hasGivenUp, false);
    clearTimeout(giveUp);
    first.controller.abort();
    await rejection(first.running, 'ABORT_ERR');
    assert.equal((await run(hello)).stdout, 'hello');
    assert.equal(fs.statSync(out).size, 0);
    configure({ concurrency: 2 });
  });
});

describe('a signal', () => {
  test('is left alone when the run is over', async () => {
    const { signal } = new AbortController();
    const program = await compile(hello, { signal });
    await program.run({ signal });
    await run(hello, { signal, stdout: new PassThrough().resume() });
    await rejection(run(command('unreachable'), { signal }), 'ERR_WASI_TRAP');
    await rejection(run('/nowhere', { signal }), 'ENOENT');
    await rejection(program.run({ signal, preopens: { a: '/nowhere' } }), 'UVWASI_ENOENT');
    assert.equal(listeners(signal), 0);
  });

  test('is listened to once, however many guests it is for', async (t) => {
    const warnings = collectWarnings(t);
    const controller = new AbortController();
    const runs = Array.from({ length: 30 }, () => aborted(run(command(FOREVER), { signal: controller.signal })));
    setTimeout(() => controller.abort(reason), 50);
    await Promise.all(runs);
    assert.deepEqual([listeners(controller.signal), warnings], [0, []]);
  });

  test('that comes when the guest has ended changes nothing', async () => {
    const controller = new AbortController();
    const result = await run(hello, { signal: controller.signal });
    controller.abort(reason);
    assert.equal(result.stdout, 'hello');
  });

  test('ends one guest, not those beside it', async () => {
    const controller = new AbortController();
    const first = run(command(waits.sleeping), { signal: controller.signal });
    const second = run(command('(call $sleep (i64.const 100))'));
    setTimeout(() => controller.abort(reason), 20);
    await aborted(first);
    assert.equal((await second).exitCode, 0);
  });
});

test('a pipe that is full when the guest is ended is emptied, not kept', async () => {
  const taken = [];
  // Takes one chunk, and the next when the run is over.
  const stdout = new Writable({
    write(chunk, _, done) {
      if (taken.push(chunk.length) > 1) done();
      else setTimeout(done, 60);
    },
  });
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 30);
  await aborted(run(command(`(call $flood (i32.const 1) (i32.const 1000))`), { stdout, signal: controller.signal }));
  if (stdout.writableNeedDrain) await once(stdout, 'drain');
  const bytes = taken.reduce((sum, length) => sum + length, 0) + stdout.writableLength;
  assert.ok(bytes >= CHUNK && bytes <= 8 * CHUNK, `${bytes}`);
});
