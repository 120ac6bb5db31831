// A guest of the benchmark, driven from JavaScript: places arguments in its memory, opens files and
// turns what its functions give into loops that can be timed.

import { openSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from './errno.mjs';

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'guest');

// The first descriptor that is not a standard stream: the directory of the run.
export const DIRECTORY = 3;

// Results go below ARGUMENTS, what is placed goes above.
export const RESULT = 128;
const ARGUMENTS = 4096;

// Bits of rights, as in path_open.
export const rights = {
  file: 0x8e001ffn,
  readOnly: 0x8200026n,
  pipe: 0x8000042n,
  directory: 0xfbffe98n,
  inheriting: 0xfffffffn,
};

const modules = new Map();
export function moduleOf(name) {
  if (!modules.has(name)) modules.set(name, new WebAssembly.Module(readFileSync(path.join(folder, `${name}.wasm`))));
  return modules.get(name);
}

let nullDevice;
// Options of a guest: its directory, and streams that are no terminal.
export function optionsOf(directory) {
  nullDevice ??= openSync(os.devNull, 'r+');
  return {
    version: 'preview1',
    args: ['guest', 'one', 'two'],
    env: { HOME: '/', LANG: 'C' },
    preopens: { '/': directory },
    stdin: nullDevice,
    stdout: nullDevice,
    stderr: nullDevice,
  };
}

export class Guest {
  #next = ARGUMENTS;

  constructor(WASI, directory, name = 'loops') {
    const wasi = new WASI(optionsOf(directory));
    const imports = wasi.getImportObject();
    if (name === 'loops-shared') {
      imports.env = { memory: new WebAssembly.Memory({ initial: 64, maximum: 256, shared: true }) };
    }
    const instance = new WebAssembly.Instance(moduleOf(name), imports);
    this.exports = instance.exports;
    wasi.initialize(instance);
  }

  get #view() {
    return new DataView(this.exports.memory.buffer);
  }

  u16 = (address) => this.#view.getUint16(address, true);
  u32 = (address) => this.#view.getUint32(address, true);

  // Keeps a piece of memory, aligned for any struct.
  reserve(size) {
    const address = this.#next;
    this.#next = (address + size + 15) & ~15;
    return address;
  }

  place(bytes) {
    const address = this.reserve(bytes.length);
    new Uint8Array(this.exports.memory.buffer).set(bytes, address);
    return address;
  }

  // Pointer and length, as the functions take a path.
  text(string) {
    const bytes = Buffer.from(string);
    return [this.place(bytes), bytes.length];
  }

  // The address of one iovec over `size` fresh bytes.
  iovec(size) {
    const iovec = this.reserve(8);
    const buffer = this.reserve(size);
    this.#view.setUint32(iovec, buffer, true);
    this.#view.setUint32(iovec + 4, size, true);
    return iovec;
  }

  // A loop over an export that takes how often first.
  sequence(name, ...args) {
    const call = this.exports[name];
    return (n) => {
      const result = call(n, ...args);
      if (result !== -1) throw new Error(`${name}: ${describe(result)}`);
    };
  }

  // A loop over one function of the `loops` modules.
  loop(name, args, expect = 0) {
    return this.sequence(name, expect, ...args);
  }

  // Opens a path and gives the descriptor.
  open(name, { base = rights.file, inheriting = 0n, oflags = 0 } = {}) {
    this.loop('path_open', [DIRECTORY, 0, ...this.text(name), oflags, base, inheriting, 0, RESULT])(1);
    return this.u32(RESULT);
  }
}
