'use strict';

// SIGINT and SIGTERM end a run in order; a second one ends the process at once.

const names = ['SIGINT', 'SIGTERM'];

class Interruption extends Error {
  constructor(signal) {
    super(`terminated by ${signal}`);
    this.signal = signal;
  }
}

// An AbortSignal that follows the signals sent to the process.
function interruptions(source = process) {
  const controller = new AbortController();
  const listener = (signal) => {
    // Without a listener the signal does what it does by default: it kills.
    for (const name of names) source.removeListener(name, listener);
    controller.abort(new Interruption(signal));
  };
  for (const name of names) source.on(name, listener);
  return controller.signal;
}

module.exports = { Interruption, interruptions };
