'use strict';

// Pointers to, across and beyond the end of memory, for every function; lists
// and buffers of every size. Whatever is answered, the process stays and only
// the bytes that were named are written.

const fs = require('node:fs');
const { BUFFER, OUT, PAGE, escapedIf, leakedIf, iovs, text } = require('./support/scene');
const { pattern } = require('../helpers/guest');
const { oflags, rights, u32 } = require('../helpers/preview1');

// Parameters: p a pointer, n a length or count behind it, f an open file, d a
// directory, i and l numbers of 32 and 64 bits.
const signatures = {
  args_get: 'pp', args_sizes_get: 'pp', clock_res_get: 'ip', clock_time_get: 'ilp', environ_get: 'pp',
  environ_sizes_get: 'pp', fd_fdstat_get: 'fp', fd_filestat_get: 'fp', fd_pread: 'fpnlp', fd_prestat_get: 'dp',
  fd_prestat_dir_name: 'dpn', fd_pwrite: 'fpnlp', fd_read: 'fpnp', fd_readdir: 'dpnlp', fd_seek: 'flip', fd_tell: 'fp',
  fd_write: 'fpnp', path_create_directory: 'dpn', path_filestat_get: 'dipnp', path_filestat_set_times: 'dipnlli',
  path_link: 'dipndpn', path_open: 'dipnillip', path_readlink: 'dpnpnp', path_remove_directory: 'dpn',
  path_rename: 'dpndpn', path_symlink: 'pndpn', path_unlink_file: 'dpn', poll_oneoff: 'ppnp', random_get: 'pn',
  sock_accept: 'fip', sock_recv: 'fpnipp', sock_send: 'fpnip',
};

const SIZE = 2 * PAGE;
const POINTERS = [0, SIZE - 8, SIZE - 1, SIZE, SIZE + 1, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff];
const LENGTHS = [0, 1, 8, 9, 4096, SIZE, 0x7fffffff, 0x80000000, 0xffffffff];

// Every pointer and length in turn takes every value, and in pairs with the length behind it.
function* combinations(kinds, file) {
  const plain = [...kinds].map((kind) => ({ p: 4096, n: 1, f: file, d: 3, i: 0, l: 0n })[kind]);
  for (const [index, kind] of [...kinds].entries()) {
    if (kind !== 'p') continue;
    for (const pointer of POINTERS) {
      const args = [...plain];
      args[index] = pointer;
      yield args;
      if (kinds[index + 1] !== 'n') continue;
      for (const length of LENGTHS) yield args.toSpliced(index + 1, 1, length);
    }
  }
}

const everyFunction = Object.entries(signatures).map(([name, kinds]) => ({
  name: `pointers at and beyond the end of memory: ${name}`,
  row: 'pointers at and beyond the end of memory, in every function',
  ref: 'wasm3 #323',
  run(scene) {
    const { imports, view } = scene.bare({ args: ['an argument'], env: { A: 'b' } });
    view().write('file', 64);
    imports.path_open(3, 0, 64, 4, 0, rights.FD_READ | rights.FD_WRITE | rights.FD_SEEK, 0n, 0, 128);
    const file = view().readUInt32LE(128);
    for (const args of combinations(kinds, file)) {
      // Subscriptions and iovecs of zeros: a clock that has run out, nothing to move.
      view().fill(0);
      imports[name](...args);
    }
    return 'held';
  },
}));

const PATH_CALLS = {
  path_open: (imports, at, length) => imports.path_open(3, 1, at, length, 0, rights.FD_READ, 0n, 0, 0),
  path_create_directory: (imports, at, length) => imports.path_create_directory(3, at, length),
  path_filestat_get: (imports, at, length) => imports.path_filestat_get(3, 1, at, length, 8),
  path_readlink: (imports, at, length) => imports.path_readlink(3, at, length, 8, 100, 0),
  path_symlink: (imports, at, length) => imports.path_symlink(at, length, 3, at, length),
  path_unlink_file: (imports, at, length) => imports.path_unlink_file(3, at, length),
};
const pathAtTheEnd = Object.entries(PATH_CALLS).map(([name, call]) => ({
  name: `path that ends where memory ends: ${name}`,
  row: 'path that ends where memory ends',
  ref: 'uvwasi, which calls strlen on a path',
  run(scene) {
    const { imports, memory, view } = scene.bare();
    const end = memory.buffer.byteLength;
    view().fill('x', 4096);
    view().write('file', end - 4);
    for (const length of [4, 100, 255, 256, 4095, 4096]) call(imports, end - length, length);
    return 'held';
  },
}));

const vectors = [
  {
    name: 'buffers that extend beyond memory',
    ref: 'fizzy #858',
    run(scene) {
      const guest = scene.guest();
      const fd = guest.open('file');
      const bad = [[SIZE - 1, 2], [SIZE, 1], [8, 0xffffffff], [0xffffffff, 2], [0xfffffff0, 0x20], [0x80000000, 0x80000000]];
      return escapedIf(bad.some((vector) => ['fd_read', 'fd_write'].some((name) =>
        guest.call(name, fd, iovs([BUFFER, 0], vector), OUT) === 0)));
    },
  },
  {
    name: 'buffers whose total size overflows',
    run(scene) {
      const { imports, view } = scene.bare({ stdout: scene.open('/dev/null', 'w') });
      for (let i = 0; i < 1024; i++) u32(PAGE).copy(view(), 8 * i + 4);
      // 1024 times 64 KiB are fine; each list once more in itself.
      imports.fd_write(1, 0, 1024, PAGE);
      imports.fd_write(1, 0, 8192, PAGE);
      return 'held';
    },
  },
  {
    name: 'list of buffers that fd_read overwrites',
    run(scene) {
      fs.writeFileSync(scene.in('list'), Buffer.alloc(4096, 0xff));
      const { imports, view } = scene.bare();
      view().write('list', 64);
      imports.path_open(3, 0, 64, 4, 0, rights.FD_READ, 0n, 0, 128);
      const fd = view().readUInt32LE(128);
      view().fill(0);
      for (let i = 0; i < 100; i++) Buffer.concat([u32(0), u32(800)]).copy(view(), 8 * i);
      imports.fd_read(fd, 0, 100, 4);
      return 'held';
    },
  },
];

// Whether a call that names the first `length` bytes of the buffer has written those behind;
// what was there before is the pattern that every call starts from.
function overran(guest, length, ...call) {
  guest.call(...call);
  const behind = [BUFFER + length, BUFFER + 200];
  return !guest.view().subarray(...behind).equals(pattern.subarray(...behind));
}

const sizes = Array.from({ length: 101 }, (_, size) => size);
const buffers = [
  {
    name: 'fd_readdir into buffers of 0 to 100 bytes',
    run(scene) {
      const guest = scene.guest();
      return leakedIf(sizes.some((size) => [0n, 1n, 2n, 3n, (1n << 63n) - 1n, (1n << 64n) - 1n].some((cookie) =>
        overran(guest, size, 'fd_readdir', 3, BUFFER, size, cookie, OUT))));
    },
  },
  {
    name: 'path_readlink into buffers of 0 to 100 bytes',
    ref: 'WasmEdge #1993',
    run(scene) {
      fs.symlinkSync('a'.repeat(50), scene.in('l'));
      const guest = scene.guest();
      return leakedIf(sizes.some((size) =>
        overran(guest, size, 'path_readlink', 3, text('l'), BUFFER, size, OUT)));
    },
  },
  {
    name: 'fd_prestat_dir_name into buffers of 0 to 100 bytes',
    run(scene) {
      const guest = scene.guest();
      return leakedIf(sizes.some((size) =>
        overran(guest, size, 'fd_prestat_dir_name', 3, BUFFER, size)));
    },
  },
  {
    name: 'fd_pread into buffers of 0 to 100 bytes',
    run(scene) {
      fs.writeFileSync(scene.in('file'), 'x'.repeat(500));
      const guest = scene.guest();
      const fd = guest.open('file');
      return leakedIf(sizes.some((size) =>
        overran(guest, size, 'fd_pread', fd, iovs([BUFFER, size]), 0n, OUT)));
    },
  },
  {
    name: 'path_open with an invalid pointer for the new descriptor',
    run(scene) {
      const { imports, view } = scene.bare();
      view().write('new', 64);
      const result = imports.path_open(3, 0, 64, 3, oflags.CREAT, rights.FD_WRITE, 0n, 0, SIZE - 3);
      return leakedIf(result !== 0 && (fs.existsSync(scene.in('new')) || imports.fd_close(4) === 0));
    },
  },
];

module.exports = {
  family: 'Pointers and buffers', attacks: [...everyFunction, ...pathAtTheEnd, ...vectors, ...buffers],
};
