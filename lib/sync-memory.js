'use strict';

// The class SyncGuestMemory: a memory of a guest on the thread of the caller.

const { untransferable } = require('./errors.js');
const { GuestMemory } = require('./guest-memory.js');
const native = require('./native.js');

class SyncGuestMemory extends GuestMemory {
  #guest;
  #name;
  #buffer;

  constructor(guest, name) {
    super(guest, name);
    this.#guest = guest;
    this.#name = name;
  }

  // The same object until the memory grows or the guest is closed, when the addon detaches it. An empty
  // buffer is replaced each time, because it looks like a detached one.
  get buffer() {
    if (!(this.#buffer?.byteLength > 0)) this.#buffer = fixed(native.memoryBuffer(this.#guest, this.#name));
    return this.#buffer;
  }
}

// As in V8, the memory of a guest can't be moved to another ArrayBuffer, which could outlive the guest.
function fixed(buffer) {
  const refuse = { value: refuseTransfer };
  return Object.defineProperties(buffer, { transfer: refuse, transferToFixedLength: refuse });
}

function refuseTransfer() {
  throw untransferable();
}

module.exports = { SyncGuestMemory };
