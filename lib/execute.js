'use strict';

// Runs a program once: from the settings to the result.

const native = require('./native.js');
const { operate, unlessAborted, withHost } = require('./operation.js');
const { resultOf } = require('./outcome.js');
const { listed } = require('./settings.js');

// `pipes` is null if the settings have no streams.
async function execute(program, options, pipes) {
  const settings = withHost(program, options);
  const start = (given, done) => native.run(program, listed(given), done, settings.host?.dispatch);
  const outcome = pipes === null
    ? await operate((done) => start(settings, done), settings.signal, null)
    : await executeWith(pipes, settings, start);
  return resultOf(outcome, settings);
}

async function executeWith(pipes, settings, start) {
  const connect = (done) => pipes.handOver(settings, (connected) => start(connected, done));
  const outcome = await operate(connect, settings.signal, pipes);
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
