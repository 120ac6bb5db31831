'use strict';

// What an attack starts from: two trees side by side in a fresh directory, of
// which the guest gets one. Nothing here asserts: an attack that is refused has
// to go on and look whether it got anything nevertheless.

const fs = require('node:fs');
const path = require('node:path');
const { Guest, OUT, PAGE, iovs, pointer, text } = require('../../helpers/guest');
const { FOLLOW, most, oflags, rights } = require('../../helpers/preview1');

const SECRET = 'the secret of the host';
const LINK_CONTENT = 'content-of-a-link';
const WRITTEN = 'written by the guest';

// Where buffers and results of these calls are, beyond all arguments.
const BUFFER = OUT + 0x1000;
const BUFFER_SIZE = 0x8000;

// The same names outside and, for the controls, inside.
function populate(directory) {
  fs.mkdirSync(path.join(directory, 'dir'), { recursive: true });
  fs.mkdirSync(path.join(directory, 'empty'));
  fs.writeFileSync(path.join(directory, 'secret'), SECRET);
  fs.writeFileSync(path.join(directory, 'dir', 'hidden'), SECRET);
  fs.symlinkSync(LINK_CONTENT, path.join(directory, 'link'));
}

class AttackGuest extends Guest {
  // Descriptor, or -1 when it is refused.
  tryOpen(fd, name, { flags = 0, base = rights.FD_READ, inheriting = 0n, fdflags = 0, follow = FOLLOW } = {}) {
    const errno = this.call('path_open', fd, follow, text(name), flags, base, inheriting, fdflags, OUT);
    return errno === 0 ? this.u32(OUT) : -1;
  }

  // With all rights or, where that is too much, those to look around.
  tryOpenDirectory(fd, name) {
    const flags = oflags.DIRECTORY;
    const opened = this.tryOpen(fd, name, { flags, ...most.directory });
    const base = rights.PATH_OPEN | rights.FD_READDIR;
    return opened >= 0 ? opened : this.tryOpen(fd, name, { flags, base, inheriting: rights.FD_READ });
  }

  // What can be read from a descriptor, as text; '' when that is refused.
  readFrom(fd) {
    if (this.call('fd_read', fd, iovs([BUFFER, BUFFER_SIZE]), OUT) !== 0) return '';
    return this.read(BUFFER, Math.min(this.u32(OUT), BUFFER_SIZE)).toString();
  }

  writeTo(fd, string = WRITTEN) {
    return this.call('fd_write', fd, iovs(string), OUT);
  }

  contentOf(fd, name) {
    const opened = this.tryOpen(fd, name);
    return opened < 0 ? '' : this.readFrom(opened);
  }

  // The raw entries of a directory, as text.
  listing(fd) {
    if (this.call('fd_readdir', fd, BUFFER, BUFFER_SIZE, 0n, OUT) !== 0) return '';
    return this.read(BUFFER, Math.min(this.u32(OUT), BUFFER_SIZE)).toString();
  }

  inodeOf(fd, name, follow = FOLLOW) {
    return this.call('path_filestat_get', fd, follow, text(name), OUT) === 0 ? this.u64(OUT + 8) : 0n;
  }
}

class Scene {
  constructor(WASI, base, implementation) {
    this.WASI = WASI;
    this.base = base;
    // What a Worker has to require.
    this.implementation = implementation;
    this.inside = path.join(base, 'inside');
    this.outside = path.join(base, 'outside');
    populate(this.outside);
    populate(path.join(this.inside, 'same'));
    fs.mkdirSync(path.join(this.inside, 'dir', 'sub'), { recursive: true });
    fs.writeFileSync(path.join(this.inside, 'file'), 'a file of the guest');
    fs.writeFileSync(path.join(this.inside, 'dir', 'inner'), 'another one');
    this.cleanups = [];
  }

  // Host paths in either tree.
  in(...names) {
    return path.join(this.inside, ...names);
  }

  out(...names) {
    return path.join(this.outside, ...names);
  }

  // A guest whose descriptor 3 is the inner tree.
  guest({ preopens = {}, ...options } = {}) {
    const implementation = this.WASI;
    const guest = new AttackGuest({ implementation, preopens: { '/sandbox': this.inside, ...preopens }, ...options });
    this.closeAfter(guest.wasi);
    return guest;
  }

  // A guest without WebAssembly: its imports, called from JavaScript, on this memory.
  bare({ memory = new WebAssembly.Memory({ initial: 2 }), ...options } = {}) {
    const wasi = new this.WASI({ version: 'preview1', preopens: { '/sandbox': this.inside }, ...options });
    this.closeAfter(wasi);
    wasi.initialize({ exports: { memory } });
    return { wasi, memory, imports: wasi.wasiImport, view: () => Buffer.from(memory.buffer) };
  }

  // Opens as the host does; closed after the attack.
  open(file, flags) {
    const fd = fs.openSync(file, flags);
    this.cleanups.push(() => fs.closeSync(fd));
    return fd;
  }

  // Frees descriptors without keeping the object: an attack may be about its being forgotten.
  closeAfter(wasi) {
    const weak = new WeakRef(wasi);
    this.after(() => weak.deref()?.close?.());
  }

  after(cleanup) {
    this.cleanups.push(cleanup);
  }

  // What an attack did to the host must not become what the next one starts from.
  end() {
    for (const cleanup of this.cleanups.reverse()) {
      try {
        cleanup();
      } catch {
        // The attack has been here first.
      }
    }
  }
}

const exists = (file) => fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
const escapedIf = (reached) => (reached ? 'escaped' : 'held');
const leakedIf = (lost) => (lost ? 'leaked' : 'held');

module.exports = {
  AttackGuest, BUFFER, BUFFER_SIZE, FOLLOW, LINK_CONTENT, OUT, PAGE, SECRET, Scene, WRITTEN, escapedIf, exists, iovs, leakedIf, pointer,
  populate, text,
};
