'use strict';

// The table of descriptors: closing, renumbering, preopens, and the rights that
// an opened descriptor gets.

const fs = require('node:fs');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { OUT, guestWithDirectory, guestWithFile } = require('./helpers/guest');
const { errno, filestat, filetype, most, oflags, rights, u32, u64, u8 } = require('./helpers/preview1');

const stat = (path) => fs.statSync(path, { bigint: true });

describe('fd_close and fd_renumber', () => {
  test('fd_close frees the number; the lowest free one is next', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_close', [4], 0);
    guest.check('fd_close', [4], errno.BADF);
    guest.check('fd_close', [3], 0);
    guest.check('fd_prestat_get', [3, OUT], errno.BADF);
    fs.writeFileSync(guest.file('dir', 'inner'), '');
    assert.deepEqual([1, 2, 3].map(() => guest.open('inner', { fd: 5 })), [3, 4, 6]);
  });

  test('fd_renumber moves a descriptor over another', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_seek', [4, 7n, 0, OUT], 0, [[OUT, u64(7n)]]);
    guest.check('fd_renumber', [4, 5], 0);
    guest.check('fd_tell', [5, OUT], 0, [[OUT, u64(7n)]]);
    guest.check('fd_fdstat_get', [4, OUT], errno.BADF);
    guest.check('fd_renumber', [5, 5], 0);
    guest.check('fd_renumber', [5, 3], 0);
    guest.check('fd_filestat_get', [3, OUT], 0,
      filestat(OUT, stat(guest.file('file')), filetype.REGULAR_FILE));
    guest.check('fd_prestat_get', [3, OUT], errno.BADF);
  });

  test('a preopen keeps its name under another number', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_renumber', [3, 4], 0);
    guest.check('fd_prestat_get', [4, OUT], 0, [[OUT, u8(0)], [OUT + 4, u32(1)]]);
    guest.check('fd_prestat_get', [3, OUT], errno.BADF);
  });

  test('closed descriptors are closed in the host too', (t) => {
    const guest = guestWithFile(t);
    const open = () => fs.readdirSync('/proc/self/fd').length;
    const before = open();
    const fds = Array.from({ length: 20 }, () => guest.open('file'));
    assert.equal(open(), before + 20);
    for (const fd of fds.slice(0, 10)) guest.check('fd_close', [fd], 0);
    for (const fd of fds.slice(10)) guest.check('fd_renumber', [fd, 4], 0);
    assert.equal(open(), before);
  });
});

describe('fd_prestat_get and fd_prestat_dir_name', () => {
  test('name the preopens, in order', (t) => {
    const directory = fs.realpathSync('.');
    const names = ['/a', 'b/', '', '/größer/..//€', '.'];
    const guest = guestWithDirectory(t, {
      preopens: Object.fromEntries(names.map((name) => [name, directory])),
    });
    names.forEach((name, index) => {
      const bytes = Buffer.from(name);
      guest.check('fd_prestat_get', [3 + index, OUT + 1], 0, [[OUT + 1, u8(0)], [OUT + 5, u32(bytes.length)]]);
      for (const length of [bytes.length, bytes.length + 1, 300]) {
        guest.check('fd_prestat_dir_name', [3 + index, OUT + 3, length], 0, [[OUT + 3, bytes]]);
      }
      if (bytes.length === 0) return;
      guest.check('fd_prestat_dir_name', [3 + index, OUT, bytes.length - 1], errno.NAMETOOLONG);
      guest.check('fd_prestat_dir_name', [3 + index, OUT, 0], errno.NAMETOOLONG);
    });
    guest.check('fd_prestat_get', [3 + names.length, OUT], errno.BADF);
  });

  test('of what is no preopen', (t) => {
    const guest = guestWithFile(t);
    for (const fd of [0, 1, 2, 4, 5]) {
      guest.check('fd_prestat_get', [fd, OUT], errno.BADF);
      guest.check('fd_prestat_dir_name', [fd, OUT, 10], errno.BADF);
    }
  });
});

test('oflags and rights of an opened file and directory show', (t) => {
  const guest = guestWithFile(t);
  const openAs = (name, flags, base, inheriting) => {
    const fd = guest.open(name, { oflags: flags, base, inheriting });
    assert.equal(guest.call('fd_fdstat_get', fd, OUT), 0);
    return [guest.u64(OUT + 8), guest.u64(OUT + 16)];
  };
  const everything = 0xfffffffn;
  assert.deepEqual(openAs('file', 0, everything, everything), [most.file.base, 0n]);
  assert.deepEqual(openAs('file', 0, rights.FD_READ, 0n), [rights.FD_READ, 0n]);
  assert.deepEqual(openAs('file', 0, 0n, 0n), [0n, 0n]);
  const notRead = everything & ~rights.FD_READ & ~rights.FD_READDIR;
  assert.deepEqual(openAs('file', 0, notRead, 0n), [most.file.base & ~rights.FD_READ, 0n]);
  const readOnly = most.directory.base;
  assert.deepEqual(openAs('dir', oflags.DIRECTORY, readOnly, everything), [readOnly, everything]);
  assert.deepEqual(openAs('dir', 0, rights.FD_READ, rights.FD_WRITE), [0n, rights.FD_WRITE]);
});
