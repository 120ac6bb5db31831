'use strict';

// The class Program, which compile() returns.

const { describe } = require('./description.js');
const { failureError, invalidType } = require('./errors.js');
const { execute } = require('./execute.js');
const { Guest } = require('./guest.js');
const { custom, showState } = require('./inspect.js');
const { Instance, instantiate } = require('./instance.js');
const native = require('./native.js');
const { withPipes } = require('./operation.js');
const { programOptions, programSpawnOptions, uncaptured } = require('./option-tables.js');
const { requireGuest } = require('./permission.js');

// Loaded lazily, because most programs don't need it.
const synchronous = () => require('./sync-instance.js');

const defaults = programOptions.read({});
// No one can read what the instance of call() writes, so it is not kept.
const silent = Object.freeze({ stdout: 'ignore', stderr: 'ignore' });

// Where the code comes from that the program runs with such settings: 'precompiled', 'cache',
// 'process' or 'child', or undefined if there is none yet. For the command only.
let originOf;

class Program {
  #handle;
  #defaults;
  // A promise of the instance that call() uses.
  #instance;

  static {
    originOf = (program, { fuel = null, maxStack = defaults.maxStack } = {}) =>
      native.origin(program.#handle, fuel !== null, maxStack);
  }

  constructor(handle, name) {
    this.#handle = handle;
    this.#defaults = Object.freeze({ ...defaults, args: [name] });
  }

  get imports() {
    return this.#describe().imports;
  }

  get exports() {
    return this.#describe().exports;
  }

  get size() {
    return this.#describe().size;
  }

  async run(options) {
    return this.#execute(this.#settings(options));
  }

  spawn(options = {}) {
    const settings = { ...programSpawnOptions.read(options), ...uncaptured };
    settings.args ??= this.#defaults.args;
    return new Guest(settings, (piped) => this.#execute(piped));
  }

  async instantiate(options) {
    return instantiate(this.#handle, this.#settings(options));
  }

  runSync(options) {
    return synchronous().runSync(this.#handle, this.#settings(options));
  }

  instantiateSync(options) {
    return synchronous().instantiateSync(this.#handle, this.#settings(options));
  }

  async call(name, ...args) {
    if (typeof name !== 'string') throw invalidType('name', 'of type string', name);
    this.#instance ??= this.#instantiateForCalls();
    return Instance.call(await this.#instance, name, args);
  }

  async serialize() {
    const [failure, bytes] = await new Promise((resolve) => {
      native.serialize(this.#handle, (...answer) => resolve(answer));
    });
    if (failure !== null) throw failureError(failure);
    return bytes;
  }

  [custom](depth, options) {
    return showState(this, () => this.#state(), depth, options);
  }

  #state() {
    const { size, imports, exports } = this.#describe();
    return { size, imports: imports.length, exports: exports.map(({ name }) => name) };
  }

  #execute(settings) {
    return withPipes(settings, (pipes) => {
      requireGuest(settings.preopens);
      return execute(this.#handle, settings, pipes);
    });
  }

  // What failed is tried again at the next call.
  async #instantiateForCalls() {
    try {
      return await this.instantiate(silent);
    } catch (error) {
      this.#instance = undefined;
      throw error;
    }
  }

  #settings(options) {
    const settings = options === undefined ? this.#defaults : programOptions.read(options);
    settings.args ??= this.#defaults.args;
    return settings;
  }

  #describe() {
    return describe(this.#handle);
  }
}

module.exports = { Program, originOf };
