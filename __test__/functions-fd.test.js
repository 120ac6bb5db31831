'use strict';

// Calls on descriptors that neither read nor write.

const fs = require('node:fs');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { OUT, guestWithDirectory, guestWithFile, text } = require('./helpers/guest');
const {
  errno, fdflags, fdstat, filestat, filetype, fstflags, most, rights, u32, u64,
} = require('./helpers/preview1');

const stat = (path) => fs.statSync(path, { bigint: true });
const NONE = 77;

// Takes rights from a descriptor.
function drop(guest, fd, ...dropped) {
  const { base, inheriting } = fd === 4 ? most.file : most.directory;
  const left = dropped.reduce((bits, right) => bits & ~right, base);
  guest.check('fd_fdstat_set_rights', [fd, left, inheriting], 0);
}

test('a descriptor that is not open is EBADF for every call', (t) => {
  const guest = guestWithFile(t);
  for (const fd of [6, NONE, 0x7fffffff, 0x80000000, 0xffffffff]) {
    guest.check('fd_advise', [fd, 0n, 0n, 0], errno.BADF);
    guest.check('fd_allocate', [fd, 0n, 1n], errno.BADF);
    guest.check('fd_close', [fd], errno.BADF);
    guest.check('fd_datasync', [fd], errno.BADF);
    guest.check('fd_fdstat_get', [fd, OUT], errno.BADF);
    guest.check('fd_fdstat_set_flags', [fd, 0], errno.BADF);
    guest.check('fd_fdstat_set_rights', [fd, 0n, 0n], errno.BADF);
    guest.check('fd_filestat_get', [fd, OUT], errno.BADF);
    guest.check('fd_filestat_set_size', [fd, 0n], errno.BADF);
    guest.check('fd_filestat_set_times', [fd, 0n, 0n, 0], errno.BADF);
    guest.check('fd_pread', [fd, OUT, 0, 0n, OUT], errno.BADF);
    guest.check('fd_prestat_get', [fd, OUT], errno.BADF);
    guest.check('fd_prestat_dir_name', [fd, OUT, 10], errno.BADF);
    guest.check('fd_pwrite', [fd, OUT, 0, 0n, OUT], errno.BADF);
    guest.check('fd_read', [fd, OUT, 0, OUT], errno.BADF);
    guest.check('fd_readdir', [fd, OUT, 100, 0n, OUT], errno.BADF);
    guest.check('fd_renumber', [fd, 4], errno.BADF);
    guest.check('fd_renumber', [4, fd], errno.BADF);
    guest.check('fd_seek', [fd, 0n, 0, OUT], errno.BADF);
    guest.check('fd_sync', [fd], errno.BADF);
    guest.check('fd_tell', [fd, OUT], errno.BADF);
    guest.check('fd_write', [fd, OUT, 0, OUT], errno.BADF);
  }
});

describe('fd_fdstat_get', () => {
  test('of files and directories', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_fdstat_get', [3, OUT], 0, fdstat(OUT, filetype.DIRECTORY, 0, most.directory));
    guest.check('fd_fdstat_get', [4, OUT + 1], 0, fdstat(OUT + 1, filetype.REGULAR_FILE, 0, most.file));
    guest.check('fd_fdstat_get', [5, OUT], 0, fdstat(OUT, filetype.DIRECTORY, 0, most.directory));
  });

  test('of a device', (t) => {
    const stdin = fs.openSync('/dev/null');
    t.after(() => fs.closeSync(stdin));
    const guest = guestWithDirectory(t, { stdin });
    guest.check('fd_fdstat_get', [0, OUT], 0, fdstat(OUT, filetype.CHARACTER_DEVICE, 0, most.device));
  });

  test('reports the flags that the guest gave', (t) => {
    const guest = guestWithFile(t);
    for (let flags = 0; flags < 32; flags++) {
      const fd = guest.open('file', { fdflags: flags });
      guest.check('fd_fdstat_get', [fd, OUT], 0, fdstat(OUT, filetype.REGULAR_FILE, flags, most.file));
      guest.check('fd_fdstat_set_flags', [fd, 31 - flags], 0);
      guest.check('fd_fdstat_get', [fd, OUT], 0,
        fdstat(OUT, filetype.REGULAR_FILE, 31 - flags, most.file));
      guest.check('fd_close', [fd], 0);
    }
  });
});

describe('fd_fdstat_set_flags', () => {
  test('ignores bits without a meaning', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_fdstat_set_flags', [4, 0xffe1], 0);
    guest.check('fd_fdstat_get', [4, OUT], 0,
      fdstat(OUT, filetype.REGULAR_FILE, fdflags.APPEND, most.file));
    guest.check('fd_fdstat_set_flags', [4, 0x10000], 0);
    guest.check('fd_fdstat_get', [4, OUT], 0, fdstat(OUT, filetype.REGULAR_FILE, 0, most.file));
  });

  test('needs its right', (t) => {
    const guest = guestWithFile(t);
    drop(guest, 4, rights.FD_FDSTAT_SET_FLAGS);
    guest.check('fd_fdstat_set_flags', [4, 0], errno.NOTCAPABLE);
  });
});

describe('fd_fdstat_set_rights', () => {
  test('only takes away', (t) => {
    const guest = guestWithFile(t);
    const base = rights.FD_READ | rights.FD_TELL;
    guest.check('fd_fdstat_set_rights', [4, most.file.base, 0n], 0);
    guest.check('fd_fdstat_set_rights', [4, base, 0n], 0);
    const now = fdstat(OUT, filetype.REGULAR_FILE, 0, { base, inheriting: 0n });
    guest.check('fd_fdstat_get', [4, OUT], 0, now);
    for (const more of [rights.FD_WRITE, 1n << 30n, 1n << 63n]) {
      guest.check('fd_fdstat_set_rights', [4, base | more, 0n], errno.NOTCAPABLE);
      guest.check('fd_fdstat_set_rights', [4, more, 0n], errno.NOTCAPABLE);
      guest.check('fd_fdstat_set_rights', [4, base, more], errno.NOTCAPABLE);
    }
    guest.check('fd_fdstat_get', [4, OUT], 0, now);
    guest.check('fd_fdstat_set_rights', [4, 0n, 0n], 0);
    guest.check('fd_fdstat_set_rights', [4, base, 0n], errno.NOTCAPABLE);
  });

  test('limits what is opened through a directory', (t) => {
    const guest = guestWithFile(t);
    const inheriting = rights.FD_READ | rights.FD_SEEK;
    guest.check('fd_fdstat_set_rights', [3, most.directory.base, inheriting], 0);
    const open = (base, inherited = 0n) =>
      ['path_open', [3, 0, text('file'), 0, base, inherited, 0, OUT]];
    guest.check(...open(inheriting | rights.FD_WRITE), errno.NOTCAPABLE);
    guest.check(...open(rights.FD_READ, rights.FD_WRITE), errno.NOTCAPABLE);
    guest.check(...open(rights.FD_READ), 0, [[OUT, u32(6)]]);
  });
});

describe('fd_filestat_get', () => {
  test('of files, directories and devices', (t) => {
    const guest = guestWithFile(t);
    fs.linkSync(guest.file('file'), guest.file('second'));
    guest.check('fd_filestat_get', [4, OUT], 0,
      filestat(OUT, stat(guest.file('file')), filetype.REGULAR_FILE));
    guest.check('fd_filestat_get', [5, OUT + 3], 0,
      filestat(OUT + 3, stat(guest.file('dir')), filetype.DIRECTORY));
    guest.check('fd_filestat_get', [3, OUT], 0,
      filestat(OUT, stat(guest.directory), filetype.DIRECTORY));
    const fd = fs.openSync('/dev/zero');
    t.after(() => fs.closeSync(fd));
    guestWithDirectory(t, { stdin: fd }).check('fd_filestat_get', [0, OUT], 0,
      filestat(OUT, fs.fstatSync(fd, { bigint: true }), filetype.CHARACTER_DEVICE));
  });

  test('sees what happens to the file', (t) => {
    const guest = guestWithFile(t);
    const host = fs.openSync(guest.file('file'));
    t.after(() => fs.closeSync(host));
    fs.truncateSync(guest.file('file'), 12345678901);
    fs.unlinkSync(guest.file('file'));
    guest.check('fd_filestat_get', [4, OUT], 0,
      filestat(OUT, fs.fstatSync(host, { bigint: true }), filetype.REGULAR_FILE));
    assert.equal(guest.u64(OUT + 24), 0n);
    assert.equal(guest.u64(OUT + 32), 12345678901n);
  });

  test('needs its right', (t) => {
    const guest = guestWithFile(t);
    drop(guest, 4, rights.FD_FILESTAT_GET);
    guest.check('fd_filestat_get', [4, OUT], errno.NOTCAPABLE);
  });
});

describe('fd_filestat_set_size', () => {
  test('cuts and grows', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_filestat_set_size', [4, 3n], 0);
    assert.equal(fs.readFileSync(guest.file('file'), 'latin1'), '012');
    guest.check('fd_filestat_set_size', [4, 5n], 0);
    assert.equal(fs.readFileSync(guest.file('file'), 'latin1'), '012\0\0');
    guest.check('fd_filestat_set_size', [4, 0n], 0);
    assert.equal(stat(guest.file('file')).size, 0n);
  });

  test('errors', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_filestat_set_size', [4, 2n ** 63n], errno.INVAL);
    guest.check('fd_filestat_set_size', [4, -1n], errno.INVAL);
    guest.check('fd_filestat_set_size', [3, 0n], errno.NOTCAPABLE);
    const readOnly = guest.open('file', { base: rights.FD_READ });
    guest.check('fd_filestat_set_size', [readOnly, 0n], errno.NOTCAPABLE);
    assert.equal(stat(guest.file('file')).size, 10n);
  });
});

describe('fd_filestat_set_times', () => {
  const { ATIM, ATIM_NOW, MTIM, MTIM_NOW } = fstflags;
  const A = 1_600_000_000_123_456_789n;
  const M = 1_500_000_000_987_654_321n;

  for (const [name, fd] of [['file', 4], ['dir', 5]]) {
    test(`sets what it is told to, to the nanosecond: ${name}`, (t) => {
      const guest = guestWithFile(t);
      const times = () => {
        const { atimeNs, mtimeNs } = stat(guest.file(name));
        return [atimeNs, mtimeNs];
      };
      guest.check('fd_filestat_set_times', [fd, A, M, ATIM | MTIM], 0);
      assert.deepEqual(times(), [A, M]);
      guest.check('fd_filestat_set_times', [fd, 1n, 2n, 0], 0);
      assert.deepEqual(times(), [A, M]);
      guest.check('fd_filestat_set_times', [fd, 1n, 2n, ATIM], 0);
      assert.deepEqual(times(), [1n, M]);
      guest.check('fd_filestat_set_times', [fd, 3n, 4n, MTIM], 0);
      assert.deepEqual(times(), [1n, 4n]);
      guest.check('fd_filestat_set_times', [fd, A, M, ATIM_NOW], 0);
      const [now, kept] = times();
      assert.ok(now > A);
      assert.equal(kept, 4n);
      guest.check('fd_filestat_set_times', [fd, A, M, ATIM | MTIM_NOW], 0);
      assert.equal(times()[0], A);
      assert.ok(times()[1] > A);
    });
  }

  test('errors', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_filestat_set_times', [4, A, M, ATIM | MTIM], 0);
    for (const flags of [ATIM | ATIM_NOW, MTIM | MTIM_NOW, 15, 16, 0x8001]) {
      guest.check('fd_filestat_set_times', [4, 1n, 1n, flags], errno.INVAL);
    }
    drop(guest, 4, rights.FD_FILESTAT_SET_TIMES);
    guest.check('fd_filestat_set_times', [4, 1n, 1n, ATIM], errno.NOTCAPABLE);
    assert.equal(stat(guest.file('file')).mtimeNs, M);
  });
});

describe('fd_seek and fd_tell', () => {
  const [SET, CUR, END] = [0, 1, 2];
  const seek = (guest, offset, whence, position) =>
    guest.check('fd_seek', [4, offset, whence, OUT + 1], 0, [[OUT + 1, u64(position)]]);

  test('from the start, from here and from the end', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_tell', [4, OUT], 0, [[OUT, u64(0n)]]);
    seek(guest, 4n, SET, 4n);
    seek(guest, 3n, CUR, 7n);
    seek(guest, -5n, CUR, 2n);
    seek(guest, 0n, CUR, 2n);
    seek(guest, 0n, END, 10n);
    seek(guest, -10n, END, 0n);
    seek(guest, 90n, END, 100n);
    guest.check('fd_tell', [4, OUT + 5], 0, [[OUT + 5, u64(100n)]]);
    seek(guest, 2n ** 63n - 1n, SET, 2n ** 63n - 1n);
    assert.equal(stat(guest.file('file')).size, 10n);
  });

  test('to nowhere is EINVAL and stays', (t) => {
    const guest = guestWithFile(t);
    seek(guest, 4n, SET, 4n);
    for (const [offset, whence] of [
      [-1n, SET], [-5n, CUR], [-11n, END], [-(2n ** 63n), CUR], [2n ** 63n - 1n, CUR],
      [2n ** 63n - 1n, END], [0n, 3], [0n, 255],
    ]) {
      guest.check('fd_seek', [4, offset, whence, OUT], errno.INVAL);
    }
    guest.check('fd_tell', [4, OUT], 0, [[OUT, u64(4n)]]);
  });

  test('need their rights; to tell is the lesser one', (t) => {
    const guest = guestWithFile(t);
    drop(guest, 4, rights.FD_SEEK);
    guest.check('fd_seek', [4, 1n, SET, OUT], errno.NOTCAPABLE);
    guest.check('fd_seek', [4, 0n, SET, OUT], errno.NOTCAPABLE);
    seek(guest, 0n, CUR, 0n);
    guest.check('fd_tell', [4, OUT], 0, [[OUT, u64(0n)]]);
    drop(guest, 4, rights.FD_SEEK, rights.FD_TELL);
    guest.check('fd_seek', [4, 0n, CUR, OUT], errno.NOTCAPABLE);
    guest.check('fd_tell', [4, OUT], errno.NOTCAPABLE);
  });

  test('on a directory are ENOTCAPABLE', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_seek', [5, 1n, SET, OUT], errno.NOTCAPABLE);
    guest.check('fd_tell', [5, OUT], errno.NOTCAPABLE);
  });

  test('each descriptor has its own position', (t) => {
    const guest = guestWithFile(t);
    const other = guest.open('file');
    seek(guest, 4n, SET, 4n);
    guest.check('fd_tell', [other, OUT], 0, [[OUT, u64(0n)]]);
  });
});

describe('fd_advise, fd_allocate, fd_datasync, fd_sync', () => {
  test('fd_advise changes nothing', (t) => {
    const guest = guestWithFile(t);
    for (let advice = 0; advice <= 5; advice++) {
      guest.check('fd_advise', [4, 2n, 5n, advice], 0);
      guest.check('fd_advise', [4, 0n, 0n, advice], 0);
      guest.check('fd_advise', [4, 1000n, 10n, advice], 0);
    }
    assert.equal(fs.readFileSync(guest.file('file'), 'latin1'), '0123456789');
  });

  test('fd_advise errors', (t) => {
    const guest = guestWithFile(t);
    for (const advice of [6, 255]) guest.check('fd_advise', [4, 0n, 0n, advice], errno.INVAL);
    guest.check('fd_advise', [4, -1n, 0n, 0], errno.INVAL);
    guest.check('fd_advise', [4, 0n, -1n, 0], errno.INVAL);
    guest.check('fd_advise', [5, 0n, 0n, 0], errno.BADF);
    drop(guest, 4, rights.FD_ADVISE);
    guest.check('fd_advise', [4, 0n, 0n, 0], errno.NOTCAPABLE);
  });

  test('fd_allocate makes sure of a region and never shrinks', (t) => {
    const guest = guestWithFile(t);
    const sizeAfter = (offset, length) => {
      guest.check('fd_allocate', [4, offset, length], 0);
      return stat(guest.file('file')).size;
    };
    assert.equal(sizeAfter(0n, 5n), 10n);
    assert.equal(sizeAfter(0n, 100n), 100n);
    assert.equal(sizeAfter(90n, 20n), 110n);
    assert.equal(sizeAfter(10n, 10n), 110n);
    assert.equal(sizeAfter(1000n, 1n), 1001n);
    assert.equal(fs.readFileSync(guest.file('file'), 'latin1'), '0123456789'.padEnd(1001, '\0'));
  });

  test('fd_allocate errors', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_allocate', [4, 0n, 0n], errno.INVAL);
    guest.check('fd_allocate', [4, -1n, 1n], errno.INVAL);
    guest.check('fd_allocate', [4, 0n, -1n], errno.INVAL);
    guest.check('fd_allocate', [4, 2n ** 63n - 1n, 2n], errno.FBIG);
    guest.check('fd_allocate', [5, 0n, 1n], errno.NOTCAPABLE);
    drop(guest, 4, rights.FD_ALLOCATE);
    guest.check('fd_allocate', [4, 0n, 100n], errno.NOTCAPABLE);
    assert.equal(stat(guest.file('file')).size, 10n);
  });

  test('fd_datasync and fd_sync', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_datasync', [4], 0);
    guest.check('fd_sync', [4], 0);
    guest.check('fd_sync', [5], 0);
    guest.check('fd_datasync', [5], errno.NOTCAPABLE);
    drop(guest, 4, rights.FD_DATASYNC, rights.FD_SYNC);
    guest.check('fd_datasync', [4], errno.NOTCAPABLE);
    guest.check('fd_sync', [4], errno.NOTCAPABLE);
  });
});
