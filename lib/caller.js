'use strict';

// The class Caller: the guest that has called a function of the host, which gets it as `this`.

const { describe } = require('./description.js');
const { memoryNameOf, reach } = require('./exports.js');
const { custom, showState } = require('./inspect.js');
const { GuestMemory } = require('./guest-memory.js');
const native = require('./native.js');
const { single } = require('./numbers.js');
const { failedWith } = require('./outcome.js');

// For each program, the prototype of the exports of its callers. They are made when they are asked for,
// because most functions of the host need none or one of them.
const prototypes = new WeakMap();
const REACH = Symbol('reach');

class Caller {
  #call;
  #program;
  #host;

  constructor(call, program, host) {
    this.#call = call;
    this.#program = program;
    this.#host = host;
  }

  get exports() {
    return Object.create(prototypeFor(this.#program), { [REACH]: { value: (item) => this.#reach(item) } });
  }

  get memory() {
    const name = memoryNameOf(describe(this.#program));
    return name === undefined ? undefined : new GuestMemory(this.#call, name);
  }

  [custom](depth, options) {
    return showState(this, () => ({ exports: describe(this.#program).exports.map(({ name }) => name) }), depth, options);
  }

  #reach(item) {
    const { name, kind } = item;
    if (kind !== 'function') return reach(this.#call, item);
    return { [name]: (...args) => handled(this.#invoke(name, args)) }[name];
  }

  async #invoke(name, args) {
    const start = (resolve) => native.callExport(this.#call, this.#program, name, args, resolve);
    const { failure, results } = await new Promise(start);
    if (failure !== null) throw failedWith(failure, { host: this.#host });
    return single(results);
  }
}

function prototypeFor(program) {
  if (!prototypes.has(program)) prototypes.set(program, prototypeOf(describe(program)));
  return prototypes.get(program);
}

function prototypeOf({ exports }) {
  const prototype = Object.create(null);
  for (const item of exports) {
    const get = function get() {
      return this[REACH](item);
    };
    Object.defineProperty(prototype, item.name, { enumerable: true, get });
  }
  return Object.freeze(prototype);
}

// The guest can be ended before a function of the host awaits the promise. That must not end the process.
function handled(promise) {
  promise.catch(() => {});
  return promise;
}

module.exports = { Caller };
