'use strict';

// The class GuestMemory: a memory of a guest. The addon checks whether the guest stands still and whether
// the memory has the bytes.

const { isAnyArrayBuffer } = require('node:util').types;
const checks = require('./checks.js');
const { invalidType, outOfRange } = require('./errors.js');
const { custom, showState } = require('./inspect.js');
const native = require('./native.js');

const BYTES = 'of type string or an instance of Buffer, TypedArray, DataView or ArrayBuffer';
const MOST = Number.MAX_SAFE_INTEGER;

class GuestMemory {
  #guest;
  #name;

  // `guest` is a handle of the addon. Without a name, it's the memory that WASI uses.
  constructor(guest, name) {
    this.#guest = guest;
    this.#name = name;
  }

  get size() {
    return native.memorySize(this.#guest, this.#name);
  }

  read(pointer, length) {
    return native.readMemory(this.#guest, this.#name, unsigned(pointer, 'pointer'), unsigned(length, 'length'));
  }

  write(pointer, data) {
    const bytes = bytesOf(data);
    native.writeMemory(this.#guest, this.#name, unsigned(pointer, 'pointer'), bytes);
    return bytes.length;
  }

  text(pointer, length) {
    const most = length === undefined ? undefined : unsigned(length, 'length');
    return native.textOfMemory(this.#guest, this.#name, unsigned(pointer, 'pointer'), most);
  }

  grow(pages) {
    return native.growMemory(this.#guest, this.#name, unsigned(pages, 'pages'));
  }

  [custom](depth, options) {
    return showState(this, () => ({ size: this.size }), depth, options);
  }
}

// Guests pass addresses above 2 GiB as negative numbers, and 64-bit ones as BigInts.
function unsigned(value, name) {
  if (typeof value === 'bigint') return unsigned(Number(value), name);
  if (typeof value !== 'number') throw invalidType(name, 'of type number or bigint', value);
  if (!Number.isInteger(value) || value < -(2 ** 31) || value > MOST) {
    throw outOfRange(name, `an integer >= ${-(2 ** 31)} && <= ${MOST}`, value);
  }
  return value < 0 ? value + 2 ** 32 : value;
}

function bytesOf(data) {
  if (typeof data === 'string') return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return checks.bytes(data);
  if (isAnyArrayBuffer(data)) return checks.bytes(new Uint8Array(data));
  throw invalidType('data', BYTES, data);
}

module.exports = { GuestMemory };
