'use strict';

// fd_readdir.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { OUT, PAGE, guestWithDirectory, guestWithFile, pattern, text } = require('./helpers/guest');
const { errno, filetype, most, rights, u32 } = require('./helpers/preview1');

const HEADER = 24;
const BUFFER = OUT + 0x100;

// One call; gives what was written, and asserts that nothing else was.
function read(guest, { fd = 3, length, cookie = 0n, at = BUFFER }) {
  assert.equal(guest.call('fd_readdir', fd, at, length, cookie, OUT), 0);
  const used = guest.u32(OUT);
  assert.ok(used <= length);
  const bytes = guest.read(at, used);
  const expected = Buffer.from(pattern);
  u32(used).copy(expected, OUT);
  bytes.copy(expected, at);
  // Padding of the headers is left as it was.
  for (let from = 0; from + HEADER <= used; from += HEADER + bytes.readUInt32LE(from + 16)) {
    pattern.copy(expected, at + from + 21, at + from + 21, at + from + HEADER);
  }
  guest.assertMemory(expected, 'fd_readdir');
  return bytes;
}

// The entries that are complete.
function parse(bytes) {
  const entries = [];
  for (let at = 0; at + HEADER <= bytes.length;) {
    const end = at + HEADER + bytes.readUInt32LE(at + 16);
    if (end > bytes.length) break;
    entries.push({
      next: bytes.readBigUInt64LE(at),
      ino: bytes.readBigUInt64LE(at + 8),
      type: bytes.readUInt8(at + 20),
      name: bytes.subarray(at + HEADER, end).toString(),
    });
    at = end;
  }
  return entries;
}

// All entries, as a C library reads them: on from the last complete one while
// the buffer comes back full.
function readAll(guest, length, fd = 3) {
  const entries = [];
  for (;;) {
    const bytes = read(guest, { fd, length, cookie: entries.at(-1)?.next ?? 0n });
    const some = parse(bytes);
    entries.push(...some);
    if (bytes.length < length) return entries;
    assert.ok(some.length > 0, 'the buffer holds no entry');
  }
}

const sorted = (entries) => entries.map(({ name }) => name).sort();

test('every kind of entry, with its own inode number', (t) => {
  const guest = guestWithDirectory(t);
  fs.writeFileSync(guest.file('file'), '');
  fs.linkSync(guest.file('file'), guest.file('hard'));
  fs.mkdirSync(guest.file('dir'));
  fs.symlinkSync('dir', guest.file('soft'));
  fs.symlinkSync('nothing', guest.file('größer €'));
  execFileSync('mkfifo', [guest.file('fifo')]);
  const kinds = {
    '.': filetype.DIRECTORY, '..': filetype.DIRECTORY, 'file': filetype.REGULAR_FILE,
    'hard': filetype.REGULAR_FILE, 'dir': filetype.DIRECTORY, 'soft': filetype.SYMBOLIC_LINK,
    'größer €': filetype.SYMBOLIC_LINK, 'fifo': filetype.UNKNOWN,
  };
  const entries = readAll(guest, 4096);
  assert.deepEqual(sorted(entries), Object.keys(kinds).sort());
  for (const { name, type, ino } of entries) {
    assert.equal(type, kinds[name], name);
    assert.equal(ino, fs.lstatSync(guest.file(name), { bigint: true }).ino, name);
  }
});

test('a socket is one', async (t) => {
  const guest = guestWithDirectory(t);
  const server = net.createServer().listen(guest.file('socket'));
  t.after(() => server.close());
  await new Promise((resolve) => { server.on('listening', resolve); });
  const [entry] = readAll(guest, 4096).filter(({ name }) => name === 'socket');
  assert.equal(entry.type, filetype.SOCKET_STREAM);
});

test('an empty directory has two entries', (t) => {
  const guest = guestWithDirectory(t);
  assert.deepEqual(sorted(readAll(guest, 1000)), ['.', '..']);
  assert.deepEqual(sorted(readAll(guest, HEADER + 2)), ['.', '..']);
});

describe('300 entries', () => {
  const names = Array.from({ length: 300 }, (_, i) => `${i}-${'n'.repeat(i % 40)}`);
  const fill = (guest) => names.forEach((name) => fs.writeFileSync(guest.file(name), ''));

  for (const length of [70, 128, 256, 1000, 8192, 40000]) {
    test(`with a buffer of ${length} bytes`, (t) => {
      const guest = guestWithDirectory(t);
      fill(guest);
      assert.deepEqual(sorted(readAll(guest, length)), ['.', '..', ...names].sort());
    });
  }

  test('on from any cookie, in any order', (t) => {
    const guest = guestWithDirectory(t);
    fill(guest);
    const all = parse(read(guest, { length: 60000 }));
    for (const index of [299, 0, 150, 151, 7, 150, 298]) {
      assert.deepEqual(parse(read(guest, { length: 60000, cookie: all[index].next })), all.slice(index + 1));
    }
    assert.deepEqual(parse(read(guest, { length: 60000, cookie: all.at(-1).next })), []);
  });
});

test('the buffer is filled to its last byte, whatever its size', (t) => {
  const guest = guestWithFile(t);
  const whole = read(guest, { length: 10000 });
  for (let length = 0; length <= whole.length + 3; length++) {
    const part = read(guest, { length });
    // Padding is not written, so it is compared with what it is at this place.
    assert.deepEqual(part, whole.subarray(0, length), `${length} bytes`);
  }
});

test('the cookie 0 starts anew and sees what is new', (t) => {
  const guest = guestWithFile(t);
  assert.deepEqual(sorted(readAll(guest, 1000)), ['.', '..', 'dir', 'file']);
  fs.writeFileSync(guest.file('new'), '');
  fs.unlinkSync(guest.file('file'));
  assert.deepEqual(sorted(readAll(guest, 1000)), ['.', '..', 'dir', 'new']);
});

test('two descriptors of one directory do not disturb each other', (t) => {
  const guest = guestWithFile(t);
  const other = guest.openDirectory('.');
  const length = HEADER + 4;
  const first = parse(read(guest, { length }));
  assert.deepEqual(sorted(readAll(guest, length, other)), ['.', '..', 'dir', 'file']);
  const [{ next }] = first.slice(-1);
  const rest = parse(read(guest, { length: 1000, cookie: next }));
  assert.deepEqual(sorted([...first, ...rest]), ['.', '..', 'dir', 'file']);
});

test('a directory that is removed while open', (t) => {
  const guest = guestWithFile(t);
  assert.deepEqual(sorted(readAll(guest, 1000, 5)), ['.', '..']);
  guest.check('path_remove_directory', [3, text('dir')], 0);
  assert.deepEqual(readAll(guest, 1000, 5), []);
});

test('errors', (t) => {
  const guest = guestWithFile(t);
  guest.check('fd_readdir', [4, BUFFER, 100, 0n, OUT], errno.NOTCAPABLE);
  const bare = guest.openDirectory('.', { base: most.directory.base & ~rights.FD_READDIR });
  guest.check('fd_readdir', [bare, BUFFER, 100, 0n, OUT], errno.NOTCAPABLE);
  guest.check('fd_readdir', [3, BUFFER, 100, 2n ** 63n, OUT], errno.INVAL);
  guest.check('fd_readdir', [3, BUFFER, 100, -1n, OUT], errno.INVAL);
});

test('results at the end of memory', (t) => {
  const guest = guestWithFile(t);
  const whole = read(guest, { length: 1000 });
  assert.deepEqual(
    parse(read(guest, { length: whole.length, at: 2 * PAGE - whole.length })), parse(whole));
});
