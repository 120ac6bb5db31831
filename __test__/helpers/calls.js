'use strict';

// Calls of a WASI object as a guest makes them, in a memory of their own. Also loaded in Workers.

const CREAT = 1;
const FILE_RIGHTS = 0x8e0_01ffn;
const ROOT = 3;

class Calls {
  #memory = new WebAssembly.Memory({ initial: 1 });
  #imports;

  constructor(wasi) {
    this.#imports = wasi.wasiImport;
    wasi.finalizeBindings({ exports: { memory: this.#memory } });
  }

  get #view() {
    return new DataView(this.#memory.buffer);
  }

  // The text at 1024, its iovec at 0.
  #place(text) {
    const length = Buffer.from(this.#memory.buffer).write(text, 1024);
    this.#vector(length);
    return [1024, length];
  }

  #vector(length) {
    this.#view.setUint32(0, 1024, true);
    this.#view.setUint32(4, length, true);
  }

  // Creates a file in the first preopen. Gives its number.
  create(name) {
    const [pointer, length] = this.#place(name);
    const errno = this.#imports.path_open(ROOT, 0, pointer, length, CREAT, FILE_RIGHTS, 0n, 0, 8);
    if (errno !== 0) throw new Error(`path_open: ${errno}`);
    return this.#view.getUint32(8, true);
  }

  // Gives the errno.
  write(fd, text) {
    this.#place(text);
    return this.#imports.fd_write(fd, 0, 1, 8);
  }

  // Gives a text.
  read(fd) {
    this.#vector(256);
    const errno = this.#imports.fd_read(fd, 0, 1, 8);
    if (errno !== 0) throw new Error(`fd_read: ${errno}`);
    return Buffer.from(this.#memory.buffer, 1024, this.#view.getUint32(8, true)).toString();
  }

  // Gives the errno.
  close(fd) {
    return this.#imports.fd_close(fd);
  }

  // How many strings `args_sizes_get` or `environ_sizes_get` tells.
  count(name) {
    this.#imports[name](0, 4);
    return this.#view.getUint32(0, true);
  }
}

module.exports = { Calls };
