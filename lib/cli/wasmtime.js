'use strict';

// Runs a program by wasmtime, in a thread of its own, so that signals can end it.

const { truncated } = require('./failures.js');
const { argumentsFor, functionOf, requireStart, resultLines } = require('./invoke.js');
const { load, throwTranslated } = require('./load.js');
const { stdout } = require('./output.js');
const { interruptions } = require('./signals.js');

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

async function invoke(program, { values: { invoke: name }, args, module }, options) {
  const called = functionOf(program.exports, name, module.label);
  const parameters = argumentsFor(called, args);
  const instance = await program.instantiate(options).catch((error) => throwTranslated(error, module));
  const result = await instance.exports[name](...parameters);
  stdout.write(resultLines(called, result));
  return 0;
}

async function start(program, { module }, options) {
  requireStart(program.exports, module.label);
  const { exitCode } = await program.run(options).catch((error) => throwTranslated(error, module));
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
