'use strict';

// A file in memory with a descriptor: the standard streams of a guest, without a temporary file.

const { constants } = require('node:buffer');
const fs = require('node:fs');
const { inspect, types } = require('node:util');
const checks = require('./checks.js');
const { closeByUsing } = require('./dispose.js');
const { fileTooLarge, invalidState, invalidType, invalidValue, stringTooLong } = require('./errors.js');
const native = require('./native.js');

const EXPECTED = 'of type string or an instance of Buffer, TypedArray, DataView or ArrayBuffer';
const EMPTY = new Uint8Array(0);
// As with fs.readFile(): a guest makes a file huge by one write far behind its end.
const MAX_BYTES = 2 ** 31 - 1;

// The handles of open files. The addon closes a file when its handle is collected, but who has a
// number need not have the MemoryFile: a guest would write to whatever got the number next. So each
// stays open until it is closed, or this thread ends.
const open = new Set();

class MemoryFile {
  #fd;
  // Undefined once it is closed.
  #handle;

  constructor(initial = EMPTY) {
    const bytes = bytesOf(initial);
    const [fd, handle] = native.memoryFile();
    try {
      writeAll(fd, bytes);
    } catch (error) {
      native.closeMemoryFile(handle);
      throw error;
    }
    open.add(handle);
    this.#fd = fd;
    this.#handle = handle;
  }

  get fd() {
    this.#opened();
    return this.#fd;
  }

  text() {
    return this.#read(constants.MAX_STRING_LENGTH, stringTooLong).toString();
  }

  bytes() {
    return this.#read(MAX_BYTES, fileTooLarge);
  }

  clear() {
    native.clearMemoryFile(this.#opened());
  }

  close() {
    if (!open.delete(this.#handle)) return;
    native.closeMemoryFile(this.#handle);
    this.#handle = undefined;
  }

  [inspect.custom](depth, options) {
    const state = this.#handle === undefined ? { closed: true } : { fd: this.#fd };
    return `${this.constructor.name} ${inspect(state, options)}`;
  }

  #opened() {
    if (this.#handle === undefined) throw invalidState('the MemoryFile is closed');
    return this.#handle;
  }

  #read(most, tooLarge) {
    const size = native.memoryFileSize(this.#opened());
    if (size > most) throw tooLarge(size);
    return readAll(this.#fd, size);
  }
}

closeByUsing(MemoryFile);

function bytesOf(initial) {
  if (typeof initial === 'string') return Buffer.from(initial);
  if (ArrayBuffer.isView(initial) || types.isAnyArrayBuffer(initial)) return checks.bytes(viewOf(initial));
  throw invalidType('initial', EXPECTED, initial);
}

function viewOf(initial) {
  try {
    const { buffer = initial, byteOffset, byteLength } = initial;
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch {
    throw invalidValue('initial', 'must not be detached or out of bounds', initial.buffer ?? initial);
  }
}

// With their places given, neither of the two moves the position, which the guest has, too.

function writeAll(fd, bytes) {
  for (let done = 0; done < bytes.length;) {
    done += fs.writeSync(fd, bytes, done, bytes.length - done, done);
  }
}

// A guest may write meanwhile: this reads what was there at first, less if the file is cut.
function readAll(fd, size) {
  const bytes = Buffer.allocUnsafeSlow(size);
  let done = 0;
  while (done < size) {
    const length = fs.readSync(fd, bytes, done, size - done, done);
    if (length === 0) break;
    done += length;
  }
  return bytes.subarray(0, done);
}

module.exports = { MemoryFile };
