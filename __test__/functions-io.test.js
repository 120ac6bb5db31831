'use strict';

// fd_read, fd_write, fd_pread and fd_pwrite.

const fs = require('node:fs');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { OUT, PAGE, guestWithDirectory, guestWithFile, iovs, pointer } = require('./helpers/guest');
const { errno, fdflags, oflags, rights, u32, u64 } = require('./helpers/preview1');

const A = OUT + 0x1000;
const B = OUT + 0x2001;
const contentOf = (guest) => fs.readFileSync(guest.file('file'), 'latin1');

describe('fd_read', () => {
  test('fills the buffers one after the other, from the position on', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_read', [4, iovs([A, 2], [B, 3]), OUT + 1], 0, [
      [A, '01'], [B, '234'], [OUT + 1, u32(5)],
    ]);
    guest.check('fd_read', [4, iovs([B, 1], [A, 0], [A, 1]), OUT], 0, [
      [B, '5'], [A, '6'], [OUT, u32(2)],
    ]);
    guest.check('fd_tell', [4, OUT], 0, [[OUT, u64(7n)]]);
  });

  test('ends at the end and leaves the rest of the buffers as it is', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_read', [4, iovs([A, 8], [B, 1000], [OUT + 8, 8]), OUT], 0, [
      [A, '01234567'], [B, '89'], [OUT, u32(10)],
    ]);
    guest.check('fd_read', [4, iovs([A, 8]), OUT], 0, [[OUT, u32(0)]]);
    fs.appendFileSync(guest.file('file'), 'x');
    guest.check('fd_read', [4, iovs([A, 8]), OUT], 0, [[A, 'x'], [OUT, u32(1)]]);
  });

  test('without buffers, or with empty ones, reads nothing', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_read', [4, OUT, 0, OUT], 0, [[OUT, u32(0)]]);
    guest.check('fd_read', [4, iovs([A, 0], [0, 0]), OUT], 0, [[OUT, u32(0)]]);
    guest.check('fd_tell', [4, OUT], 0, [[OUT, u64(0n)]]);
  });

  test('into overlapping buffers: the later one wins', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_read', [4, iovs([A, 4], [A + 2, 4]), OUT], 0, [[A, '014567'.slice(0, 6)], [OUT, u32(8)]]);
    guest.check('fd_read', [4, iovs([A, 2]), A + 1], 0, [[A, '89'], [A + 1, u32(2)]]);
  });

  test('over its own iovecs, which have been taken before', (t) => {
    const guest = guestWithFile(t);
    // The list lies at OUT, and the first buffer covers it.
    const list = Buffer.concat([u32(OUT), u32(5), u32(A), u32(5)]);
    guest.write(OUT, list);
    const expected = guest.read(0, 2 * PAGE);
    assert.equal(guest.exports.fd_read(4, OUT, 2, B), 0);
    for (const [at, bytes] of [[OUT, '01234'], [A, '56789'], [B, u32(10)]]) {
      Buffer.from(bytes).copy(expected, at);
    }
    guest.assertMemory(expected, 'fd_read');
  });

  test('to the last byte of memory', (t) => {
    const guest = guestWithFile(t);
    const end = 2 * PAGE;
    guest.check('fd_read', [4, iovs([end - 6, 6], [end - 1, 0]), OUT], 0, [
      [end - 6, '012345'], [OUT, u32(6)],
    ]);
  });

  test('errors', (t) => {
    const guest = guestWithFile(t);
    const writeOnly = guest.open('file', { base: rights.FD_WRITE });
    guest.check('fd_read', [writeOnly, iovs([A, 1]), OUT], errno.NOTCAPABLE);
    guest.check('fd_read', [writeOnly, OUT, 0, OUT], errno.NOTCAPABLE);
    guest.check('fd_read', [5, iovs([A, 1]), OUT], errno.NOTCAPABLE);
    guest.check('fd_read', [5, OUT, 0, OUT], errno.NOTCAPABLE);
  });
});

describe('fd_write', () => {
  test('writes the buffers one after the other, at the position', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_seek', [4, 3n, 0, OUT], 0, [[OUT, u64(3n)]]);
    guest.check('fd_write', [4, iovs('ab', '', 'cde'), OUT + 3], 0, [[OUT + 3, u32(5)]]);
    assert.equal(contentOf(guest), '012abcde89');
    guest.check('fd_write', [4, iovs('FGHIJ'), OUT], 0, [[OUT, u32(5)]]);
    assert.equal(contentOf(guest), '012abcdeFGHIJ');
    guest.check('fd_tell', [4, OUT], 0, [[OUT, u64(13n)]]);
  });

  test('the same bytes several times', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_write', [4, (place) => {
      const at = place(Buffer.from('abcd'));
      return iovs([at, 4], [at + 1, 2], [at, 4])(place);
    }, OUT], 0, [[OUT, u32(10)]]);
    assert.equal(contentOf(guest), 'abcdbcabcd');
  });

  test('beyond the end leaves a hole', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_seek', [4, 5n, 2, OUT], 0, [[OUT, u64(15n)]]);
    guest.check('fd_write', [4, iovs('x'), OUT], 0, [[OUT, u32(1)]]);
    assert.equal(contentOf(guest), '0123456789\0\0\0\0\0x');
  });

  test('nothing', (t) => {
    const guest = guestWithFile(t);
    const before = fs.statSync(guest.file('file'), { bigint: true });
    guest.check('fd_write', [4, OUT, 0, OUT], 0, [[OUT, u32(0)]]);
    guest.check('fd_write', [4, iovs('', ''), OUT], 0, [[OUT, u32(0)]]);
    assert.equal(fs.statSync(guest.file('file'), { bigint: true }).mtimeNs, before.mtimeNs);
  });

  test('is at once there for others', (t) => {
    const guest = guestWithFile(t);
    const other = guest.open('file');
    guest.check('fd_write', [4, iovs('new'), OUT], 0, [[OUT, u32(3)]]);
    guest.check('fd_read', [other, iovs([A, 4]), OUT], 0, [[A, 'new3'], [OUT, u32(4)]]);
  });

  test('with APPEND writes at the end, wherever the position is', (t) => {
    const guest = guestWithFile(t);
    const fd = guest.open('file', { fdflags: fdflags.APPEND });
    guest.check('fd_write', [fd, iovs('a', 'b'), OUT], 0, [[OUT, u32(2)]]);
    guest.check('fd_tell', [fd, OUT], 0, [[OUT, u64(12n)]]);
    fs.appendFileSync(guest.file('file'), 'host');
    guest.check('fd_seek', [fd, 1n, 0, OUT], 0, [[OUT, u64(1n)]]);
    guest.check('fd_read', [fd, iovs([A, 1]), OUT], 0, [[A, '1'], [OUT, u32(1)]]);
    guest.check('fd_write', [fd, iovs('c'), OUT], 0, [[OUT, u32(1)]]);
    assert.equal(contentOf(guest), '0123456789abhostc');
    guest.check('fd_tell', [fd, OUT], 0, [[OUT, u64(17n)]]);
    guest.check('fd_fdstat_set_flags', [fd, 0], 0);
    guest.check('fd_seek', [fd, 0n, 0, OUT], 0, [[OUT, u64(0n)]]);
    guest.check('fd_write', [fd, iovs('X'), OUT], 0, [[OUT, u32(1)]]);
    guest.check('fd_fdstat_set_flags', [fd, fdflags.APPEND], 0);
    guest.check('fd_write', [fd, iovs('Y'), OUT], 0, [[OUT, u32(1)]]);
    assert.equal(contentOf(guest), 'X123456789abhostcY');
  });

  test('with each of the synchronizing flags', (t) => {
    const guest = guestWithFile(t);
    for (const flags of [fdflags.SYNC, fdflags.DSYNC, fdflags.RSYNC, 26]) {
      const fd = guest.open('file', { fdflags: flags });
      guest.check('fd_write', [fd, iovs('s'), OUT], 0, [[OUT, u32(1)]]);
      guest.check('fd_fdstat_set_flags', [4, flags], 0);
      guest.check('fd_write', [4, iovs('t'), OUT], 0, [[OUT, u32(1)]]);
      guest.check('fd_pwrite', [4, iovs('p'), 9n, OUT], 0, [[OUT, u32(1)]]);
    }
    assert.equal(contentOf(guest), 'sttt45678p');
  });

  test('errors', (t) => {
    const guest = guestWithFile(t);
    const readOnly = guest.open('file', { base: rights.FD_READ });
    guest.check('fd_write', [readOnly, iovs('x'), OUT], errno.NOTCAPABLE);
    guest.check('fd_write', [5, iovs('x'), OUT], errno.NOTCAPABLE);
    assert.equal(contentOf(guest), '0123456789');
  });
});

describe('fd_pread and fd_pwrite', () => {
  test('leave the position', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_pread', [4, iovs([A, 2], [B, 2]), 3n, OUT + 2], 0, [
      [A, '34'], [B, '56'], [OUT + 2, u32(4)],
    ]);
    guest.check('fd_pwrite', [4, iovs('ab', 'c'), 8n, OUT + 2], 0, [[OUT + 2, u32(3)]]);
    assert.equal(contentOf(guest), '01234567abc');
    guest.check('fd_tell', [4, OUT], 0, [[OUT, u64(0n)]]);
  });

  test('fd_pread at and behind the end', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_pread', [4, iovs([A, 5], [B, 5]), 7n, OUT], 0, [[A, '789'], [OUT, u32(3)]]);
    for (const offset of [10n, 1000n, 2n ** 62n]) {
      guest.check('fd_pread', [4, iovs([A, 5]), offset, OUT], 0, [[OUT, u32(0)]]);
    }
  });

  test('fd_pwrite behind the end leaves a hole, but not for nothing', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_pwrite', [4, OUT, 0, 50n, OUT], 0, [[OUT, u32(0)]]);
    guest.check('fd_pwrite', [4, iovs(''), 50n, OUT], 0, [[OUT, u32(0)]]);
    assert.equal(contentOf(guest), '0123456789');
    guest.check('fd_pwrite', [4, iovs('x'), 12n, OUT], 0, [[OUT, u32(1)]]);
    assert.equal(contentOf(guest), '0123456789\0\0x');
  });

  test('fd_pwrite with APPEND appends, as on Linux', (t) => {
    const guest = guestWithFile(t);
    const fd = guest.open('file', { fdflags: fdflags.APPEND });
    guest.check('fd_pwrite', [fd, iovs('x'), 2n, OUT], 0, [[OUT, u32(1)]]);
    assert.equal(contentOf(guest), '0123456789x');
    guest.check('fd_tell', [fd, OUT], 0, [[OUT, u64(0n)]]);
  });

  test('an offset from 2 ** 63 up is EINVAL', (t) => {
    const guest = guestWithFile(t);
    for (const offset of [2n ** 63n, -1n]) {
      guest.check('fd_pread', [4, iovs([A, 1]), offset, OUT], errno.INVAL);
      guest.check('fd_pwrite', [4, iovs('x'), offset, OUT], errno.INVAL);
    }
  });

  test('need the right to seek beside their own', (t) => {
    const guest = guestWithFile(t);
    for (const base of [rights.FD_READ | rights.FD_WRITE, rights.FD_SEEK]) {
      const fd = guest.open('file', { base });
      guest.check('fd_pread', [fd, iovs([A, 1]), 0n, OUT], errno.NOTCAPABLE);
      guest.check('fd_pwrite', [fd, iovs('x'), 0n, OUT], errno.NOTCAPABLE);
    }
    guest.check('fd_pread', [5, iovs([A, 1]), 0n, OUT], errno.NOTCAPABLE);
    guest.check('fd_pwrite', [5, iovs('x'), 0n, OUT], errno.NOTCAPABLE);
  });
});

describe('more iovecs than the kernel takes at once', () => {
  const COUNT = 3000;
  // One byte each, every third is empty.
  const lengths = Array.from({ length: COUNT }, (_, i) => (i % 3 === 2 ? 0 : 1));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const content = Buffer.from(Array.from({ length: total }, (_, i) => i % 256));
  const spread = (from) => lengths.map((length, i) => [from + i * 2, length]);
  const scattered = (from) => {
    let next = 0;
    return lengths.flatMap((length, i) => (length ? [[from + i * 2, [content[next++]]]] : []));
  };

  for (const [name, extra] of [['fd_read', []], ['fd_pread', [0n]]]) {
    test(name, (t) => {
      const guest = guestWithDirectory(t);
      fs.writeFileSync(guest.file('file'), content);
      const fd = guest.open('file');
      guest.check(name, [fd, iovs(...spread(A)), ...extra, OUT], 0, [
        ...scattered(A), [OUT, u32(total)],
      ]);
    });
  }

  for (const [name, extra] of [['fd_write', []], ['fd_pwrite', [0n]]]) {
    test(name, (t) => {
      const guest = guestWithDirectory(t);
      const fd = guest.open('file', { oflags: oflags.CREAT });
      const placeAll = (place) => {
        const at = place(content);
        let next = at;
        return iovs(...lengths.map((length) => {
          next += length;
          return [next - length, length];
        }))(place);
      };
      guest.check(name, [fd, placeAll, ...extra, OUT], 0, [[OUT, u32(total)]]);
      assert.deepEqual(fs.readFileSync(guest.file('file')), content);
    });
  }

  test('fd_read that ends within the first ones', (t) => {
    const guest = guestWithFile(t);
    guest.check('fd_read', [4, iovs(...Array.from({ length: COUNT }, (_, i) => [A + i * 2, 1])), OUT], 0, [
      ...[...'0123456789'].map((digit, i) => [A + i * 2, digit]), [OUT, u32(10)],
    ]);
  });
});

test('a write larger than any buffer in between', (t) => {
  const guest = guestWithDirectory(t);
  const fd = guest.open('file', { oflags: oflags.CREAT });
  assert.equal(guest.exports.grow(400), 2);
  const length = 300 * PAGE + 7;
  const bytes = Buffer.alloc(length, 'a rather long text, again and again; ');
  guest.write(3 * PAGE + 1, bytes);
  guest.check('fd_write', [fd, iovs([3 * PAGE + 1, length]), OUT], 0, [[OUT, u32(length)]]);
  assert.ok(fs.readFileSync(guest.file('file')).equals(bytes));
  guest.check('fd_seek', [fd, 0n, 0, OUT], 0, [[OUT, u64(0n)]]);
  guest.view(2 * PAGE).fill(0);
  guest.check('fd_read', [fd, iovs([5 * PAGE + 3, length]), OUT], 0, [[OUT, u32(length)]]);
  assert.ok(guest.view(5 * PAGE + 3, length).equals(bytes));
  assert.ok(guest.view(5 * PAGE + 3 + length).every((byte) => byte === 0));
});

test('a FIFO in the directory', (t) => {
  const { execFileSync } = require('node:child_process');
  const guest = guestWithDirectory(t);
  execFileSync('mkfifo', [guest.file('fifo')]);
  const readWrite = rights.FD_READ | rights.FD_WRITE;
  // Nobody reads yet, so it cannot be opened for writing alone.
  guest.check('path_open', [3, 0, pointer(Buffer.from('fifo')), 4, 0, rights.FD_WRITE, 0n, 0, OUT], errno.NXIO);
  const reader = guest.open('fifo', { base: rights.FD_READ });
  const writer = guest.open('fifo', { base: rights.FD_WRITE });
  const both = guest.open('fifo', { base: readWrite });
  guest.check('fd_write', [writer, iovs('one', 'two'), OUT], 0, [[OUT, u32(6)]]);
  guest.check('fd_read', [reader, iovs([A, 4]), OUT], 0, [[A, 'onet'], [OUT, u32(4)]]);
  guest.check('fd_read', [both, iovs([A, 4]), OUT], 0, [[A, 'wo'], [OUT, u32(2)]]);
  guest.check('fd_fdstat_set_flags', [reader, fdflags.NONBLOCK], errno.NOTCAPABLE);
  const nonblocking = guest.open('fifo', { base: rights.FD_READ, fdflags: fdflags.NONBLOCK });
  guest.check('fd_read', [nonblocking, iovs([A, 4]), OUT], errno.AGAIN);
  guest.check('fd_close', [writer], 0);
  guest.check('fd_close', [both], 0);
  guest.check('fd_read', [reader, iovs([A, 4]), OUT], 0, [[OUT, u32(0)]]);
});
