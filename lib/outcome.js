'use strict';

// Turns the outcome that the addon reports for a guest into a result or an error.

const { failureError } = require('./errors.js');

const decoded = (bytes, encoding) => (encoding === null ? bytes : bytes.toString(encoding));

// If the guest has started, errors have the members of a result that are known.
function outcomeError({ started, failure, stdout, stderr, duration, fuelUsed, memoryPeak }, { encoding, signal }) {
  const error = failureError(failure, signal?.reason);
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

module.exports = { decoded, outcomeError, resultOf };
