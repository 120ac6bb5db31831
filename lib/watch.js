'use strict';

// Being told when a Writable fails or closes. Many guests may share one, such as a log: it gets
// listeners once, lest Node take them for a leak.

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
  writable.on('error', listeners.error).on('close', listeners.close);
  return { watchers, listeners };
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
    writable.off('error', listeners.error).off('close', listeners.close);
    if (writable.errored) expectError(writable);
  };
}

// For an error that is known, but may be told when we no longer listen: the process would end.
function expectError(stream) {
  stream.once('error', () => {});
}

module.exports = { expectError, watch };
