'use strict';

// Listening to an AbortSignal. Many runs may share one: it gets one listener for all, because Node
// takes more than ten for a leak.

const listening = new WeakMap();

function listenTo(signal) {
  const callbacks = new Set();
  const listener = () => {
    for (const callback of [...callbacks]) callback();
  };
  signal.addEventListener('abort', listener);
  return { callbacks, listener };
}

// Calls `callback` when the signal is aborted, until what it returns is called. Without a signal it
// does nothing.
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

module.exports = { onAbort };
