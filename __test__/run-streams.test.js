'use strict';

// Streams of Node as stdin, stdout and stderr.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { describe, test } = require('node:test');
const { PassThrough, Readable, Writable } = require('node:stream');
const { tempDir } = require('./helpers/guest');
const { CHUNK, TEXT, command, fixture, guest, saying } = require('./helpers/run-guests');
const { collectWarnings, descriptors, rejection } = require('./helpers/run-process');
const { compile, configure, run } = require('..');

const MIB = 2 ** 20;
const BIG = 50 * MIB;
const boom = new Error('boom');

const cat = (options) => run(fixture('cat'), { args: ['cat'], ...options });
const flooding = (chunks, fd = 1) => command(`(call $flood (i32.const ${fd}) (i32.const ${chunks}))`);
// Exits with the MiB that it read.
const draining = command('(call $proc_exit (i32.div_u (call $drain) (i32.const 1048576)))');

// Keeps what it gets. Takes its time for each chunk, if told to.
function collector(delay = (done) => done()) {
  const chunks = [];
  const stream = new Writable({
    write(chunk, _, done) {
      chunks.push(chunk);
      delay(done);
    },
  });
  const bytes = () => Buffer.concat(chunks);
  return Object.assign(stream, { bytes, text: () => bytes().toString() });
}

// Gives `total` bytes, each chunk other than the one before; `given` says how many so far.
function source(total, size = CHUNK) {
  const stream = new Readable({
    read() {
      if (this.given >= total) return void this.push(null);
      this.given += size;
      this.push(Buffer.alloc(size, this.given / size));
    },
  });
  return Object.assign(stream, { given: 0 });
}

const soon = (ms = 50) => new Promise((resolve) => setTimeout(resolve, ms));

function assertUnheard(...streams) {
  for (const stream of streams) {
    for (const name of ['error', 'close', 'data', 'end', 'drain']) assert.equal(stream.listenerCount(name), 0, name);
  }
}

describe('stdout and stderr as Writables', () => {
  test('get all that the guest writes', async () => {
    const [stdout, stderr] = [collector(), collector()];
    const both = command(`
      (call $write (i32.const 1) (i32.const ${TEXT}) (i32.const 3))
      (call $write (i32.const 2) (i32.const ${TEXT + 3}) (i32.const 3))`, { text: 'outerr' });
    const result = await run(both, { stdout, stderr });
    assert.deepEqual([result.stdout, result.stderr, result.exitCode], ['', '', 0]);
    assert.deepEqual([stdout.text(), stderr.text()], ['out', 'err']);
    assertUnheard(stdout, stderr);
  });

  test('can be one, which keeps the order', async () => {
    const log = collector();
    const turns = Array.from({ length: 20 }, (_, index) =>
      `(call $write (i32.const ${1 + (index % 2)}) (i32.const ${TEXT + index}) (i32.const 1))`);
    await run(command(turns.join('\n'), { text: 'abcdefghijklmnopqrst' }), { stdout: log, stderr: log });
    assert.equal(log.text(), 'abcdefghijklmnopqrst');
    assertUnheard(log);
  });

  test('can be shared by many guests, without a warning', async (t) => {
    const warnings = collectWarnings(t);
    const log = collector();
    const program = await compile(saying(1, 'x'));
    await Promise.all(Array.from({ length: 40 }, () => program.run({ stdout: log })));
    await soon(0);
    assert.deepEqual([log.text(), warnings], ['x'.repeat(40), []]);
    assertUnheard(log);
  });

  test('are done with all when the promise is fulfilled', async () => {
    let isDone = false;
    const slow = new Writable({
      write(chunk, _, done) {
        setTimeout(() => {
          isDone = true;
          done();
        }, 60);
      },
    });
    await run(saying(1, 'hello'), { stdout: slow });
    assert.equal(isDone, true);
  });

  test('that are slow get 50 MB without a pile', async () => {
    let [bytes, most] = [0, 0];
    const slow = new Writable({
      write(chunk, _, done) {
        bytes += chunk.length;
        most = Math.max(most, slow.writableLength);
        setImmediate(done);
      },
    });
    await run(flooding(BIG / CHUNK), { stdout: slow });
    assert.equal(bytes, BIG);
    assert.ok(most <= slow.writableHighWaterMark + 2 * CHUNK, `${most}`);
  });

  test('that take nothing hold up the guest', async () => {
    let stuck;
    let isOver = false;
    let running;
    const finish = await new Promise((resolve) => {
      stuck = collector(resolve);
      running = run(flooding(BIG / CHUNK), { stdout: stuck }).then(() => (isOver = true));
    });
    await soon();
    assert.equal(isOver, false);
    assert.ok(stuck.writableLength <= 4 * CHUNK, `${stuck.writableLength}`);
    stuck._write = (chunk, _, done) => done();
    finish();
    await running;
  });

  test('that fail end the guest, and their error is the reason', async () => {
    const failing = new Writable({ write: (chunk, _, done) => done(boom) });
    const throwing = Object.assign(new PassThrough(), { write() { throw boom; } });
    const destroyed = collector(() => destroyed.destroy(boom));
    for (const stdout of [failing, throwing, destroyed]) {
      await assert.rejects(run(flooding(1e6), { stdout }), (error) => error === boom);
    }
    await assert.rejects(run(command('(call $flood (i32.const 1) (i32.const 1)) (call $sleep (i64.const 3600000))'),
      { stdout: new Writable({ write: (chunk, _, done) => done(boom) }) }), (error) => error === boom);
  });

  test('that fail after the guest has ended are the reason, too', async () => {
    const late = new Writable({ write: (chunk, _, done) => setTimeout(done, 60, boom) });
    await assert.rejects(run(saying(1, 'hello'), { stdout: late }), (error) => error === boom);
  });

  test('that fail and close slowly are heard, too', async () => {
    const destroy = (error, done) => setTimeout(done, 40, error);
    const late = new Writable({ write: (chunk, _, done) => setTimeout(done, 20, boom), destroy });
    const broken = new Writable({ write: (chunk, _, done) => { broken.destroy(boom); done(); }, destroy });
    for (const stdout of [late, broken]) {
      await assert.rejects(run(saying(1, 'hello'), { stdout }), (error) => error === boom);
      await new Promise((resolve) => stdout.on('close', resolve));
    }
  });

  test('that are closed give the guest EPIPE', async () => {
    const EPIPE = 64;
    const closing = collector(() => closing.destroy());
    assert.equal((await run(flooding(1e6), { stdout: closing })).exitCode, EPIPE);
  });

  test('that are closed when the guest has written all change nothing', async () => {
    const closing = collector(() => setTimeout(() => closing.destroy(), 30));
    assert.equal((await run(saying(1, 'hello'), { stdout: closing })).exitCode, 0);
    assert.equal(closing.text(), 'hello');
  });

  test('get what a guest wrote before its end by a limit', async () => {
    const stdout = collector();
    const source = saying(1, 'last words', '(call $sleep (i64.const 3600000))');
    await rejection(run(source, { stdout, timeout: 1000 }), 'ERR_WASI_TIMEOUT');
    assert.equal(stdout.text(), 'last words');
  });

  test('that take nothing do not hold up the news of a failure', async () => {
    const stuck = new Writable({ write() {} });
    await rejection(run(flooding(1e6), { stdout: stuck, timeout: 50 }), 'ERR_WASI_TIMEOUT');
    await rejection(run(saying(1, 'x', 'unreachable'), { stdout: stuck }), 'ERR_WASI_TRAP');
  });

  test('can be files', async (t) => {
    const file = path.join(tempDir(t), 'file');
    const stdout = fs.createWriteStream(file);
    await run(flooding(100), { stdout });
    assert.equal(fs.statSync(file).size, 100 * CHUNK);
  });

  test('can be answers to requests', async (t) => {
    const program = await compile(flooding(100));
    const server = http.createServer((request, response) => program.run({ stdout: response }));
    t.after(() => server.close());
    await once(server.listen(0), 'listening');
    const answer = await fetch(`http://localhost:${server.address().port}`);
    assert.equal((await answer.text()).length, 100 * CHUNK);
  });

  test('leave the other stream captured', async () => {
    assert.equal((await run(saying(2, 'err'), { stdout: collector() })).stderr, 'err');
    await rejection(run(flooding(20, 2), { stdout: collector() }), 'ERR_WASI_MAX_BUFFER');
    assert.equal((await run(flooding(20, 1), { stdout: collector(), maxBuffer: 0 })).exitCode, 0);
  });
});

describe('stdin as a Readable', () => {
  test('gives all that it has', async () => {
    for (const stdin of [
      Readable.from(['a', 'é', 'c']), Readable.from([Buffer.from('aéc')]),
      new PassThrough().end('aéc'), new PassThrough().setEncoding('utf8').end('aéc'),
    ]) assert.equal((await cat({ stdin })).stdout, 'aéc');
    assert.equal((await cat({ stdin: Readable.from([]) })).stdout, '');
  });

  test('that has been read to its end is empty', async () => {
    const stdin = Readable.from(['text']);
    for await (const chunk of stdin) assert.equal(chunk, 'text');
    assert.equal((await cat({ stdin })).stdout, '');
  });

  test('can be what another guest writes', async () => {
    configure({ concurrency: 3 });
    const [first, second] = [new PassThrough(), new PassThrough()];
    const chain = [
      run(flooding(100), { stdout: first }),
      cat({ stdin: first, stdout: second }),
      run(fixture('stdin-lines'), { stdin: second }),
    ];
    assert.equal((await Promise.all(chain))[2].stdout, `lines=0 bytes=${100 * CHUNK}\n`);
  });

  test('gives 50 MB', async () => {
    assert.equal((await run(draining, { stdin: source(BIG) })).exitCode, 50);
    assert.equal((await run(draining, { stdin: source(BIG, 1000) })).exitCode, 50);
  });

  test('goes through the guest unchanged', async () => {
    const stdout = collector();
    await cat({ stdin: source(10 * MIB, 1000), stdout });
    const expected = await source(10 * MIB, 1000).toArray();
    assert.equal(Buffer.compare(stdout.bytes(), Buffer.concat(expected)), 0);
  });

  test('is read no faster than the guest reads', async () => {
    const slow = guest('(func (export "read") (result i32) (call $drain))');
    const stdin = source(BIG);
    const instance = await (await compile(slow)).instantiate({ stdin });
    await soon();
    assert.ok(stdin.given <= 8 * CHUNK, `${stdin.given}`);
    assert.equal(await instance.exports.read(), BIG);
    instance.close();
  });

  test('that fails ends the guest, and its error is the reason', async () => {
    const early = new Readable({ read() { this.destroy(boom); } });
    await assert.rejects(run(draining, { stdin: early }), (error) => error === boom);
    // Even one that does not read.
    for (const source of [draining, command('(call $sleep (i64.const 3600000))')]) {
      const stdin = new Readable({ read() {} });
      setTimeout(() => stdin.destroy(boom), 100);
      await assert.rejects(run(source, { stdin }), (error) => error === boom);
    }
  });

  test('that closes before its end ends the guest', async () => {
    const stdin = new Readable({ read() {} });
    setTimeout(() => stdin.destroy(), 30);
    await rejection(run(draining, { stdin }), 'ERR_STREAM_PREMATURE_CLOSE');
  });

  test('that gives neither text nor bytes ends the guest', async () => {
    await rejection(run(draining, { stdin: Readable.from([{ an: 'object' }]) }), 'ERR_INVALID_ARG_TYPE');
  });

  test('can be a file', async (t) => {
    const file = path.join(tempDir(t), 'file');
    fs.writeFileSync(file, Buffer.alloc(5 * MIB));
    assert.equal((await run(draining, { stdin: fs.createReadStream(file) })).exitCode, 5);
  });
});

describe('while a program is compiled', () => {
  test('streams that fail or close do the same as later', async () => {
    const streams = () => [{ stdin: new PassThrough() }, { stdout: new PassThrough() }, { stderr: new PassThrough() }];
    for (const options of streams()) {
      const running = run(fixture('cat'), { args: ['cat'], ...options });
      for (const stream of Object.values(options)) stream.destroy(boom);
      await assert.rejects(running, (error) => error === boom);
    }
    const stdin = new PassThrough();
    const running = run(fixture('cat'), { args: ['cat'], stdin });
    stdin.destroy();
    await rejection(running, 'ERR_STREAM_PREMATURE_CLOSE');
  });
});

describe('no error of a stream ends the process', () => {
  const names = ['stdin', 'stdout', 'stderr'];
  // Unlike once(), it does not listen for errors.
  const closed = (stream) => new Promise((resolve) => stream.on('close', resolve));

  // That it fails is known at once, but told later, when nobody waits for the guest any more.
  const failingAndAborting = async (name, start) => {
    const stream = new PassThrough();
    const controller = new AbortController();
    const { signal } = controller;
    signal.addEventListener('abort', () => stream.destroy(boom));
    const hasClosed = closed(stream);
    await Promise.resolve();
    const running = start({ [name]: stream, signal });
    controller.abort();
    await rejection(running, 'ABORT_ERR');
    await hasClosed;
  };

  test('when its signal aborts', async () => {
    for (const name of names) await failingAndAborting(name, (options) => run(draining, options));
  });

  test('when stdin fails after the guest has ended', async () => {
    const stdin = new PassThrough();
    let finish;
    const stdout = collector((done) => (finish = done));
    const running = run(saying(1, 'x'), { stdin, stdout, end: false });
    while (finish === undefined || stdin.listenerCount('data') > 0) await soon(5);
    stdin.destroy(boom);
    await closed(stdin);
    finish();
    assert.equal((await running).exitCode, 0);
  });

  test('when an instance is closed as its stdin ends', async () => {
    const stdin = new PassThrough();
    let instance;
    stdin.on('end', () => instance.close());
    instance = await (await compile(guest('(func (export "f"))'))).instantiate({ stdin });
    stdin.end();
    await closed(stdin);
    await rejection(instance.exports.f(), 'ERR_WASI_CLOSED');
  });
});

test('no descriptors are left, whatever happens', async () => {
  const sources = [saying(1, 'x'), flooding(1e6), draining];
  const [writing, flood, drain] = await Promise.all(sources.map((each) => compile(each)));
  const endings = () => [
    writing.run({ stdin: Readable.from(['x']), stdout: collector(), stderr: collector() }),
    flood.run({ stdout: new Writable({ write: (chunk, _, done) => done(boom) }) }),
    drain.run({ stdin: new Readable({ read() { this.destroy(boom); } }), stdout: collector() }),
    flood.run({ stdout: new Writable({ write() {} }), timeout: 20 }),
    drain.run({ stdin: source(BIG), stdout: collector(), preopens: { a: '/nowhere' } }),
    drain.run({ stdin: source(MIB), stdout: collector(), stderr: 1_000_000 }),
    run('/nowhere.wasm', { stdin: source(MIB), stdout: collector() }),
    run(saying(1, 'x'), { stdin: source(MIB).destroy(), stdout: collector() }),
    run(saying(1, 'x'), { stdin: Object.assign(source(MIB), { on() { throw boom; } }), stdout: collector() }),
    run(saying(1, 'x'), { stdin: new Readable({ construct: (done) => done(boom), read() {} }), stdout: collector() }),
  ];
  await Promise.allSettled(endings());
  await soon();
  const before = descriptors();
  for (let turn = 0; turn < 20; turn += 1) await Promise.allSettled(endings());
  await soon();
  assert.ok(descriptors() <= before, `${before} → ${descriptors()}`);
});
