'use strict';

// Out of the sandbox by the text of a path, and through symbolic links that are
// there or that the guest makes. Every route is tried with every path function.

const fs = require('node:fs');
const { attacksBy } = require('./support/operations');
const { text } = require('./support/scene');

const SYMLINK_CHECKED_BY_TEXT = 'uvwasi #299';
const NOT_LAST = 'uvwasi path_resolver.c';

// A route by a prefix alone.
const prefix = (name, before, ref) => ({
  name, ref, open: (scene) => ({ guest: scene.guest(), at: (entry) => `${before(scene)}/${entry}` }),
});

const texts = [
  prefix('`..`', () => '../outside'),
  prefix('`..` after a directory', () => 'dir/../../outside', 'wazero #2321'),
  prefix('`..` from nested directories', () => 'dir/sub/../../../outside'),
  prefix('`..` between `.` and empty components', () => './/dir/.//..///.././outside'),
  prefix('`..` at the end of a path that leads out', () => '../outside/dir/..'),
  prefix('absolute path on the host', (scene) => scene.outside, 'uvwasi #269'),
  prefix('absolute path with two leading slashes', (scene) => `/${scene.outside}`),
  prefix('absolute path through the name of the preopen', () => '/sandbox/../outside'),
  {
    name: '`..` from a directory that the guest has opened',
    open(scene) {
      const guest = scene.guest();
      return { guest, fd: guest.openDirectory('dir'), at: (entry) => `../../outside/${entry}` };
    },
  },
  {
    name: '`..` from an open directory to its sibling in the preopen',
    open(scene) {
      const guest = scene.guest();
      const host = (entry) => scene.in('same', entry);
      return { guest, host, fd: guest.openDirectory('dir'), at: (entry) => `../same/${entry}` };
    },
  },
  {
    name: 'path that leads out, followed by NUL',
    ref: 'uvwasi #265',
    open: (scene) => ({ guest: scene.guest(), at: (entry) => `../outside/${entry}\0` }),
  },
  {
    name: 'path that leads out, then back in after a NUL',
    ref: 'uvwasi #265',
    open: (scene) => ({ guest: scene.guest(), at: (entry) => `../outside/${entry}\0/../../inside` }),
  },
];

// Links that the host made, by name and target; the path goes through `way`.
const hostLink = (name, links, way, ref = NOT_LAST) => ({
  name,
  ref,
  open(scene) {
    const targets = Object.entries(typeof links === 'function' ? links(scene) : links);
    for (const [link, target] of targets) fs.symlinkSync(target, scene.in(link));
    return { guest: scene.guest(), at: (entry) => `${way}/${entry}` };
  },
});

const hostLinks = [
  hostLink('symlink created by the host, absolute', (scene) => ({ l: scene.outside }), 'l', 'uvwasi #271'),
  hostLink('symlink created by the host, relative', { l: '../outside' }, 'l'),
  hostLink('symlink created by the host in a subdirectory', { 'dir/sub/l': '../../../outside' }, 'dir/sub/l'),
  hostLink('symlink to `..` created by the host', { l: '..' }, 'l/outside'),
  hostLink('symlink to `/` created by the host', (scene) => ({ l: '/', m: `l${scene.outside}` }), 'm'),
  hostLink('chain of symlinks created by the host', { a: 'b', b: 'dir/c', 'dir/c': '../../outside' }, 'a'),
  hostLink('symlink that leads out, back in and out again', { l: '../inside/../outside' }, 'l', 'uvwasi #226'),
  hostLink('symlink created by the host, followed by empty components', { l: '../outside' }, './l/.//.'),
  hostLink('`..` after a symlink to a subdirectory', { l: 'dir/sub' }, 'l/../../../outside'),
];

// The last component is a link, to each name outside; what stands behind it.
const lastLink = (name, target, suffix) => ({
  name,
  open(scene) {
    for (const entry of ['secret', 'dir', 'empty', 'link', 'new']) {
      fs.symlinkSync(`${target(scene)}/${entry}`, scene.in(`to-${entry}`));
    }
    return { guest: scene.guest(), at: (entry) => `to-${entry}${suffix}` };
  },
});
const toTheSide = () => '../outside';
const lastLinks = [
  lastLink('symlink created by the host as the last component', toTheSide, ''),
  lastLink('symlink created by the host as the last component, with a trailing slash', toTheSide, '/'),
  lastLink('symlink created by the host as the last component, with a trailing `/.`', toTheSide, '/.'),
  lastLink('absolute symlink as the last component', (scene) => scene.outside, ''),
  lastLink('absolute symlink as the last component, with a trailing slash', (scene) => scene.outside, '/'),
];

// The guest makes the links; `way` is how it then goes.
const guestLink = (name, make, way, ref = SYMLINK_CHECKED_BY_TEXT) => ({
  name,
  ref,
  open(scene) {
    const guest = scene.guest();
    const symlink = (target, at) => guest.call('path_symlink', text(target), 3, text(at));
    const rename = (from, to) => guest.call('path_rename', 3, text(from), 3, text(to));
    make({ scene, symlink, rename, guest });
    return { guest, at: (entry) => `${way}/${entry}` };
  },
});

const guestLinks = [
  guestLink('symlink created by the guest, absolute', ({ scene, symlink }) => symlink(scene.outside, 'l'), 'l'),
  guestLink('symlink created by the guest, relative', ({ symlink }) => symlink('../outside', 'l'), 'l'),
  guestLink('symlink to `.`, followed by `..` in another symlink', ({ symlink }) => {
    symlink('.', 'self');
    symlink('self/../outside', 'l');
  }, 'l', 'uvwasi #299, not fixed by #303'),
  guestLink('symlink to `.`, followed by `..` in the path', ({ symlink }) => symlink('.', 'self'), 'dir/../self/../outside'),
  guestLink('symlink that the guest moves to a parent directory', ({ symlink, rename }) => {
    symlink('../outside', 'dir/l');
    rename('dir/l', 'l');
  }, 'l'),
  guestLink('symlink in a directory that the guest moves to a parent directory', ({ symlink, rename }) => {
    symlink('../../outside', 'dir/sub/l');
    rename('dir/sub', 'sub');
  }, 'sub/l'),
  guestLink('hard link to a symlink, in a parent directory', ({ guest, symlink }) => {
    symlink('../outside', 'dir/l');
    guest.call('path_link', 3, 0, text('dir/l'), 3, text('l'));
  }, 'l'),
  guestLink('symlink through a symlink that is changed later', ({ guest, symlink, rename }) => {
    symlink('dir/sub', 'down');
    symlink('down/../../outside', 'l');
    guest.call('path_unlink_file', 3, text('down'));
    symlink('.', 'down');
    symlink('down/../outside', 'm');
    rename('m', 'l');
  }, 'l'),
];

// A preopened directory of /proc has links that are no paths.
const magic = (name, before) => ({
  name,
  linux: true,
  open(scene) {
    const guest = scene.guest({ preopens: { '/proc': '/proc/self' } });
    const fd = scene.open(scene.outside, 'r');
    const cwd = process.cwd();
    scene.after(() => process.chdir(cwd));
    process.chdir(scene.base);
    return { guest, fd: 4, at: (entry) => `${before(scene, fd)}/${entry}` };
  },
});

const magicLinks = [
  magic('/proc/self preopened: `root`', (scene) => `root${scene.outside}`),
  magic('/proc/self preopened: `cwd`', () => 'cwd/outside'),
  magic('/proc/self preopened: `fd`', (_, fd) => `fd/${fd}`),
  magic('/proc/self preopened: `..` after `cwd`', () => 'cwd/inside/../outside'),
  {
    ...hostLink('symlink to /proc/self/cwd created by the host', { l: '/proc/self/cwd' }, 'l/outside'),
    linux: true,
  },
];

// The control: by this route each function must get where it wants.
const control = {
  name: 'control',
  open(scene) {
    const host = (entry) => scene.in('same', entry);
    return { guest: scene.guest(), host, at: (entry) => `same/${entry}` };
  },
};

const routes = [...texts, ...hostLinks, ...lastLinks, ...guestLinks, ...magicLinks];
module.exports = {
  family: 'Paths and symbolic links',
  attacks: routes.flatMap(attacksBy),
  controls: attacksBy(control),
};
