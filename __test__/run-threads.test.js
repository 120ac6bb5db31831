'use strict';

// Guests run in threads: how many at once, beside the event loop, from Workers; and what remains.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const os = require('node:os');
const path = require('node:path');
const { describe, test } = require('node:test');
const { PassThrough, Writable } = require('node:stream');
const { Worker } = require('node:worker_threads');
const { FOREVER, TEXT, command, fixture, guest, saying } = require('./helpers/run-guests');
const { descriptors, rejection, threads } = require('./helpers/run-process');
const { compile, configure, run } = require('..');

// How long to wait for what must come, and for what must not.
const [LONG, SHORT] = [60_000, 300];
const tools = { compile, fixture, PassThrough };
const root = path.join(__dirname, '..');
const hello = saying(1, 'hello');

// A process of its own.
function elsewhere(script, { env = {}, shell = 'exec "$0" -e "$1"' } = {}) {
  const prelude = `const { compile, configure, run } = require(${JSON.stringify(root)});
    const guests = require(${JSON.stringify(path.join(__dirname, 'helpers', 'run-guests'))});`;
  const args = ['-c', shell, process.execPath, `${prelude} (async () => { ${script} })()`];
  const { stdout, stderr, status } = spawnSync('sh', args, { encoding: 'utf8', env: { ...process.env, ...env } });
  return { stdout, stderr, status };
}

// Guests of which each waits for what the next one says: they end only if all run at once, else
// they are given up after `patience` ms. (A function that stands for itself, for other processes.)
async function chain(length, patience, { compile, fixture, PassThrough }) {
  const cat = await compile(fixture('cat'));
  const streams = Array.from({ length: length + 1 }, () => new PassThrough());
  streams[length].end('passed on');
  const runs = Array.from({ length }, (_, index) =>
    cat.run({ args: ['cat'], stdin: streams[index + 1], stdout: streams[index] }).then(() => streams[index].end()));
  await Promise.race([Promise.all(runs), new Promise((resolve) => setTimeout(resolve, patience).unref())]);
  return String(streams[0].read());
}

// What guests say that each say something, wait, and say something else.
async function turns(count) {
  const source = guest(`(func (export "_start")
    (call $write (i32.const 1) (i32.const ${TEXT}) (i32.const 1)) (call $sleep (i64.const 20))
    (call $write (i32.const 1) (i32.const ${TEXT + 1}) (i32.const 1)))`, { text: '<>' });
  const program = await compile(source);
  let said = '';
  const log = new Writable({ write: (chunk, _, done) => void (said += chunk, done()) });
  await Promise.all(Array.from({ length: count }, () => program.run({ stdout: log })));
  return said;
}

describe('concurrency', () => {
  test('is how many guests run at once', async () => {
    for (const concurrency of [1, 7, 3, 1]) {
      configure({ concurrency });
      assert.equal(await chain(concurrency, LONG, tools), 'passed on');
    }
    // There is one now.
    assert.equal(await turns(4), '<><><><>');
  });

  test('can be changed while guests wait for their turn', async () => {
    configure({ concurrency: 1 });
    const cat = await compile(fixture('cat'));
    const between = new PassThrough();
    const reader = cat.run({ args: ['cat'], stdin: between });
    const writer = run(hello, { stdout: between }).then(() => between.end());
    configure({ concurrency: 2 });
    // The next one to come brings the second thread.
    await Promise.all([writer, run(hello)]);
    assert.equal((await reader).stdout, 'hello');
  });

  const told = (length, patience, concurrency) => {
    const script = `${chain}
      const { PassThrough } = require('node:stream');
      require('node:fs').writeSync(1, await chain(${length}, ${patience}, { ...guests, compile, PassThrough }));
      process.exit();`;
    return elsewhere(script, { env: { WASI_RS_CONCURRENCY: concurrency } }).stdout;
  };

  test('is that of the machine by default, and can be set in the environment', () => {
    const usual = os.availableParallelism();
    assert.equal(told(usual, LONG, ''), 'passed on');
    assert.equal(told(usual + 1, SHORT, ''), 'null');
    assert.equal(told(usual + 3, LONG, String(usual + 3)), 'passed on');
    assert.equal(told(usual + 3, SHORT, String(usual + 2)), 'null');
    for (const nonsense of ['0', '-1', 'many', '1.5', '4096']) assert.equal(told(usual + 1, SHORT, nonsense), 'null');
  });

  test('is a warning if it is nonsense in the environment', () => {
    for (const nonsense of ['abc', '0']) {
      const { stderr, status } = elsewhere('configure({}); await run(guests.fixture("hello"));', { env: { WASI_RS_CONCURRENCY: nonsense } });
      const warnings = stderr.match(/Warning: .*/g);
      assert.deepEqual(warnings, [
        `Warning: WASI_RS_CONCURRENCY is ignored. It must be an integer from 1 to 1024. Received '${nonsense}'`,
      ]);
      assert.equal(status, 0);
    }
  });
});

describe('the event loop', () => {
  test('goes on while guests compute and wait', async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    const looping = rejection(run(command(FOREVER), { timeout: 150 }), 'ERR_WASI_TIMEOUT');
    const sleeping = run(command('(call $sleep (i64.const 150))'));
    await Promise.all([looping, sleeping]);
    clearInterval(timer);
    assert.ok(ticks >= 5, `${ticks}`);
  });

  test('goes on while a program is compiled', async () => {
    const functions = Array.from({ length: 4000 }, (_, index) =>
      `(func (param i32) (result i32) (i32.add (local.get 0) (i32.const ${index})))`);
    let isCompiled = false;
    const compiling = compile(guest(functions.join('\n')), { cache: false }).then(() => (isCompiled = true));
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    assert.equal(isCompiled, false);
    await compiling;
  });

  test('ends when all guests have ended, not before', () => {
    const { stdout, status } = elsewhere(`
      const p = await compile(guests.command('(call $sleep (i64.const 50))'));
      p.run().then(() => require('node:fs').writeSync(1, 'ended'));`);
    assert.deepEqual([stdout, status], ['ended', 0]);
  });

  test('is not held up by an instance that is not used', () => {
    const { stdout, status } = elsewhere(`
      const instance = await (await compile(guests.fixture('reactor'))).instantiate();
      globalThis.kept = instance;
      require('node:fs').writeSync(1, String(await instance.exports.add(2, 3)));`);
    assert.deepEqual([stdout, status], ['5', 0]);
  });

  test('is left by process.exit() while guests run', () => {
    const { stdout, status } = elsewhere(`
      for (let i = 0; i < 4; i += 1) run(guests.command(guests.FOREVER));
      run(guests.command(guests.waits.sleeping));
      setTimeout(() => process.exit(7), 50);`);
    assert.deepEqual([stdout, status], ['', 7]);
  });
});

describe('many runs', () => {
  test('leave descriptors and threads as they were', async () => {
    const program = await compile(hello);
    const options = { preopens: { '/': '.' }, stdin: 'text', stderr: 'ignore', timeout: 10_000 };
    const some = (count) => Promise.all(Array.from({ length: count }, () => program.run(options)));
    await some(100);
    const before = { descriptors: descriptors(), threads: threads() };
    for (let turn = 0; turn < 20; turn += 1) await some(100);
    const after = { descriptors: descriptors(), threads: threads() };
    assert.ok(after.descriptors <= before.descriptors, `${before.descriptors} → ${after.descriptors}`);
    assert.ok(after.threads <= before.threads, `${before.threads} → ${after.threads}`);
  });

  test('that fail leave descriptors and threads as they were', async () => {
    const [loop, trap] = [await compile(command(FOREVER)), await compile(command('unreachable'))];
    const some = (count) => Promise.allSettled(Array.from({ length: count }, (_, index) => [
      () => loop.run({ timeout: 1 }), () => trap.run(), () => trap.run({ preopens: { a: '.', b: '/nowhere' } }),
      () => trap.run({ stdin: 0, stdout: 1_000_000 }), () => loop.run({ signal: AbortSignal.timeout(1) }),
    ][index % 5]()));
    await some(50);
    const before = { descriptors: descriptors(), threads: threads() };
    for (let turn = 0; turn < 5; turn += 1) await some(50);
    assert.ok(descriptors() <= before.descriptors, `${before.descriptors} → ${descriptors()}`);
    assert.ok(threads() <= before.threads, `${before.threads} → ${threads()}`);
  });

  test('need no more threads than guests run at once, with streams, too', async () => {
    configure({ concurrency: 2 });
    const program = await compile(hello);
    await program.run({ timeout: 1000 });
    const before = threads();
    const withStream = () => program.run({ stdin: new PassThrough().end('x'), timeout: 1000 });
    await Promise.all(Array.from({ length: 100 }, withStream));
    assert.ok(threads() <= before + 2, `${before} → ${threads()}`);
  });

  test('for which there are too few descriptors leave the streams alone', () => {
    const script = `
      const fs = require('node:fs');
      const { PassThrough } = require('node:stream');
      const program = await compile(guests.fixture('cat'));
      const streams = { stdin: new PassThrough().end('x'), stdout: new PassThrough(), stderr: new PassThrough() };
      // With its first pipe libuv opens a descriptor for itself.
      await program.run({ stdin: new PassThrough().end() });
      // Room for one pipe, not for three.
      const taken = [];
      const takeAll = () => { for (;;) taken.push(fs.openSync('/dev/null')); };
      try { takeAll(); } catch {}
      const before = taken.length;
      for (let i = 0; i < 3; i += 1) fs.closeSync(taken.pop());
      const { code } = await program.run(streams).catch((error) => error);
      try { takeAll(); } catch {}
      const after = taken.length;
      for (const fd of taken) fs.closeSync(fd);
      const listeners = streams.stdout.listenerCount('error') + streams.stdin.listenerCount('data');
      fs.writeSync(1, JSON.stringify([code, after - before, listeners, (await program.run({ stdin: 'y' })).stdout]));`;
    const { stdout, stderr } = elsewhere(script, { shell: 'ulimit -n 60; exec "$0" -e "$1"' });
    assert.deepEqual([stdout, stderr], [JSON.stringify(['EMFILE', 0, 0, 'y']), '']);
  });

  test('of one source after the other need few descriptors', () => {
    const script = `for (let i = 0; i < 1500; i += 1) {
        const { stdout } = await run(guests.fixture('demo'));
        if (stdout !== 'hello world\\n') throw new Error(stdout);
      }
      require('node:fs').writeSync(1, 'all');`;
    const { stdout, stderr } = elsewhere(script, { shell: 'ulimit -n 100; exec "$0" -e "$1"' });
    assert.deepEqual([stdout, stderr], ['all', '']);
  });
});

describe('in a Worker', () => {
  const start = (workerData) => new Worker(path.join(__dirname, 'helpers', 'run-worker.js'), { workerData });
  const messagesOf = (worker) => {
    const messages = [];
    worker.on('message', (message) => messages.push(message));
    return messages;
  };

  test('guests run, with streams and without', async () => {
    for (const withStreams of [false, true]) {
      const worker = start({ source: hello, withStreams });
      const messages = messagesOf(worker);
      await once(worker, 'exit');
      const [started, { stdout, exitCode }, ...more] = messages;
      assert.deepEqual([started, stdout, exitCode, more], ['started', withStreams ? '' : 'hello', 0, []]);
    }
  });

  test('and in others guests run at once', async () => {
    const workers = Array.from({ length: 4 }, (_, index) => start({ source: saying(1, `worker ${index}`) }));
    const messages = workers.map(messagesOf);
    await Promise.all(workers.map((worker) => once(worker, 'exit')));
    assert.deepEqual(messages.map(([, { stdout }]) => stdout), [0, 1, 2, 3].map((index) => `worker ${index}`));
  });

  for (const [name, body] of [['compute', FOREVER], ['sleep', '(call $sleep (i64.const 3600000))']]) {
    test(`guests that ${name} end with it`, async () => {
      configure({ concurrency: 1 });
      const worker = start({ source: command(body) });
      await once(worker, 'message');
      await new Promise((resolve) => setTimeout(resolve, 50));
      await worker.terminate();
      // There is one thread for all: it has to be free again.
      assert.equal((await run(hello)).stdout, 'hello');
    });
  }
});
