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
  return { watchers, listeners, failure: undefined };
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

// Calls watcher.failed(error) or watcher.closed(), any number of times, until stop().
class Watch {
  #writable;
  #watcher;
  #shared;

  constructor(writable, watcher) {
    if (!watched.has(writable)) watched.set(writable, listenTo(writable));
    this.#writable = writable;
    this.#watcher = watcher;
    this.#shared = watched.get(writable);
    this.#shared.watchers.add(watcher);
  }

  // Whether other guests use the Writable, too.
  get isShared() {
    return this.#shared.watchers.size > 1;
  }

  // Why the Writable has to be destroyed rather than ended: the error of the first of its guests that
  // failed, as { error }.
  get failure() {
    return this.#shared.failure;
  }

  guestFailed(error) {
    this.#shared.failure ??= { error };
  }

  stop() {
    const { watchers, listeners } = this.#shared;
    if (!watchers.delete(this.#watcher) || watchers.size > 0) return;
    watched.delete(this.#writable);
    unlisten(this.#writable, listeners);
    anyhow(() => this.#writable.errored && expectError(this.#writable));
  }
}

const isWatched = (writable) => watched.has(writable);

// Handles an error event that may be emitted after we have detached, so that it doesn't end the process.
function expectError(stream) {
  anyhow(() => stream.once('error', () => {}));
}

module.exports = { Watch, anyhow, expectError, isWatched, unlisten };
