'use strict';

// A guest that a test drives call by call: the probe modules forward every WASI
// function. Each checked call compares the whole of the first two pages with
// what they must hold afterwards, so a byte too much is found anywhere.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { WASI } = require('../..');
const { u32 } = require('./preview1');

const PAGE = 65536;
// Where tests have results written; arguments are placed in the first page.
const OUT = PAGE;
const ARGUMENTS = 256;

const modules = new Map();
function fixture(name) {
  if (!modules.has(name)) {
    const file = path.join(__dirname, '..', 'fixtures', 'bin', `${name}.wasm`);
    modules.set(name, new WebAssembly.Module(fs.readFileSync(file)));
  }
  return modules.get(name);
}

// No value repeats within a struct, and none is zero but the last one of each
// page: node:wasi looks for a NUL behind a path, and would run out of memory.
const pattern = Buffer.from(Array.from({ length: 2 * PAGE }, (_, i) => 1 + ((i * 37) % 251)));
pattern[PAGE - 1] = 0;
pattern[2 * PAGE - 1] = 0;

// A fresh directory that is gone after the test.
function tempDir(t) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-test-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

// Arguments that stand for bytes in guest memory; each is one or two parameters.

// A pointer to bytes.
const pointer = (bytes) => (place) => [place(bytes)];
// Pointer and length of a text.
const text = (string) => (place) => {
  const bytes = Buffer.from(string);
  return [place(bytes), bytes.length];
};
// Pointer and count of iovecs: each [address, length], or a text.
const iovs = (...list) => (place) => {
  const pairs = list.map((item) => {
    if (Array.isArray(item)) return item;
    const bytes = Buffer.from(item);
    return [place(bytes), bytes.length];
  });
  const bytes = Buffer.concat(pairs.flatMap(([address, length]) => [u32(address), u32(length)]));
  return [place(bytes), list.length];
};

class Guest {
  constructor({ implementation = WASI, module = 'probe', memory, ...options } = {}) {
    const version = module === 'probe-unstable' ? 'unstable' : 'preview1';
    this.wasi = new implementation({ version, ...options });
    const imports = { ...this.wasi.getImportObject(), env: { memory } };
    const instance = new WebAssembly.Instance(fixture(module), imports);
    this.exports = instance.exports;
    this.memory = instance.exports.memory;
    this.wasi.initialize(instance);
  }

  // The memory as it is now; growing makes views stale.
  view(from = 0, length = this.memory.buffer.byteLength - from) {
    return Buffer.from(this.memory.buffer, from, length);
  }

  // The bytes at an address, copied.
  read(address, length) {
    return Buffer.from(this.view(address, length));
  }

  u32(address) {
    return this.view(address, 4).readUInt32LE();
  }

  u64(address) {
    return this.view(address, 8).readBigUInt64LE();
  }

  write(address, bytes) {
    Buffer.from(bytes).copy(this.view(address));
  }

  // Puts the arguments into freshly patterned memory and calls.
  call(name, ...args) {
    this.write(0, pattern);
    return this.exports[name](...this.place(args));
  }

  place(args) {
    let next = ARGUMENTS;
    const place = (bytes) => {
      const at = next;
      this.write(at, bytes);
      next += bytes.length + 5;
      return at;
    };
    return args.flatMap((arg) => (typeof arg === 'function' ? arg(place) : [arg]));
  }

  // Asserts that the call gives `errno` and writes `writes`, pairs of address
  // and bytes, and nothing else.
  check(name, args, errno, writes = []) {
    this.write(0, pattern);
    const placed = this.place(args);
    const expected = this.read(0, pattern.length);
    assert.equal(this.exports[name](...placed), errno, `${name}(${placed.join(', ')})`);
    for (const [address, bytes] of writes) Buffer.from(bytes).copy(expected, address);
    this.assertMemory(expected, name);
  }

  assertMemory(expected, name) {
    const actual = this.view(0, expected.length);
    if (actual.equals(expected)) return;
    const at = actual.findIndex((byte, index) => byte !== expected[index]);
    const from = Math.max(0, at - 8);
    assert.deepEqual(
      { at, bytes: actual.subarray(from, from + 96).toString('hex') },
      { at, bytes: expected.subarray(from, from + 96).toString('hex') },
      `memory after ${name}`,
    );
    assert.fail(`memory after ${name} differs`);
  }

  // Opens a path for a test that is about something else; gives the descriptor.
  open(name, { fd = 3, oflags = 0, base = 0x8e001ffn, inheriting = 0n, fdflags = 0, follow = 0 } = {}) {
    const args = [fd, follow, text(name), oflags, base, inheriting, fdflags, OUT];
    assert.equal(this.call('path_open', ...args), 0, `path_open ${name}`);
    return this.u32(OUT);
  }

  openDirectory(name, { base = 0xfbffe98n, inheriting = 0xfffffffn, ...rest } = {}) {
    return this.open(name, { oflags: 2, base, inheriting, ...rest });
  }
}

// A guest with a fresh directory as its descriptor 3; the directory is
// `guest.directory`, and `guest.file(name)` is a host path in it.
function guestWithDirectory(t, options = {}) {
  const directory = tempDir(t);
  const guest = new Guest({ preopens: { '/': directory }, ...options });
  guest.directory = directory;
  guest.file = (...names) => path.join(directory, ...names);
  return guest;
}

// The same with `file` ("0123456789") open as 4 and `dir` as 5.
function guestWithFile(t, options) {
  const guest = guestWithDirectory(t, options);
  fs.writeFileSync(guest.file('file'), '0123456789');
  fs.mkdirSync(guest.file('dir'));
  assert.equal(guest.open('file'), 4);
  assert.equal(guest.openDirectory('dir'), 5);
  return guest;
}

module.exports = {
  Guest, OUT, PAGE, fixture, guestWithDirectory, guestWithFile, iovs, pattern, pointer, tempDir, text,
};
