'use strict';

// path_open, and what it makes of a path: this holds for every call on paths.

const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { OUT, guestWithDirectory, iovs, pointer, tempDir, text } = require('./helpers/guest');
const { FOLLOW, OUTSIDE, errno, fdflags, most, oflags, rights, u32 } = require('./helpers/preview1');

const { CREAT, DIRECTORY, EXCL, TRUNC } = oflags;
const READ = rights.FD_READ;
const WRITE = rights.FD_WRITE;

// file, dir/inner, dir/sub/, and links; a secret lies outside.
function guestWithTree(t) {
  const outside = tempDir(t);
  const directory = path.join(outside, 'root');
  fs.mkdirSync(path.join(directory, 'dir', 'sub'), { recursive: true });
  const guest = guestWithDirectory(t, { preopens: { '/': directory } });
  guest.directory = directory;
  guest.file = (...names) => path.join(directory, ...names);
  fs.writeFileSync(path.join(outside, 'secret'), 'secret');
  fs.writeFileSync(guest.file('file'), 'file');
  fs.writeFileSync(guest.file('dir', 'inner'), 'inner');
  const links = {
    soft: 'file', softdir: 'dir', dangling: 'nothing', loop: 'loop', absolute: '/etc/passwd',
    escape: '../secret', up: 'dir/sub/../../file', 'dir/back': '../file', 'dir/out': '../../secret',
    outdir: '..', self: '.', rootlink: '/', chain: 'chain1', chain1: 'dir/back',
  };
  for (const [name, target] of Object.entries(links)) fs.symlinkSync(target, guest.file(name));
  return guest;
}

function checkOpen(guest, name, expected, { fd = 3, follow = 0, flags = 0, base = READ, inheriting = 0n, fdflags: given = 0 } = {}) {
  const next = [[OUT, u32(nextFd(guest))]];
  const args = [fd, follow, text(name), flags, base, inheriting, given, OUT];
  guest.check('path_open', args, expected, expected === 0 ? next : []);
  return guest.u32(OUT);
}

function nextFd(guest) {
  let fd = 0;
  while (guest.call('fd_fdstat_get', fd, OUT) === 0) fd++;
  return fd;
}

function contentOf(guest, fd) {
  assert.equal(guest.call('fd_read', fd, iovs([OUT + 64, 100]), OUT), 0);
  return guest.read(OUT + 64, guest.u32(OUT)).toString();
}

describe('a path inside', () => {
  const paths = {
    'file': 'file', './file': 'file', 'dir/../file': 'file', 'dir/inner': 'inner',
    'dir//inner': 'inner', 'dir/.//sub/../inner': 'inner', 'dir/sub/../../dir/./inner': 'inner',
    'softdir/inner': 'inner', 'softdir/../file': 'file', 'softdir/sub/../inner': 'inner',
    'self/self/./file': 'file', 'dir/sub/../../file': 'file',
  };
  for (const [name, content] of Object.entries(paths)) {
    test(name, (t) => {
      const guest = guestWithTree(t);
      assert.equal(contentOf(guest, checkOpen(guest, name, 0)), content);
    });
  }

  test('through links in the last component, when asked to follow', (t) => {
    const guest = guestWithTree(t);
    for (const [name, content] of [
      ['soft', 'file'], ['up', 'file'], ['dir/back', 'file'], ['chain', 'file'], ['softdir/back', 'file'],
    ]) {
      assert.equal(contentOf(guest, checkOpen(guest, name, 0, { follow: FOLLOW })), content);
      checkOpen(guest, name, errno.LOOP);
    }
    checkOpen(guest, 'softdir', 0, { follow: FOLLOW, flags: DIRECTORY });
    checkOpen(guest, 'softdir/', 0, { flags: DIRECTORY });
    checkOpen(guest, 'softdir', errno.LOOP);
  });

  test('relative to a directory opened before', (t) => {
    const guest = guestWithTree(t);
    const fd = guest.openDirectory('dir');
    assert.equal(contentOf(guest, checkOpen(guest, 'inner', 0, { fd })), 'inner');
    assert.equal(contentOf(guest, checkOpen(guest, 'sub/../inner', 0, { fd })), 'inner');
    checkOpen(guest, '../file', OUTSIDE, { fd });
    checkOpen(guest, 'back', OUTSIDE, { fd, follow: FOLLOW });
  });

  test('goes with the directory when that is renamed', (t) => {
    const guest = guestWithTree(t);
    const fd = guest.openDirectory('dir');
    fs.renameSync(guest.file('dir'), guest.file('renamed'));
    assert.equal(contentOf(guest, checkOpen(guest, 'inner', 0, { fd })), 'inner');
    guest.check('fd_close', [3], 0);
    assert.equal(contentOf(guest, checkOpen(guest, 'inner', 0, { fd })), 'inner');
  });
});

describe('a path that leads out is refused', () => {
  for (const name of [
    '..', '../', '../secret', '../root/file', 'dir/../../secret', 'dir/sub/../../../secret',
    './..', '/', '/file', '/etc/passwd', 'softdir/../../secret', 'outdir/secret', 'rootlink/etc/passwd',
    'dir/../..', 'self/../secret',
  ]) {
    for (const follow of [0, FOLLOW]) {
      test(`${name}, ${follow ? 'following' : 'not following'}`, (t) => {
        const guest = guestWithTree(t);
        checkOpen(guest, name, OUTSIDE, { follow });
        checkOpen(guest, name, OUTSIDE, { follow, flags: CREAT });
        assert.equal(fs.readFileSync(guest.file('..', 'secret'), 'utf8'), 'secret');
      });
    }
  }

  for (const name of ['escape', 'absolute', 'dir/out', 'outdir', 'rootlink', 'outdir/']) {
    test(`following the link ${name}`, (t) => {
      const guest = guestWithTree(t);
      checkOpen(guest, name, OUTSIDE, { follow: FOLLOW });
      checkOpen(guest, name, OUTSIDE, { follow: FOLLOW, flags: TRUNC, base: WRITE });
      assert.equal(fs.readFileSync(guest.file('..', 'secret'), 'utf8'), 'secret');
    });
  }
});

describe('a bad path', () => {
  const name = (bytes) => [pointer(Buffer.from(bytes)), bytes.length];
  const cases = [
    ['empty', '', errno.NOENT],
    ['with a NUL', 'fi\0le', errno.INVAL],
    ['with a NUL at its end', 'file\0', errno.INVAL],
    ['only a NUL', '\0', errno.INVAL],
    ['not UTF-8', [0x66, 0xff], errno.ILSEQ],
    ['with a surrogate', [0xed, 0xa0, 0x80], errno.ILSEQ],
    ['cut within a character', [0x66, 0xe2, 0x82], errno.ILSEQ],
    ['with a name of 256 bytes', 'n'.repeat(256), errno.NAMETOOLONG],
    ['of 4096 bytes', './'.repeat(2046) + 'file', errno.NAMETOOLONG],
    ['missing', 'missing', errno.NOENT],
    ['beneath something missing', 'missing/file', errno.NOENT],
    ['beneath a file', 'file/inner', errno.NOTDIR],
    ['of a file, with a slash', 'file/', errno.NOTDIR],
    ['a dangling link with a slash', 'dangling/', errno.NOENT],
    ['a loop within', 'loop/file', errno.LOOP],
  ];
  for (const [label, bytes, expected] of cases) {
    test(label, (t) => {
      const guest = guestWithTree(t);
      const [place, length] = name(bytes);
      guest.check('path_open', [3, 0, place, length, 0, READ, 0n, 0, OUT], expected);
    });
  }

  test('of 4095 bytes is good', (t) => {
    const guest = guestWithTree(t);
    const longest = './'.repeat(2045) + './/' + 'file'.slice(0, 2);
    assert.equal(longest.length, 4095);
    fs.writeFileSync(guest.file('fi'), 'longest');
    assert.equal(contentOf(guest, checkOpen(guest, longest, 0)), 'longest');
  });

  test('names of 255 bytes and in any script are good', (t) => {
    const guest = guestWithTree(t);
    for (const one of ['n'.repeat(255), 'größer €', '😀', ' ', '\n', '...', '~', '\\', 'a:b']) {
      checkOpen(guest, one, 0, { flags: CREAT | EXCL });
      assert.ok(fs.existsSync(guest.file(one)), one);
    }
  });
});

describe('the descriptor of the directory', () => {
  test('must be open and a directory, whatever the path is', (t) => {
    const guest = guestWithTree(t);
    const file = guest.open('file');
    for (const name of ['file', '', '../x', 'a\0']) {
      checkOpen(guest, name, errno.BADF, { fd: 99 });
      checkOpen(guest, name, errno.NOTDIR, { fd: file });
      checkOpen(guest, name, errno.NOTDIR, { fd: 0 });
    }
  });

  test('must have the rights', (t) => {
    const guest = guestWithTree(t);
    const without = (...dropped) => guest.openDirectory('.', {
      base: dropped.reduce((bits, right) => bits & ~right, most.directory.base),
    });
    checkOpen(guest, 'file', errno.NOTCAPABLE, { fd: without(rights.PATH_OPEN) });
    const fd = without(rights.PATH_CREATE_FILE, rights.PATH_FILESTAT_SET_SIZE);
    checkOpen(guest, 'file', 0, { fd });
    checkOpen(guest, 'new', errno.NOTCAPABLE, { fd, flags: CREAT });
    checkOpen(guest, 'file', errno.NOTCAPABLE, { fd, flags: TRUNC });
    assert.equal(fs.readFileSync(guest.file('file'), 'utf8'), 'file');
    assert.ok(!fs.existsSync(guest.file('new')));
  });

  test('must let rights be inherited, those of the flags too', (t) => {
    const guest = guestWithTree(t);
    const fd = guest.openDirectory('.', { inheriting: READ });
    checkOpen(guest, 'file', 0, { fd });
    checkOpen(guest, 'file', errno.NOTCAPABLE, { fd, base: READ | WRITE });
    checkOpen(guest, 'file', errno.NOTCAPABLE, { fd, base: 0n, inheriting: WRITE });
    checkOpen(guest, 'file', errno.NOTCAPABLE, { fd, fdflags: fdflags.SYNC });
    checkOpen(guest, 'file', errno.NOTCAPABLE, { fd, fdflags: fdflags.RSYNC });
    checkOpen(guest, 'file', errno.NOTCAPABLE, { fd, fdflags: fdflags.DSYNC });
    checkOpen(guest, 'file', 0, { fd, fdflags: fdflags.APPEND | fdflags.NONBLOCK });
    for (const bit of [28n, 29n, 30n, 63n]) {
      checkOpen(guest, 'file', errno.NOTCAPABLE, { base: 1n << bit });
    }
  });
});

describe('oflags', () => {
  test('CREAT creates, with the mode of the umask', (t) => {
    const guest = guestWithTree(t);
    checkOpen(guest, 'new', errno.NOENT);
    checkOpen(guest, 'new', 0, { flags: CREAT });
    assert.equal(fs.statSync(guest.file('new')).mode & 0o777, 0o666 & ~process.umask());
    checkOpen(guest, 'dir/newer', 0, { flags: CREAT, base: 0n });
    assert.equal(fs.statSync(guest.file('dir/newer')).size, 0);
    assert.equal(contentOf(guest, checkOpen(guest, 'file', 0, { flags: CREAT })), 'file');
    checkOpen(guest, 'missing/new', errno.NOENT, { flags: CREAT });
    checkOpen(guest, 'dir', errno.ISDIR, { flags: CREAT });
    checkOpen(guest, 'new/', errno.ISDIR, { flags: CREAT });
  });

  test('EXCL refuses what is there, a dangling link too', (t) => {
    const guest = guestWithTree(t);
    for (const name of ['file', 'dir', 'dangling', 'soft', 'loop']) {
      for (const follow of [0, FOLLOW]) {
        checkOpen(guest, name, errno.EXIST, { flags: CREAT | EXCL, follow });
      }
    }
    checkOpen(guest, 'new', 0, { flags: CREAT | EXCL });
    assert.ok(!fs.existsSync(guest.file('nothing')));
  });

  test('CREAT through a dangling link', (t) => {
    const guest = guestWithTree(t);
    checkOpen(guest, 'dangling', errno.LOOP, { flags: CREAT });
    checkOpen(guest, 'dangling', errno.NOENT, { follow: FOLLOW });
    checkOpen(guest, 'dangling', 0, { flags: CREAT, follow: FOLLOW });
    assert.ok(fs.existsSync(guest.file('nothing')));
  });

  test('TRUNC empties, whatever rights are asked for', (t) => {
    const guest = guestWithTree(t);
    for (const base of [0n, READ, WRITE, READ | WRITE]) {
      fs.writeFileSync(guest.file('file'), 'content');
      checkOpen(guest, 'file', 0, { flags: TRUNC, base });
      assert.equal(fs.statSync(guest.file('file')).size, 0);
    }
    checkOpen(guest, 'dir', errno.ISDIR, { flags: TRUNC, base: WRITE });
  });

  test('DIRECTORY', (t) => {
    const guest = guestWithTree(t);
    for (const name of ['dir', 'dir/', 'dir///', '.', 'dir/sub/..', 'softdir/']) {
      checkOpen(guest, name, 0, { flags: DIRECTORY, base: most.directory.base, inheriting: 0xfffffffn });
      checkOpen(guest, name, 0, { base: 0n });
    }
    checkOpen(guest, 'file', errno.NOTDIR, { flags: DIRECTORY });
    checkOpen(guest, 'soft', errno.NOTDIR, { flags: DIRECTORY, follow: FOLLOW });
    checkOpen(guest, 'soft', errno.NOTDIR, { flags: DIRECTORY });
    checkOpen(guest, 'dir', errno.ISDIR, { flags: DIRECTORY, base: READ | WRITE });
    checkOpen(guest, 'dir', errno.ISDIR, { base: WRITE });
  });

  test('bits without a meaning are ignored', (t) => {
    const guest = guestWithTree(t);
    checkOpen(guest, 'file', 0, { flags: 0xfff0, fdflags: 0xffe0 });
    checkOpen(guest, 'file', 0, { flags: 0x10000, fdflags: 0x10000 });
    checkOpen(guest, 'soft', errno.LOOP, { follow: 2 });
    checkOpen(guest, 'soft', 0, { follow: 3 });
  });
});

test('a preopen of the root of the host knows no outside', (t) => {
  const guest = guestWithDirectory(t, { preopens: { '/': '/' } });
  checkOpen(guest, 'proc/self/status', 0);
  checkOpen(guest, '../../proc', 0);
  checkOpen(guest, '/proc', 0);
});

test('a preopen may be a link itself, but is what it was', (t) => {
  const tree = guestWithTree(t);
  const guest = guestWithDirectory(t, { preopens: { '/': tree.file('softdir') } });
  fs.unlinkSync(tree.file('softdir'));
  fs.symlinkSync('..', tree.file('softdir'));
  assert.equal(contentOf(guest, checkOpen(guest, 'inner', 0)), 'inner');
  checkOpen(guest, '../file', OUTSIDE);
});
