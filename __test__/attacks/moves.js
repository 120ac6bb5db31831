'use strict';

// Directories that are moved or replaced while the guest holds them open: what
// it holds is the directory, not its former path.

const fs = require('node:fs');
const { attacksBy } = require('./support/operations');
const { FOLLOW, OUT, escapedIf, populate, text } = require('./support/scene');
const { fstflags } = require('../helpers/preview1');

const BY_NAME = 'uvwasi, which stores a path per descriptor';

const hostMoves = [
  {
    name: 'open directory that the host moves out of the preopen, then `..`',
    open(scene) {
      const guest = scene.guest();
      const fd = guest.openDirectory('dir/sub');
      fs.renameSync(scene.in('dir', 'sub'), `${scene.base}/moved`);
      return { guest, fd, at: (entry) => `../outside/${entry}` };
    },
  },
  {
    name: 'open directory whose parent the host moves out of the preopen, then `..`',
    open(scene) {
      const guest = scene.guest();
      const fd = guest.openDirectory('dir/sub');
      fs.renameSync(scene.in('dir'), `${scene.outside}/moved`);
      return { guest, fd, at: (entry) => `../../${entry}` };
    },
  },
  {
    name: 'open directory replaced by a symlink that leads out',
    ref: BY_NAME,
    open(scene) {
      const guest = scene.guest();
      const fd = guest.openDirectory('dir');
      fs.renameSync(scene.in('dir'), scene.in('old'));
      fs.symlinkSync('../outside', scene.in('dir'));
      return { guest, fd, at: (entry) => entry };
    },
  },
  {
    name: 'open directory whose parent is replaced by a symlink that leads out',
    ref: BY_NAME,
    open(scene) {
      const guest = scene.guest();
      const fd = guest.openDirectory('dir/sub');
      fs.renameSync(scene.in('dir'), scene.in('old'));
      fs.symlinkSync('../outside', scene.in('dir'));
      populate(scene.out('sub'));
      return { guest, fd, at: (entry) => entry, host: (entry) => scene.out('sub', entry) };
    },
  },
  {
    name: 'preopened directory replaced by a symlink that leads out',
    ref: BY_NAME,
    open(scene) {
      const guest = scene.guest();
      fs.renameSync(scene.inside, `${scene.base}/old`);
      fs.symlinkSync('outside', scene.inside);
      // What is taken from there would be found by its old name.
      scene.inside = `${scene.base}/old`;
      return { guest, at: (entry) => entry };
    },
  },
];

const guestMoves = [
  {
    name: 'open directory that the guest replaces with a symlink',
    ref: BY_NAME,
    open(scene) {
      const guest = scene.guest();
      const fd = guest.openDirectory('dir/sub');
      const rename = (from, to) => guest.call('path_rename', 3, text(from), 3, text(to));
      // The link is one step too low when it is made, and its text is inside.
      guest.call('path_symlink', text('../../../outside'), 3, text('dir/sub/l'));
      guest.call('path_symlink', text('../../outside'), 3, text('dir/l'));
      rename('dir/sub', 'old');
      rename('dir/l', 'dir/sub');
      return { guest, fd, at: (entry) => entry };
    },
  },
  {
    name: 'open directory that the guest moves to a parent directory, then `..`',
    open(scene) {
      const guest = scene.guest();
      const fd = guest.openDirectory('dir/sub');
      guest.call('path_rename', 3, text('dir/sub'), 3, text('up'));
      return { guest, fd, at: (entry) => `../../outside/${entry}` };
    },
  },
];

// A held directory whose name now leads elsewhere, for calls without a path.
function replaced(scene) {
  const guest = scene.guest();
  const fd = guest.openDirectory('dir');
  fs.renameSync(scene.in('dir'), scene.in('old'));
  fs.symlinkSync('../outside', scene.in('dir'));
  return { guest, fd };
}

const ownCalls = [
  {
    name: 'fd_readdir on a directory replaced by a symlink',
    ref: BY_NAME,
    run(scene) {
      const { guest, fd } = replaced(scene);
      return escapedIf(guest.listing(fd).includes('secret'));
    },
  },
  {
    name: 'fd_filestat_set_times on a directory replaced by a symlink',
    run(scene) {
      const { guest, fd } = replaced(scene);
      guest.call('fd_filestat_set_times', fd, 0n, 1_000_000_000n, fstflags.MTIM);
      return escapedIf(fs.statSync(scene.outside).mtimeMs === 1000);
    },
  },
  {
    name: 'file replaced by a symlink between path_filestat_get and path_open',
    ref: 'wasmer #2432',
    run(scene) {
      const guest = scene.guest();
      guest.call('path_filestat_get', 3, FOLLOW, text('file'), OUT);
      fs.rmSync(scene.in('file'));
      fs.symlinkSync('../outside/secret', scene.in('file'));
      return escapedIf(guest.contentOf(3, 'file').includes('secret'));
    },
  },
];

module.exports = {
  family: 'Directories that move',
  attacks: [...[...hostMoves, ...guestMoves].flatMap(attacksBy), ...ownCalls],
};
