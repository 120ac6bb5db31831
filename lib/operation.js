'use strict';

// Runs one operation of the addon, from its start to its outcome. A signal, or a stream that fails,
// cancels it.

const { AbortError } = require('./errors.js');
const native = require('./native.js');
const { onAbort } = require('./signals.js');
const { hasStreams } = require('./stdio.js');

function throwIfAborted(signal) {
  if (signal?.aborted) throw new AbortError(signal.reason);
}

// `start(done)` starts the operation and returns its handle. The promise is fulfilled with its outcome.
function operate(start, signal, pipes) {
  if (signal === undefined && pipes === null) return new Promise(start);
  return operateUntilCancelled(start, signal, pipes);
}

async function operateUntilCancelled(start, signal, pipes) {
  throwIfAborted(signal);
  pipes?.throwIfFailed();
  let handle;
  let isCancelled = false;
  const cancel = () => {
    isCancelled = true;
    if (handle !== undefined) native.cancel(handle);
  };
  const unlisten = onAbort(signal, cancel);
  pipes?.on(cancel);
  try {
    return await new Promise((resolve) => {
      handle = start(resolve);
      // A method of a stream may have canceled it during start().
      if (isCancelled) native.cancel(handle);
    });
  } finally {
    unlisten();
    pipes?.off(cancel);
  }
}

// Calls `action(pipes)` with the pipes for the streams in the settings, or with null if there are none.
// If that fails, the streams are given up.
function withPipes(settings, action) {
  return hasStreams(settings) ? withStreams(settings, action) : action(null);
}

// The module is loaded lazily, because loading node:net takes as long as everything else.
async function withStreams(settings, action) {
  const pipes = new (require('./pipes.js').Pipes)(settings);
  try {
    return await action(pipes);
  } catch (error) {
    pipes.giveUp(error);
    throw error;
  }
}

// The settings with the functions of the host, for the addon and for errors. The module is loaded lazily,
// because most programs import nothing besides WASI.
function withHost(program, settings) {
  if (settings.imports === null) return settings;
  const host = new (require('./host-functions.js').HostFunctions)(program, settings.imports);
  return { ...settings, given: host.given, host };
}

// Waits for `promise`, or until the signal is aborted.
async function unlessAborted(promise, signal) {
  if (signal === undefined) return promise;
  throwIfAborted(signal);
  let unlisten;
  const aborted = new Promise((_, reject) => {
    unlisten = onAbort(signal, () => reject(new AbortError(signal.reason)));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    unlisten();
  }
}

module.exports = { operate, throwIfAborted, unlessAborted, withHost, withPipes };
