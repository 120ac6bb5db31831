'use strict';

// spawn(): guests that the host talks to while they run.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { availableParallelism } = require('node:os');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const { PassThrough, Readable, Writable } = require('node:stream');
const { inspect } = require('node:util');
const { tempDir } = require('./helpers/guest');
const { CHUNK, FOREVER, command, fixture, guest, saying, waits } = require('./helpers/run-guests');
const { rejection } = require('./helpers/run-process');
const { compile, configure, run, spawn } = require('..');

const EPIPE = 64;
const boom = new Error('boom');
const root = path.join(__dirname, '..');
const cat = compile(fixture('cat'));
const soon = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));
const spawnCat = async (options) => (await cat).spawn({ args: ['cat'], ...options });
const textOf = async (stream) => Buffer.concat(await stream.toArray()).toString();
const flooding = (chunks) => command(`(call $flood (i32.const 1) (i32.const ${chunks}))`);

const concurrency = 16 * availableParallelism();
after(() => configure({ concurrency }));

// In a process of its own, which must end without an error.
function elsewhere(script) {
  const prelude = `const { compile, run, spawn } = require(${JSON.stringify(root)});
    const guests = require(${JSON.stringify(path.join(__dirname, 'helpers', 'run-guests'))});`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', `${prelude} (async () => { ${script} })()`], { encoding: 'utf8' });
  assert.deepEqual([stderr, status], ['', 0]);
  return stdout;
}

describe('streams', () => {
  test('are there at once, for a conversation', async () => {
    const talking = spawn(fixture('cat'), { args: ['cat'] });
    assert.ok(talking.stdin instanceof Writable);
    assert.ok(talking.stdout instanceof Readable && talking.stderr instanceof Readable);
    talking.stdout.setEncoding('utf8');
    for (const line of ['one\n', 'two\n', 'three\n']) {
      talking.stdin.write(line);
      assert.deepEqual(await once(talking.stdout, 'data'), [line]);
    }
    talking.stdin.end('last');
    assert.equal((await talking.stdout.toArray()).join(''), 'last');
    assert.equal((await talking.exit).exitCode, 0);
  });

  test('are separate', async () => {
    const both = spawn(command(`(call $write (i32.const 1) (i32.const 1024) (i32.const 3))
      (call $write (i32.const 2) (i32.const 1027) (i32.const 3))`, { text: 'outerr' }));
    assert.deepEqual([await textOf(both.stdout), await textOf(both.stderr)], ['out', 'err']);
  });

  test('are null if they are anything other than pipes', async (t) => {
    const file = path.join(tempDir(t), 'out');
    const fd = fs.openSync(file, 'w');
    const elsewhere = await spawnCat({ stdin: 'text', stdout: fd, stderr: 'ignore' });
    assert.deepEqual([elsewhere.stdin, elsewhere.stdout, elsewhere.stderr], [null, null, null]);
    assert.equal((await elsewhere.exit).stdout, '');
    fs.closeSync(fd);
    assert.equal(fs.readFileSync(file, 'utf8'), 'text');
    const log = new PassThrough();
    const mixed = await spawnCat({ stdin: new Blob(['blob']).stream(), stdout: log, stderr: 'pipe' });
    assert.deepEqual([mixed.stdin, mixed.stdout, typeof mixed.stderr], [null, null, 'object']);
    assert.equal(await textOf(log), 'blob');
    await mixed.exit;
  });

  test('of the user are destroyed with the error, and those of the guest end', async () => {
    const [stdin, stderr] = [new PassThrough(), new PassThrough()];
    const failing = spawn(saying(1, 'last words', 'unreachable'), { stdin, stderr });
    const error = await rejection(failing.exit, 'ERR_WASI_TRAP');
    assert.deepEqual([stdin.errored, stderr.errored], [error, error]);
    assert.equal(await textOf(failing.stdout), 'last words');
  });

  test('can be in a chain', async () => {
    const guests = await Promise.all(Array.from({ length: 10 }, () => spawnCat()));
    guests.reduce((from, to) => (from.stdout.pipe(to.stdin), to));
    const chunks = Array.from({ length: 100 }, (_, index) => Buffer.alloc(10_000, index));
    Readable.from(chunks).pipe(guests[0].stdin);
    const all = Buffer.concat(await guests.at(-1).stdout.toArray());
    assert.equal(Buffer.compare(all, Buffer.concat(chunks)), 0);
    for (const { exit } of guests) assert.equal((await exit).exitCode, 0);
  });

  test('can be those of 200 guests at once', async () => {
    const texts = await Promise.all(Array.from({ length: 200 }, async (_, index) => {
      const one = await spawnCat();
      one.stdin.end(`text ${index}`);
      return textOf(one.stdout);
    }));
    assert.deepEqual(texts, Array.from({ length: 200 }, (_, index) => `text ${index}`));
  });

  test('work in a Worker', () => {
    const code = `const { spawn } = require(${JSON.stringify(root)});
      const guest = spawn(${JSON.stringify(fixture('cat'))}, { args: ['cat'] });
      guest.stdin.end('text');
      guest.stdout.toArray().then((chunks) => require('node:worker_threads').parentPort.postMessage(String(Buffer.concat(chunks))));`;
    assert.equal(elsewhere(`const { Worker } = require('node:worker_threads');
      new Worker(${JSON.stringify(code)}, { eval: true }).on('message', (text) => console.log(text));`), 'text\n');
  });

  test('of a guest that has not begun are closed with their Worker', () => {
    const code = `const { spawn } = require(${JSON.stringify(root)});
      for (let i = 0; i < 5; i += 1) spawn(${JSON.stringify(fixture('cat'))}, { cache: false });
      process.exit();`;
    assert.equal(elsewhere(`const { Worker } = require('node:worker_threads');
      const { once } = require('node:events');
      const { readdirSync } = require('node:fs');
      const workers = async (count) => {
        for (let i = 0; i < count; i += 1) await once(new Worker(${JSON.stringify(code)}, { eval: true }), 'exit');
        return readdirSync('/proc/self/fd').length;
      };
      const before = await workers(2);
      const after = await workers(5);
      console.log(after - before < 15 ? 'flat' : after - before);`), 'flat\n');
  });

  test('of a guest that is not ended end with their Worker', () => {
    const code = `const { spawn } = require(${JSON.stringify(root)});
      spawn(${JSON.stringify(fixture('cat'))}, { args: ['cat'] }).stdin.write('x');
      setTimeout(() => process.exit(), 50);`;
    assert.equal(elsewhere(`const { Worker } = require('node:worker_threads');
      new Worker(${JSON.stringify(code)}, { eval: true }).on('exit', () => console.log('over'));`), 'over\n');
  });
});

describe('exit', () => {
  test('is fulfilled with the same result as run()', async () => {
    const options = { args: ['cat', '/missing'], fuel: 10_000_000 };
    const [{ duration: one, ...ours }, { duration: other, ...theirs }] = [
      await (await cat).spawn({ ...options, stderr: 'ignore' }).exit, await (await cat).run({ ...options, stderr: 'ignore' }),
    ];
    assert.deepEqual(ours, theirs);
    assert.ok(ours.exitCode === 1 && one > 0 && other > 0);
  });

  test('rejects with the same errors', async () => {
    const broken = Buffer.from('(module');
    const expected = await run(broken).catch((error) => error);
    const { exit } = spawn(broken);
    assert.deepEqual(await exit.catch((error) => error), expected);
    await rejection(spawn('/nowhere').exit, 'ENOENT');
    await rejection(spawn(5).exit, 'ERR_INVALID_ARG_TYPE');
    await rejection((await cat).spawn({ preopens: { '/': '/nowhere' } }).exit, 'UVWASI_ENOENT');
    await rejection((await cat).spawn({ stdout: new PassThrough().destroy() }).exit, 'ERR_INVALID_ARG_VALUE');
    const trapped = await rejection(spawn(saying(1, 'x', 'unreachable')).exit, 'ERR_WASI_TRAP');
    assert.deepEqual([trapped.trap, trapped.stdout], ['unreachable', '']);
    await rejection(spawn(command(waits.reading), { timeout: 20 }).exit, 'ERR_WASI_TIMEOUT');
    await rejection(spawn(command(waits.reading), { signal: AbortSignal.timeout(20) }).exit, 'ABORT_ERR');
    const { cause } = await rejection(spawn('/nowhere', { signal: AbortSignal.abort(boom) }).exit, 'ABORT_ERR');
    assert.equal(cause, boom);
  });

  test('that rejects does not end the process, although no one listens', () => {
    assert.equal(elsewhere(`spawn('/nowhere');
      const guest = spawn(guests.saying(1, 'text', 'unreachable'));
      setTimeout(async () => { for await (const chunk of guest.stdout) console.log(String(chunk)); }, 50);`), 'text\n');
  });

  test('does not wait for a reader, and nothing is lost', async () => {
    const bytes = 60_000;
    const quiet = spawn(command(`(call $write (i32.const 1) (i32.const 65536) (i32.const ${bytes}))
      (call $write (i32.const 2) (i32.const 65536) (i32.const ${bytes}))`));
    assert.equal((await quiet.exit).exitCode, 0);
    await soon();
    for (const stream of [quiet.stdout, quiet.stderr]) {
      let total = 0;
      for await (const chunk of stream) total += chunk.length;
      assert.equal(total, bytes);
    }
  });

  test('comes with the end of the streams, however the guest ends', async () => {
    const kinds = [
      saying(1, 'words'), saying(1, 'words', 'unreachable'), saying(1, 'words', waits.sleeping),
      saying(1, 'words', FOREVER), saying(1, 'words', '(call $proc_exit (i32.const 3))'),
    ];
    for (const kind of kinds) assert.equal(await textOf(spawn(kind, { timeout: 100 }).stdout), 'words');
    for (const never of [spawn('/nowhere'), spawn(Buffer.from('(module'))]) {
      assert.deepEqual([await textOf(never.stdout), await textOf(never.stderr)], ['', '']);
      assert.equal(never.stdin.destroyed, true);
    }
  });
});

describe('backpressure', () => {
  test('a guest whose output no one reads waits, and lets others compute', async () => {
    configure({ concurrency: 1 });
    const endless = spawn(flooding(1_000_000));
    await soon(50);
    assert.ok(endless.stdout.readableLength < 4 * CHUNK, `${endless.stdout.readableLength}`);
    assert.equal((await run(saying(1, 'meanwhile'))).stdout, 'meanwhile');
    let total = 0;
    for await (const chunk of endless.stdout) if ((total += chunk.length) > 10 * CHUNK) break;
    assert.equal((await endless.exit).exitCode, EPIPE);
    configure({ concurrency });
  });

  test('a host whose input the guest does not read waits', async () => {
    const late = spawn(saying(1, 'x', `(call $sleep (i64.const 100)) ${waits.reading}`));
    const chunk = Buffer.alloc(CHUNK);
    let written = 0;
    while (late.stdin.write(chunk)) assert.ok((written += 1) < 10);
    late.stdin.write(chunk);
    late.stdin.write(chunk);
    await once(late.stdin, 'drain');
    late.stdin.end();
    assert.equal((await late.exit).exitCode, 0);
  });

  test('50 MB pass through, unchanged', async () => {
    const [piece, pieces] = [Buffer.from('0123456789'.repeat(10_000)), 500];
    const through = await spawnCat();
    Readable.from((function* () { for (let i = 0; i < pieces; i += 1) yield piece; })()).pipe(through.stdin);
    let [total, isSame] = [0, true];
    for await (const chunk of through.stdout) {
      const start = total % 10;
      isSame &&= Buffer.compare(chunk, Buffer.from('0123456789'.repeat(7000)).subarray(start, start + chunk.length)) === 0;
      total += chunk.length;
    }
    assert.deepEqual([total, isSame], [piece.length * pieces, true]);
  });
});

describe('stdin', () => {
  const written = (stream, chunk) => new Promise((resolve) => stream.write(chunk, resolve));

  test('is destroyed without an error when the guest ends without reading it', async () => {
    const short = spawn(command('(drop (call $read))'));
    short.stdin.on('error', assert.fail).write(Buffer.alloc(20 * CHUNK));
    await short.exit;
    assert.equal(short.stdin.destroyed, true);
    assert.equal((await written(short.stdin, 'x')).code, 'ERR_STREAM_DESTROYED');
    await soon(0);
  });

  test('is destroyed without an error when the guest closes it', async () => {
    const closing = Buffer.from(`(module
      (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\01\\00\\00\\00") (data (i32.const 16) "x")
      (func (export "_start")
        (drop (call $fd_close (i32.const 0)))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (loop $forever (br $forever))))`);
    const one = spawn(closing);
    one.stdin.on('error', assert.fail);
    await once(one.stdout, 'data');
    assert.equal((await written(one.stdin, 'x')).code, 'EPIPE');
    assert.equal(one.stdin.destroyed, true);
    one.kill();
    await rejection(one.exit, 'ABORT_ERR');
  });

  test('no error ends the process if no one listens', () => {
    assert.equal(elsewhere(`const guest = spawn(guests.command('(drop (call $read))'));
      const write = () => { guest.stdin.write(Buffer.alloc(100000)); if (!guest.stdin.destroyed) setImmediate(write); };
      write();
      console.log((await guest.exit).exitCode);`), '0\n');
  });

  test('that is destroyed is the end of the input', async () => {
    const reading = spawn(command('(call $proc_exit (call $drain))'));
    await written(reading.stdin, 'four');
    reading.stdin.destroy();
    assert.equal((await reading.exit).exitCode, 4);
  });

  test('that is ended before the guest starts is read', async () => {
    const late = spawn(fixture('cat'), { args: ['cat'] });
    late.stdin.end('early');
    assert.equal(await textOf(late.stdout), 'early');
  });
});

test('a guest gets EPIPE when stdout is destroyed', async () => {
  const endless = spawn(flooding(1_000_000));
  await once(endless.stdout, 'readable');
  endless.stdout.destroy();
  assert.equal((await endless.exit).exitCode, EPIPE);
});

describe('options', () => {
  test('that are wrong are thrown', async () => {
    const program = await cat;
    for (const start of [(options) => spawn('/nowhere', options), (options) => program.spawn(options)]) {
      assert.throws(() => start({ timeout: 'x' }), { code: 'ERR_INVALID_ARG_TYPE' });
      assert.throws(() => start({ stdin: 'ipc' }), { code: 'ERR_INVALID_ARG_VALUE' });
      assert.throws(() => start({ stdout: 'text' }), { code: 'ERR_INVALID_ARG_VALUE' });
      assert.throws(() => start({ timout: 5 }), { code: 'ERR_INVALID_ARG_VALUE', message: /Did you mean 'timeout'\?/ });
      assert.throws(() => start(5), { code: 'ERR_INVALID_ARG_TYPE' });
      for (const name of ['encoding', 'maxBuffer']) {
        assert.throws(() => start({ [name]: undefined }), { code: 'ERR_INVALID_ARG_VALUE', message: /is an option of .*run\(\).*, not of .*spawn\(\)$/ });
      }
    }
    assert.throws(() => program.spawn({ cache: false }), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  test('for the guest and for compiling apply', async () => {
    const one = spawn(fixture('cat'), { args: ['cat', '/d/file'], preopens: { '/d': __dirname }, cache: false, memoryLimit: 2 ** 26 });
    assert.equal((await one.exit).exitCode, 1);
    assert.match(await textOf(one.stderr), /^cat: \/d\/file: /);
    assert.equal((await spawn(await cat, { args: ['cat'], stdin: 'ignore' }).exit).exitCode, 0);
  });

  test('stdin: \'pipe\' is refused by run(), whose message names spawn()', async () => {
    const { message } = await rejection(run('/nowhere', { stdin: 'pipe' }), 'ERR_INVALID_ARG_VALUE');
    assert.match(message, /use spawn\(\)/);
  });
});

test('inspect() shows the pipes, and whether the guest has ended', async () => {
  const one = await spawnCat({ stderr: 'ignore' });
  assert.equal(inspect(one), "Guest { piped: [ 'stdin', 'stdout' ], ended: false }");
  one.stdin.end();
  await one.exit;
  assert.equal(inspect(one), "Guest { piped: [ 'stdin', 'stdout' ], ended: true }");
  assert.equal(inspect(Object.create(one)), 'Guest {}');
});
