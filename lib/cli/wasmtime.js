'use strict';

// Runs a program by wasmtime, in a thread of its own, so that signals can end it.

const { truncated } = require('./failures.js');
const { argumentsFor, functionOf, requireStart, resultLines } = require('./invoke.js');
const { load, throwTranslated } = require('./load.js');
const { stdout } = require('./output.js');
const { interruptions } = require('./signals.js');

function settings({ surroundings, values }, signal) {
  return {
    ...surroundings,
    stdin: 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
    timeout: values.timeout,
    memoryLimit: values['max-memory'],
    fuel: values.fuel,
    maxStack: values['max-stack'],
    strace: values.strace,
    signal,
  };
}

async function invoke(program, { values: { invoke: name }, args, file }, options) {
  const called = functionOf(program.exports, name, file);
  const parameters = argumentsFor(called, args);
  const instance = await program.instantiate(options).catch((error) => throwTranslated(error, file));
  const result = await instance.exports[name](...parameters);
  stdout.write(resultLines(called, result));
  return 0;
}

// Gives the exit code.
async function run(job) {
  const { file, values } = job;
  const signal = interruptions();
  const cache = values['no-cache'] ? false : values.cache;
  const program = await load(file, {
    cache,
    allowPrecompiled: values['allow-precompiled'],
    timeout: values['compile-timeout'],
    memoryLimit: values['compile-memory'],
    signal,
  });
  const options = settings(job, signal);
  if (values.invoke !== undefined) return invoke(program, job, options);
  requireStart(program.exports, file);
  const { exitCode } = await program.run(options).catch((error) => throwTranslated(error, file));
  return truncated(exitCode);
}

module.exports = { run };
