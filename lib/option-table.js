'use strict';

// The options of one function: how each is read, and its default.
//
// Only own properties of an object are options, so that additions to Object.prototype have no effect.
// Unknown names are errors, because a limit with a misspelled name would not limit anything.

const checks = require('./checks.js');
const { invalidOption } = require('./errors.js');

const { getOwnPropertyNames, getPrototypeOf } = Object;

// For each option, the first function that has it, for advice about an option in the wrong place.
const owners = new Map();

class OptionTable {
  #owner;
  #readers = new Map();
  #defaults = {};

  // `owner` is the function that has the options, as it is called in messages. `entries` has the form
  // `{ name: [read, otherwise] }`. `read(value, name)` checks a value other than undefined and
  // returns the setting.
  constructor(owner, entries) {
    this.#owner = owner;
    for (const [key, [read, otherwise]] of Object.entries(entries)) {
      this.#readers.set(key, read);
      this.#defaults[key] = otherwise;
      if (!owners.has(key)) owners.set(key, owner);
    }
  }

  // Returns the settings, by the names of the options. Each property is read once.
  read(options, name = 'options') {
    const keys = getOwnPropertyNames(checks.object(options, name));
    for (const key of keys) this.#checkKnown(key, name);
    this.#checkInherited(getPrototypeOf(options), name);
    const settings = { ...this.#defaults };
    for (const key of keys) {
      const value = options[key];
      if (value !== undefined) settings[key] = this.#readers.get(key)(value, `${name}.${key}`);
    }
    return settings;
  }

  #checkKnown(key, name) {
    if (!this.#readers.has(key)) throw invalidOption(`${name}.${key}`, this.#advice(key));
  }

  // For example, the author of a class with a getter expects it to be read, but it would be ignored.
  #checkInherited(prototype, name) {
    for (let object = prototype; object !== null && object !== Object.prototype; object = getPrototypeOf(object)) {
      const key = getOwnPropertyNames(object).find((candidate) => this.#readers.has(candidate));
      if (key !== undefined) throw invalidOption(`${name}.${key}`, 'is inherited, and only own properties are options');
    }
  }

  #advice(key) {
    const owner = owners.get(key);
    if (owner !== undefined) return `is an option of ${owner}, not of ${this.#owner}`;
    const known = [...this.#readers.keys()];
    // Loaded lazily, because most programs don't need advice.
    const { hintAbout } = require('./foreign-options.js');
    const { nearest } = require('./nearest.js');
    const hint = hintAbout(key);
    if (hint !== undefined) return `is not an option of ${this.#owner}. ${hint}`;
    const meant = nearest(key, known);
    if (meant !== undefined) return `is not a known option. Did you mean '${meant}'?`;
    return `is not an option of ${this.#owner}. The options are '${known.join("', '")}'`;
  }
}

module.exports = { OptionTable };
