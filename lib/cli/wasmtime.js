'use strict';

// Runs a program by wasmtime, in a thread of its own, so that signals can end it.

const { truncated } = require('./failures.js');
const { argumentsFor, functionOf, resultLines } = require('./invoke.js');
const { load, originOf, throwTranslated } = require('./load.js');
const { stdout } = require('./output.js');
const { interruptions } = require('./signals.js');
const { sayPrepared, sayUsage } = require('./verbose.js');

function settings({ surroundings, values, hasStdin }, signal) {
  return {
    ...surroundings,
    stdin: hasStdin ? 'inherit' : 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    timeout: values.timeout,
    memoryLimit: values['max-memory'],
    fuel: values.fuel,
    maxStack: values['max-stack'],
    seed: values.seed,
    clock: values.clock,
    strace: values.strace,
    signal,
  };
}

function compiled({ module, values }, signal) {
  const cache = values['no-cache'] ? false : values.cache;
  return load(module, values, { cache, allowPrecompiled: values['allow-precompiled'], signal });
}

// Does `body`, and with --verbose says what it used. `what(outcome)` says what happened.
async function watched(program, { module, values }, options, what, body) {
  const start = performance.now();
  try {
    const outcome = await body();
    if (values.verbose) sayAll(program, module, options, what(outcome), outcome, performance.now() - start);
    return outcome;
  } catch (error) {
    // Without a duration it has not run.
    if (values.verbose && error.duration > 0) {
      sayAll(program, module, options, 'the program was terminated', error, performance.now() - start);
    }
    return throwTranslated(error, module);
  }
}

function sayAll(program, module, options, what, usage, time) {
  if (options.fuel !== undefined) sayPrepared(module, originOf(program, options), time - usage.duration);
  sayUsage(what, usage);
}

async function invoke(program, job, options) {
  const { module, args, values: { invoke: name } } = job;
  const called = functionOf(program.exports, name, module.label);
  const parameters = argumentsFor(called, args);
  const { results } = await watched(program, job, options, () => `${name}() returned`, async () => {
    const instance = await program.instantiate(options);
    return outcomeOf(instance, name, parameters);
  });
  stdout.write(resultLines(called, results));
  return 0;
}

// As in lib/instance.js, which loads the addon.
const outcomeOf = (...args) => require('../instance.js').Instance.outcome(...args);

async function start(program, job, options) {
  const what = ({ exitCode }) => `the program exited with code ${exitCode}`;
  const { exitCode } = await watched(program, job, options, what, () => program.run(options));
  return truncated(exitCode);
}

// Gives the exit code.
async function run(job) {
  const signal = interruptions();
  const program = await compiled(job, signal);
  const options = settings(job, signal);
  return job.values.invoke === undefined ? start(program, job, options) : invoke(program, job, options);
}

module.exports = { run };
