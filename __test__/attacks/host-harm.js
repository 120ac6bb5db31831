'use strict';

// Ending, stopping or starving the process that runs the guest.

const { execFileSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const inspector = require('node:inspector');
const path = require('node:path');
const { setTimeout: wait } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');
const { AttackGuest, BUFFER, FOLLOW, OUT, escapedIf, exists, iovs, leakedIf, pointer, text } = require('./support/scene');
const { errno, eventType, fdflags, fstflags, oflags, rights, subscription } = require('../helpers/preview1');

const USR1 = 10; // as WASI counts
const MAX_U64 = (1n << 64n) - 1n;
// For attacks that are withstood by still being there afterwards.
const survives = (name, attack, ref) => ({
  name,
  ref,
  async run(scene) {
    await attack(scene);
    return 'held';
  },
});

const signals = Array.from({ length: 31 }, (_, signal) => ({
  name: `proc_raise(${signal})`,
  row: 'proc_raise with every signal',
  ref: 'uvwasi proc_raise',
  async run(scene) {
    scene.guest().call('proc_raise', signal);
    // SIGUSR1 makes Node open its debugger to the network, in a moment.
    if (signal === USR1) await wait(100);
    return leakedIf(inspector.url() !== undefined);
  },
}));

const exits = [
  survives('proc_exit in a Worker, with returnOnExit: false', async (scene) => {
    const worker = new Worker(`
      const { implementation } = require('node:worker_threads').workerData;
      const { WASI } = require(implementation);
      const wasi = new WASI({ version: 'preview1', returnOnExit: false });
      wasi.initialize({ exports: { memory: new WebAssembly.Memory({ initial: 1 }) } });
      wasi.wasiImport.proc_exit(7);
    `, { eval: true, workerData: { implementation: scene.implementation } });
    await once(worker, 'exit');
  }),
];

const fifoOpens = {
  reading: { base: rights.FD_READ },
  writing: { base: rights.FD_WRITE },
  both: { base: rights.FD_READ | rights.FD_WRITE },
  'writing, with CREAT': { base: rights.FD_WRITE, flags: oflags.CREAT },
  'writing, with TRUNC': { base: rights.FD_WRITE, flags: oflags.TRUNC },
};
const special = [
  ...Object.entries(fifoOpens).map(([how, options]) => ({
    ...survives(`opening a FIFO that nobody else has open: path_open for ${how}`, (scene) => {
      execFileSync('mkfifo', [scene.in('fifo')]);
      scene.guest().tryOpen(3, 'fifo', options);
    }),
    row: 'opening a FIFO that nobody else has open',
  })),
  survives('FIFO: reading, stat, changing its times', (scene) => {
    execFileSync('mkfifo', [scene.in('fifo')]);
    const guest = scene.guest();
    guest.readFrom(guest.tryOpen(3, 'fifo'));
    guest.inodeOf(3, 'fifo');
    guest.call('path_filestat_set_times', 3, FOLLOW, text('fifo'), 0n, 0n, fstflags.MTIM_NOW);
  }),
  survives('opening devices in a preopened /dev', (scene) => {
    const guest = scene.guest({ preopens: { '/dev': '/dev' } });
    for (const name of ['null', 'zero', 'full', 'tty', 'ptmx', 'fd', 'fd/0', 'stdin']) {
      for (const base of [rights.FD_READ, rights.FD_WRITE]) guest.tryOpen(4, name, { base });
    }
  }),
  survives('writing to a pipe without a reader', (scene) => {
    const fifo = `${scene.base}/fifo`;
    execFileSync('mkfifo', [fifo]);
    const reader = fs.openSync(fifo, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const stdout = scene.open(fifo, 'w');
    fs.closeSync(reader);
    scene.guest({ stdout }).writeTo(1);
  }),
];

// Whether the host can still open files, many of them.
function canOpen(scene) {
  try {
    for (let i = 0; i < 100; i++) scene.open(scene.out('secret'), 'r');
    return true;
  } catch {
    return false;
  }
}

const exhaust = (name, open) => ({
  name: `descriptors used up: ${name}`,
  alone: true,
  run(scene) {
    const guest = scene.guest();
    let result = 0;
    for (let i = 0; i < 5000 && result === 0; i++) result = open(guest);
    const openAgain = open(guest);
    return leakedIf(result !== 33 || openAgain !== 33 || !canOpen(scene));
  },
});
const openCall = (name, flags, base) => (guest) => guest.call('path_open', 3, 0, text(name), flags, base, 0n, 0, OUT);
const exhaustion = [
  exhaust('opening a file again and again', openCall('file', 0, rights.FD_READ)),
  exhaust('opening a directory again and again', openCall('dir', oflags.DIRECTORY, rights.FD_READDIR)),
  exhaust('opening and listing a directory again and again', (guest) => {
    const result = openCall('dir', oflags.DIRECTORY, rights.FD_READDIR)(guest);
    if (result === 0) guest.call('fd_readdir', guest.u32(OUT), BUFFER, 100, 0n, OUT);
    return result;
  }),
  {
    name: 'descriptors leaked when path_open fails',
    linux: true,
    run(scene) {
      const guest = scene.guest();
      fs.symlinkSync('loop', scene.in('loop'));
      fs.symlinkSync('../outside', scene.in('out'));
      const count = () => fs.readdirSync('/proc/self/fd').length;
      const before = count();
      const tryAndClose = (...args) => {
        const fd = guest.tryOpen(3, ...args);
        if (fd >= 0) guest.call('fd_close', fd);
      };
      for (let i = 0; i < 100; i++) {
        for (const name of ['dir/../../outside', 'loop', 'out/secret', 'file/', 'dir/sub/none', 'secret\0']) {
          tryAndClose(name);
        }
        guest.call('path_open', 3, 0, text('file'), 0, rights.FD_READ, 0n, 0, 0xfffffffc);
        tryAndClose('dir', { flags: oflags.TRUNC, base: rights.FD_WRITE });
        tryAndClose('file', { flags: oflags.DIRECTORY });
      }
      return leakedIf(count() > before);
    },
  },
];

const SIZES = [1n << 62n, (1n << 63n) - 1n, 1n << 63n, MAX_U64 - 1n, MAX_U64];
const sizes = [
  survives('fd_allocate with huge sizes', (scene) => {
    const guest = scene.guest();
    const fd = guest.open('file');
    for (const size of SIZES) {
      guest.call('fd_allocate', fd, 0n, size);
      guest.call('fd_allocate', fd, size, 1n);
      guest.call('fd_allocate', fd, size, size);
    }
  }),
  survives('fd_filestat_set_size, fd_seek and fd_pwrite with huge offsets', (scene) => {
    const guest = scene.guest();
    const fd = guest.open('file');
    for (const size of SIZES) {
      guest.call('fd_filestat_set_size', fd, size);
      guest.call('fd_pwrite', fd, iovs('x'), size, OUT);
      guest.call('fd_pread', fd, iovs([BUFFER, 10]), size, OUT);
      for (const whence of [0, 1, 2, 255]) guest.call('fd_seek', fd, BigInt.asIntN(64, size), whence, OUT);
      guest.writeTo(fd);
      guest.call('fd_advise', fd, size, size, 0);
      guest.call('fd_filestat_set_size', fd, 0n);
    }
  }),
  {
    name: 'offset of 2^63 or more, mistaken for the current position',
    ref: 'uvwasi #257',
    run(scene) {
      const guest = scene.guest();
      const fd = guest.open('file');
      return escapedIf([1n << 63n, MAX_U64].some((offset) =>
        guest.call('fd_pread', fd, iovs([BUFFER, 10]), offset, OUT) === 0
        || guest.call('fd_pwrite', fd, iovs('x'), offset, OUT) === 0));
    },
  },
];

const resolution = [
  survives('symlink loops, and symlinks that multiply', (scene) => {
    const guest = scene.guest();
    fs.symlinkSync('b', scene.in('a'));
    fs.symlinkSync('a/x', scene.in('b'));
    fs.symlinkSync('dir/..', scene.in('l0'));
    for (let i = 1; i < 60; i++) fs.symlinkSync(`l${i - 1}/l${i - 1}`, scene.in(`l${i}`));
    for (const name of ['a', 'a/x', 'l5/file', 'l59/file', 'l20']) guest.contentOf(3, name);
  }),
  survives('paths as long as the memory', (scene) => {
    const { imports, memory, view } = scene.bare({ memory: new WebAssembly.Memory({ initial: 512 }) });
    view().fill('./');
    const size = memory.buffer.byteLength;
    for (const length of [4095, 4096, 65536, size - 8, size]) {
      imports.path_create_directory(3, 0, length);
      imports.path_filestat_get(3, 1, 0, length, 0);
      imports.path_symlink(0, length, 3, 0, length);
      view().fill('./');
    }
  }),
  survives('directories nested deeper than a path can name', (scene) => {
    const guest = scene.guest();
    let fd = 3;
    for (let depth = 0; depth < 1000; depth++) {
      guest.call('path_create_directory', fd, text('deep'));
      const next = guest.tryOpenDirectory(fd, 'deep');
      if (next < 0) break;
      if (fd !== 3) guest.call('fd_close', fd);
      fd = next;
    }
    guest.inodeOf(3, 'deep/'.repeat(800));
    guest.inodeOf(3, 'deep/'.repeat(1000));
  }),
];

const clocks = ({ clock, timeout }) => subscription({ userdata: 1, type: eventType.CLOCK, clock, timeout, absolute: true });
const polls = [
  ...[0, 1].flatMap((clock) => [0n, 1n, 1_000_000_000n].map((timeout) => ({
    ...survives(`poll_oneoff until ${timeout} ns of clock ${clock}, in the past`, (scene) =>
      scene.guest().call('poll_oneoff', pointer(clocks({ clock, timeout })), BUFFER, 1, OUT), 'wasmtime #13566'),
    row: 'poll_oneoff with a deadline in the past',
  }))),
  ...[0, 99, 0xffffffff].map((bad) => ({
    ...survives(`poll_oneoff on descriptor ${bad}, then on an open one`, (scene) => {
      const guest = scene.guest();
      if (bad === 0) guest.call('fd_close', 0);
      const list = [bad, 1, 3].map((fd) => subscription({ userdata: fd, type: eventType.FD_WRITE, fd }));
      guest.call('poll_oneoff', pointer(Buffer.concat(list)), BUFFER, list.length, OUT);
    }, 'uvwasi poll_oneoff.c'),
    row: 'poll_oneoff on a closed descriptor, then on an open one',
  })),
  survives('path_filestat_set_times with invalid flags, then another call', (scene) => {
    const guest = scene.guest();
    guest.call('path_filestat_set_times', 3, 0, text('file'), 0n, 0n, fstflags.MTIM | fstflags.MTIM_NOW);
    guest.call('path_filestat_set_times', 3, 0, text('file'), 0n, 0n, 0xffff);
    guest.inodeOf(3, 'file');
  }, 'uvwasi path_filestat_set_times'),
];

const socketCalls = {
  sock_send: (guest, fd) => guest.call('sock_send', fd, iovs('x'), 0, OUT),
  sock_recv: (guest, fd) => {
    guest.call('fd_fdstat_set_flags', fd, fdflags.NONBLOCK);
    guest.call('sock_recv', fd, iovs([BUFFER, 1]), 0, OUT, OUT + 8);
  },
  sock_accept: (guest, fd) => guest.call('sock_accept', fd, 0, OUT),
};
const sockets = Object.entries(socketCalls).map(([name, call]) => ({
  ...survives(`${name} on standard streams, files and directories`, (scene) => {
    const guest = scene.guest();
    for (const fd of [0, 1, 2, 3, guest.open('file')]) call(guest, fd);
  }, 'uvwasi sock_*'),
  row: 'sock_* on standard streams, files and directories',
  alone: true,
}));

const EXTREME = [0n, 1n, (1n << 31n) * 1_000_000_000n, (1n << 63n) - 1n, 1n << 63n, MAX_U64];
const times = [
  survives('extreme file times, set and read back', (scene) => {
    const guest = scene.guest();
    const fd = guest.open('file');
    for (const time of EXTREME) {
      guest.call('fd_filestat_set_times', fd, time, time, fstflags.ATIM | fstflags.MTIM);
      guest.call('path_filestat_set_times', 3, 0, text('file'), time, time, fstflags.ATIM | fstflags.MTIM);
      guest.call('fd_filestat_get', fd, OUT);
      fs.statSync(scene.in('file'), { bigint: true });
    }
  }, 'cap-std #332'),
  survives('host file with times before 1970 or far in the future', (scene) => {
    const guest = scene.guest();
    for (const seconds of [-1, -2147483649, -1e12, 1e11, 4e11]) {
      fs.utimesSync(scene.in('file'), seconds, seconds);
      guest.inodeOf(3, 'file');
    }
  }, 'wasmtime #13894'),
];

const surroundings = {
  name: 'access to the current directory without a preopen',
  ref: 'GHSA-4mq4-7rw3-vm5j',
  run(scene) {
    const guest = new AttackGuest({ implementation: scene.WASI });
    const first = guest.call('fd_prestat_get', 3, OUT);
    const created = guest.tryOpen(3, 'new', { flags: oflags.CREAT, base: rights.FD_WRITE });
    return escapedIf(first !== errno.BADF || created >= 0 || exists(path.resolve('new')));
  },
};

module.exports = {
  family: 'Harm to the host',
  attacks: [
    ...signals, ...exits, ...special, ...exhaustion, ...sizes, ...resolution, ...polls, ...sockets, ...times,
    surroundings,
  ],
};
