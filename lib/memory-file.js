'use strict';

// The class MemoryFile: a file in memory with a descriptor, for the standard streams of guests.

const { constants } = require('node:buffer');
const { types } = require('node:util');
const checks = require('./checks.js');
const { closeByUsing } = require('./dispose.js');
const { fileTooLarge, invalidState, invalidType, invalidValue, stringTooLong } = require('./errors.js');
const { custom, showState } = require('./inspect.js');
const native = require('./native.js');

const EXPECTED = 'of type string or an instance of Buffer, TypedArray, DataView or ArrayBuffer';
const EMPTY = new Uint8Array(0);
// The limit of fs.readFile(). A guest can make a file huge with one write far behind its end.
const MAX_BYTES = 2 ** 31 - 1;

// The handles of open files. The addon closes a file when its handle is garbage-collected, but code
// that has the descriptor may not have the MemoryFile: a guest would then write to whichever file
// gets the same number next. This set keeps each file open until it is closed or this thread ends.
const open = new Set();

class MemoryFile {
  #fd;
  // Undefined when the file is closed.
  #handle;

  constructor(initial = EMPTY) {
    const [fd, handle] = native.memoryFile(bytesOf(initial));
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

  [custom](depth, options) {
    return showState(this, () => this.#state(), depth, options);
  }

  // Without a size if someone else has closed the descriptor.
  #state() {
    if (this.#handle === undefined) return { closed: true };
    try {
      return { fd: this.#fd, size: native.memoryFileSize(this.#handle), closed: false };
    } catch {
      return { fd: this.#fd, closed: false };
    }
  }

  #opened() {
    if (this.#handle === undefined) throw invalidState('the MemoryFile is closed');
    return this.#handle;
  }

  #read(most, tooLarge) {
    const size = native.memoryFileSize(this.#opened());
    if (size > most) throw tooLarge(size);
    const bytes = Buffer.allocUnsafeSlow(size);
    // There are fewer bytes if a guest has truncated the file meanwhile.
    return bytes.subarray(0, native.readMemoryFile(this.#handle, bytes));
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
    // A typed array that is out of bounds has the length 0, but keys() throws.
    if (types.isTypedArray(initial)) initial.keys();
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch {
    throw invalidValue('initial', 'must not be detached or out of bounds', initial.buffer ?? initial);
  }
}

module.exports = { MemoryFile };
