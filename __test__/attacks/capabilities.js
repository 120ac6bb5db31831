'use strict';

// More from a descriptor than it was given for: by asking for rights, by opening
// through it, by what an operation implies.

const fs = require('node:fs');
const { BUFFER, OUT, SECRET, WRITTEN, escapedIf, exists, iovs, text } = require('./support/scene');
const { fdflags, fstflags, most, oflags, rights } = require('../helpers/preview1');

const READ_ONLY = rights.FD_READ | rights.FD_SEEK | rights.FD_TELL | rights.FD_FILESTAT_GET;
const ALL = (1n << 64n) - 1n;
const WAYS_TO_WRITE = {
  fd_write: (guest, fd) => guest.writeTo(fd),
  fd_pwrite: (guest, fd) => guest.call('fd_pwrite', fd, iovs(WRITTEN), 0n, OUT),
  fd_allocate: (guest, fd) => guest.call('fd_allocate', fd, 0n, 1000n),
  fd_filestat_set_size: (guest, fd) => guest.call('fd_filestat_set_size', fd, 0n),
  fd_filestat_set_times: (guest, fd) => guest.call('fd_filestat_set_times', fd, 0n, 1_000_000_000n, fstflags.MTIM),
};

const unchanged = (file) => {
  const before = fs.statSync(file).mtimeMs;
  const content = fs.readFileSync(file, 'utf8');
  return () => fs.readFileSync(file, 'utf8') === content && fs.statSync(file).mtimeMs === before;
};

// Each way to write, on a descriptor that `open(guest)` gives.
const writing = (name, open, ref) => Object.entries(WAYS_TO_WRITE).map(([way, write]) => ({
  name: `${name}: ${way}`,
  row: name,
  ref,
  run(scene) {
    const guest = scene.guest();
    const isUnchanged = unchanged(scene.in('file'));
    write(guest, open(guest));
    return escapedIf(!isUnchanged());
  },
}));

const openToRead = (guest) => guest.open('file', { base: READ_ONLY });
const setRights = (guest, fd, base, inheriting = 0n) => guest.call('fd_fdstat_set_rights', fd, base, inheriting);
// A directory that was given only for reading.
const readOnlyDirectory = (guest) =>
  guest.openDirectory('.', { base: rights.PATH_OPEN | rights.FD_READDIR, inheriting: READ_ONLY | rights.PATH_OPEN });

const files = [
  ...writing('file opened for reading', openToRead, 'wazero #999'),
  ...writing('file opened for reading, then all rights requested', (guest) => {
    const fd = openToRead(guest);
    for (const more of [ALL, most.file.base, READ_ONLY | rights.FD_WRITE]) setRights(guest, fd, more, more);
    return fd;
  }),
  ...writing('file whose rights were dropped and requested again', (guest) => {
    const fd = guest.open('file');
    setRights(guest, fd, READ_ONLY);
    setRights(guest, fd, most.file.base);
    return fd;
  }),
  ...writing('file opened for reading, renumbered', (guest) => {
    const fd = openToRead(guest);
    const other = guest.open('dir/inner');
    guest.call('fd_renumber', fd, other);
    return other;
  }),
  {
    name: 'APPEND set on a file without the right to set flags',
    run(scene) {
      const guest = scene.guest();
      const fd = guest.open('file', { base: rights.FD_WRITE | rights.FD_READ });
      guest.call('fd_fdstat_set_flags', fd, fdflags.APPEND);
      guest.call('fd_fdstat_get', fd, OUT);
      return escapedIf(guest.read(OUT + 2, 1)[0] & fdflags.APPEND);
    },
  },
  {
    name: 'fd_read on a file opened for writing',
    run(scene) {
      const guest = scene.guest();
      const fd = guest.tryOpen(3, 'file', { base: rights.FD_WRITE });
      return escapedIf(guest.readFrom(fd) !== '');
    },
  },
];

// Opening wider than a directory lets inherit.
const widerOpens = {
  'for writing': { base: READ_ONLY | rights.FD_WRITE },
  'with all rights': { base: most.file.base },
  'with rights without a name': { base: READ_ONLY | (1n << 40n) },
  'with inheriting rights': { base: READ_ONLY, inheriting: rights.FD_WRITE },
  'with CREAT': { flags: oflags.CREAT, base: READ_ONLY },
  'with TRUNC': { flags: oflags.TRUNC, base: READ_ONLY },
};
const wider = Object.entries(widerOpens).map(([how, options]) => ({
  name: `opening ${how} through a directory opened for reading`,
  row: 'opening with more rights than the directory passes on',
  ref: how === 'with TRUNC' ? 'GHSA-2r75-cxrj-cmph' : undefined,
  run(scene) {
    const guest = scene.guest();
    const isUnchanged = unchanged(scene.in('file'));
    const opened = guest.tryOpen(readOnlyDirectory(guest), 'file', options);
    return escapedIf(opened >= 0 || !isUnchanged());
  },
}));

const through = (name, attack, ref) => ({
  name,
  ref,
  run(scene) {
    const guest = scene.guest();
    return escapedIf(attack({ guest, scene, fd: readOnlyDirectory(guest) }));
  },
});

const directories = [
  through('subdirectory of a directory opened for reading, opened with more rights', ({ guest, fd }) => {
    const inner = guest.tryOpenDirectory(fd, 'dir');
    return inner >= 0 && guest.tryOpen(inner, 'new', { flags: oflags.CREAT, base: rights.FD_WRITE }) >= 0;
  }),
  through('directory opened for reading, then all rights requested', ({ guest, fd, scene }) => {
    setRights(guest, fd, most.directory.base, most.directory.inheriting);
    setRights(guest, fd, ALL, ALL);
    guest.tryOpen(fd, 'new', { flags: oflags.CREAT, base: rights.FD_WRITE });
    return exists(scene.in('new'));
  }),
  through('rights requested that the preopen never had', ({ guest }) => {
    setRights(guest, 3, ALL, ALL);
    guest.call('fd_fdstat_get', 3, OUT);
    return guest.u64(OUT + 8) !== most.directory.base || guest.u64(OUT + 16) !== most.directory.inheriting;
  }),
  through('TRUNC without the right to truncate', ({ guest, scene }) => {
    const fd = guest.openDirectory('.', { base: rights.PATH_OPEN });
    guest.tryOpen(fd, 'file', { flags: oflags.TRUNC, base: rights.FD_WRITE });
    return fs.statSync(scene.in('file')).size === 0;
  }, 'GHSA-2r75-cxrj-cmph'),
  through('CREAT without the right to create files', ({ guest, scene }) => {
    const fd = guest.openDirectory('.', { base: rights.PATH_OPEN });
    guest.tryOpen(fd, 'new', { flags: oflags.CREAT, base: rights.FD_WRITE });
    return exists(scene.in('new'));
  }),
  through('directory opened with TRUNC', ({ guest }) =>
    guest.tryOpen(3, 'dir', { flags: oflags.TRUNC | oflags.DIRECTORY, base: rights.FD_WRITE }) >= 0, 'cap-std #388'),
];

// What a directory given for reading must refuse, each seen on the host.
const changes = {
  path_create_directory: ({ guest, fd }) => guest.call('path_create_directory', fd, text('new')),
  path_symlink: ({ guest, fd }) => guest.call('path_symlink', text('file'), fd, text('new')),
  path_unlink_file: ({ guest, fd }) => guest.call('path_unlink_file', fd, text('file')),
  path_remove_directory: ({ guest, fd }) => guest.call('path_remove_directory', fd, text('dir/sub')),
  'path_rename from it': ({ guest, fd }) => guest.call('path_rename', fd, text('file'), 3, text('new')),
  'path_rename to it': ({ guest, fd }) => guest.call('path_rename', 3, text('file'), fd, text('new')),
  'path_link from it': ({ guest, fd }) => guest.call('path_link', fd, 0, text('file'), 3, text('new')),
  'path_link to it': ({ guest, fd }) => guest.call('path_link', 3, 0, text('file'), fd, text('new')),
  path_filestat_set_times: ({ guest, fd }) =>
    guest.call('path_filestat_set_times', fd, 0, text('file'), 0n, 1_000_000_000n, fstflags.MTIM),
};
const changing = Object.entries(changes).map(([name, change]) => ({
  ...through(`directory opened for reading: ${name}`, ({ guest, fd, scene }) => {
    change({ guest, fd });
    const intact = exists(scene.in('file')) && exists(scene.in('dir', 'sub')) && !exists(scene.in('new'));
    return !intact || fs.statSync(scene.in('file')).mtimeMs === 1000;
  }),
  row: 'changes through a directory opened for reading',
}));

const looking = [
  {
    name: 'directory opened without rights: reading, listing, stat and readlink',
    run(scene) {
      const guest = scene.guest();
      const fd = guest.openDirectory('same', { base: 0n, inheriting: 0n });
      const link = guest.call('path_readlink', fd, text('link'), BUFFER, 100, OUT);
      return escapedIf(guest.contentOf(fd, 'secret') === SECRET || guest.listing(fd) !== ''
        || guest.inodeOf(fd, 'secret') !== 0n || link === 0);
    },
  },
];

// The controls: with the rights, each of these does change what is there.
const controls = [
  ...writing('control', (guest) => guest.open('file')),
  ...Object.entries(changes).map(([name, change]) => ({
    name: `control: ${name}`,
    run(scene) {
      const guest = scene.guest();
      const before = fs.readdirSync(scene.inside, { recursive: true }).join();
      change({ guest, fd: 3 });
      const after = fs.readdirSync(scene.inside, { recursive: true }).join();
      return escapedIf(after !== before || fs.statSync(scene.in('file')).mtimeMs === 1000);
    },
  })),
];

module.exports = {
  family: 'Capabilities',
  attacks: [...files, ...wider, ...directories, ...changing, ...looking],
  controls,
  WAYS_TO_WRITE,
};
