'use strict';

// Every path function, as a question: did it reach what `at(name)` names for the
// guest and `host(name)` for the host? Asked of the inside each must say yes,
// which is how the tests know that a no about the outside means something.

const fs = require('node:fs');
const { BUFFER, FOLLOW, LINK_CONTENT, OUT, SECRET, exists, text } = require('./scene');
const { fstflags, oflags, rights } = require('../../helpers/preview1');

const read = (file) => fs.readFileSync(file, 'utf8');
const inode = (file) => fs.lstatSync(file, { bigint: true, throwIfNoEntry: false })?.ino;

const operations = {
  'path_open for reading': ({ guest, fd, at }) => guest.contentOf(fd, at('secret')) === SECRET,

  'path_open for writing'({ guest, fd, at, host }) {
    const opened = guest.tryOpen(fd, at('secret'), { base: rights.FD_WRITE });
    if (opened >= 0) guest.writeTo(opened);
    return read(host('secret')) !== SECRET;
  },

  'path_open with CREAT'({ guest, fd, at, host }) {
    guest.tryOpen(fd, at('new'), { flags: oflags.CREAT, base: rights.FD_WRITE });
    return exists(host('new'));
  },

  'path_open with CREAT and EXCL'({ guest, fd, at, host }) {
    guest.tryOpen(fd, at('new'), { flags: oflags.CREAT | oflags.EXCL, base: rights.FD_WRITE });
    return exists(host('new'));
  },

  'path_open with TRUNC'({ guest, fd, at, host }) {
    guest.tryOpen(fd, at('secret'), { flags: oflags.TRUNC, base: rights.FD_WRITE });
    return read(host('secret')) !== SECRET;
  },

  'path_open and fd_readdir'({ guest, fd, at }) {
    const opened = guest.tryOpenDirectory(fd, at('dir'));
    return opened >= 0 && guest.listing(opened).includes('hidden');
  },

  'path_open and on from there'({ guest, fd, at }) {
    const opened = guest.tryOpenDirectory(fd, at('dir'));
    return opened >= 0 && guest.contentOf(opened, 'hidden') === SECRET;
  },

  'path_create_directory'({ guest, fd, at, host }) {
    guest.call('path_create_directory', fd, text(at('new')));
    return exists(host('new'));
  },

  'path_filestat_get': ({ guest, fd, at, host }) => guest.inodeOf(fd, at('secret'), 0) === inode(host('secret')),

  'path_filestat_get, following':
    ({ guest, fd, at, host }) => guest.inodeOf(fd, at('secret'), FOLLOW) === inode(host('secret')),

  'path_filestat_set_times'({ guest, fd, at, host }) {
    const second = 1_000_000_000n;
    guest.call('path_filestat_set_times', fd, FOLLOW, text(at('secret')), second, second, fstflags.MTIM);
    return fs.statSync(host('secret')).mtimeMs === 1000;
  },

  'path_link from it'({ guest, fd, at, host, scene }) {
    for (const follow of [FOLLOW, 0]) guest.call('path_link', fd, follow, text(at('secret')), 3, text('stolen'));
    return inode(scene.in('stolen')) === inode(host('secret'));
  },

  'path_link to it'({ guest, fd, at, host }) {
    guest.call('path_link', 3, 0, text('file'), fd, text(at('new')));
    return exists(host('new'));
  },

  'path_readlink'({ guest, fd, at }) {
    return guest.call('path_readlink', fd, text(at('link')), BUFFER, 1000, OUT) === 0
      && guest.read(BUFFER, guest.u32(OUT)).toString() === LINK_CONTENT;
  },

  'path_remove_directory'({ guest, fd, at, host }) {
    guest.call('path_remove_directory', fd, text(at('empty')));
    return !exists(host('empty'));
  },

  'path_rename from it'({ guest, fd, at, host }) {
    guest.call('path_rename', fd, text(at('secret')), 3, text('stolen'));
    return !exists(host('secret'));
  },

  'path_rename to it'({ guest, fd, at, host }) {
    guest.call('path_rename', 3, text('file'), fd, text(at('new')));
    return exists(host('new'));
  },

  'path_symlink'({ guest, fd, at, host }) {
    guest.call('path_symlink', text('content'), fd, text(at('new')));
    return exists(host('new'));
  },

  'path_unlink_file'({ guest, fd, at, host }) {
    guest.call('path_unlink_file', fd, text(at('secret')));
    return !exists(host('secret'));
  },
};

// One attack for each function, by a route: `open(scene)` gives the guest, the
// descriptor to start from and the name of things beyond.
function attacksBy({ name, ref, linux = false, open }) {
  return Object.entries(operations).map(([operation, reaches]) => ({
    name: `${name}: ${operation}`,
    row: name,
    ref,
    linux,
    run(scene) {
      const way = { fd: 3, host: (entry) => scene.out(entry), scene, ...open(scene) };
      return reaches(way) ? 'escaped' : 'held';
    },
  }));
}

module.exports = { attacksBy, operations };
