'use strict';

// Calls that give something else than node:wasi on purpose. Each has the steps
// (see helpers/differential-calls.js), the last of which differs, what it gives
// there and here (an errno, or `memory`: what the memory then holds at an
// address), and why.

const fs = require('node:fs');
const { OUT, iovs, pointer, text } = require('../helpers/guest');
const {
  errno, eventType, most, oflags, rights, subscription, u16, u32, u64,
} = require('../helpers/preview1');

const BUFFER = OUT + 0x1000;
const READ = rights.FD_READ;
const open = (name, { fd = 3, follow = 0, flags = 0, base = most.file.base, inheriting = 0n, fdflags = 0 } = {}) =>
  ['path_open', fd, follow, text(name), flags, base, inheriting, fdflags, OUT];
const openDirectory = (name) =>
  open(name, { flags: oflags.DIRECTORY, base: most.directory.base, inheriting: most.directory.inheriting });
const poll = (...list) =>
  ['poll_oneoff', pointer(Buffer.concat(list.map(subscription))), BUFFER, list.length, OUT];
const clock = (userdata, rest = {}) => ({ userdata, type: eventType.CLOCK, timeout: 0n, ...rest });
const memory = (at, ...parts) => ({ memory: [at, Buffer.concat(parts.map((part) => Buffer.from(part)))] });

module.exports = [
  {
    name: 'a link on the way that leads outside',
    steps: [open('outdir/secret', { base: READ })], node: 0, ours: errno.NOTCAPABLE,
    reason: 'node:wasi checks the text of a path only; this leaves the sandbox',
  },
  {
    name: 'a link at the end that leads outside, not followed',
    steps: [open('out', { base: READ })], node: 0, ours: errno.LOOP,
    reason: 'node:wasi lets the host follow it; this leaves the sandbox',
  },
  {
    name: 'a link at the end, not followed',
    steps: [open('soft', { base: READ })], node: 0, ours: errno.LOOP,
    reason: 'without SYMLINK_FOLLOW a link is not to be followed, see O_NOFOLLOW in open(2)',
  },
  {
    name: '".." behind a link',
    steps: [open('deep/../inner', { base: READ })], node: errno.NOENT, ours: 0,
    reason: '".." is the parent of where the link leads, as everywhere on the host',
  },
  {
    name: 'a directory renamed while open',
    steps: [openDirectory('dir'), ['path_rename', 3, text('dir'), 3, text('moved')], open('inner', { fd: 4, base: READ })],
    node: errno.NOENT, ours: 0,
    reason: 'a descriptor stands for the directory, not for its path',
  },
  {
    name: 'an empty path',
    steps: [open('', { base: READ })], node: errno.INVAL, ours: errno.NOENT,
    reason: 'POSIX: an empty pathname is ENOENT',
  },
  {
    name: 'a path that ends with a NUL',
    steps: [['path_create_directory', 3, text('made\0')]], node: 0, ours: errno.INVAL,
    reason: 'no file is called so; node:wasi cuts the path at the NUL',
  },
  {
    name: 'a path that is not UTF-8',
    steps: [['path_create_directory', 3, pointer(Buffer.from([0xff])), 1]], node: 0, ours: errno.ILSEQ,
    reason: 'a preview1 string is UTF-8',
  },
  {
    name: 'a path from what is no directory',
    steps: [open('file'), open('x', { fd: 4, base: READ })], node: errno.NOTCAPABLE, ours: errno.NOTDIR,
    reason: 'ENOTDIR says what is wrong; it is what the conformance suite asks for',
  },
  {
    name: 'removing "."',
    steps: [['path_remove_directory', 3, text('empty/.')]], node: 0, ours: errno.INVAL,
    reason: 'rmdir(2): EINVAL where the last component is "."',
  },
  {
    name: 'a symbolic link upwards that stays inside',
    steps: [openDirectory('dir'), ['path_symlink', text('../file'), 4, text('up')]], node: errno.NOTCAPABLE, ours: 0,
    reason: 'the content of a link is data; following it is what is checked',
  },
  {
    name: 'a link read into a buffer that is too short',
    steps: [['path_readlink', 3, text('soft'), BUFFER, 2, OUT]], node: 42, ours: 0,
    reason: 'readlink(2) truncates',
  },
  {
    name: 'a link read into a buffer of just its size',
    steps: [['path_readlink', 3, text('soft'), BUFFER, 4, OUT]], node: 42, ours: 0,
    reason: 'readlink(2) needs no room for a NUL, and writes none',
  },
  {
    name: 'the name of a preopen in a buffer that is too short',
    steps: [['fd_prestat_dir_name', 3, BUFFER, 3]], node: 42, ours: errno.NAMETOOLONG,
    reason: 'the conformance suite asks for ENAMETOOLONG',
  },
  {
    name: 'what a file is called that is no preopen',
    steps: [open('file'), ['fd_prestat_get', 4, OUT]], node: errno.INVAL, ours: errno.BADF,
    reason: 'wasi-libc looks for preopens late, exits on anything but EBADF, and gets that from wasmtime',
  },
  {
    name: 'arguments, when there are none',
    options: { args: [] }, steps: [['args_get', OUT, OUT]], node: errno.INVAL, ours: 0,
    reason: 'nothing to write is no error',
  },
  {
    name: 'environment, when there is none',
    options: { env: {} }, steps: [['environ_get', OUT, OUT]], node: errno.INVAL, ours: 0,
    reason: 'nothing to write is no error',
  },
  {
    name: 'flags of a file',
    steps: [open('file', { fdflags: 1 }), ['fd_fdstat_get', 4, OUT]],
    node: memory(OUT + 2, u16(0o102000 | fs.constants.O_RDWR)), ours: memory(OUT + 2, u16(1)),
    reason: 'fdflags are those of WASI, not those of open(2)',
  },
  {
    name: 'the entries of a directory',
    steps: [['fd_readdir', 3, BUFFER, 24, 0n, OUT], openDirectory('empty'), ['fd_readdir', 4, BUFFER, 100, 0n, OUT]],
    node: memory(OUT, u32(0)), ours: memory(OUT, u32(24 + 1 + 24 + 2)),
    reason: 'readdir(3) has "." and ".."; the conformance suite asks for them, and for inode numbers',
  },
  {
    name: 'times with a fraction of a second',
    steps: [
      open('file'), ['fd_filestat_set_times', 4, 1_600_000_000_123_456_789n, 1_500_000_000_987_654_321n, 5],
      ['fd_filestat_get', 4, OUT],
    ],
    node: memory(OUT + 40, u64(1_600_000_000_000_000_000n), u64(1_500_000_000_000_000_000n)),
    ours: memory(OUT + 40, u64(1_600_000_000_123_456_789n), u64(1_500_000_000_987_654_321n)),
    reason: 'times are nanoseconds',
  },
  {
    name: 'advice from a negative offset on',
    steps: [open('file'), ['fd_advise', 4, -1n, 0n, 0]], node: 0, ours: errno.INVAL,
    reason: 'no file reaches beyond 2 ** 63 - 1',
  },
  {
    name: 'allocating nothing',
    steps: [open('file'), ['fd_allocate', 4, 0n, 0n]], node: 0, ours: errno.INVAL,
    reason: 'posix_fallocate(3): EINVAL for a length of 0',
  },
  {
    name: 'renumbering what is not open onto itself',
    steps: [['fd_renumber', 99, 99]], node: 0, ours: errno.BADF,
    reason: 'it is not open',
  },
  {
    name: 'telling with the right to seek only',
    steps: [open('file', { base: rights.FD_SEEK }), ['fd_tell', 4, OUT]], node: errno.NOTCAPABLE, ours: 0,
    reason: 'witx: the right to seek implies the right to tell',
  },
  {
    name: 'seeking nowhere with the right to tell only',
    steps: [open('file', { base: rights.FD_TELL }), ['fd_seek', 4, 0n, 1, OUT]], node: errno.NOTCAPABLE, ours: 0,
    reason: 'witx: the right to tell allows a seek that moves nothing',
  },
  {
    name: 'waiting for a regular file',
    steps: [open('file'), poll({ userdata: 1, type: eventType.FD_READ, fd: 4 })], node: errno.PERM, ours: 0,
    reason: 'poll(2): regular files are always ready',
  },
  {
    name: 'waiting for what is not open',
    steps: [poll({ userdata: 1, type: eventType.FD_READ, fd: 99 })],
    node: memory(BUFFER, u64(0n), u16(0)), ours: memory(BUFFER, u64(1n), u16(errno.BADF)),
    reason: 'the event tells the error',
  },
  {
    name: 'waiting for an unknown clock',
    steps: [poll(clock(1, { clock: 4 }))], node: 0, ours: errno.INVAL,
    reason: 'EINVAL, as clock_time_get has it',
  },
  {
    name: 'several clocks at once',
    steps: [poll(clock(1), clock(2))], node: memory(OUT, u32(1)), ours: memory(OUT, u32(2)),
    reason: 'every event that has happened is told',
  },
  {
    name: 'receiving from a file',
    steps: [open('file'), ['sock_recv', 4, iovs([BUFFER, 1]), 0, OUT, OUT + 8]],
    node: errno.NOTCAPABLE, ours: errno.NOTSOCK,
    reason: 'ENOTSOCK says what is wrong; the conformance suite asks for it',
  },
  {
    name: 'creating through a link that dangles, not followed',
    steps: [open('dangling', { flags: oflags.CREAT })], node: 0, ours: errno.LOOP,
    reason: 'without SYMLINK_FOLLOW a link is not to be followed',
  },
];
