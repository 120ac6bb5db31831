'use strict';

// poll_oneoff.

const { execFileSync, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const assert = require('node:assert/strict');
const { OUT, PAGE, guestWithDirectory, guestWithFile, iovs, pointer } = require('./helpers/guest');
const { errno, event, eventType, most, rights, subscription, u32 } = require('./helpers/preview1');

const { CLOCK, FD_READ, FD_WRITE } = eventType;
const MS = 1_000_000n;
const EVENTS = OUT + 0x101;
const HUP = 1;

function checkPoll(guest, subscriptions, events) {
  const list = pointer(Buffer.concat(subscriptions.map(subscription)));
  guest.check('poll_oneoff', [list, EVENTS, subscriptions.length, OUT], 0, [
    [OUT, u32(events.length)], ...events.flatMap((one, index) => event(EVENTS + 32 * index, one)),
  ]);
}

const clock = (userdata, timeout, rest = {}) => ({ userdata, type: CLOCK, timeout, ...rest });
const now = (guest, id) => {
  assert.equal(guest.call('clock_time_get', id, 0n, OUT), 0);
  return guest.u64(OUT);
};
// Both ends of a FIFO in the guest's directory.
function withFifo(t) {
  const guest = guestWithFile(t);
  execFileSync('mkfifo', [guest.file('fifo')]);
  const base = rights.POLL_FD_READWRITE | rights.FD_READ;
  const reader = guest.open('fifo', { base });
  const writer = guest.open('fifo', { base: rights.POLL_FD_READWRITE | rights.FD_WRITE });
  return { guest, reader, writer };
}

describe('clocks', () => {
  for (const id of [0, 1, 2, 3]) {
    test(`${id}: a relative timeout`, (t) => {
      const guest = guestWithDirectory(t);
      const before = process.hrtime.bigint();
      checkPoll(guest, [clock(7, 20n * MS, { clock: id })], [{ userdata: 7, type: CLOCK }]);
      assert.ok(process.hrtime.bigint() - before >= 20n * MS);
    });

    test(`${id}: an absolute one that has passed`, (t) => {
      const guest = guestWithDirectory(t);
      for (const timeout of [0n, 1n, now(guest, id)]) {
        checkPoll(guest, [clock(7, timeout, { clock: id, absolute: true })], [{ userdata: 7, type: CLOCK }]);
      }
    });
  }

  for (const id of [0, 1]) {
    test(`${id}: an absolute timeout`, (t) => {
      const guest = guestWithDirectory(t);
      const deadline = now(guest, id) + 20n * MS;
      checkPoll(guest, [clock(7, deadline, { clock: id, absolute: true })], [{ userdata: 7, type: CLOCK }]);
      assert.ok(now(guest, id) >= deadline);
    });
  }

  test('timeouts below a millisecond are waited for', (t) => {
    const guest = guestWithDirectory(t);
    const before = process.hrtime.bigint();
    for (let i = 0; i < 10; i++) checkPoll(guest, [clock(1, 999_999n)], [{ userdata: 1, type: CLOCK }]);
    assert.ok(process.hrtime.bigint() - before >= 9_999_990n);
  });

  test('only those that have passed are told, in the order of the subscriptions', (t) => {
    const guest = guestWithDirectory(t);
    checkPoll(guest, [clock(1, 3600_000n * MS), clock(2, 0n), clock(3, 2n ** 64n - 1n), clock(2n ** 64n - 1n, 0n)], [
      { userdata: 2, type: CLOCK }, { userdata: 2n ** 64n - 1n, type: CLOCK },
    ]);
    checkPoll(guest, [clock(1, 3600_000n * MS), clock(2, 10n * MS)], [{ userdata: 2, type: CLOCK }]);
  });
});

describe('descriptors', () => {
  test('regular files are always ready, and tell how much there is to read', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_seek', [4, 4n, 0, OUT], 0, [[OUT, Buffer.from([4, 0, 0, 0, 0, 0, 0, 0])]]);
    checkPoll(guest, [{ userdata: 1, type: FD_READ, fd: 4 }, { userdata: 2, type: FD_WRITE, fd: 4 }], [
      { userdata: 1, type: FD_READ, nbytes: 6 }, { userdata: 2, type: FD_WRITE },
    ]);
    guest.check('fd_seek', [4, 40n, 0, OUT], 0, [[OUT, Buffer.from([40, 0, 0, 0, 0, 0, 0, 0])]]);
    checkPoll(guest, [clock(9, 3600_000n * MS), { userdata: 1, type: FD_READ, fd: 4 }], [
      { userdata: 1, type: FD_READ, nbytes: 0 },
    ]);
  });

  test('/dev/null and a file as standard streams are always ready', (t) => {
    const tree = guestWithFile(t);
    const stdin = fs.openSync('/dev/null');
    const stdout = fs.openSync(tree.file('file'), 'r+');
    t.after(() => [stdin, stdout].forEach((fd) => fs.closeSync(fd)));
    const guest = guestWithDirectory(t, { stdin, stdout });
    checkPoll(guest, [clock(1, 3600_000n * MS), { userdata: 2, type: FD_READ, fd: 0 }, { userdata: 3, type: FD_WRITE, fd: 1 }], [
      { userdata: 2, type: FD_READ }, { userdata: 3, type: FD_WRITE },
    ]);
  });

  test('a pipe: nothing, data, hangup', (t) => {
    const { guest, reader, writer } = withFifo(t);
    const read = { userdata: 1, type: FD_READ, fd: reader };
    checkPoll(guest, [read, clock(2, 0n)], [{ userdata: 2, type: CLOCK }]);
    checkPoll(guest, [read, clock(2, 5n * MS)], [{ userdata: 2, type: CLOCK }]);
    guest.check('fd_write', [writer, iovs('hello'), OUT], 0, [[OUT, u32(5)]]);
    checkPoll(guest, [read], [{ userdata: 1, type: FD_READ, nbytes: 5 }]);
    checkPoll(guest, [clock(2, 3600_000n * MS), read], [{ userdata: 1, type: FD_READ, nbytes: 5 }]);
    checkPoll(guest, [read, clock(2, 0n)], [
      { userdata: 1, type: FD_READ, nbytes: 5 }, { userdata: 2, type: CLOCK },
    ]);
    guest.check('fd_close', [writer], 0);
    checkPoll(guest, [read], [{ userdata: 1, type: FD_READ, nbytes: 5, flags: HUP }]);
    guest.check('fd_read', [reader, iovs([OUT + 64, 5]), OUT], 0, [[OUT + 64, 'hello'], [OUT, u32(5)]]);
    checkPoll(guest, [read], [{ userdata: 1, type: FD_READ, flags: HUP }]);
  });

  test('a pipe that is full cannot be written', (t) => {
    const { guest, reader, writer } = withFifo(t);
    const write = { userdata: 3, type: FD_WRITE, fd: writer };
    checkPoll(guest, [write, clock(4, 3600_000n * MS)], [{ userdata: 3, type: FD_WRITE }]);
    const nonblocking = guest.open('fifo', {
      base: rights.FD_WRITE | rights.POLL_FD_READWRITE, fdflags: 4,
    });
    while (guest.call('fd_write', nonblocking, iovs([0, PAGE]), OUT) === 0);
    checkPoll(guest, [write, clock(4, 0n)], [{ userdata: 4, type: CLOCK }]);
    assert.equal(guest.call('fd_read', reader, iovs([OUT, 2 ** 15]), OUT + PAGE / 2), 0);
    checkPoll(guest, [write], [{ userdata: 3, type: FD_WRITE }]);
  });

  test('waits until another thread writes', async (t) => {
    const { guest, reader } = withFifo(t);
    const fd = fs.openSync(guest.file('fifo'), 'w');
    t.after(() => fs.closeSync(fd));
    const worker = new Worker(`
      const { workerData: fd } = require('node:worker_threads');
      setTimeout(() => require('node:fs').writeSync(fd, 'late'), 30);
    `, { eval: true, workerData: fd });
    await once(worker, 'online');
    checkPoll(guest, [{ userdata: 1, type: FD_READ, fd: reader }, clock(2, 3600_000n * MS)], [
      { userdata: 1, type: FD_READ, nbytes: 4 },
    ]);
    await once(worker, 'exit');
  });

  test('the same descriptor several times', (t) => {
    const { guest, reader, writer } = withFifo(t);
    guest.check('fd_write', [writer, iovs('x'), OUT], 0, [[OUT, u32(1)]]);
    const read = (userdata) => ({ userdata, type: FD_READ, fd: reader });
    const list = Array.from({ length: 500 }, (_, i) => read(i));
    checkPoll(guest, list, list.map(({ userdata }) => ({ userdata, type: FD_READ, nbytes: 1 })));
  });

  test('that may not be polled, or are not open, are events with an error, at once', (t) => {
    const { guest, writer } = withFifo(t);
    const bare = guest.open('file', { base: rights.FD_READ });
    checkPoll(guest, [
      clock(1, 3600_000n * MS),
      { userdata: 2, type: FD_READ, fd: 99 }, { userdata: 3, type: FD_WRITE, fd: 0xffffffff },
      { userdata: 4, type: FD_READ, fd: bare }, { userdata: 5, type: FD_READ, fd: writer },
      { userdata: 6, type: FD_READ, fd: 3 }, { userdata: 7, type: FD_WRITE, fd: 4 },
    ], [
      { userdata: 2, type: FD_READ, error: errno.BADF }, { userdata: 3, type: FD_WRITE, error: errno.BADF },
      { userdata: 4, type: FD_READ, error: errno.NOTCAPABLE },
      { userdata: 5, type: FD_READ, error: errno.NOTCAPABLE },
      { userdata: 6, type: FD_READ, error: errno.NOTCAPABLE }, { userdata: 7, type: FD_WRITE },
    ]);
  });
});

describe('the lists', () => {
  test('no subscriptions at all are EINVAL', (t) => {
    guestWithDirectory(t).check('poll_oneoff', [OUT, EVENTS, 0, OUT], errno.INVAL);
  });

  test('an unknown kind or clock is EINVAL for the whole call', (t) => {
    const guest = guestWithFile(t);
    const good = subscription(clock(1, 0n));
    for (const bad of [
      subscription({ userdata: 1, type: 3 }), subscription({ userdata: 1, type: 255 }),
      subscription(clock(1, 0n, { clock: 4 })), subscription(clock(1, 0n, { clock: 256 })),
    ]) {
      guest.check('poll_oneoff', [pointer(Buffer.concat([good, bad])), EVENTS, 2, OUT], errno.INVAL);
    }
  });

  test('may overlap: subscriptions are read before events are written', (t) => {
    const guest = guestWithFile(t);
    const subscriptions = [clock(1, 0n), clock(2, 0n), clock(3, 0n), clock(4, 3600_000n * MS)];
    const list = Buffer.concat(subscriptions.map(subscription));
    for (const events of [OUT, OUT + 1, OUT + 40, OUT - 33]) {
      guest.write(OUT - 64, Buffer.alloc(64));
      guest.write(OUT, list);
      const expected = guest.read(0, 2 * PAGE);
      assert.equal(guest.exports.poll_oneoff(OUT, events, 4, OUT + 1000), 0);
      const writes = [1, 2, 3].flatMap((userdata, i) => event(events + 32 * i, { userdata, type: CLOCK }));
      for (const [at, bytes] of [...writes, [OUT + 1000, u32(3)]]) bytes.copy(expected, at);
      guest.assertMemory(expected, 'poll_oneoff');
    }
  });

  test('a bad flag of a clock is ignored, a right that is missing is not', (t) => {
    const guest = guestWithFile(t);
    const relative = subscription(clock(1, 1n));
    relative.writeUInt16LE(0xfffe, 40);
    guest.check('poll_oneoff', [pointer(relative), EVENTS, 1, OUT], 0, [
      [OUT, u32(1)], ...event(EVENTS, { userdata: 1, type: CLOCK }),
    ]);
    const base = most.file.base & ~rights.POLL_FD_READWRITE;
    guest.check('fd_fdstat_set_rights', [4, base, 0n], 0);
    checkPoll(guest, [{ userdata: 1, type: FD_WRITE, fd: 4 }], [
      { userdata: 1, type: FD_WRITE, error: errno.NOTCAPABLE },
    ]);
  });
});

test('more descriptors, each for reading and writing, than half of what the host may open', () => {
  const script = path.join(__dirname, 'helpers', 'poll-many.js');
  const command = 'ulimit -n 100 && exec "$0" "$1" 60';
  const { stdout, stderr } = spawnSync('sh', ['-c', command, process.execPath, script], { encoding: 'utf8' });
  assert.deepEqual([stdout, stderr], ['0 120\n', '']);
});

// What child_process gives as 'pipe' is a socket; that of spawnSync is shut down for writing.
test('standard input of spawnSync hangs up, as on node:wasi', () => {
  const script = path.join(__dirname, 'helpers', 'poll-stdin.js');
  const poll = (implementation) =>
    spawnSync(process.execPath, ['--no-warnings', script, implementation], { encoding: 'utf8', input: '' });
  const ours = poll(path.join(__dirname, '..'));
  assert.equal(ours.stderr, '');
  assert.equal(ours.stdout, poll('node:wasi').stdout);
  const flags = Buffer.from(ours.stdout.trim().split(' ')[2], 'hex').readUInt16LE(24);
  assert.equal(flags, HUP);
});
