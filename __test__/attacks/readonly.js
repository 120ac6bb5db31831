'use strict';

// A mount that is read-only beside one that is not: descriptor 4 beside 3. What
// changes anything there, or takes it to where it could be changed, is refused.

const fs = require('node:fs');
const { WAYS_TO_WRITE } = require('./capabilities');
const { operations } = require('./support/operations');
const { FOLLOW, OUT, SECRET, escapedIf, text } = require('./support/scene');
const { fdflags, fstflags, oflags, rights } = require('../helpers/preview1');

const ALL = (1n << 64n) - 1n;
const MOVES = 'GHSA-4ch3-9j33-3pmj';
const TRUNCATES = 'GHSA-2r75-cxrj-cmph';
const refs = { 'path_link from it': MOVES, 'path_rename from it': MOVES, 'path_open with TRUNC': TRUNCATES };

const isReading = (name) =>
  ['path_open for reading', 'path_open and', 'path_filestat_get', 'path_readlink'].some((start) => name.startsWith(start));
const reading = Object.entries(operations).filter(([name]) => isReading(name));
const changing = Object.entries(operations).filter(([name]) => !isReading(name));

function mount(scene) {
  return scene.guest({ preopens: { '/ro': { path: scene.outside, readonly: true } } });
}

// The rights that a descriptor lets what is opened through it have.
function inheriting(guest, fd) {
  guest.call('fd_fdstat_get', fd, OUT);
  return guest.u64(OUT + 16);
}

// A directory beneath, with as much as can be had.
function beneath(guest, name) {
  const all = inheriting(guest, 4);
  return guest.tryOpen(4, name, { flags: oflags.DIRECTORY, base: all, inheriting: all });
}

// How the guest comes to what is mounted.
const ways = {
  'changes in a read-only mount': () => ({}),
  'changes through a directory opened in a read-only mount': (guest) => ({ fd: beneath(guest, '.') }),
  'changes in a read-only mount after requesting all rights': (guest) => {
    for (const more of [ALL, 0xfffffffn]) guest.call('fd_fdstat_set_rights', 4, more, more);
    return {};
  },
  'changes in a read-only mount renumbered over a writable directory': (guest) => {
    const fd = guest.openDirectory('dir');
    guest.call('fd_renumber', 4, fd);
    return { fd };
  },
};

const byPath = Object.entries(ways).flatMap(([row, way]) => changing.map(([name, reaches]) => ({
  name: `${row}: ${name}`,
  row,
  ref: refs[name],
  run(scene) {
    const guest = mount(scene);
    const host = (entry) => scene.out(entry);
    return escapedIf(reaches({ fd: 4, ...way(guest), guest, scene, host, at: (entry) => entry }));
  },
})));

const attack = (name, reaches, ref) => ({
  name, ref, run: (scene) => escapedIf(reaches({ scene, guest: mount(scene) })),
});

const isChanged = (scene) => {
  const { mtimeMs } = fs.statSync(scene.out('secret'));
  return mtimeMs === 1000 || fs.readFileSync(scene.out('secret'), 'utf8') !== SECRET;
};

const wideOpens = {
  'with all rights that the mount passes on': (guest) => ({ base: inheriting(guest, 4) }),
  'with all rights': () => ({ base: 0x8e001ffn }),
  'for reading and for changing its times': () => ({ base: rights.FD_READ | rights.FD_FILESTAT_SET_TIMES }),
  'with the right to allocate': () => ({ base: rights.FD_ALLOCATE }),
  'with the right to sync data': () => ({ base: rights.FD_DATASYNC }),
  'for reading, then all rights requested': () => ({ base: rights.FD_READ, more: true }),
};
const throughFiles = Object.entries(wideOpens).flatMap(([how, options]) =>
  Object.entries(WAYS_TO_WRITE).map(([way, write]) => ({
    ...attack(`file in a read-only mount, opened ${how}: ${way}`, ({ scene, guest }) => {
      const { more, ...asked } = options(guest);
      const fd = guest.tryOpen(4, 'secret', asked);
      if (more) guest.call('fd_fdstat_set_rights', fd, ALL, 0n);
      write(guest, fd);
      return isChanged(scene);
    }),
    row: `file in a read-only mount, opened ${how}`,
  })));

const single = [
  attack('file in a read-only mount opened with CREAT, TRUNC and APPEND', ({ scene, guest }) => {
    for (const flags of [oflags.CREAT, oflags.TRUNC, oflags.CREAT | oflags.TRUNC, oflags.CREAT | oflags.EXCL]) {
      for (const base of [0n, rights.FD_READ, rights.FD_WRITE]) {
        guest.tryOpen(4, 'secret', { flags, base, fdflags: fdflags.APPEND });
        guest.tryOpen(4, 'new', { flags, base });
      }
    }
    return isChanged(scene) || fs.existsSync(scene.out('new'));
  }, TRUNCATES),
  attack('hard link out of a read-only mount, then writing to it', ({ scene, guest }) => {
    guest.call('path_link', 4, FOLLOW, text('secret'), 3, text('taken'));
    guest.call('path_rename', 4, text('secret'), 3, text('taken'));
    const fd = guest.tryOpen(3, 'taken', { base: rights.FD_WRITE });
    if (fd >= 0) guest.writeTo(fd);
    return isChanged(scene);
  }, MOVES),
  attack('directory moved out of a read-only mount', ({ scene, guest }) => {
    guest.call('path_rename', 4, text('dir'), 3, text('taken'));
    return fs.existsSync(scene.in('taken'));
  }, MOVES),
  attack('hard link and rename within a read-only mount', ({ scene, guest }) => {
    guest.call('path_link', 4, 0, text('secret'), 4, text('new'));
    guest.call('path_rename', 4, text('secret'), 4, text('new'));
    return fs.existsSync(scene.out('new'));
  }),
  attack('symlink in the writable mount that leads to the read-only mount', ({ scene, guest }) => {
    fs.symlinkSync('../outside', scene.in('l'));
    const fd = guest.tryOpen(3, 'l/secret', { base: rights.FD_WRITE });
    if (fd >= 0) guest.writeTo(fd);
    return isChanged(scene);
  }),
  attack('times of the read-only directory itself', ({ scene, guest }) => {
    for (const fd of [4, beneath(guest, '.')]) {
      guest.call('fd_filestat_set_times', fd, 0n, 1_000_000_000n, fstflags.MTIM);
      guest.call('path_filestat_set_times', fd, 0, text('.'), 0n, 1_000_000_000n, fstflags.MTIM);
    }
    return fs.statSync(scene.outside).mtimeMs === 1000;
  }),
];

// The control: reading there is what it is for.
const controls = reading.map(([name, reaches]) => ({
  name: `control: ${name}`,
  run(scene) {
    const host = (entry) => scene.out(entry);
    return escapedIf(reaches({ fd: 4, guest: mount(scene), scene, host, at: (entry) => entry }));
  },
}));

const ours = (list) => list.map((one) => ({ ...one, only: 'wasi-rs' }));
module.exports = {
  family: 'Read-only mounts', attacks: ours([...byPath, ...throughFiles, ...single]), controls: ours(controls),
};
