'use strict';

// The class Instance, which instantiate() returns: a guest that stays in memory between calls.

const { closeByUsing } = require('./dispose.js');
const { custom, showState } = require('./inspect.js');
const native = require('./native.js');
const { operate, withPipes } = require('./operation.js');
const { decoded, outcomeError } = require('./outcome.js');
const { requireGuest } = require('./permission.js');

class Instance {
  #handle;
  #settings;
  #pipes;
  #isClosed = false;

  constructor(handle, functions, settings, pipes) {
    this.#handle = handle;
    this.#settings = settings;
    this.#pipes = pipes;
    this.exports = Object.create(null);
    for (const { name } of functions) {
      this.exports[name] = { [name]: (...args) => Instance.call(this, name, args) }[name];
    }
    Object.freeze(this.exports);
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
    const { signal, timeout } = instance.#settings;
    const start = (done) => native.call(instance.#handle, name, args, timeout, done);
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

// The same convention as in the WebAssembly JavaScript API.
function single(results = []) {
  return results.length > 1 ? results : results[0];
}

closeByUsing(Instance);

async function instantiate(program, functions, settings) {
  return withPipes(settings, async (pipes) => {
    requireGuest(settings.preopens);
    const handle = await (pipes === null ? open(program, settings) : openWith(pipes, program, settings));
    return new Instance(handle, functions, settings, pipes);
  });
}

async function open(program, settings) {
  return opened(await operate((done) => native.instantiate(program, settings, done), settings.signal, null), settings);
}

async function openWith(pipes, program, settings) {
  const start = (done) => pipes.handOver(settings, (connected) => native.instantiate(program, connected, done));
  const outcome = await operate(start, settings.signal, pipes);
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
