'use strict';

// Calls of WASI over as much as a guest can name.

const fs = require('node:fs');
const path = require('node:path');
const { forever, i32, i64, op } = require('./support/code');
const { GIB, LIMITED, MIB, RESOLVED, TIMEOUT, WIDE, running } = require('./support/limits');
const { Module, bytes, kind, repeat, section, withSize } = require('./support/wasm');

const SIGNATURES = {
  random_get: [i32, i32],
  fd_write: [i32, i32, i32, i32],
  fd_read: [i32, i32, i32, i32],
  fd_pread: [i32, i32, i32, i64, i32],
  fd_pwrite: [i32, i32, i32, i64, i32],
  fd_readdir: [i32, i32, i32, i64, i32],
  fd_allocate: [i32, i64, i64],
  poll_oneoff: [i32, i32, i32, i32],
  path_open: [i32, i32, i32, i32, i32, i64, i64, i32, i32],
  path_filestat_get: [i32, i32, i32, i32, i32],
  clock_time_get: [i32, i64, i32],
  sched_yield: [],
  args_get: [i32, i32],
};

// A program with these imports, in this order, and a memory.
function program(imports, pages, code, strings = {}) {
  const module = new Module();
  for (const name of imports) module.import('wasi_snapshot_preview1', name, SIGNATURES[name], [i32]);
  module.export('memory', kind.memory, module.memory(pages));
  for (const [address, content] of Object.entries(strings)) {
    module.add(section.data, [0, op.i32(Number(address)), 0x0b, withSize(bytes([Buffer.from(content)]))]);
  }
  return module.command(code, [[1, i64]]).build();
}

const call = (func, ...args) => [args, op.call(func), op.drop];
const write = (address, value) => [op.i32(address), op.i32(value), op.store()];
const TOP = 65_536;

const random = call(0, op.i32(0), op.i32(-1));

// Buffers of no bytes, as many as fit into half of memory.
const emptyBuffers = (name, ...more) => program([name], TOP, repeat(100, [
  call(0, op.i32(name === 'fd_write' ? 1 : 0), op.i32(0), op.i32(2 ** 28), ...more, op.i32(-8)),
]));

// Opens what is at 16, for reading and seeking, then goes on with number 4.
const opened = (name, rest, length) => program(['path_open', name], TOP, [
  call(0, op.i32(3), op.i32(0), op.i32(16), op.i32(length), op.i32(0), op.i64(0x26), op.i64(0), op.i32(0), op.i32(0)),
  // One buffer of all of memory.
  write(8, 64), write(12, -100),
  rest,
], { 16: 'sparse' });

// A file that has 64 GiB, and none of them on disk.
function sparse(folder) {
  fs.writeFileSync(path.join(folder, 'sparse'), '');
  fs.truncateSync(path.join(folder, 'sparse'), 64 * GIB);
}

// A directory of many entries.
function crowded(folder) {
  for (let index = 0; index < 30_000; index += 1) fs.closeSync(fs.openSync(path.join(folder, `entry-${index}`), 'w'));
}

const inFolder = (options) => (folder) => ({ ...options, preopens: { '/': folder } });
const large = { options: WIDE, memory: 7 * GIB };
const onFiles = { options: inFolder(WIDE), scene: sparse, memory: 7 * GIB };

// Subscriptions to a clock, of 48 bytes of zeros each: all of them due.
const polling = (count) => program(['poll_oneoff'], 2048, forever(
  call(0, op.i32(0), op.i32(64 * MIB), op.i32(count), op.i32(128 * MIB - 8)),
));

// One subscription, with a time of our choice.
const waiting = (clock, timeout, flags) => program(['poll_oneoff'], 1, [
  write(16, clock), op.i32(24), op.i64(timeout), op.store64(), write(40, flags),
  forever(call(0, op.i32(0), op.i32(1000), op.i32(1), op.i32(2000))),
]);

const deepPath = 'a/../'.repeat(800);
const names = (name) => program([name], 200, forever(name === 'path_open'
  ? call(0, op.i32(3), op.i32(0), op.i32(100), op.i32(12_000_000), op.i32(0), op.i64(0), op.i64(0), op.i32(0), op.i32(0))
  : call(0, op.i32(3), op.i32(0), op.i32(100), op.i32(deepPath.length), op.i32(0))), { 100: deepPath });

const output = (size, descriptor = 1) => program(['fd_write'], 1024, [
  write(0, 64), write(4, size), forever(call(0, op.i32(descriptor), op.i32(0), op.i32(1), op.i32(16))),
]);

module.exports = {
  family: 'WASI calls',
  attacks: [
    running('random_get of 4 GiB', () => program(['random_get'], TOP, repeat(10, random)), large),
    running('random_get of 4 GiB, with a seed', () => program(['random_get'], TOP, repeat(10, random)), {
      ...large, options: { ...WIDE, seed: 1 },
    }),
    running('random_get of 4 GiB, with fuel', () => program(['random_get'], TOP, repeat(10, random)), {
      ...large, ask: 'both', options: { ...WIDE, fuel: 1n << 60n },
    }),
    running('fd_write of 2^28 empty buffers', () => emptyBuffers('fd_write'), large),
    running('fd_read of 2^28 empty buffers', () => emptyBuffers('fd_read'), large),
    running('fd_write of 2^24 overlapping buffers', () => program(['fd_write'], TOP, [
      // The same 64 KiB in each: as much as 8 TiB.
      write(0, 1 << 20), write(4, TOP),
      op.i32(8), op.i32(0), op.i32(8 * ((1 << 24) - 1)), op.memoryCopy(),
      repeat(100, call(0, op.i32(1), op.i32(0), op.i32(1 << 24), op.i32(-8))),
    ]), { ...large, options: { ...WIDE, stdout: 'ignore' } }),
    running('fd_read of a sparse file, 4 GiB', () => opened('fd_read', repeat(100, [
      call(1, op.i32(4), op.i32(8), op.i32(1), op.i32(4)),
    ]), 6), onFiles),
    running('fd_pread of a sparse file, 4 GiB', () => opened('fd_pread', repeat(100, [
      call(1, op.i32(4), op.i32(8), op.i32(1), op.i64(0), op.i32(4)),
    ]), 6), onFiles),
    running('fd_pread of a file into 1,024 overlapping buffers', () => opened('fd_pread', [
      op.i32(256), op.i32(4 * MIB), op.store(), op.i32(260), op.i32(2000 * MIB), op.store(),
      op.i32(264), op.i32(256), op.i32(8 * 1023), op.memoryCopy(),
      repeat(100, call(1, op.i32(4), op.i32(256), op.i32(1024), op.i64(0), op.i32(4))),
    ], 6), onFiles),
    running('poll_oneoff with a million subscriptions', () => polling(1_000_000), { memory: 3 * GIB }),
    running('poll_oneoff with a thousand subscriptions', () => polling(1000)),
    running('poll_oneoff with the longest timeout', () => waiting(1, -1n, 0)),
    running('poll_oneoff with the latest deadline', () => waiting(1, -1n, 1)),
    running('poll_oneoff with a deadline in the past', () => waiting(0, 1n, 1)),
    running('poll_oneoff on a virtual clock', () => waiting(1, 1_000_000_000n, 0), {
      options: { ...LIMITED, clock: 0 },
    }),
    running('fd_readdir of 30,000 entries', () => program(['fd_readdir'], 1024, forever(
      call(0, op.i32(3), op.i32(64), op.i32(16 * MIB), op.i64(0), op.i32(0)),
    )), { options: inFolder(LIMITED), scene: crowded }),
    running('fd_readdir of 30,000 entries, starting at the end', () => program(['fd_readdir'], 1024, forever([
      call(0, op.i32(3), op.i32(64), op.i32(100), op.get(0), op.i32(0)),
      op.get(0), op.i64(29_989), op.add64, op.i64(30_000), op.remU64, op.set(0),
    ])), { options: inFolder(LIMITED), scene: crowded }),
    running('path_open with a path of 12 MB', () => names('path_open'), { options: inFolder(LIMITED) }),
    running('path_filestat_get with a path of 800 directories', () => names('path_filestat_get'), {
      options: inFolder(LIMITED), scene: (folder) => fs.mkdirSync(path.join(folder, 'a')),
    }),
    running('output up to maxBuffer', () => output(32 * MIB), {
      options: { ...LIMITED, maxBuffer: 64 * MIB }, allowed: ['ERR_WASI_MAX_BUFFER', TIMEOUT],
    }),
    running('output of zero bytes', () => output(0)),
    running('output of 48 MiB at a time, ignored', () => output(48 * MIB), {
      options: { ...LIMITED, stdout: 'ignore' },
    }),
    running('sched_yield', () => program(['sched_yield'], 1, forever(repeat(1000, call(0))))),
    running('clock_time_get', () => program(['clock_time_get'], 1, forever(
      repeat(1000, call(0, op.i32(0), op.i64(1), op.i32(64))),
    ))),
    running('clock_time_get of a virtual clock', () => program(['clock_time_get'], 1, forever(
      call(0, op.i32(0), op.i64(1), op.i32(64)),
    )), { options: { ...LIMITED, clock: 0 } }),
    running('args_get of 100,000 arguments', () => program(['args_get'], 1024, repeat(1000, [
      call(0, op.i32(0), op.i32(16 * MIB)),
    ])), {
      options: { ...LIMITED, args: Array(100_000).fill('a') }, allowed: [TIMEOUT, RESOLVED],
    }),
    running('random_get, 300,000 calls in a row', () => program(['random_get'], 16, repeat(300_000, [
      call(0, op.i32(0), op.i32(10_000)),
    ]))),
  ],
};
