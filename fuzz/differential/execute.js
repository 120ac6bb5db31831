'use strict';

// Runs a sequence of calls on an implementation over a scene and gives what can be
// seen of it.

const fs = require('node:fs');
const path = require('node:path');
const { fixture, pattern } = require('../../__test__/helpers/guest');
const { directories, pathFacts, paths } = require('./facts');
const { changes, dirents, read } = require('./observe');
const { build, tree } = require('./scene');
const { Placer } = require('./values');

const MOST_DESCRIPTORS = 64;
const LIST_AT = 0x18000;

class Session {
  // `about`: also find out what each call is about. `before(index)` is called ahead
  // of each call.
  constructor(WASI, scene, before, { about = true } = {}) {
    Object.assign(this, { before, wantsAbout: about });
    this.host = [fs.openSync(path.join(scene.base, 'stdin'), 'r+'), fs.openSync(path.join(scene.base, 'stdout'), 'r+'),
      fs.openSync('/dev/null', 'r+')];
    const [stdin, stdout, stderr] = this.host;
    this.wasi = new WASI({
      version: 'preview1', args: ['one', 'zwölf'], env: { A: '1', B: '€' }, stdin, stdout, stderr,
      preopens: { '/wasi-rs-fuzz': scene.root, '/second': scene.second },
    });
    const instance = new WebAssembly.Instance(fixture('probe'), this.wasi.getImportObject());
    this.wasi.initialize(instance);
    this.exports = instance.exports;
    this.memory = Buffer.from(this.exports.memory.buffer);
    this.expected = Buffer.alloc(this.memory.length);
    this.descriptors = new Map();
    // What the guest's descriptors stand for.
    this.known = new Map([[0, 'stdio'], [1, 'stdio'], [2, 'stdio']].map(([fd, kind]) => [fd, { kind }]));
    this.remember(3, scene.root);
    this.remember(4, scene.second);
  }

  remember(fd, host) {
    try {
      const real = fs.realpathSync.native(Buffer.from(host, 'latin1'), 'latin1');
      const stat = fs.statSync(Buffer.from(real, 'latin1'), { bigint: true });
      this.known.set(fd, { kind: stat.isDirectory() ? 'directory' : 'file', host: real, ino: stat.ino });
    } catch {
      this.known.set(fd, { kind: 'unknown' });
    }
  }

  // Whether a directory is no longer where it was opened.
  isStale(fd) {
    const known = this.known.get(fd);
    if (known?.kind !== 'directory') return false;
    const stat = fs.statSync(Buffer.from(known.host, 'latin1'), { bigint: true, throwIfNoEntry: false });
    return stat === undefined || stat.ino !== known.ino;
  }

  run(step, index) {
    this.memory.set(pattern);
    const placer = new Placer(this.memory, this.descriptors);
    const params = step.args.flatMap((arg) => placer.place(arg));
    if (this.wantsAbout) this.expected.set(this.memory);
    this.before(index);
    const about = this.wantsAbout ? this.about(step.call, params) : {};
    if (step.call === 'list') return { ...about, ...this.list(...params) };
    let errno;
    try {
      errno = this.exports[step.call](...params);
    } catch (error) {
      return { thrown: typeof error === 'symbol' ? String(error) : `${error.name}: ${error.message}` };
    }
    const result = { errno, ...about };
    if (errno === 0) this.succeeded(step, params, result);
    if (this.wantsAbout) result.wrote = changes(this.expected, this.memory);
    return result;
  }

  succeeded(step, params, result) {
    if (step.call === 'path_open') {
      const fd = this.memory.readUInt32LE(params[8] >>> 0);
      this.descriptors.set(step.as, fd);
      if (!this.wantsAbout) return;
      const base = this.known.get(params[0])?.host;
      const text = this.text(params[2], params[3]);
      this.remember(fd, `${base}/${text}`);
    } else if (!this.wantsAbout) return;
    else if (step.call === 'fd_close') this.known.delete(params[0]);
    else if (step.call === 'fd_renumber' && params[0] !== params[1]) {
      this.known.set(params[1], this.known.get(params[0]));
      this.known.delete(params[0]);
    }
    const said = read(step.call, params, this.expected, this.memory);
    if (said !== undefined) result.said = said;
  }

  text(pointer, length) {
    const [at, size] = [pointer >>> 0, length >>> 0];
    return at + size > this.expected.length ? '' : this.expected.toString('latin1', at, at + size);
  }

  about(call, params) {
    const fds = (directories[call === 'list' ? 'fd_readdir' : call] ?? []).map((at) => params[at]);
    if (fds.length === 0) return { kind: this.known.get(params[0])?.kind };
    const stale = fds.some((fd) => this.isStale(fd));
    const about = { kinds: fds.map((fd) => this.known.get(fd)?.kind ?? 'closed') };
    if (stale) about.stale = true;
    if (stale || !(call in paths)) return about;
    about.paths = paths[call].map(([fd, at, follow]) => {
      const known = this.known.get(params[fd]);
      const follows = typeof follow === 'number' ? (params[follow] & 1) === 1 : follow;
      const text = this.text(params[at], params[at + 1]);
      return known?.kind === 'directory' ? pathFacts(known.host, text, follows) : { text };
    });
    if (call === 'path_symlink') about.content = this.text(params[0], params[1]);
    return about;
  }

  // All entries of a directory, read in buffers of a size.
  list(fd, size) {
    const all = [];
    let cookie = 0n;
    for (let calls = 0; calls < 500; calls++) {
      const errno = this.exports.fd_readdir(fd, LIST_AT, size, cookie, LIST_AT - 8);
      if (errno !== 0) return { errno };
      const used = this.memory.readUInt32LE(LIST_AT - 8);
      const { entries, next } = dirents(this.memory, LIST_AT, used);
      all.push(...entries);
      if (used < size) break;
      if (entries.length === 0) {
        all.push(['(an entry that is larger than the buffer)']);
        break;
      }
      cookie = next;
    }
    return { errno: 0, said: { entries: all.filter(([name]) => name !== '.' && name !== '..').sort() } };
  }

  // Closes everything, or leaves what the guest has open to the collector, which
  // node:wasi would keep open. Stdio that node:wasi has closed for the guest is
  // closed already.
  end(closes = true) {
    for (let fd = 3; closes && fd < MOST_DESCRIPTORS; fd++) this.exports.fd_close(fd);
    for (let fd = 0; closes && fd < 3; fd++) {
      if (this.known.get(fd)?.kind === 'stdio') this.known.delete(fd);
      else this.exports.fd_close(fd);
    }
    for (const fd of this.host) {
      try {
        fs.closeSync(fd);
      } catch {
        // Closed by node:wasi.
      }
    }
  }
}

// Gives { results, files }. `before(index)` is called ahead of each call, and of
// closing everything.
function execute(WASI, base, steps, before) {
  const scene = build(base);
  // node:wasi can be made to write there.
  const home = process.cwd();
  process.chdir(path.join(base, 'current'));
  const session = new Session(WASI, scene, before);
  const results = steps.map((step, index) => session.run(step, index));
  before(steps.length);
  session.end();
  process.chdir(home);
  const files = tree(base);
  fs.rmSync(base, { recursive: true, force: true });
  return { results, files };
}

module.exports = { Session, execute };
