'use strict';

// How spawned guests are killed, and what is left of them: no descriptor.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { availableParallelism } = require('node:os');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const { PassThrough, Writable } = require('node:stream');
const { FOREVER, command, fixture, saying, waits } = require('./helpers/run-guests');
const { descriptors, rejection } = require('./helpers/run-process');
const { compile, configure, spawn } = require('..');

const boom = new Error('boom');
const cat = compile(fixture('cat'));
const soon = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));
const textOf = async (stream) => Buffer.concat(await stream.toArray()).toString();
const flooding = (chunks) => command(`(call $flood (i32.const 1) (i32.const ${chunks}))`);

const concurrency = 16 * availableParallelism();
after(() => configure({ concurrency }));

// Nothing can go on as long as this one computes.
async function blocked() {
  configure({ concurrency: 1 });
  const blocking = spawn(saying(1, 'x', FOREVER));
  await once(blocking.stdout, 'data');
  return blocking;
}

describe('kill()', () => {
  const killed = async (one, reason = boom) => {
    assert.equal(one.kill(reason), true);
    const error = await rejection(one.exit, 'ABORT_ERR');
    assert.deepEqual([error.name, error.cause], ['AbortError', reason]);
    assert.equal(one.kill(), false);
    assert.equal(one.stdin.destroyed, true);
    await textOf(one.stdout);
  };

  for (const [name, body] of Object.entries(waits)) {
    test(`ends a guest that is ${name}`, async () => {
      const one = spawn(saying(1, 'x', body));
      await once(one.stdout, 'data');
      await killed(one);
    });
  }

  test('ends a guest that writes to an unread stream', async () => {
    const one = spawn(flooding(1_000_000));
    await once(one.stdout, 'readable');
    await killed(one);
  });

  test('ends a guest that is compiled, or whose file is read', async () => {
    await killed(spawn(command('(drop (i32.const 12345))')));
    await killed(spawn(fixture('cat')));
  });

  test('ends a guest that waits for its turn', async () => {
    const program = await compile(saying(1, 'never'));
    const blocking = await blocked();
    const queued = program.spawn();
    await soon();
    await killed(queued);
    await killed(blocking);
    configure({ concurrency });
  });

  test('ends the wait for a Writable that blocks', async () => {
    const stdout = new Writable({ write() {} });
    const one = spawn(saying(1, 'x'), { stdout });
    await soon(100);
    assert.equal(one.kill(boom), true);
    assert.equal((await rejection(one.exit, 'ABORT_ERR')).cause, boom);
  });

  test('that returns true makes exit reject, even if the guest has ended on its thread', async () => {
    const program = await compile(command(''));
    const one = program.spawn({ stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' });
    // Meanwhile, this thread can't learn that it has ended.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    assert.equal(one.kill(boom), true);
    assert.equal((await rejection(one.exit, 'ABORT_ERR')).cause, boom);
  });

  test('does nothing when the guest has ended', async () => {
    const one = spawn(saying(1, 'text'));
    const result = await one.exit;
    assert.equal(one.kill(), false);
    assert.equal(await one.exit, result);
    assert.equal(await textOf(one.stdout), 'text');
  });

  test('is what Symbol.asyncDispose does, which waits for the end and never rejects', async () => {
    const sources = [saying(1, 'x'), flooding(1_000_000), command(FOREVER), command(waits.reading)];
    const programs = await Promise.all(sources.map((source) => compile(source)));
    const disposed = async (program, delay) => {
      const one = program.spawn();
      if (delay > 0) await soon(delay);
      assert.equal(await one[Symbol.asyncDispose](), undefined);
      assert.equal(one.kill(), false);
    };
    // What is kept for guests that wait is opened for the first of them.
    for (const program of programs) await disposed(program, 20);
    await soon();
    const before = descriptors();
    for (const program of programs) {
      for (const delay of [0, 20]) {
        await disposed(program, delay);
        assert.equal(descriptors(), before);
      }
    }
    await spawn('/nowhere')[Symbol.asyncDispose]();
  });
});

describe('no descriptors are left', () => {
  test('by guests that end in any way', async () => {
    const [program, invalid] = [await cat, Buffer.from('(module')];
    const quickly = [
      () => spawn('/nowhere'),
      () => spawn(invalid),
      () => spawn(Buffer.from('\0asm')),
      () => program.spawn({ timeout: 5 }),
      () => program.spawn({ signal: AbortSignal.abort() }),
      () => program.spawn({ preopens: { '/': '/nowhere' } }),
      () => program.spawn({ stdout: new PassThrough().destroy() }),
      () => program.spawn({ stdin: 'never read', args: ['cat'] }),
      () => program.spawn(),
    ];
    const round = async () => {
      const guests = quickly.map((start) => start());
      guests.at(-1).kill();
      guests.at(-2).stdout.destroy();
      await Promise.allSettled(guests.map(({ exit }) => exit));
    };
    await round();
    await soon(100);
    const before = descriptors();
    for (let turn = 0; turn < 60; turn += 1) await round();
    await soon(100);
    assert.ok(descriptors() <= before, `${before} → ${descriptors()}`);
  });

  test('by guests that are killed while they are queued', async () => {
    const program = await cat;
    const blocking = await blocked();
    const before = descriptors();
    const queued = Array.from({ length: 50 }, () => program.spawn());
    for (const one of queued) one.kill();
    await Promise.allSettled(queued.map(({ exit }) => exit));
    await soon(50);
    assert.ok(descriptors() <= before, `${before} → ${descriptors()}`);
    blocking.kill();
    configure({ concurrency });
  });

  test('if there are too few for the pipes, and the streams end', () => {
    const script = `
      const fs = require('node:fs');
      const program = await compile(guests.fixture('cat'));
      await program.spawn({ stdin: 'ignore' }).exit;
      const taken = [];
      const takeAll = () => { try { for (;;) taken.push(fs.openSync('/dev/null')); } catch {} };
      takeAll();
      const before = taken.length;
      for (let i = 0; i < 3; i += 1) fs.closeSync(taken.pop());
      const guest = program.spawn();
      const { code } = await guest.exit.catch((error) => error);
      const ended = [guest.stdin.destroyed, (await guest.stdout.toArray()).length, (await guest.stderr.toArray()).length];
      takeAll();
      const after = taken.length;
      for (const fd of taken) fs.closeSync(fd);
      fs.writeSync(1, JSON.stringify([code, after - before, ended]));`;
    const prelude = `const { compile } = require(${JSON.stringify(path.join(__dirname, '..'))});
      const guests = require(${JSON.stringify(path.join(__dirname, 'helpers', 'run-guests'))});`;
    const code = `${prelude} (async () => { ${script} })()`;
    const { stdout, stderr } = spawnSync('sh', ['-c', 'ulimit -n 60; exec "$0" -e "$1"', process.execPath, code], { encoding: 'utf8' });
    assert.deepEqual([stdout, stderr], [JSON.stringify(['EMFILE', 0, [true, 0, 0]]), '']);
  });
});
