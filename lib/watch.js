'use strict';

// Being told when a Writable fails or closes. Many guests may share one, such as a log: it gets
// listeners once, lest Node take them for a leak.
//
// Methods of a user's stream may do anything. What they throw while we detach from it is ignored:
// by then, the outcome for the guest has been decided.

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

// Calls watcher.failed(error) or watcher.closed(), any number of times, until the function that it
// returns is called.
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

// For an error that is known, but may be told when we no longer listen: the process would end.
function expectError(stream) {
  anyhow(() => stream.once('error', () => {}));
}

module.exports = { anyhow, expectError, unlisten, watch };
