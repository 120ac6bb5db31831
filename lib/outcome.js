'use strict';

// Turns the outcome that the addon reports for a guest into a result or an error.

const { failureError, reasonOf } = require('./errors.js');

// The addon reports null if there are none.
function decoded(bytes, encoding) {
  if (encoding === null) return bytes ?? Buffer.alloc(0);
  return bytes?.toString(encoding) ?? '';
}

// `host` has what a function of the host threw.
function failedWith({ thrown, ...failure }, { signal, host }) {
  if (failure.code !== 'ERR_WASI_HOST_FUNCTION') return failureError(failure, signal?.reason);
  const cause = host?.takeThrown(thrown);
  const error = failureError({ ...failure, message: `${failure.message}: ${reasonOf(cause)}` });
  return Object.defineProperty(error, 'cause', { configurable: true, writable: true, value: cause });
}

// If the guest has started, errors have the members of a result that are known.
function outcomeError({ started, failure, stdout, stderr, duration, fuelUsed, memoryPeak }, settings) {
  const { encoding } = settings;
  const error = failedWith(failure, settings);
  if (!started) return error;
  return Object.assign(error, {
    stdout: decoded(stdout, encoding),
    stderr: decoded(stderr, encoding),
    duration,
    fuelUsed: fuelUsed ?? undefined,
    memoryPeak,
  });
}

function resultOf(outcome, settings) {
  if (outcome.failure !== null) throw outcomeError(outcome, settings);
  const { encoding } = settings;
  return {
    exitCode: outcome.exitCode,
    stdout: decoded(outcome.stdout, encoding),
    stderr: decoded(outcome.stderr, encoding),
    duration: outcome.duration,
    fuelUsed: outcome.fuelUsed ?? undefined,
    memoryPeak: outcome.memoryPeak,
  };
}

module.exports = { decoded, failedWith, outcomeError, resultOf };
