'use strict';

// The class Instance, which instantiate() returns: a guest that stays in memory between calls.

const { describe } = require('./description.js');
const { closeByUsing } = require('./dispose.js');
const { invalidState } = require('./errors.js');
const { exportsOf, memoryOf } = require('./exports.js');
const { GuestMemory } = require('./guest-memory.js');
const { custom, showState } = require('./inspect.js');
const native = require('./native.js');
const { single } = require('./numbers.js');
const { operate, withHost, withPipes } = require('./operation.js');
const { decoded, outcomeError } = require('./outcome.js');
const { requireGuest } = require('./permission.js');
const { listed } = require('./settings.js');

class Instance {
  #handle;
  #settings;
  #pipes;
  #isClosed = false;

  constructor(handle, description, settings, pipes) {
    this.#handle = handle;
    this.#settings = settings;
    this.#pipes = pipes;
    const call = (name) => ({ [name]: (...args) => Instance.call(this, name, args) }[name]);
    this.exports = exportsOf(handle, description, call);
    this.memory = memoryOf(handle, description, GuestMemory, this.exports);
  }

  get stdout() {
    return decoded(this.#output().stdout, this.#settings.encoding);
  }

  get stderr() {
    return decoded(this.#output().stderr, this.#settings.encoding);
  }

  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    native.close(this.#handle);
    this.#pipes?.close();
  }

  // Calls an export by its name. The addon checks whether there is one.
  static async call(instance, name, args) {
    return single((await Instance.outcome(instance, name, args)).results);
  }

  // The same, with what it used.
  static async outcome(instance, name, args) {
    const { signal, timeout, host } = instance.#settings;
    if (host?.isCalling) throw nestedCall(name);
    const start = (done) => native.call(instance.#handle, name, args, timeout, done, host?.dispatch);
    const outcome = await operate(start, signal, instance.#pipes);
    instance.#pipes?.throwIfFailed();
    if (outcome.failure !== null) {
      throw outcomeError({ ...outcome, ...instance.#output(), started: true }, instance.#settings);
    }
    return outcome;
  }

  [custom](depth, options) {
    return showState(this, () => this.#state(), depth, options);
  }

  #state() {
    return { exports: Object.keys(this.exports), closed: this.#isClosed };
  }

  #output() {
    const [stdout, stderr] = native.output(this.#handle);
    return { stdout, stderr };
  }
}

// The call would be queued behind the one that waits for the host function.
const nestedCall = (name) => invalidState(`The instance waits for the host function that calls '${name}'. ` +
  'In a host function, call exports through this.exports');

closeByUsing(Instance);

async function instantiate(program, options) {
  return withPipes(options, async (pipes) => {
    requireGuest(options.preopens);
    const settings = withHost(program, options);
    const start = (given, done) => native.instantiate(program, listed(given), done, settings.host?.dispatch);
    const handle = await (pipes === null ? open(settings, start) : openWith(pipes, settings, start));
    return new Instance(handle, describe(program), settings, pipes);
  });
}

async function open(settings, start) {
  return opened(await operate((done) => start(settings, done), settings.signal, null), settings);
}

async function openWith(pipes, settings, start) {
  const connect = (done) => pipes.handOver(settings, (connected) => start(connected, done));
  const outcome = await operate(connect, settings.signal, pipes);
  if (outcome.failure === null && !pipes.hasFailed) return outcome.instance;
  // A stream may have failed too late to cancel the operation.
  if (outcome.failure === null) native.close(outcome.instance);
  pipes.guestEnded();
  await pipes.taken();
  pipes.throwIfFailed();
  return opened(outcome, settings);
}

function opened(outcome, settings) {
  if (outcome.failure !== null) throw outcomeError(outcome, settings);
  return outcome.instance;
}

module.exports = { Instance, instantiate };
