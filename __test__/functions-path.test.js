'use strict';

// Calls on paths other than path_open.

const fs = require('node:fs');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { OUT, guestWithDirectory, pointer, text } = require('./helpers/guest');
const {
  FOLLOW, OUTSIDE, errno, filestat, filetype, fstflags, most, rights, u32,
} = require('./helpers/preview1');

const lstat = (name) => fs.lstatSync(name, { bigint: true });
// Both directories that have entries.
const namesIn = (guest) => ['.', 'dir'].map((name) => fs.readdirSync(guest.file(name)).sort());
const stat = (name) => fs.statSync(name, { bigint: true });

// 3 is a directory with file, dir/inner, empty/ and links; 4 is its dir.
function guestWithTree(t) {
  const guest = guestWithDirectory(t);
  fs.mkdirSync(guest.file('dir'));
  fs.mkdirSync(guest.file('empty'));
  fs.writeFileSync(guest.file('file'), 'file');
  fs.writeFileSync(guest.file('dir', 'inner'), 'inner');
  for (const [name, target] of Object.entries({
    soft: 'file', softdir: 'dir', dangling: 'nothing', loop: 'loop', out: '../outside',
  })) fs.symlinkSync(target, guest.file(name));
  assert.equal(guest.openDirectory('dir'), 4);
  return guest;
}

// What every path parameter makes an error of. `call` gives the arguments for a
// descriptor and a path, `right` is what the descriptor must have.
function commonErrors(name, right, call) {
  test(`${name}: errors of the descriptor and the path`, (t) => {
    const guest = guestWithTree(t);
    const file = guest.open('file');
    const bare = guest.openDirectory('.', { base: most.directory.base & ~right });
    const names = namesIn(guest);
    const check = (fd, path, expected) => guest.check(name, call(fd, path), expected);
    for (const path of ['new', '', '/x', 'a\0b']) {
      check(77, text(path), errno.BADF);
      check(file, text(path), errno.NOTDIR);
      check(0, text(path), errno.NOTDIR);
      check(bare, text(path), errno.NOTCAPABLE);
    }
    check(3, text(''), errno.NOENT);
    check(3, text('a\0b'), errno.INVAL);
    check(3, (place) => [place(Buffer.from([0xff])), 1], errno.ILSEQ);
    check(3, text('x'.repeat(256)), errno.NAMETOOLONG);
    check(3, text('x/'.repeat(2048)), errno.NAMETOOLONG);
    check(3, text('/file'), OUTSIDE);
    check(3, text('../file'), OUTSIDE);
    check(3, text('dir/../../file'), OUTSIDE);
    check(4, text('../file'), OUTSIDE);
    check(3, text('missing/new'), errno.NOENT);
    check(3, text('file/new'), errno.NOTDIR);
    check(3, text('loop/new'), errno.LOOP);
    check(3, text('out/new'), OUTSIDE);
    assert.deepEqual(namesIn(guest), names);
  });
}

describe('path_create_directory', () => {
  commonErrors('path_create_directory', rights.PATH_CREATE_DIRECTORY, (fd, path) => [fd, path]);

  test('creates', (t) => {
    const guest = guestWithTree(t);
    for (const [fd, name, made] of [
      [3, 'new', 'new'], [3, 'new/nested', 'new/nested'], [3, 'slash/', 'slash'],
      [3, 'softdir/a', 'dir/a'], [4, 'b', 'dir/b'], [3, 'dir/../c', 'c'], [3, 'größer', 'größer'],
    ]) {
      guest.check('path_create_directory', [fd, text(name)], 0);
      assert.equal(fs.lstatSync(guest.file(made)).mode & 0o777, 0o777 & ~process.umask());
    }
  });

  test('refuses what is there', (t) => {
    const guest = guestWithTree(t);
    for (const name of ['file', 'dir', 'dir/', 'soft', 'softdir', 'dangling', 'loop', '.', 'dir/.', 'dir/..']) {
      guest.check('path_create_directory', [3, text(name)], errno.EXIST);
    }
  });
});

describe('path_filestat_get', () => {
  commonErrors('path_filestat_get', rights.PATH_FILESTAT_GET, (fd, path) => [fd, 0, path, OUT]);

  test('of a link itself, or of what it leads to', (t) => {
    const guest = guestWithTree(t);
    const check = (flags, name, expected, type) => guest.check('path_filestat_get',
      [3, flags, text(name), OUT + 7], 0, filestat(OUT + 7, expected, type));
    for (const flags of [0, FOLLOW]) {
      check(flags, 'file', lstat(guest.file('file')), filetype.REGULAR_FILE);
      check(flags, 'dir', lstat(guest.file('dir')), filetype.DIRECTORY);
      check(flags, 'dir/', lstat(guest.file('dir')), filetype.DIRECTORY);
      check(flags, '.', lstat(guest.directory), filetype.DIRECTORY);
      check(flags, 'dir/..', lstat(guest.directory), filetype.DIRECTORY);
      check(flags, 'softdir/inner', lstat(guest.file('dir/inner')), filetype.REGULAR_FILE);
      check(flags, 'softdir/', lstat(guest.file('dir')), filetype.DIRECTORY);
    }
    for (const name of ['soft', 'dangling', 'loop', 'out']) {
      check(0, name, lstat(guest.file(name)), filetype.SYMBOLIC_LINK);
    }
    check(FOLLOW, 'soft', stat(guest.file('file')), filetype.REGULAR_FILE);
    check(FOLLOW, 'softdir', stat(guest.file('dir')), filetype.DIRECTORY);
  });

  test('errors', (t) => {
    const guest = guestWithTree(t);
    for (const [flags, name, expected] of [
      [0, 'missing', errno.NOENT], [FOLLOW, 'dangling', errno.NOENT], [FOLLOW, 'loop', errno.LOOP],
      [FOLLOW, 'out', OUTSIDE], [0, 'file/', errno.NOTDIR], [0, '..', OUTSIDE],
    ]) guest.check('path_filestat_get', [3, flags, text(name), OUT], expected);
  });
});

describe('path_filestat_set_times', () => {
  const { ATIM, ATIM_NOW, MTIM, MTIM_NOW } = fstflags;
  commonErrors('path_filestat_set_times', rights.PATH_FILESTAT_SET_TIMES,
    (fd, path) => [fd, 0, path, 0n, 0n, ATIM]);

  const A = 1_600_000_000_123_456_789n;
  const M = 1_500_000_000_987_654_321n;
  const times = ({ atimeNs, mtimeNs }) => [atimeNs, mtimeNs];

  test('sets what it is told to, to the nanosecond', (t) => {
    const guest = guestWithTree(t);
    for (const name of ['file', 'dir', 'dir/inner']) {
      const set = (flags) => guest.check('path_filestat_set_times', [3, 0, text(name), A, M, flags], 0);
      set(ATIM | MTIM);
      assert.deepEqual(times(lstat(guest.file(name))), [A, M]);
      set(ATIM_NOW);
      const [now] = times(lstat(guest.file(name)));
      assert.ok(now > A);
      assert.deepEqual(times(lstat(guest.file(name))), [now, M]);
      set(0);
      assert.deepEqual(times(lstat(guest.file(name))), [now, M]);
      set(MTIM_NOW | ATIM);
      assert.equal(times(lstat(guest.file(name)))[0], A);
      assert.ok(times(lstat(guest.file(name)))[1] > M);
    }
  });

  test('of a link itself, or of what it leads to', (t) => {
    const guest = guestWithTree(t);
    const before = times(stat(guest.file('file')));
    const set = (flags, name, expected = 0) =>
      guest.check('path_filestat_set_times', [3, flags, text(name), A, M, ATIM | MTIM], expected);
    set(0, 'soft');
    set(0, 'dangling');
    assert.deepEqual(times(lstat(guest.file('soft'))), [A, M]);
    assert.deepEqual(times(lstat(guest.file('dangling'))), [A, M]);
    assert.deepEqual(times(stat(guest.file('file'))), before);
    set(FOLLOW, 'soft');
    assert.deepEqual(times(stat(guest.file('file'))), [A, M]);
    set(FOLLOW, 'dangling', errno.NOENT);
    set(FOLLOW, 'loop', errno.LOOP);
    set(FOLLOW, 'out', OUTSIDE);
  });

  test('a time that is both given and now is EINVAL, as are unknown flags', (t) => {
    const guest = guestWithTree(t);
    const before = times(stat(guest.file('file')));
    for (const flags of [ATIM | ATIM_NOW, MTIM | MTIM_NOW, 16, 0x8000]) {
      guest.check('path_filestat_set_times', [3, 0, text('file'), 0n, 0n, flags], errno.INVAL);
    }
    assert.deepEqual(times(stat(guest.file('file'))), before);
  });
});

describe('path_link', () => {
  commonErrors('path_link', rights.PATH_LINK_SOURCE, (fd, path) => [fd, 0, path, 3, text('made')]);
  commonErrors('path_link', rights.PATH_LINK_TARGET, (fd, path) => [3, 0, text('file'), fd, path]);

  const link = (guest, from, to, expected = 0, { flags = 0, fds = [3, 3] } = {}) =>
    guest.check('path_link', [fds[0], flags, text(from), fds[1], text(to)], expected);
  const same = (guest, a, b) =>
    assert.equal(lstat(guest.file(a)).ino, lstat(guest.file(b)).ino, `${a} and ${b}`);

  test('links files, and links themselves', (t) => {
    const guest = guestWithTree(t);
    link(guest, 'file', 'hard');
    same(guest, 'file', 'hard');
    link(guest, 'file', 'hard', 0, { fds: [3, 4] });
    same(guest, 'file', 'dir/hard');
    link(guest, 'inner', 'up', 0, { fds: [4, 3] });
    same(guest, 'dir/inner', 'up');
    for (const name of ['soft', 'dangling', 'loop', 'softdir', 'out']) {
      link(guest, name, `hard-${name}`);
      same(guest, name, `hard-${name}`);
    }
  });

  test('follows when asked to', (t) => {
    const guest = guestWithTree(t);
    link(guest, 'soft', 'hard', 0, { flags: FOLLOW });
    same(guest, 'file', 'hard');
    link(guest, 'dangling', 'no', errno.NOENT, { flags: FOLLOW });
    link(guest, 'loop', 'no', errno.LOOP, { flags: FOLLOW });
    link(guest, 'out', 'no', OUTSIDE, { flags: FOLLOW });
    link(guest, 'softdir', 'no', errno.PERM, { flags: FOLLOW });
    assert.ok(!fs.existsSync(guest.file('no')));
  });

  test('errors', (t) => {
    const guest = guestWithTree(t);
    for (const [from, to, expected] of [
      ['dir', 'new', errno.PERM], ['dir/', 'new', errno.PERM], ['.', 'new', errno.PERM],
      ['softdir/', 'new', errno.PERM], ['missing', 'new', errno.NOENT], ['file/', 'new', errno.NOTDIR],
      ['file', 'file', errno.EXIST], ['file', 'dir', errno.EXIST], ['file', 'dangling', errno.EXIST],
      ['file', '.', errno.EXIST], ['file', 'new/', errno.NOENT],
    ]) link(guest, from, to, expected);
  });
});

describe('path_readlink', () => {
  commonErrors('path_readlink', rights.PATH_READLINK, (fd, path) => [fd, path, OUT, 100, OUT + 200]);

  test('gives what fits, without a NUL', (t) => {
    const guest = guestWithTree(t);
    fs.symlinkSync('größer/€', guest.file('unicode'));
    for (const [name, target] of [
      ['soft', 'file'], ['dangling', 'nothing'], ['loop', 'loop'], ['out', '../outside'], ['unicode', 'größer/€'],
    ]) {
      const bytes = Buffer.from(target);
      for (const length of [0, 1, bytes.length - 1, bytes.length, bytes.length + 1, 1000]) {
        const part = bytes.subarray(0, length);
        guest.check('path_readlink', [3, text(name), OUT + 1, length, OUT + 2001], 0, [
          [OUT + 1, part], [OUT + 2001, u32(part.length)],
        ]);
      }
    }
  });

  test('of what is no link is EINVAL', (t) => {
    const guest = guestWithTree(t);
    const check = (name, expected) =>
      guest.check('path_readlink', [3, text(name), OUT, 100, OUT + 200], expected);
    for (const name of ['file', 'dir', '.', 'dir/', 'softdir/']) check(name, errno.INVAL);
    check('missing', errno.NOENT);
    check('soft/', errno.NOTDIR);
    check('dangling/', errno.NOENT);
  });
});

describe('path_symlink', () => {
  commonErrors('path_symlink', rights.PATH_SYMLINK, (fd, path) => [text('target'), fd, path]);

  test('stores any relative target as it is', (t) => {
    const guest = guestWithTree(t);
    for (const [index, target] of [
      'file', 'missing', '.', '..', '../..', '../outside', './/dir/', ' ', '€', 't'.repeat(4095),
    ].entries()) {
      guest.check('path_symlink', [text(target), 3, text(`made${index}`)], 0);
      assert.equal(fs.readlinkSync(guest.file(`made${index}`)), target);
    }
    guest.check('path_symlink', [text('../file'), 4, text('up')], 0);
    assert.equal(fs.readFileSync(guest.file('dir/up'), 'utf8'), 'file');
  });

  test('errors', (t) => {
    const guest = guestWithTree(t);
    const names = fs.readdirSync(guest.directory).sort();
    for (const [target, name, expected] of [
      ['/etc/passwd', 'new', errno.PERM], ['/', 'new', errno.PERM], ['', 'new', errno.NOENT],
      ['a\0b', 'new', errno.INVAL], ['t'.repeat(4096), 'new', errno.NAMETOOLONG],
      ['file', 'file', errno.EXIST], ['file', 'dir', errno.EXIST], ['file', 'dir/', errno.EXIST],
      ['file', 'dangling', errno.EXIST], ['file', 'new/', errno.NOENT], ['file', 'file/', errno.NOTDIR],
    ]) guest.check('path_symlink', [text(target), 3, text(name)], expected);
    guest.check('path_symlink', [pointer(Buffer.from([0xff])), 1, 3, text('new')], errno.ILSEQ);
    assert.deepEqual(fs.readdirSync(guest.directory).sort(), names);
  });
});

describe('path_unlink_file and path_remove_directory', () => {
  commonErrors('path_unlink_file', rights.PATH_UNLINK_FILE, (fd, path) => [fd, path]);
  commonErrors('path_remove_directory', rights.PATH_REMOVE_DIRECTORY, (fd, path) => [fd, path]);

  test('path_unlink_file removes files and links', (t) => {
    const guest = guestWithTree(t);
    const unlink = (fd, name, expected = 0) => guest.check('path_unlink_file', [fd, text(name)], expected);
    unlink(3, 'soft');
    unlink(3, 'softdir');
    unlink(3, 'dangling');
    unlink(3, 'loop');
    unlink(3, 'out');
    unlink(3, 'missing', errno.NOENT);
    unlink(3, 'file/', errno.NOTDIR);
    unlink(3, 'dir', errno.ISDIR);
    unlink(3, 'dir/', errno.ISDIR);
    unlink(4, 'inner');
    unlink(3, 'dir/../file');
    assert.deepEqual(namesIn(guest), [['dir', 'empty'], []]);
  });

  test('path_remove_directory removes empty directories', (t) => {
    const guest = guestWithTree(t);
    const remove = (name, expected = 0) => guest.check('path_remove_directory', [3, text(name)], expected);
    remove('dir', errno.NOTEMPTY);
    remove('file', errno.NOTDIR);
    remove('file/', errno.NOTDIR);
    remove('softdir', errno.NOTDIR);
    remove('softdir/', errno.NOTDIR);
    remove('missing', errno.NOENT);
    remove('.', errno.INVAL);
    remove('empty/.', errno.INVAL);
    remove('dir/..', errno.NOTEMPTY);
    remove('empty/');
    guest.check('path_unlink_file', [4, text('inner')], 0);
    remove('empty/../dir', errno.NOENT);
    remove('dir');
    assert.ok(!fs.existsSync(guest.file('dir')) && !fs.existsSync(guest.file('empty')));
    // Its descriptor is still there, what it stands for is not.
    guest.check('path_create_directory', [4, text('x')], errno.NOENT);
  });
});

describe('path_rename', () => {
  commonErrors('path_rename', rights.PATH_RENAME_SOURCE, (fd, path) => [fd, path, 3, text('made')]);
  commonErrors('path_rename', rights.PATH_RENAME_TARGET, (fd, path) => [3, text('file'), fd, path]);

  const rename = (guest, from, to, expected = 0, fds = [3, 3]) =>
    guest.check('path_rename', [fds[0], text(from), fds[1], text(to)], expected);

  test('moves, and replaces what is there', (t) => {
    const guest = guestWithTree(t);
    rename(guest, 'file', 'moved');
    rename(guest, 'moved', 'moved', 0);
    rename(guest, 'moved', 'within', 0, [3, 4]);
    rename(guest, 'within', 'inner', 0, [4, 4]);
    rename(guest, 'inner', 'file', 0, [4, 3]);
    assert.equal(fs.readFileSync(guest.file('file'), 'utf8'), 'file');
    rename(guest, 'dir/', 'empty/');
    rename(guest, 'soft', 'dangling');
    assert.equal(fs.readlinkSync(guest.file('dangling')), 'file');
    assert.deepEqual(fs.readdirSync(guest.directory).sort(),
      ['dangling', 'empty', 'file', 'loop', 'out', 'softdir']);
  });

  test('errors', (t) => {
    const guest = guestWithTree(t);
    const [names] = namesIn(guest);
    for (const [from, to, expected] of [
      ['missing', 'new', errno.NOENT], ['dir', 'file', errno.NOTDIR], ['file', 'dir', errno.ISDIR],
      ['file', 'empty', errno.ISDIR], ['empty', 'dir', errno.NOTEMPTY], ['file/', 'new', errno.NOTDIR],
      ['file', 'new/', errno.NOTDIR], ['dir', 'dir/below', errno.INVAL], ['file', 'softdir', 0],
    ]) rename(guest, from, to, expected);
    assert.deepEqual(namesIn(guest), [names.filter((name) => name !== 'file'), ['inner']]);
  });
});
