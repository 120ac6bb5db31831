'use strict';

// What a guest of run() can do with descriptors that it has as standard streams.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const { tempDir } = require('./helpers/guest');
const { TEXT, command, fixture } = require('./helpers/run-guests');
const { MemoryFile, compile } = require('..');

const NOTCAPABLE = 76;
const SUCCESS = 0;

// Tries that change or tell something of a file, but for reading and writing it.
const rest = (fd) => ({
  fd_seek: [fd, 0n, 0, 64],
  fd_tell: [fd, 64],
  fd_pread: [fd, 0, 1, 0n, 64],
  fd_pwrite: [fd, 0, 1, 0n, 64],
  fd_filestat_set_size: [fd, 0n],
  fd_filestat_set_times: [fd, 1n, 1n, 5],
  fd_allocate: [fd, 0n, 4096n],
  fd_advise: [fd, 0n, 0n, 4],
  fd_sync: [fd],
  fd_datasync: [fd],
});

describe('a file that is open for everything', () => {
  let probe;
  before(async () => { probe = await compile(fs.readFileSync(fixture('probe'))); });

  const opened = (t) => {
    const file = path.join(tempDir(t), 'file');
    fs.writeFileSync(file, 'of the host');
    const fd = fs.openSync(file, 'r+');
    t.after(() => fs.closeSync(fd));
    return { file, fd };
  };

  async function assertRefused(exports, calls) {
    const answers = {};
    for (const [name, args] of Object.entries(calls)) answers[name] = await exports[name](...args);
    assert.deepEqual(answers, Object.fromEntries(Object.keys(calls).map((name) => [name, NOTCAPABLE])));
  }

  test('as stdin, it is read', async (t) => {
    const { file, fd } = opened(t);
    const instance = await probe.instantiate({ stdin: fd });
    t.after(() => instance.close());
    await assertRefused(instance.exports, { ...rest(0), fd_write: [0, 0, 1, 64] });
    assert.equal(await instance.exports.fd_read(0, 0, 1, 64), SUCCESS);
    assert.equal(await instance.exports.fd_filestat_get(0, 64), SUCCESS);
    assert.equal(fs.readFileSync(file, 'utf8'), 'of the host');
  });

  for (const stream of ['stdout', 'stderr']) {
    test(`as ${stream}, it is written`, async (t) => {
      const { file, fd } = opened(t);
      const before = fs.statSync(file).mtimeMs;
      const instance = await probe.instantiate({ [stream]: fd });
      t.after(() => instance.close());
      const number = stream === 'stdout' ? 1 : 2;
      await assertRefused(instance.exports, { ...rest(number), fd_read: [number, 0, 1, 64] });
      assert.equal(fs.statSync(file).mtimeMs, before);
      assert.equal(fs.readFileSync(file, 'utf8'), 'of the host');
    });
  }
});

const say = (fd, text) => `(call $write (i32.const ${fd}) (i32.const ${TEXT}) (i32.const ${text.length}))`;

// Where the next byte goes is the same for the outputs of several guests and for the host.
for (const flags of ['w', 'a']) {
  test(`outputs of one file, opened with '${flags}', stand one behind the other`, async (t) => {
    const file = path.join(tempDir(t), 'log');
    const fd = fs.openSync(file, flags);
    t.after(() => fs.closeSync(fd));
    fs.writeSync(fd, 'host ');
    const program = await compile(command(`${say(1, 'guest')} ${say(2, 'guest')}`, { text: 'guest' }));
    await program.run({ stdout: fd, stderr: fd });
    fs.writeSync(fd, ' host ');
    await program.run({ stdout: fd, stderr: fd });
    assert.equal(fs.readFileSync(file, 'utf8'), 'host guestguest host guestguest');
  });
}

test('a MemoryFile is written and read back by the host', async (t) => {
  const file = new MemoryFile();
  t.after(() => file.close());
  const program = await compile(command(say(1, 'guest'), { text: 'guest' }));
  await program.run({ stdout: file.fd });
  assert.equal(file.text(), 'guest');
});
