'use strict';

// Calls of a WASI object as a guest makes them, which throw when they fail unless they give the errno.
// Also loaded in Workers.

const { FOLLOW, eventType, oflags, subscription } = require('./preview1');

const FILE_RIGHTS = 0x8e0_01ffn;
const DIRECTORY_RIGHTS = 0xfbf_fe98n;
const ROOT = 3;
// Where things are in the memory that one object uses: results first, then what is pointed to.
const RESULT = 8;
const DATA = 1024;
const DATA_SIZE = 512;
const SIZE = DATA + DATA_SIZE;
const DIRENT_SIZE = 24;

class Calls {
  #memory;
  #at;
  #imports;

  // In a memory of their own, or in the SIZE bytes of `memory` from `at` on.
  constructor(wasi, memory = new WebAssembly.Memory({ initial: 1 }), at = 0) {
    this.#memory = memory;
    this.#at = at;
    this.#imports = wasi.wasiImport;
    wasi.finalizeBindings({ exports: { memory } });
  }

  get #bytes() {
    return Buffer.from(this.#memory.buffer, this.#at, SIZE);
  }

  #call(name, ...args) {
    const errno = this.#imports[name](...args);
    if (errno !== 0) throw new Error(`${name}: ${errno}`);
  }

  #result() {
    return this.#bytes.readUInt32LE(RESULT);
  }

  // Puts a text or bytes there. Gives pointer and length.
  #place(data) {
    return [this.#at + DATA, Buffer.from(data).copy(this.#bytes, DATA)];
  }

  // One buffer for the data. Gives pointer and count.
  #vector(length) {
    this.#bytes.writeUInt32LE(this.#at + DATA, 0);
    this.#bytes.writeUInt32LE(length, 4);
    return [this.#at, 1];
  }

  #data(length) {
    return Buffer.from(this.#bytes.subarray(DATA, DATA + length));
  }

  // Opens in the first preopen. Gives the number.
  open(name, flags = 0, rights = FILE_RIGHTS) {
    this.#call('path_open', ROOT, FOLLOW, ...this.#place(name), flags, rights, 0n, 0, this.#at + RESULT);
    return this.#result();
  }

  create(name) {
    return this.open(name, oflags.CREAT);
  }

  openDirectory(name) {
    return this.open(name, oflags.DIRECTORY, DIRECTORY_RIGHTS);
  }

  // Gives the errno.
  write(fd, data) {
    const [, length] = this.#place(data);
    return this.#imports.fd_write(fd, ...this.#vector(length), this.#at + RESULT);
  }

  // Gives up to `length` bytes.
  readBytes(fd, length) {
    this.#call('fd_read', fd, ...this.#vector(length), this.#at + RESULT);
    return this.#data(this.#result());
  }

  // Gives a text.
  read(fd) {
    return this.readBytes(fd, DATA_SIZE).toString();
  }

  // Gives the bytes, none when there is an errno.
  readAt(fd, length, offset) {
    const errno = this.#imports.fd_pread(fd, ...this.#vector(length), BigInt(offset), this.#at + RESULT);
    return { errno, bytes: this.#data(errno === 0 ? this.#result() : 0) };
  }

  // From the start of the file. Gives the errno.
  seek(fd, offset) {
    return this.#imports.fd_seek(fd, BigInt(offset), 0, this.#at + RESULT);
  }

  tell(fd) {
    this.#call('fd_tell', fd, this.#at + RESULT);
    return this.#result();
  }

  // Gives the errno.
  close(fd) {
    return this.#imports.fd_close(fd);
  }

  renumber(from, to) {
    this.#call('fd_renumber', from, to);
  }

  isOpen(fd) {
    return this.#imports.fd_fdstat_get(fd, this.#at + DATA) === 0;
  }

  // Waits until it can be read.
  poll(fd) {
    const bytes = subscription({ userdata: 1, type: eventType.FD_READ, fd });
    const [pointer] = this.#place(bytes);
    this.#call('poll_oneoff', pointer, pointer + bytes.length, 1, this.#at + RESULT);
  }

  // The names in a directory but for `.` and `..`, read in several calls.
  names(fd) {
    const names = [];
    for (let cookie = 0n, used = DATA_SIZE; used === DATA_SIZE;) {
      this.#call('fd_readdir', fd, this.#at + DATA, DATA_SIZE, cookie, this.#at + RESULT);
      used = this.#result();
      cookie = takeEntries(this.#data(used), names) ?? cookie;
    }
    return names.filter((name) => name !== '.' && name !== '..');
  }

  // How many strings `args_sizes_get` or `environ_sizes_get` tells.
  count(name) {
    this.#call(name, this.#at, this.#at + 4);
    return this.#bytes.readUInt32LE(0);
  }
}

// Adds the names of all whole entries. Gives the cookie behind the last.
function takeEntries(bytes, names) {
  let cookie;
  for (let at = 0; at + DIRENT_SIZE <= bytes.length;) {
    const end = at + DIRENT_SIZE + bytes.readUInt32LE(at + 16);
    if (end > bytes.length) break;
    names.push(bytes.toString('utf8', at + DIRENT_SIZE, end));
    cookie = bytes.readBigUInt64LE(at);
    at = end;
  }
  return cookie;
}

module.exports = { Calls, SIZE };
