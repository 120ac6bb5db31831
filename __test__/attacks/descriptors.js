'use strict';

// The host's descriptors: those the guest was never given, those it was lent as
// standard streams, and those that hold its own files.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { BUFFER, OUT, SECRET, WRITTEN, escapedIf, iovs, leakedIf, text } = require('./support/scene');
const { fdflags, fstflags, oflags } = require('../helpers/preview1');

const MAX_FD = 0xffffffff;

// Descriptors of the host on a file outside, at many numbers.
const hostFiles = (scene, count = 300) =>
  Array.from({ length: count }, () => scene.open(scene.out('secret'), 'r+'));

const calls = {
  fd_read: (guest, fd) => guest.call('fd_read', fd, iovs([BUFFER, 100]), OUT),
  fd_pread: (guest, fd) => guest.call('fd_pread', fd, iovs([BUFFER, 100]), 0n, OUT),
  fd_write: (guest, fd) => guest.writeTo(fd),
  fd_pwrite: (guest, fd) => guest.call('fd_pwrite', fd, iovs(WRITTEN), 0n, OUT),
  fd_filestat_get: (guest, fd) => guest.call('fd_filestat_get', fd, OUT),
  fd_filestat_set_size: (guest, fd) => guest.call('fd_filestat_set_size', fd, 0n),
  fd_filestat_set_times: (guest, fd) => guest.call('fd_filestat_set_times', fd, 0n, 1_000_000_000n, fstflags.MTIM),
  fd_fdstat_set_flags: (guest, fd) => guest.call('fd_fdstat_set_flags', fd, fdflags.APPEND),
  fd_allocate: (guest, fd) => guest.call('fd_allocate', fd, 0n, 1000n),
  fd_seek: (guest, fd) => guest.call('fd_seek', fd, 1n, 0, OUT),
  fd_readdir: (guest, fd) => guest.call('fd_readdir', fd, BUFFER, 1000, 0n, OUT),
  fd_prestat_get: (guest, fd) => guest.call('fd_prestat_get', fd, OUT),
  path_open: (guest, fd) => (guest.tryOpen(fd, 'secret') >= 0 ? 0 : 1),
  'fd_renumber from it': (guest, fd) => guest.call('fd_renumber', fd, 3),
  'fd_renumber to it': (guest, fd) => guest.call('fd_renumber', 3, fd),
  sock_recv: (guest, fd) => guest.call('sock_recv', fd, iovs([BUFFER, 100]), 0, OUT, OUT + 8),
  sock_shutdown: (guest, fd) => guest.call('sock_shutdown', fd, 3),
  fd_close: (guest, fd) => guest.call('fd_close', fd),
};

const neverGiven = Object.entries(calls).map(([name, call]) => ({
  name: `host descriptors that the guest was never given: ${name}`,
  row: 'host descriptors that the guest was never given',
  run(scene) {
    const last = hostFiles(scene).at(-1);
    const guest = scene.guest();
    let succeeded = false;
    for (let fd = 4; fd <= last + 10; fd++) succeeded ||= call(guest, fd) === 0;
    for (const fd of [1 << 16, 0x7fffffff, 0x80000000, MAX_FD - 1, MAX_FD]) succeeded ||= call(guest, fd) === 0;
    return escapedIf(succeeded || fs.readFileSync(scene.out('secret'), 'utf8') !== SECRET);
  },
}));

const statusFlags = (fd) => /^flags:\s+(\S+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))[1];

// What the host lends: three slots that name one descriptor, or a pipe of its own each.
const lends = {
  'one descriptor for all three': (scene) => Array(3).fill(scene.open(scene.in('file'), 'r+')),
  'a descriptor each': (scene) => [0, 1, 2].map((slot) => {
    const fifo = `${scene.base}/fifo${slot}`;
    execFileSync('mkfifo', [fifo]);
    return scene.open(fifo, 'r+');
  }),
};

const toStdio = {
  fd_close: (guest) => [0, 1, 2].forEach((fd) => guest.call('fd_close', fd)),
  'fd_renumber of a file over a stream': (guest) =>
    [0, 1, 2].forEach((fd) => guest.call('fd_renumber', guest.open('new', { oflags: oflags.CREAT }), fd)),
  'fd_renumber of one stream over another': (guest) => {
    guest.call('fd_renumber', 0, 1);
    guest.call('fd_renumber', 1, 2);
    guest.call('fd_renumber', 2, 3);
    guest.call('fd_close', 3);
  },
  'fd_fdstat_set_flags': (guest) => [0, 1, 2].forEach((fd) => {
    for (const flags of [31, fdflags.NONBLOCK, fdflags.APPEND, 0, fdflags.NONBLOCK]) {
      guest.call('fd_fdstat_set_flags', fd, flags);
    }
  }),
};

const stdio = Object.entries(lends).flatMap(([which, lend]) => Object.entries(toStdio).map(([name, attack]) => ({
  name: `standard streams, ${which}: ${name}`,
  linux: true,
  run(scene) {
    const [stdin, stdout, stderr] = lend(scene);
    const state = () => [stdin, stdout, stderr].map((fd) => `${fs.fstatSync(fd).ino} ${statusFlags(fd)}`).join();
    const before = state();
    attack(scene.guest({ stdin, stdout, stderr }));
    try {
      return leakedIf(state() !== before);
    } catch {
      return 'leaked'; // closed
    }
  },
})));

const aliases = [
  {
    name: 'stream closed under one number, then read under another after the host has opened a file',
    run(scene) {
      const stdin = fs.openSync('/dev/null', 'r+');
      const guest = scene.guest({ stdin, stdout: stdin, stderr: stdin });
      guest.call('fd_close', 0);
      scene.open(scene.out('secret'), 'r');
      return escapedIf([1, 2].some((fd) => guest.readFrom(fd) === SECRET));
    },
  },
  {
    name: 'stdout closed, so that a file that the host opens next takes its place',
    run(scene) {
      const stdout = scene.open('/dev/null', 'w');
      scene.guest({ stdout }).call('fd_close', 1);
      return leakedIf(scene.open(scene.out('secret'), 'r') === stdout);
    },
  },
  {
    name: 'sock_shutdown on a socket that is stdout of the host',
    run(scene) {
      // The runner gives sockets, as child_process does for 'pipe'.
      const guest = scene.guest();
      for (const how of [1, 2, 3]) guest.call('sock_shutdown', 1, how);
      try {
        fs.writeSync(1, 'still there');
        return 'held';
      } catch {
        return 'leaked';
      }
    },
  },
];

const renumbering = [
  {
    name: 'fd_renumber with unusual numbers, then opening a file',
    ref: 'GHSA-fm79-3f68-h2fc',
    run(scene) {
      const guest = scene.guest();
      for (const [from, to] of [
        [3, 3], [3, MAX_FD], [MAX_FD, 3], [MAX_FD, MAX_FD], [99, 99], [3, 99], [99, 3], [0x80000000, 0x7fffffff],
      ]) guest.call('fd_renumber', from, to);
      return escapedIf(guest.tryOpen(3, 'file') !== 4 || guest.contentOf(3, 'file') !== 'a file of the guest');
    },
  },
  {
    name: 'descriptors replaced by fd_renumber that stay open on the host',
    ref: 'wasmtime #13650',
    linux: true,
    run(scene) {
      const guest = scene.guest();
      const count = () => fs.readdirSync('/proc/self/fd').length;
      guest.call('fd_renumber', guest.open('file'), 3);
      const before = count();
      const other = scene.guest();
      const kept = other.open('file');
      for (let i = 0; i < 50; i++) other.call('fd_renumber', other.open('file'), kept);
      // Its preopen and the one file.
      return leakedIf(count() > before + 2);
    },
  },
  {
    name: 'file renumbered over the preopen, then paths that start there',
    run(scene) {
      const guest = scene.guest();
      guest.call('fd_renumber', guest.open('file'), 3);
      return escapedIf(guest.contentOf(3, '../outside/secret') === SECRET);
    },
  },
  {
    name: 'closed directory whose number the host has reused',
    run(scene) {
      const guest = scene.guest();
      const fd = guest.openDirectory('dir');
      guest.call('fd_close', fd);
      for (let i = 0; i < 20; i++) scene.open(scene.outside, 'r');
      return escapedIf(guest.contentOf(fd, 'secret') === SECRET || guest.listing(fd) !== '');
    },
  },
];

const inherited = {
  name: 'files and directories of the guest, inherited by a process that the host starts',
  linux: true,
  run(scene) {
    const guest = scene.guest();
    const fd = guest.open('file');
    guest.open('new', { oflags: oflags.CREAT });
    guest.openDirectory('dir');
    guest.call('fd_renumber', guest.open('dir/inner'), fd);
    guest.call('path_filestat_get', 3, 0, text('dir/sub/..'), OUT);
    const list = execFileSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
    return leakedIf(list.includes(scene.inside));
  },
};

module.exports = { family: 'Descriptors', attacks: [...neverGiven, ...stdio, ...aliases, ...renumbering, inherited] };
