'use strict';

// The class Guest, which spawn() returns: a guest that runs, and its streams.

const { endByUsing } = require('./dispose.js');
const { custom, showState } = require('./inspect.js');
const { throwIfAborted } = require('./operation.js');
const { onAbort } = require('./signals.js');
const { PIPED } = require('./stdio.js');

class Guest {
  #controller = new AbortController();
  #hasEnded = false;
  // By the name of the stream.
  #piped = {};

  // `start(settings)` runs the guest. It returns a promise of its result.
  constructor(settings, start) {
    for (const name of ['stdin', 'stdout', 'stderr']) {
      if (settings[name] === PIPED) this.#piped[name] = newPiped(name);
      this[name] = this.#piped[name]?.stream ?? null;
    }
    this.exit = this.#run(settings, start);
    // A guest can fail while the caller still reads what it wrote. That must not end the process.
    this.exit.catch(() => {});
  }

  kill(reason) {
    if (this.#hasEnded) return false;
    this.#controller.abort(reason);
    return true;
  }

  static async end(guest) {
    guest.kill();
    await guest.exit.catch(() => {});
    for (const { taken } of Object.values(guest.#piped)) await taken;
  }

  [custom](depth, options) {
    return showState(this, () => this.#state(), depth, options);
  }

  #state() {
    return { piped: Object.keys(this.#piped), ended: this.#hasEnded };
  }

  async #run(settings, start) {
    const { signal: given } = settings;
    const { signal } = this.#controller;
    const kill = () => this.kill(given.reason);
    if (given?.aborted) kill();
    const unlisten = onAbort(given, kill);
    try {
      const result = await start({ ...settings, ...this.#piped, signal });
      throwIfAborted(signal);
      return result;
    } finally {
      this.#hasEnded = true;
      unlisten();
    }
  }
}

function newPiped(name) {
  const { PipedInput, PipedOutput } = require('./piped.js');
  return name === 'stdin' ? new PipedInput(true) : new PipedOutput(false);
}

endByUsing(Guest, Guest.end);

module.exports = { Guest };
