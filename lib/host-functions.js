'use strict';

// Calls functions of the host for a guest that waits on another thread.

const { Caller } = require('./caller.js');
const { invalidReturn } = require('./errors.js');
const { lookUpAll } = require('./imports.js');
const native = require('./native.js');
const { resultsFor } = require('./numbers.js');

class HostFunctions {
  #program;
  #functions;
  // What the last function threw that ended a call.
  #thrown;

  // `given` tells the addon what there is.
  constructor(program, imports) {
    this.#program = program;
    const { functions, globals } = lookUpAll(program, imports);
    this.given = { functions: functions.map(({ call }) => call), globals };
    this.#functions = functions.map(({ path, call, results }) => ({ path, call, convert: resultsFor(results) }));
    // The addon calls it with a call of the function with this number.
    this.dispatch = (call, number, ...args) => this.#run(call, this.#functions[number], args);
  }

  takeThrown() {
    const thrown = this.#thrown;
    this.#thrown = undefined;
    return thrown;
  }

  #run(call, item, args) {
    try {
      const value = Reflect.apply(item.call, new Caller(call, this.#program, this), args);
      if (!isThenable(value)) return void this.#answer(call, item, value);
      Promise.resolve(value).then((result) => this.#settle(call, item, result), (error) => this.#fail(call, error));
    } catch (error) {
      this.#fail(call, error);
    }
  }

  #settle(call, item, result) {
    try {
      this.#answer(call, item, result);
    } catch (error) {
      this.#fail(call, error);
    }
  }

  #answer(call, { path, convert }, value) {
    native.answer(call, converted(path, convert, value));
  }

  // Nobody asks what a function throws whose guest has been ended.
  #fail(call, error) {
    const before = this.#thrown;
    this.#thrown = error;
    if (!native.answer(call, null)) this.#thrown = before;
  }
}

const isThenable = (value) => (typeof value === 'object' || typeof value === 'function') && typeof value?.then === 'function';

function converted(path, convert, value) {
  try {
    return convert(value);
  } catch (cause) {
    throw invalidReturn(path, cause);
  }
}

const hostFunctions = (program, { imports }) => (imports === null ? null : new HostFunctions(program, imports));

// The settings for the addon, and for errors.
const withHost = (settings, host) => (host === null ? settings : { ...settings, given: host.given, host });

module.exports = { converted, hostFunctions, isThenable, withHost };
