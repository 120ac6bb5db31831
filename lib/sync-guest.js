'use strict';

// A guest on the thread of the caller: what it can call, and what the caller can reach of it.

const { describe } = require('./description.js');
const { invalidState } = require('./errors.js');
const { exportsOf, memoryOf } = require('./exports.js');
const { converted, isThenable } = require('./host-functions.js');
const { lookUpAll } = require('./imports.js');
const { custom, showState } = require('./inspect.js');
const native = require('./native.js');
const { resultsFor, single } = require('./numbers.js');
const { outcomeError } = require('./outcome.js');
const { listed } = require('./settings.js');
const { unlessAbortedSync } = require('./signals.js');
const { SyncGuestMemory } = require('./sync-memory.js');

// The addon takes so many arguments directly, and more of them as an array.
const MOST_ARGUMENTS = 12;

class SyncGuest {
  #program;
  #settings;
  #exports;
  #memory;

  // The functions of the host, by number. The addon calls them. It sets the properties `guest`, a handle,
  // and `thrown`.
  functions = [];

  constructor(program, settings) {
    this.#program = program;
    this.#settings = settings;
    if (settings.imports === null) return;
    const { functions, globals } = lookUpAll(program, settings.imports);
    const caller = new SyncCaller(this, program);
    this.functions = functions.map((item) => functionFor(item, caller));
    this.#settings = { ...settings, given: { functions: functions.map(({ call }) => call), globals }, host: this };
  }

  // Calls `start(program, settings, functions, ending)` of the addon.
  start(start) {
    const settings = this.#settings;
    return unlessAbortedSync(settings.signal, (ending) => start(this.#program, listed(settings), this.functions, ending));
  }

  get handle() {
    return this.functions.guest;
  }

  // The functions must be the same ones each time.
  get exports() {
    this.#exports ??= exportsOf(this.handle, describe(this.#program), this.#maker(), SyncGuestMemory);
    return this.#exports;
  }

  get memory() {
    this.#memory ??= memoryOf(this.handle, describe(this.#program), SyncGuestMemory, this.exports);
    return this.#memory;
  }

  takeThrown() {
    const { thrown } = this.functions;
    this.functions.thrown = undefined;
    return thrown;
  }

  output() {
    const [stdout, stderr] = native.output(this.handle);
    return { stdout, stderr };
  }

  // Makes functions, by name and number.
  #maker() {
    const isLong = ({ parameters }) => parameters?.length > MOST_ARGUMENTS;
    const long = new Set(describe(this.#program).exports.filter(isLong).map(({ name }) => name));
    const { signal } = this.#settings;
    return (name, index) => {
      const call = this.#caller(index, long.has(name));
      return signal === undefined
        ? { [name]: (...args) => this.#told(call(undefined, args)) }[name]
        : { [name]: (...args) => this.#told(unlessAbortedSync(signal, (ending) => call(ending, args))) }[name];
    };
  }

  #caller(index, isLong) {
    const { handle, functions } = this;
    return isLong
      ? (ending, args) => native.callSync(handle, index, functions, ending, args)
      : (ending, args) => native.callSync(handle, index, functions, ending, ...args);
  }

  // The addon returns a number, a BigInt, an array of several, nothing, or an outcome with a failure.
  #told(result) {
    if (typeof result !== 'object' || Array.isArray(result)) return result;
    throw outcomeError({ ...result, ...this.output(), started: true }, { ...this.#settings, host: this });
  }
}

// The guest that has called a function of the host, which gets it as `this`.
class SyncCaller {
  #guest;
  #program;

  constructor(guest, program) {
    this.#guest = guest;
    this.#program = program;
  }

  get exports() {
    return this.#guest.exports;
  }

  get memory() {
    return this.#guest.memory;
  }

  [custom](depth, options) {
    return showState(this, () => ({ exports: describe(this.#program).exports.map(({ name }) => name) }), depth, options);
  }
}

function functionFor({ path, call, results }, caller) {
  if (call === undefined) return undefined;
  const convert = resultsFor(results);
  return (...args) => {
    const value = Reflect.apply(call, caller, args);
    if (isThenable(value)) throw promised(path, value);
    return results.length === 0 ? undefined : single(converted(path, convert, value));
  };
}

// Nobody waits for the promise, so its rejection must not end the process.
function promised(path, promise) {
  Promise.resolve(promise).catch(() => {});
  return invalidState(`The host function ${path} returned a promise, which a synchronous call can't wait for. ` +
    'Use run() or instantiate() instead');
}

module.exports = { SyncGuest };
