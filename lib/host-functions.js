'use strict';

// Calls functions of the host for a guest that waits on another thread.

const { AsyncResource } = require('node:async_hooks');
const { Caller } = require('./caller.js');
const { invalidReturn } = require('./errors.js');
const { lookUpAll } = require('./imports.js');
const native = require('./native.js');
const { resultsFor } = require('./numbers.js');

const MOST_THROWN = 1000;

class HostFunctions {
  #program;
  #functions;
  // What functions threw, by number, until an error is made of it.
  #thrown = new Map();
  #count = 0;
  // How many functions are being called right now, until they return, perhaps a promise.
  #depth = 0;

  // `given` tells the addon what there is.
  constructor(program, imports) {
    this.#program = program;
    const { functions, globals } = lookUpAll(program, imports);
    this.given = { functions: functions.map(({ call }) => call), globals };
    this.#functions = functions.map(({ path, call, results }) => ({ path, call, convert: resultsFor(results) }));
  }

  // For one run, or one call of an instance: the addon calls it with a call of the function with this
  // number. Functions run in the async context of whoever asked for the run, as other callbacks do.
  get dispatch() {
    const context = new AsyncResource('WASI_HOST_FUNCTION');
    return (call, number, ...args) => context.runInAsyncScope(this.#run, this, call, this.#functions[number], args);
  }

  get isCalling() {
    return this.#depth > 0;
  }

  takeThrown(number) {
    const thrown = this.#thrown.get(number);
    this.#thrown.delete(number);
    return thrown;
  }

  #run(call, item, args) {
    try {
      const value = this.#apply(item.call, new Caller(call, this.#program, this), args);
      if (!isThenable(value)) return void this.#answer(call, item, value);
      Promise.resolve(value).then((result) => this.#settle(call, item, result), (error) => this.#fail(call, error));
    } catch (error) {
      this.#fail(call, error);
    }
  }

  #apply(...call) {
    this.#depth += 1;
    try {
      return Reflect.apply(...call);
    } finally {
      this.#depth -= 1;
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

  // A guest that has been ended doesn't take the value. One that is ended before it gets to it doesn't
  // either, so the oldest ones are dropped at some point.
  #fail(call, error) {
    const number = this.#count++;
    this.#thrown.set(number, error);
    if (!native.answer(call, number)) this.#thrown.delete(number);
    if (this.#thrown.size > MOST_THROWN) this.#thrown.delete(this.#thrown.keys().next().value);
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

module.exports = { HostFunctions, converted, isThenable };
