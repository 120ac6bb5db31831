'use strict';

// version: 'unstable', also called snapshot 0: three layouts differ from those
// of preview1, everything else is the same.
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/snapshot-0/witx/typenames.witx

const fs = require('node:fs');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { WASI } = require('..');
const { Guest, OUT, PAGE, fixture, guestWithDirectory, iovs, pointer, text } = require('./helpers/guest');
const { FOLLOW, errno, event, eventType, fdstat, filetype, most, oflags, u16, u32, u64, u8 } =
  require('./helpers/preview1');

const { CLOCK, FD_READ, FD_WRITE } = eventType;
const [CUR, END, SET] = [0, 1, 2];
const MS = 1_000_000n;

function guestWithFile(t) {
  const guest = guestWithDirectory(t, { module: 'probe-unstable', args: ['ab'], env: { A: 'b' } });
  fs.writeFileSync(guest.file('file'), '0123456789');
  fs.symlinkSync('file', guest.file('soft'));
  assert.equal(guest.open('file'), 4);
  return guest;
}

// 56 bytes, with a count of links of 32 bits.
function filestat(at, stat, type) {
  return [
    [at, u64(stat.dev)], [at + 8, u64(stat.ino)], [at + 16, u8(type)], [at + 20, u32(Number(stat.nlink))],
    [at + 24, u64(stat.size)], [at + 32, u64(stat.atimeNs)], [at + 40, u64(stat.mtimeNs)],
    [at + 48, u64(stat.ctimeNs)],
  ];
}

// 56 bytes; that of a clock starts with an identifier.
function subscription({ userdata, type, fd = 0, clock = 0, timeout = 0n, absolute = false }) {
  const bytes = Buffer.alloc(56, 0xaa);
  u64(BigInt(userdata)).copy(bytes, 0);
  u8(type).copy(bytes, 8);
  if (type !== CLOCK) {
    u32(fd).copy(bytes, 16);
    return bytes;
  }
  u32(clock).copy(bytes, 24);
  u64(BigInt(timeout)).copy(bytes, 32);
  u16(absolute ? 1 : 0).copy(bytes, 48);
  return bytes;
}

test('the imports are of wasi_unstable, and go by no other name', () => {
  const wasi = new WASI({ version: 'unstable' });
  assert.deepEqual(Object.keys(wasi.getImportObject()), ['wasi_unstable']);
  const imports = WebAssembly.Module.imports(fixture('probe-unstable'));
  assert.deepEqual(Object.keys(wasi.wasiImport).sort(), imports.map(({ name }) => name).sort());
  assert.throws(() => new WebAssembly.Instance(fixture('probe'), wasi.getImportObject()));
  const preview1 = new WASI({ version: 'preview1' });
  assert.throws(() => new WebAssembly.Instance(fixture('probe-unstable'), preview1.getImportObject()));
});

describe('filestat has 56 bytes', () => {
  test('fd_filestat_get', (t) => {
    const guest = guestWithFile(t);
    for (let i = 0; i < 3; i++) fs.linkSync(guest.file('file'), guest.file(`hard${i}`));
    const stat = fs.statSync(guest.file('file'), { bigint: true });
    assert.equal(stat.nlink, 4n);
    for (const at of [OUT, OUT + 1, 2 * PAGE - 56]) {
      guest.check('fd_filestat_get', [4, at], 0, filestat(at, stat, filetype.REGULAR_FILE));
    }
    guest.check('fd_filestat_get', [4, 2 * PAGE - 55], errno.OVERFLOW);
    guest.check('fd_filestat_get', [3, OUT], 0,
      filestat(OUT, fs.statSync(guest.directory, { bigint: true }), filetype.DIRECTORY));
  });

  test('path_filestat_get', (t) => {
    const guest = guestWithFile(t);
    const at = 2 * PAGE - 56;
    guest.check('path_filestat_get', [3, 0, text('soft'), at], 0,
      filestat(at, fs.lstatSync(guest.file('soft'), { bigint: true }), filetype.SYMBOLIC_LINK));
    guest.check('path_filestat_get', [3, FOLLOW, text('soft'), at], 0,
      filestat(at, fs.statSync(guest.file('soft'), { bigint: true }), filetype.REGULAR_FILE));
    guest.check('path_filestat_get', [3, FOLLOW, text('soft'), at + 1], errno.OVERFLOW);
  });
});

describe('whence counts from the current position first', () => {
  test('fd_seek', (t) => {
    const guest = guestWithFile(t);
    const seek = (offset, whence, position) =>
      guest.check('fd_seek', [4, offset, whence, OUT], 0, [[OUT, u64(position)]]);
    seek(4n, SET, 4n);
    seek(3n, CUR, 7n);
    seek(-2n, CUR, 5n);
    seek(0n, CUR, 5n);
    seek(-1n, END, 9n);
    seek(2n, SET, 2n);
    guest.check('fd_tell', [4, OUT], 0, [[OUT, u64(2n)]]);
    for (const [offset, whence] of [[-3n, CUR], [-11n, END], [-1n, SET], [0n, 3]]) {
      guest.check('fd_seek', [4, offset, whence, OUT], errno.INVAL);
    }
  });
});

describe('subscriptions have 56 bytes', () => {
  const list = (...subscriptions) => pointer(Buffer.concat(subscriptions.map(subscription)));

  test('clocks and descriptors', (t) => {
    const guest = guestWithFile(t);
    guest.check('poll_oneoff', [list(
      { userdata: 1, type: CLOCK, clock: 1, timeout: 3600_000n * MS },
      { userdata: 2, type: FD_READ, fd: 4 },
      { userdata: 3, type: FD_WRITE, fd: 4 },
      { userdata: 4, type: FD_READ, fd: 99 },
    ), OUT + 8, 4, OUT], 0, [
      [OUT, u32(3)], ...event(OUT + 8, { userdata: 2, type: FD_READ, nbytes: 10 }),
      ...event(OUT + 40, { userdata: 3, type: FD_WRITE }),
      ...event(OUT + 72, { userdata: 4, type: FD_READ, error: errno.BADF }),
    ]);
  });

  test('timeouts, relative and absolute', (t) => {
    const guest = guestWithFile(t);
    const poll = (...subscriptions) => {
      const before = process.hrtime.bigint();
      guest.check('poll_oneoff', [list(...subscriptions), OUT + 8, subscriptions.length, OUT], 0, [
        [OUT, u32(1)], ...event(OUT + 8, { userdata: 7, type: CLOCK }),
      ]);
      return process.hrtime.bigint() - before;
    };
    assert.ok(poll({ userdata: 7, type: CLOCK, clock: 1, timeout: 10n * MS }) >= 10n * MS);
    poll({ userdata: 7, type: CLOCK, clock: 0, timeout: 1n, absolute: true });
    poll({ userdata: 6, type: CLOCK, clock: 0, timeout: 2n ** 63n }, { userdata: 7, type: CLOCK, timeout: 5n });
    const deadline = process.hrtime.bigint() + 10n * MS;
    poll({ userdata: 7, type: CLOCK, clock: 1, timeout: deadline, absolute: true });
    assert.ok(process.hrtime.bigint() >= deadline);
  });

  test('bounds and errors', (t) => {
    const guest = guestWithFile(t);
    const end = 2 * PAGE;
    const one = subscription({ userdata: 7, type: CLOCK });
    guest.write(end - 56, one);
    assert.equal(guest.exports.poll_oneoff(end - 56, OUT + 8, 1, OUT), 0);
    assert.equal(guest.exports.poll_oneoff(end - 55, OUT + 8, 1, OUT), errno.OVERFLOW);
    assert.equal(guest.exports.poll_oneoff(OUT, end - 31, 1, OUT), errno.OVERFLOW);
    guest.check('poll_oneoff', [list({ userdata: 1, type: CLOCK, clock: 4 }), OUT + 8, 1, OUT], errno.INVAL);
    guest.check('poll_oneoff', [list({ userdata: 1, type: 3 }), OUT + 8, 1, OUT], errno.INVAL);
    guest.check('poll_oneoff', [OUT, OUT, 0, OUT], errno.INVAL);
  });
});

test('the rest is as in preview1', (t) => {
  const guest = guestWithFile(t);
  const A = OUT + 0x1000;
  guest.check('args_get', [OUT, A], 0, [[OUT, u32(A)], [A, 'ab\0']]);
  guest.check('environ_sizes_get', [OUT, OUT + 4], 0, [[OUT, u32(1)], [OUT + 4, u32(4)]]);
  guest.check('fd_fdstat_get', [4, OUT], 0, fdstat(OUT, filetype.REGULAR_FILE, 0, most.file));
  guest.check('fd_prestat_get', [3, OUT], 0, [[OUT, u8(0)], [OUT + 4, u32(1)]]);
  guest.check('fd_read', [4, iovs([A, 2], [A + 8, 2]), OUT], 0, [[A, '01'], [A + 8, '23'], [OUT, u32(4)]]);
  guest.check('path_open', [3, 0, text('new'), oflags.CREAT, most.file.base, 0n, 0, OUT], 0, [[OUT, u32(5)]]);
  guest.check('fd_write', [5, iovs('written'), OUT], 0, [[OUT, u32(7)]]);
  guest.check('path_rename', [3, text('new'), 3, text('newer')], 0);
  assert.equal(fs.readFileSync(guest.file('newer'), 'utf8'), 'written');
  assert.equal(guest.call('fd_readdir', 3, A, 4000, 0n, OUT), 0);
  const names = guest.read(A, guest.u32(OUT)).toString('latin1');
  for (const name of ['file', 'soft', 'newer', '..']) assert.ok(names.includes(name), name);
});

test('proc_exit and start() work as ever', () => {
  const guest = new Guest({ module: 'probe-unstable' });
  assert.throws(() => guest.exports.proc_exit(9), (thrown) => typeof thrown === 'symbol');
  const kExitCode = Object.getOwnPropertySymbols(guest.wasi).find(({ description }) => description === 'kExitCode');
  assert.equal(guest.wasi[kExitCode], 9);
});
