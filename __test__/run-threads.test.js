'use strict';

// Guests run in threads: how many at once, beside the event loop, from Workers; and what remains.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { describe, test } = require('node:test');
const { PassThrough, Writable } = require('node:stream');
const { setTimeout: pause } = require('node:timers/promises');
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
    cat.run({ args: ['cat'], stdin: streams[index + 1], stdout: streams[index] }));
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

// Gives the promise that settles first, by name; the others go on.
const first = (promises) => Promise.race(Object.entries(promises).map(([name, promise]) => promise.then(() => name, () => name)));
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref());

// A guest that computes until it is told to stop, and has begun to.
async function busy() {
  const controller = new AbortController();
  const stdout = new PassThrough();
  const source = command(`(call $write (i32.const 1) (i32.const 0) (i32.const 1)) ${FOREVER}`);
  const running = run(source, { stdout, signal: controller.signal }).catch(() => {});
  await once(stdout, 'data');
  return { stop: () => (controller.abort(), running) };
}

describe('concurrency', () => {
  test('does not count guests that wait', async () => {
    for (const concurrency of [1, 3]) {
      configure({ concurrency });
      assert.equal(await chain(10, LONG, tools), 'passed on');
    }
  });

  test('lets others begin while a guest waits', async () => {
    configure({ concurrency: 1 });
    assert.ok((await turns(4)).startsWith('<<<<'));
  });

  test('is how many guests compute at once', async () => {
    for (const concurrency of [1, 3]) {
      configure({ concurrency });
      const loops = await Promise.all(Array.from({ length: concurrency }, () => busy()));
      const said = run(hello);
      assert.equal(await first({ said, nothing: later(SHORT) }), 'nothing');
      await loops.pop().stop();
      assert.equal((await said).stdout, 'hello');
      await Promise.all(loops.map((loop) => loop.stop()));
    }
  });

  test('can be changed while guests wait for their turn', async () => {
    configure({ concurrency: 1 });
    const loop = await busy();
    const said = run(hello);
    configure({ concurrency: 2 });
    assert.equal((await said).stdout, 'hello');
    await loop.stop();
  });

  test('does not keep a guest that waits for its turn from being ended', async () => {
    configure({ concurrency: 1 });
    const waiting = run(command('(call $sleep (i64.const 50)) (call $write (i32.const 1) (i32.const 0) (i32.const 1))'), {
      timeout: 200,
    });
    // Takes the turn while the other one sleeps.
    await later(10);
    const loop = await busy();
    await rejection(waiting, 'ERR_WASI_TIMEOUT');
    await loop.stop();
  });

  test('is larger than the number of processors by default', async () => {
    const script = `
      const loops = Array.from({ length: ${2 * os.availableParallelism()} }, () => run(guests.command(guests.FOREVER)));
      require('node:fs').writeSync(1, (await run(guests.saying(1, 'hello'))).stdout);
      process.exit();`;
    assert.equal(elsewhere(script).stdout, 'hello');
  });

  test('can be set in the environment', () => {
    const told = (concurrency) => elsewhere(`
      const [loop, hello] = [await compile(guests.command(guests.FOREVER)), await compile(guests.saying(1, 'hello'))];
      loop.run();
      const said = hello.run().then(({ stdout }) => stdout);
      const nothing = new Promise((resolve) => setTimeout(resolve, ${SHORT}, 'nothing'));
      require('node:fs').writeSync(1, await Promise.race([said, nothing]));
      process.exit();`, { env: { WASI_RS_CONCURRENCY: concurrency } }).stdout;
    assert.equal(told('1'), 'nothing');
    for (const enough of ['2', '', '0', '-1', 'many', '1.5', '4096']) assert.equal(told(enough), 'hello');
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

describe('guests that wait', () => {
  test('are not held up by the guests that have not begun', async () => {
    configure({ concurrency: 1 });
    const waiting = await compile(command('(call $sleep (i64.const 1))'.repeat(5)));
    const computing = await compile(command(
      '(local $i i32) (loop $on (br_if $on (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5000000))))'));
    let ended = 0;
    const first = waiting.run().then(() => ended);
    const others = Array.from({ length: 300 }, () => computing.run().then(() => ended++));
    assert.ok((await first) < 200);
    await Promise.all(others);
  });

  test('can be more than may be in progress', () => {
    const { stdout } = elsewhere(`
      const program = await compile(guests.command('(call $sleep (i64.const 20))'));
      const runs = await Promise.all(Array.from({ length: 4200 }, () => program.run()));
      require('node:fs').writeSync(1, String(runs.length));`);
    assert.equal(stdout, '4200');
  });

  test('leave no more threads than the guests that follow need', async () => {
    const [waiting, short] = [await compile(command('(call $sleep (i64.const 500))')), await compile(hello)];
    await Promise.all(Array.from({ length: 300 }, () => waiting.run()));
    assert.ok(threads() > 300);
    const end = Date.now() + LONG;
    // More than the threads are, within the time after which an idle one ends.
    while (threads() > 200 && Date.now() < end) {
      await short.run();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.ok(threads() <= 200, `${threads()} threads`);
  });

  test('leave a thread for the timeouts of those that follow', () => {
    const { stdout } = elsewhere(`
      const fs = require('node:fs');
      const program = await compile(guests.command('(call $sleep (i64.const 200))'));
      const running = [program.run(), program.run()];
      await new Promise((resolve) => setTimeout(resolve, 100));
      const names = fs.readdirSync('/proc/self/task').map((id) => fs.readFileSync('/proc/self/task/' + id + '/comm', 'utf8'));
      fs.writeSync(1, String(names.includes('wasi-rs-time\\n')));
      await Promise.all(running);`);
    assert.equal(stdout, 'true');
  });

  test('take no descriptors while they sleep', async () => {
    const program = await compile(command('(call $sleep (i64.const 0)) (call $sleep (i64.const 200))'));
    const before = descriptors();
    const running = Promise.all(Array.from({ length: 100 }, () => program.run({ timeout: LONG })));
    await later(100);
    const during = descriptors();
    await running;
    assert.ok(during <= before + 10, `${before} → ${during}`);
  });
});

// Nice levels of the threads that run guests.
function niceLevels() {
  const tasks = fs.readdirSync('/proc/self/task').map((task) => {
    try {
      return fs.readFileSync(`/proc/self/task/${task}/stat`, 'utf8');
    } catch {
      return ''; // It has ended.
    }
  });
  const ofGuests = tasks.filter((stat) => stat.includes('(wasi-rs-guest)'));
  // Fields behind the name, which ends at the last parenthesis: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
  return ofGuests.map((stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]));
}

async function until(condition) {
  const end = Date.now() + LONG;
  while (!condition() && Date.now() < end) await pause(5);
  assert.ok(condition());
}

describe('guests that compute for long', { skip: process.platform !== 'linux' && 'other systems have no nice levels of threads' }, () => {
  test('step back where they occupy all processors, and leave no such thread', async () => {
    const level = os.getPriority();
    const controller = new AbortController();
    const program = await compile(command(FOREVER));
    const count = 2 * os.availableParallelism();
    configure({ concurrency: count + 1 });
    const loops = Array.from({ length: count }, () => (
      program.run({ signal: controller.signal, timeout: LONG }).catch(({ code }) => code)
    ));
    await until(() => niceLevels().filter((nice) => nice > level).length === count);
    // Others begin on threads of their own.
    await run(hello);
    assert.ok(niceLevels().includes(level));
    controller.abort();
    assert.deepEqual(new Set(await Promise.all(loops)), new Set(['ABORT_ERR']));
    await until(() => niceLevels().every((nice) => nice === level));
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

  test('for which there are too few descriptors give up the streams and leave no descriptor', () => {
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
      const destroyed = Object.values(streams).every((stream) => stream.destroyed);
      fs.writeSync(1, JSON.stringify([code, after - before, destroyed, (await program.run({ stdin: 'y' })).stdout]));`;
    const { stdout, stderr } = elsewhere(script, { shell: 'ulimit -n 60; exec "$0" -e "$1"' });
    assert.deepEqual([stdout, stderr], [JSON.stringify(['EMFILE', 0, true, 'y']), '']);
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
