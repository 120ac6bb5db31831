'use strict';

// Who ends and destroys the streams of a guest: run() does, as stream.pipeline() would.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { PassThrough, Readable, Writable } = require('node:stream');
const { tempDir } = require('./helpers/guest');
const { command, fixture, guest, saying, waits } = require('./helpers/run-guests');
const { descriptors, rejection } = require('./helpers/run-process');
const { compile, run } = require('..');

const boom = new Error('boom');
const hello = compile(saying(1, 'hello'));
const failing = compile(saying(1, 'last words', 'unreachable'));
const cat = compile(fixture('cat'));
const soon = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));
const closed = (stream) => stream.closed || new Promise((resolve) => stream.on('close', resolve));

function collector(methods) {
  let text = '';
  const write = (chunk, _, done) => {
    text += chunk;
    done();
  };
  return Object.assign(new Writable({ write, ...methods }), { text: () => text });
}

const endless = () => new Readable({ read() { this.push(Buffer.alloc(1000)); } });

function assertLeft(...streams) {
  for (const stream of streams) {
    assert.deepEqual([stream.destroyed, stream.writableEnded ?? false], [false, false]);
    for (const name of ['error', 'close', 'data', 'end', 'finish', 'drain']) assert.equal(stream.listenerCount(name), 0, name);
  }
}

describe('when the guest has ended', () => {
  test('each Writable is ended, and has finished and closed', async () => {
    const [stdout, stderr] = [collector(), collector()];
    const code = command('(call $write (i32.const 1) (i32.const 1024) (i32.const 3)) (call $proc_exit (i32.const 3))', { text: 'out' });
    assert.equal((await run(code, { stdout, stderr })).exitCode, 3);
    assert.deepEqual([stdout.text(), stderr.text()], ['out', '']);
    for (const stream of [stdout, stderr]) assert.deepEqual([stream.writableFinished, stream.closed], [true, true]);
  });

  test('a file is complete and closed', async (t) => {
    const file = path.join(tempDir(t), 'out');
    const stdout = fs.createWriteStream(file);
    await (await hello).run({ stdout });
    assert.deepEqual([fs.readFileSync(file, 'utf8'), stdout.closed, stdout.fd], ['hello', true, null]);
  });

  test('the promise waits for a Writable that takes its time to finish', async () => {
    let isFlushed = false;
    const final = (done) => setTimeout(() => done(void (isFlushed = true)), 50);
    await (await hello).run({ stdout: collector({ final }) });
    assert.equal(isFlushed, true);
  });

  test('a PassThrough that no one reads is enough, and can be read later', async () => {
    const stdout = new PassThrough();
    await (await hello).run({ stdout });
    assert.equal(Buffer.concat(await stdout.toArray()).toString(), 'hello');
  });

  test('one Writable for both streams is ended once', async () => {
    let ends = 0;
    const log = collector({ final: (done) => done(void (ends += 1)) });
    await (await hello).run({ stdout: log, stderr: log });
    assert.deepEqual([log.text(), ends], ['hello', 1]);
  });

  test('a Writable that fails at its end is the reason', async () => {
    const stdin = endless();
    await assert.rejects((await hello).run({ stdin, stdout: collector({ final: (done) => done(boom) }) }), (error) => error === boom);
    await assert.rejects((await hello).run({ stdout: Object.assign(collector(), { end() { throw boom; } }) }), (error) => error === boom);
    assert.equal(stdin.destroyed, true);
  });

  test('a Writable that closes at its end, or was ended meanwhile, changes nothing', async () => {
    const closing = collector({ final() { this.destroy(); } });
    assert.equal((await (await hello).run({ stdout: closing })).exitCode, 0);
    const ended = collector();
    const running = (await hello).run({ stderr: ended });
    ended.end();
    assert.equal((await running).exitCode, 0);
  });

  test('a signal ends the wait for a Writable that never finishes, and the Writable is destroyed', async () => {
    const controller = new AbortController();
    const stdout = collector({ final: () => setTimeout(() => controller.abort(), 20) });
    const error = await rejection((await hello).run({ stdout, signal: controller.signal }), 'ABORT_ERR');
    assert.deepEqual([stdout.destroyed, stdout.errored], [true, error]);
    await closed(stdout);
    assert.equal(stdout.listenerCount('finish'), 0);
  });

  test('a Readable that was not read to its end is destroyed without an error', async () => {
    const stdin = endless();
    let closes = 0;
    stdin.on('error', assert.fail).on('close', () => (closes += 1));
    await (await hello).run({ stdin });
    assert.deepEqual([stdin.destroyed, stdin.errored], [true, null]);
    await soon();
    assert.equal(closes, 1);
  });

  test('a Readable that was read to its end is left alone', async () => {
    const stdin = new Readable({ autoDestroy: false, read() { this.push(null); } });
    await (await cat).run({ args: ['cat'], stdin });
    assertLeft(stdin);
  });

  test('a guest before it in a pipeline gets EPIPE', async () => {
    const EPIPE = 64;
    const between = new PassThrough();
    const flooding = await compile(command('(call $flood (i32.const 1) (i32.const 1000000))'));
    const [first, second] = await Promise.all([
      flooding.run({ stdout: between }), run(command('(drop (call $read))'), { stdin: between }),
    ]);
    assert.deepEqual([first.exitCode, second.exitCode], [EPIPE, 0]);
  });
});

describe('when run() rejects', () => {
  // How it comes to that, with what is in the options other than the streams.
  const failures = {
    'because of a trap': async (options) => (await failing).run(options),
    'because of a limit': (options) => run(command(waits.sleeping), { timeout: 20, ...options }),
    'because of its signal': (options) => run(command(waits.sleeping), { signal: AbortSignal.timeout(20), ...options }),
    'because its signal was aborted before': (options) => run('/nowhere', { signal: AbortSignal.abort(), ...options }),
    'because its signal was aborted before a compiled program starts': async (options) =>
      (await hello).run({ signal: AbortSignal.abort(), ...options }),
    'because there is no such file': (options) => run('/nowhere', options),
    'because the source is of the wrong type': (options) => run(5, options),
    'because the program is invalid': (options) => run(Buffer.from('(module'), options),
    'because there is no such directory': async (options) => (await hello).run({ preopens: { '/': '/nowhere' }, ...options }),
    'because stdin fails': (options) => run(command(waits.sleeping), { ...options, stdin: options.stdin.on('resume', () => options.stdin.destroy(boom)) }),
    'because stderr fails': (options) => run(saying(2, 'x', waits.sleeping), { ...options, stderr: new Writable({ write: (chunk, _, done) => done(boom) }) }),
    'because stderr was destroyed before': async (options) => (await hello).run({ ...options, stderr: new PassThrough().destroy() }),
    'because a method of stderr throws': async (options) => (await hello).run({ ...options, stderr: { on() { throw boom; }, write() {} } }),
    'because an instance is not made': async (options) =>
      (await compile(guest('(start $s) (func $s unreachable)'))).instantiate(options),
  };

  for (const [name, start] of Object.entries(failures)) {
    test(`${name}, the streams are destroyed with its error`, async () => {
      const [stdin, stdout] = [new PassThrough(), collector()];
      const error = await start({ stdin, stdout }).then(() => assert.fail('fulfilled'), (reason) => reason);
      await soon(0);
      assert.deepEqual([stdin.errored === error, stdout.errored === error], [true, true], error.stack);
      assert.deepEqual([stdin.destroyed, stdout.destroyed, stdout.writableEnded], [true, true, false]);
    });

    test(`${name}, nothing is done to the streams if \`end\` is false`, async () => {
      const [stdin, stdout] = [new PassThrough(), collector()];
      await start({ stdin, stdout, end: false }).then(() => assert.fail('fulfilled'), () => {});
      await soon(0);
      assertLeft(stdout);
      if (!name.includes('stdin')) assertLeft(stdin);
    });
  }

  test('what the guest wrote is processed first', async (t) => {
    const file = path.join(tempDir(t), 'log');
    const stdout = fs.createWriteStream(file);
    const error = await rejection((await failing).run({ stdout }), 'ERR_WASI_TRAP');
    await closed(stdout);
    assert.deepEqual([fs.readFileSync(file, 'utf8'), stdout.errored], ['last words', error]);
  });

  test('a Writable that blocks does not delay that, and is destroyed when it has gone on', async () => {
    let goOn;
    const stdout = new Writable({ write: (chunk, _, done) => (goOn = done) });
    const error = await rejection((await failing).run({ stdout }), 'ERR_WASI_TRAP');
    assert.equal(stdout.destroyed, false);
    goOn();
    await closed(stdout);
    assert.equal(stdout.errored, error);
  });

  test('a Writable that blocks and then fails does not end the process', async () => {
    let goOn;
    const stdout = new Writable({ write: (chunk, _, done) => (goOn = done) });
    await rejection((await failing).run({ stdout }), 'ERR_WASI_TRAP');
    goOn(boom);
    await closed(stdout);
    assert.equal(stdout.errored, boom);
  });

  test('because of an option, nothing is done to the streams', async () => {
    const [stdin, stdout] = [new PassThrough(), collector()];
    await rejection(run('/nowhere', { stdin, stdout, timeout: 'x' }), 'ERR_INVALID_ARG_TYPE');
    assertLeft(stdin, stdout);
  });

  test('the next guest of a pipeline fails with the same error', async () => {
    const between = new PassThrough();
    const [first, second] = await Promise.allSettled([
      (await failing).run({ stdout: between }), run(command(waits.reading), { stdin: between }),
    ]);
    assert.equal(first.reason.code, 'ERR_WASI_TRAP');
    assert.equal(second.reason, first.reason);
  });
});

describe('with `end: false`', () => {
  test('several guests can write to one log, one after the other', async () => {
    const log = collector();
    for (let turn = 0; turn < 20; turn += 1) await (await hello).run({ stdout: log, stderr: log, end: false });
    await (await failing).run({ stdout: log, end: false }).catch(() => {});
    assertLeft(log);
    assert.equal(log.text(), `${'hello'.repeat(20)}last words`);
    await (await hello).run({ stdout: log });
    assert.equal(log.writableFinished, true);
  });

  test('stdin is paused and can be read by others', async () => {
    const stdin = endless();
    await run(command('(drop (call $read))'), { stdin, end: false });
    assert.equal(stdin.isPaused(), true);
    assertLeft(stdin);
    assert.ok(stdin.read().length > 0);
  });

  test('a stream that was ended before is refused, and the message names the option', async () => {
    const log = collector();
    await (await hello).run({ stdout: log });
    const { message } = await rejection((await hello).run({ stdout: log }), 'ERR_INVALID_ARG_VALUE');
    assert.match(message, /'options\.stdout' must be a writable stream\. To use a stream for several guests, set options\.end to false/);
  });
});

describe('a Writable that several guests use', () => {
  const waiting = saying(1, 'x', waits.reading);

  test('is ended when the last of them has ended', async () => {
    const log = collector();
    const stdins = Array.from({ length: 5 }, () => new PassThrough());
    const program = await compile(waiting);
    const running = stdins.map((stdin) => program.run({ stdin, stdout: log }));
    for (const [index, stdin] of stdins.entries()) {
      assert.equal(log.writableEnded, false);
      stdin.end();
      await running[index];
    }
    assert.deepEqual([log.text(), log.writableFinished, log.listenerCount('error')], ['xxxxx', true, 0]);
  });

  test('is destroyed at the end if one of them has failed', async () => {
    const log = collector();
    const stdin = new PassThrough();
    const running = run(waiting, { stdin, stdout: log });
    const error = await rejection((await failing).run({ stdout: log }), 'ERR_WASI_TRAP');
    assert.equal(log.destroyed, false);
    stdin.end();
    assert.equal((await running).exitCode, 0);
    assert.equal(log.errored, error);
  });
});

describe('an instance', () => {
  const source = guest(`(func (export "say") (call $write (i32.const 1) (i32.const 1024) (i32.const 5)))
    (func (export "trap") unreachable)`, { text: 'hello' });

  test('keeps its streams until it is closed', async () => {
    const [stdin, stdout] = [endless(), collector()];
    const instance = await (await compile(source)).instantiate({ stdin, stdout });
    await instance.exports.say();
    await rejection(instance.exports.trap(), 'ERR_WASI_TRAP');
    await soon();
    assert.deepEqual([stdin.destroyed, stdout.writableEnded, stdout.destroyed], [false, false, false]);
    instance.close();
    instance.close();
    await closed(stdout);
    assert.deepEqual([stdout.text(), stdout.writableFinished, stdin.destroyed], ['hello', true, true]);
  });

  test('destroys them if one has failed', async () => {
    const [stdin, stdout] = [new PassThrough(), collector()];
    const instance = await (await compile(source)).instantiate({ stdin, stdout });
    stdin.destroy(boom);
    await assert.rejects(instance.exports.say(), (error) => error === boom);
    assert.equal(stdout.destroyed, false);
    instance.close();
    await closed(stdout);
    assert.equal(stdout.errored, boom);
  });

  test('leaves them if `end` is false', async () => {
    const [stdin, stdout] = [endless(), collector()];
    const instance = await (await compile(source)).instantiate({ stdin, stdout, end: false });
    await instance.exports.say();
    instance.close();
    while (stdout.listenerCount('error') > 0) await soon(5);
    assertLeft(stdin, stdout);
  });

  test('does not end the process if a Writable fails at its end', async () => {
    const stdout = collector({ final: (done) => done(boom) });
    (await (await compile(source)).instantiate({ stdout })).close();
    await closed(stdout);
    assert.equal(stdout.errored, boom);
  });
});

test('no descriptors are left by streams of files', async (t) => {
  const folder = tempDir(t);
  const [input, output] = [path.join(folder, 'in'), path.join(folder, 'out')];
  fs.writeFileSync(input, Buffer.alloc(300_000));
  const streams = () => ({ stdin: fs.createReadStream(input), stdout: fs.createWriteStream(output) });
  const runs = async () => {
    await (await cat).run({ args: ['cat'], ...streams() });
    assert.equal(fs.statSync(output).size, 300_000);
    await (await hello).run(streams());
    await (await failing).run(streams()).catch(() => {});
    await run('/nowhere', streams()).catch(() => {});
    await (await hello).run({ ...streams(), stderr: new PassThrough().destroy() }).catch(() => {});
    (await (await cat).instantiate(streams())).close();
  };
  await runs();
  await soon(100);
  const before = descriptors();
  for (let turn = 0; turn < 50; turn += 1) await runs();
  await soon(100);
  assert.ok(descriptors() <= before, `${before} → ${descriptors()}`);
});
