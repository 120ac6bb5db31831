'use strict';

// Streams of a user whose methods throw, one after the other. Where the guest needs them, that is the
// error of the run; where we only take leave of a stream, it changes nothing. An exception that nobody
// catches would end this process.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { PassThrough, Readable, Writable } = require('node:stream');
const { command, fixture, saying } = require('./helpers/run-guests');
const { descriptors, rejection } = require('./helpers/run-process');
const { compile, run } = require('..');

const MIB = 2 ** 20;
const boom = new Error('boom');
const own = new Error('own');

// All that we use of `stream`, but that a member throws when it is used for the nth time. `used` counts.
function throwing(stream, members, member, nth) {
  const used = Object.fromEntries(members.map((name) => [name, 0]));
  const use = (name) => {
    used[name] += 1;
    if (name === member && used[name] === nth) throw boom;
  };
  const wrapped = Object.defineProperty({}, 'used', { value: used });
  for (const name of members) {
    Object.defineProperty(wrapped, name, {
      get: typeof stream[name] === 'function'
        ? () => (...args) => {
          use(name);
          return stream[name](...args);
        }
        : () => {
          use(name);
          return stream[name];
        },
    });
  }
  return wrapped;
}

const readable = (member, nth, stream = source()) =>
  throwing(stream, ['on', 'off', 'once', 'pause', 'resume', 'readableEnded', 'errored'], member, nth);
const writable = (member, nth, stream = new Writable({ write: (chunk, _, done) => void setImmediate(done) })) =>
  throwing(stream, ['on', 'off', 'once', 'write', 'writable', 'errored'], member, nth);

// A MiB in chunks of which each is more than we take at once.
function source() {
  let left = 4;
  return new Readable({
    read() {
      this.push(left > 0 ? Buffer.alloc(MIB / 4) : null);
      left -= 1;
    },
  });
}

const cat = compile(fixture('cat'));
const hello = compile(saying(1, 'hello'));
const flood = compile(command('(call $flood (i32.const 1) (i32.const 16))'));
const reading = compile(command('(drop (call $drain))'));
// Should it hang, this ends it with another error.
const signal = AbortSignal.timeout(120_000);

const fulfilled = async (running) => assert.equal((await running).exitCode, 0);
const boomed = (running) => assert.rejects(running, (error) => error === boom);

describe('stdin', () => {
  const copy = async (stdin) => (await cat).run({ stdin, args: ['cat'], maxBuffer: Infinity, signal });

  test('is read as ever if nothing throws', async () => {
    const stdin = readable();
    const { stdout } = await copy(stdin);
    assert.equal(stdout.length, MIB);
    // Else the numbers below stand for nothing.
    const { on, off, pause, resume } = stdin.used;
    assert.ok(on === 4 && off >= 4 && pause > 1 && resume > 2, JSON.stringify(stdin.used));
  });

  // For error, end, close and data.
  for (const nth of [1, 2, 3, 4]) test(`on, ${nth}`, () => boomed(copy(readable('on', nth))));
  // To start it, and when there is room again.
  for (const nth of [1, 2]) test(`resume, ${nth}`, () => boomed(copy(readable('resume', nth))));
  test('pause, when there is no room', () => boomed(copy(readable('pause', 1))));
  test('readableEnded', () => boomed(copy(readable('readableEnded', 1))));
  for (const nth of [1, 2, 3, 4]) test(`off, ${nth}`, () => fulfilled(copy(readable('off', nth))));
  test('errored, at the end', () => fulfilled(copy(readable('errored', 1))));

  test('pause and off, when the guest has gone without reading', async () => {
    for (const member of ['pause', 'off']) {
      await fulfilled((await hello).run({ stdin: readable(member, 1, new PassThrough()), signal }));
    }
  });

  test('off and once, when the stream has failed: its own error counts', async () => {
    for (const member of ['off', 'once', 'errored', 'pause']) {
      const stream = new Readable({ read() { this.destroy(own); } });
      await assert.rejects(copy(readable(member, 1, stream)), (error) => error === own);
    }
  });

  test('tells of a failure at once, before the guest starts', async () => {
    for (const event of ['error', 'data']) {
      const stdin = source();
      const on = (name, listener) => {
        if (name === event) stdin.emit('error', own);
        return stdin.on(name, listener);
      };
      const wrapped = { on: (name, listener) => on(name, listener), off() {}, pause() {}, resume: () => stdin.resume() };
      stdin.on('error', () => {});
      if (event === 'error') wrapped.on = (name, listener) => name === 'error' && listener(own);
      for (const start of ['run', 'instantiate']) {
        await assert.rejects((await reading)[start]({ stdin: wrapped, signal }), (error) => error === own);
      }
    }
  });

  test('aborts the run while it is started', async () => {
    const controller = new AbortController();
    const stdin = new PassThrough();
    const resume = () => controller.abort();
    const wrapped = { on: stdin.on.bind(stdin), off() {}, pause() {}, resume };
    await rejection((await reading).run({ stdin: wrapped, signal: controller.signal }), 'ABORT_ERR');
  });
});

for (const name of ['stdout', 'stderr']) {
  describe(name, () => {
    const fd = name === 'stdout' ? 1 : 2;
    const program = compile(command(`(call $flood (i32.const ${fd}) (i32.const 16))`));
    const write = async (stream) => (await program).run({ [name]: stream, signal });

    test('is written as ever if nothing throws', async () => {
      const stream = writable();
      await fulfilled(write(stream));
      const { on, off, write: writes, errored } = stream.used;
      assert.ok(on === 2 && off === 2 && writes > 2 && errored > 3, JSON.stringify(stream.used));
    });

    // For error and close.
    for (const nth of [1, 2]) test(`on, ${nth}`, () => boomed(write(writable('on', nth))));
    for (const nth of [1, 2]) test(`write, ${nth}`, () => boomed(write(writable('write', nth))));
    test('errored, when a chunk is written', () => boomed(write(writable('errored', 1))));
    for (const nth of [1, 2]) test(`off, ${nth}`, () => fulfilled(write(writable('off', nth))));

    test('off and once, when the stream has failed: its own error counts', async () => {
      for (const member of ['off', 'once']) {
        const stream = new Writable({ write: (chunk, _, done) => done(own) });
        await assert.rejects(write(writable(member, 1, stream)), (error) => error === own);
      }
    });

    test('says twice that it has written a chunk', async () => {
      const stream = { on() {}, off() {}, write: (chunk, done) => (done(), done(), true) };
      await fulfilled(write(stream));
    });
  });
}

describe('an instance', () => {
  const endings = ['on', 'off', 'resume', 'pause'].map((member) => [member, readable]).concat(
    ['on', 'off', 'write'].map((member) => [member, writable]));

  for (const [member, wrap] of endings) {
    test(`with ${wrap.name} whose ${member} throws can be made and closed, or not made`, async () => {
      const option = wrap === readable ? 'stdin' : 'stdout';
      const making = (await flood).instantiate({ [option]: wrap(member, 1), signal });
      const instance = await making.catch((error) => assert.equal(error, boom));
      if (instance === undefined) return;
      await instance.exports._start().catch((error) => assert.equal(error, boom));
      instance.close();
    });
  }
});

test('no descriptor is left by any of them', async () => {
  const runs = async () => {
    const all = [];
    for (const member of ['on', 'off', 'once', 'pause', 'resume', 'readableEnded', 'errored']) {
      for (const nth of [1, 2, 3, 4]) {
        all.push((await cat).run({ stdin: readable(member, nth), stdout: writable(), args: ['cat'], signal }));
        all.push((await hello).run({ stdin: readable(member, nth, new PassThrough()), signal }));
        all.push((await flood).instantiate({ stdin: readable(member, nth), stdout: writable(), signal })
          .then((instance) => instance.close()));
      }
    }
    for (const member of ['on', 'off', 'once', 'write', 'errored']) {
      for (const nth of [1, 2]) {
        all.push((await flood).run({ stdin: readable(), stdout: writable(member, nth), stderr: writable(member, nth), signal }));
        all.push((await flood).instantiate({ stdout: writable(member, nth), signal }).then((instance) => instance.close()));
      }
    }
    for (const { status, reason } of await Promise.allSettled(all)) {
      if (status === 'rejected') assert.equal(reason, boom);
    }
  };
  const left = async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return descriptors();
  };
  await runs();
  const before = await left();
  for (let turn = 0; turn < 10; turn += 1) await runs();
  // Some are kept for guests that wait, as many as there were at once; of a leak there would be more.
  const after = await left();
  assert.ok(after < before + 10, `${before} → ${after}`);
});
