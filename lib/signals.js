'use strict';

// Listens to AbortSignals. Runs that share a signal share one listener, because Node.js warns about a
// possible memory leak if there are more than ten.

const { AbortError } = require('./errors.js');
const native = require('./native.js');

const listening = new WeakMap();

function listenTo(signal) {
  const callbacks = new Set();
  const listener = () => {
    for (const callback of [...callbacks]) callback();
  };
  signal.addEventListener('abort', listener);
  return { callbacks, listener };
}

// Calls `callback` when the signal is aborted. The function that it returns stops that. Without a
// signal, it does nothing.
function onAbort(signal, callback) {
  if (signal === undefined) return () => {};
  if (!listening.has(signal)) listening.set(signal, listenTo(signal));
  const { callbacks, listener } = listening.get(signal);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || !listening.has(signal)) return;
    listening.delete(signal);
    signal.removeEventListener('abort', listener);
  };
}

// Calls `call(ending)`, which blocks. A function of the host can abort the signal meanwhile.
function unlessAbortedSync(signal, call) {
  if (signal === undefined) return call(undefined);
  if (signal.aborted) throw new AbortError(signal.reason);
  const ending = native.ending();
  const unlisten = onAbort(signal, () => native.cancel(ending));
  try {
    return call(ending);
  } finally {
    unlisten();
  }
}

module.exports = { onAbort, unlessAbortedSync };
