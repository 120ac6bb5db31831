'use strict';

// Watches Writables for failing and closing. Guests that share a Writable, such as a log, share its
// listeners, because Node.js warns about a possible memory leak if there are many.
//
// Methods of a user's stream can do anything. What they throw while we detach from the stream is
// ignored, because the outcome for the guest has already been decided.

const watched = new WeakMap();

function tell(watchers, what, error) {
  for (const watcher of [...watchers]) watcher[what](error);
}

function listenTo(writable) {
  const watchers = new Set();
  const listeners = {
    error: (error) => tell(watchers, 'failed', error),
    close: () => tell(watchers, 'closed'),
  };
  try {
    for (const name of ['error', 'close']) writable.on(name, listeners[name]);
  } catch (error) {
    unlisten(writable, listeners);
    throw error;
  }
  return { watchers, listeners };
}

function unlisten(stream, listeners) {
  for (const [name, listener] of Object.entries(listeners)) anyhow(() => stream.off(name, listener));
}

function anyhow(action) {
  try {
    action();
  } catch {
    // See above.
  }
}

// Calls watcher.failed(error) or watcher.closed(), any number of times. The function that it returns
// stops that.
function watch(writable, watcher) {
  if (!watched.has(writable)) watched.set(writable, listenTo(writable));
  const { watchers, listeners } = watched.get(writable);
  watchers.add(watcher);
  return () => {
    if (!watchers.delete(watcher) || watchers.size > 0) return;
    watched.delete(writable);
    unlisten(writable, listeners);
    anyhow(() => writable.errored && expectError(writable));
  };
}

// Handles an error event that may be emitted after we have detached, so that it doesn't end the process.
function expectError(stream) {
  anyhow(() => stream.once('error', () => {}));
}

module.exports = { anyhow, expectError, unlisten, watch };
