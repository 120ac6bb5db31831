'use strict';

// Descriptors 0 to 2: lent by the host, so whatever the guest does to them, the
// host's own stay open and as they are.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { OUT, guestWithDirectory, iovs, tempDir, text } = require('./helpers/guest');
const { errno, fdflags, fdstat, filetype, most, oflags, rights, u32, u64 } = require('./helpers/preview1');

const A = OUT + 0x1000;

// Host descriptors of every kind that a guest may be lent.
function hostFds(t) {
  const directory = tempDir(t);
  const file = `${directory}/file`;
  const fifo = `${directory}/fifo`;
  fs.writeFileSync(file, '0123456789');
  execFileSync('mkfifo', [fifo]);
  // Opened for both, it needs no one at the other end.
  const fds = { file: fs.openSync(file, 'r+'), pipe: fs.openSync(fifo, 'r+'), null: fs.openSync('/dev/null', 'r+') };
  t.after(() => Object.values(fds).forEach((fd) => fs.closeSync(fd)));
  return { ...fds, directory, path: file };
}

// Flags of the open file description, as the kernel has them.
const statusFlags = (fd) => /^flags:\s+(\S+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))[1];

const guestOn = (t, stdin, stdout = stdin, stderr = stdin) =>
  guestWithDirectory(t, { stdin, stdout, stderr });

describe('the host keeps its descriptors', () => {
  for (const kind of ['file', 'pipe', 'null']) {
    test(`${kind}: fd_close`, (t) => {
      const host = hostFds(t)[kind];
      const { ino } = fs.fstatSync(host);
      const guest = guestOn(t, host);
      for (const fd of [0, 1, 2]) {
        guest.check('fd_close', [fd], 0);
        guest.check('fd_close', [fd], errno.BADF);
        guest.check('fd_read', [fd, iovs([A, 1]), OUT], errno.BADF);
        guest.check('fd_write', [fd, iovs('x'), OUT], errno.BADF);
        assert.equal(fs.fstatSync(host).ino, ino);
      }
    });

    test(`${kind}: fd_renumber`, (t) => {
      const host = hostFds(t)[kind];
      const { ino } = fs.fstatSync(host);
      const guest = guestOn(t, host);
      const fd = guest.open('new', { oflags: oflags.CREAT });
      guest.check('fd_renumber', [fd, 1], 0);
      guest.check('fd_write', [1, iovs('to the file'), OUT], 0, [[OUT, u32(11)]]);
      assert.equal(fs.readFileSync(guest.file('new'), 'utf8'), 'to the file');
      guest.check('fd_renumber', [0, 2], 0);
      guest.check('fd_renumber', [2, 3], 0);
      guest.check('fd_close', [3], 0);
      assert.equal(fs.fstatSync(host).ino, ino);
    });

    test(`${kind}: fd_fdstat_set_flags`, (t) => {
      const host = hostFds(t)[kind];
      const before = statusFlags(host);
      const guest = guestOn(t, host);
      const [type, has] = {
        file: [filetype.REGULAR_FILE, most.file], pipe: [filetype.UNKNOWN, most.pipe],
        null: [filetype.CHARACTER_DEVICE, most.device],
      }[kind];
      for (const flags of [fdflags.NONBLOCK, fdflags.APPEND, 31, 0]) {
        guest.check('fd_fdstat_set_flags', [0, flags], 0);
        guest.check('fd_fdstat_get', [0, OUT], 0, fdstat(OUT, type, flags, has));
        // The other numbers of the same host descriptor have flags of their own.
        guest.check('fd_fdstat_get', [1, OUT], 0, fdstat(OUT, type, 0, has));
        assert.equal(statusFlags(host), before);
      }
    });

    test(`${kind}: reading and writing`, (t) => {
      const host = hostFds(t)[kind];
      const before = statusFlags(host);
      const guest = guestOn(t, host);
      guest.check('fd_fdstat_set_flags', [1, fdflags.NONBLOCK], 0);
      guest.check('fd_fdstat_set_flags', [0, fdflags.NONBLOCK], 0);
      guest.check('fd_write', [1, iovs('x'), OUT], 0, [[OUT, u32(1)]]);
      assert.equal(guest.call('fd_read', 0, iovs([A, 1]), OUT), 0);
      assert.equal(statusFlags(host), before);
    });
  }
});

test('freed numbers are given out again, lowest first', (t) => {
  const { null: host, file } = hostFds(t);
  const guest = guestOn(t, host, file, host);
  for (const fd of [2, 0, 1]) guest.check('fd_close', [fd], 0);
  for (const fd of [0, 1, 2, 4]) assert.equal(guest.open('new', { oflags: oflags.CREAT }), fd);
  guest.check('fd_write', [1, iovs('not stdout'), OUT], 0, [[OUT, u32(10)]]);
  assert.equal(fs.readFileSync(guest.file('new'), 'utf8'), 'not stdout');
  assert.equal(fs.readFileSync(`/proc/self/fd/${file}`, 'utf8'), '0123456789');
});

test('closed by the host meanwhile, they are EBADF', (t) => {
  const { path } = hostFds(t);
  const host = fs.openSync(path);
  const guest = guestOn(t, host);
  fs.closeSync(host);
  guest.check('fd_read', [0, iovs([A, 1]), OUT], errno.BADF);
  guest.check('fd_filestat_get', [0, OUT], errno.BADF);
  guest.check('fd_close', [0], 0);
});

describe('NONBLOCK of the guest on a pipe of the host that blocks', () => {
  test('reading', (t) => {
    const { pipe } = hostFds(t);
    const guest = guestOn(t, pipe);
    guest.check('fd_fdstat_set_flags', [0, fdflags.NONBLOCK], 0);
    guest.check('fd_read', [0, iovs([A, 4]), OUT], errno.AGAIN);
    fs.writeSync(pipe, 'abc');
    guest.check('fd_read', [0, iovs([A, 4]), OUT], 0, [[A, 'abc'], [OUT, u32(3)]]);
    guest.check('fd_read', [0, iovs([A, 4]), OUT], errno.AGAIN);
    fs.writeSync(pipe, 'def');
    guest.check('fd_fdstat_set_flags', [0, 0], 0);
    guest.check('fd_read', [0, iovs([A, 1], [A + 1, 9]), OUT], 0, [[A, 'def'], [OUT, u32(3)]]);
  });

  test('writing', (t) => {
    const { pipe } = hostFds(t);
    const guest = guestOn(t, pipe);
    guest.check('fd_fdstat_set_flags', [1, fdflags.NONBLOCK], 0);
    let written = 0;
    let calls = 0;
    while (guest.call('fd_write', 1, iovs([0, 30000], [0, 30000]), OUT) === 0) {
      written += guest.u32(OUT);
      calls++;
    }
    guest.check('fd_write', [1, iovs('x'), OUT], errno.AGAIN);
    assert.ok(calls > 0);
    assert.equal(written % 4096, 0);
    let read = 0;
    guest.check('fd_fdstat_set_flags', [0, fdflags.NONBLOCK], 0);
    while (guest.call('fd_read', 0, iovs([A, 30000]), OUT) === 0) read += guest.u32(OUT);
    assert.equal(read, written);
  });
});

test('a non-blocking pipe of the host waits for the guest all the same', (t) => {
  const { directory } = hostFds(t);
  const pipe = fs.openSync(`${directory}/fifo`, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
  t.after(() => fs.closeSync(pipe));
  const guest = guestOn(t, pipe);
  const { Worker } = require('node:worker_threads');
  // Blocked in fd_read, this thread can only be helped by another one.
  new Worker(`
    const { workerData: fd } = require('node:worker_threads');
    setTimeout(() => require('node:fs').writeSync(fd, 'late'), 30);
  `, { eval: true, workerData: pipe });
  guest.check('fd_read', [0, iovs([A, 9]), OUT], 0, [[A, 'late'], [OUT, u32(4)]]);
  assert.match(statusFlags(pipe), /4\d{3}$/);
});

describe('a file as a standard stream', () => {
  test('shares its position with the host, and can be sought', (t) => {
    const { file } = hostFds(t);
    const guest = guestOn(t, file);
    guest.check('fd_read', [0, iovs([A, 3]), OUT], 0, [[A, '012'], [OUT, u32(3)]]);
    assert.equal(fs.readSync(file, Buffer.alloc(2)), 2);
    guest.check('fd_tell', [0, OUT], 0, [[OUT, u64(5n)]]);
    guest.check('fd_seek', [0, -1n, 2, OUT], 0, [[OUT, u64(9n)]]);
    guest.check('fd_seek', [0, -10n, 1, OUT], errno.INVAL);
    guest.check('fd_write', [1, iovs('XY'), OUT], 0, [[OUT, u32(2)]]);
    guest.check('fd_pread', [0, iovs([A, 4]), 7n, OUT], 0, [[A, '78XY'], [OUT, u32(4)]]);
    guest.check('fd_pwrite', [2, iovs('_'), 0n, OUT], 0, [[OUT, u32(1)]]);
    assert.equal(fs.readFileSync(`/proc/self/fd/${file}`, 'utf8'), '_12345678XY');
  });

  test('appends when the guest asks for it', (t) => {
    const { file } = hostFds(t);
    const guest = guestOn(t, file);
    guest.check('fd_fdstat_set_flags', [1, fdflags.APPEND], 0);
    guest.check('fd_write', [1, iovs('end'), OUT], 0, [[OUT, u32(3)]]);
    assert.equal(fs.readFileSync(`/proc/self/fd/${file}`, 'utf8'), '0123456789end');
  });

  test('what the host opened for reading only cannot be written', (t) => {
    const { path } = hostFds(t);
    const host = fs.openSync(path, 'r');
    t.after(() => fs.closeSync(host));
    const guest = guestOn(t, host);
    guest.check('fd_write', [1, iovs('x'), OUT], errno.BADF);
    guest.check('fd_filestat_set_size', [1, 0n], errno.INVAL);
    assert.equal(fs.readFileSync(path, 'utf8'), '0123456789');
  });
});

test('a pipe has no position and no size', (t) => {
  const { pipe } = hostFds(t);
  const guest = guestOn(t, pipe);
  guest.check('fd_fdstat_get', [0, OUT], 0, fdstat(OUT, filetype.UNKNOWN, 0, most.pipe));
  for (const [name, ...args] of [
    ['fd_seek', 0, 0n, 0, OUT], ['fd_tell', 0, OUT], ['fd_pread', 0, iovs([A, 1]), 0n, OUT],
    ['fd_pwrite', 0, iovs('x'), 0n, OUT], ['fd_allocate', 0, 0n, 1n], ['fd_advise', 0, 0n, 0n, 0],
    ['fd_filestat_set_size', 0, 0n], ['fd_sync', 0], ['fd_datasync', 0],
  ]) guest.check(name, args, errno.NOTCAPABLE);
  assert.equal(guest.call('fd_filestat_get', 0, OUT), 0);
  assert.equal(guest.u64(OUT + 8), fs.fstatSync(pipe, { bigint: true }).ino);
});

test('/dev/null swallows and is empty', (t) => {
  const { null: host } = hostFds(t);
  const guest = guestOn(t, host);
  guest.check('fd_write', [1, iovs('swallowed'), OUT], 0, [[OUT, u32(9)]]);
  guest.check('fd_read', [0, iovs([A, 9]), OUT], 0, [[OUT, u32(0)]]);
  guest.check('path_open', [0, 0, text('x'), 0, rights.FD_READ, 0n, 0, OUT], errno.NOTDIR);
  guest.check('fd_readdir', [0, A, 100, 0n, OUT], errno.NOTDIR);
});

test('a terminal has the rights of a stream, by which C libraries know it', (t) => {
  const host = fs.openSync('/dev/ptmx', fs.constants.O_RDWR | fs.constants.O_NOCTTY);
  t.after(() => fs.closeSync(host));
  const guest = guestOn(t, host);
  guest.check('fd_fdstat_get', [0, OUT], 0, fdstat(OUT, filetype.CHARACTER_DEVICE, 0, most.pipe));
  guest.check('fd_seek', [0, 0n, 1, OUT], errno.NOTCAPABLE);
  guest.check('fd_tell', [0, OUT], errno.NOTCAPABLE);
});

test('a directory as a standard stream has the rights of one, but is no preopen', (t) => {
  const { directory } = hostFds(t);
  const host = fs.openSync(directory);
  t.after(() => fs.closeSync(host));
  const guest = guestOn(t, host);
  guest.check('fd_fdstat_get', [0, OUT], 0, fdstat(OUT, filetype.DIRECTORY, 0, most.directory));
  guest.check('fd_prestat_get', [0, OUT], errno.BADF);
  guest.check('fd_read', [0, iovs([A, 9]), OUT], errno.NOTCAPABLE);
  guest.check('fd_close', [0], 0);
  assert.ok(fs.fstatSync(host).isDirectory());
});
