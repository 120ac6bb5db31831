'use strict';

// The class GuestGlobal: an exported global of a guest, which is a number.

const { custom, showState } = require('./inspect.js');
const native = require('./native.js');

class GuestGlobal {
  #guest;
  #name;

  constructor(guest, name) {
    this.#guest = guest;
    this.#name = name;
  }

  get value() {
    return native.getGlobal(this.#guest, this.#name);
  }

  // Converted as in the WebAssembly JavaScript API.
  set value(value) {
    const converted = typeof this.value === 'bigint' ? BigInt.asIntN(64, value) : +value;
    native.setGlobal(this.#guest, this.#name, converted);
  }

  valueOf() {
    return this.value;
  }

  [custom](depth, options) {
    return showState(this, () => ({ value: this.value }), depth, options);
  }
}

module.exports = { GuestGlobal };
