'use strict';

// Runs a program once: from the settings to the result.

const native = require('./native.js');
const { operate, unlessAborted } = require('./operation.js');
const { resultOf } = require('./outcome.js');

// `pipes` is null if the settings have no streams.
async function execute(program, settings, pipes) {
  const outcome = pipes === null
    ? await operate((done) => native.run(program, settings, done), settings.signal, null)
    : await executeWith(pipes, program, settings);
  return resultOf(outcome, settings);
}

async function executeWith(pipes, program, settings) {
  const start = (done) => pipes.handOver(settings, (connected) => native.run(program, connected, done));
  const outcome = await operate(start, settings.signal, pipes);
  await finish(pipes, outcome, settings.signal);
  pipes.throwIfFailed();
  return outcome;
}

// After a failure, it's enough that the output has been passed to the Writables: a Writable that
// blocks must not delay the rejection.
async function finish(pipes, outcome, signal) {
  pipes.guestEnded();
  if (outcome.failure !== null) return pipes.taken();
  try {
    await unlessAborted(pipes.end(), signal);
  } catch ({ code, message }) {
    outcome.failure = { code, message };
  }
}

module.exports = { execute };
