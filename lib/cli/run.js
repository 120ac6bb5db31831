'use strict';

// `wasi-rs run`

const { preopens } = require('./directories.js');
const { environment } = require('./environment.js');
const { isFromStdin, missingModule, moduleOf } = require('./module.js');
const { check, groups } = require('./run-options.js');

const engines = {
  wasmtime: () => require('./wasmtime.js').run,
  v8: () => require('./v8.js').run,
};

// What the guest can use, in terms of both run() and class WASI.
function surroundings({ name }, args, values) {
  const argv0 = values.argv0 ?? name;
  return {
    // The arguments of a function are not the program's.
    args: values.invoke === undefined ? [argv0, ...args] : [argv0],
    env: environment(values.env, values['inherit-env'] && process.env),
    preopens: preopens(values.dir),
    maxFiles: values['max-files'],
  };
}

async function run(values, [operand, ...args], { argv }) {
  if (operand === undefined) throw missingModule('run', argv);
  check(values);
  const engine = engines[values.engine ?? 'wasmtime']();
  const module = await moduleOf(operand);
  const hasStdin = !isFromStdin(module);
  return engine({ module, args, values, surroundings: surroundings(module, args, values), hasStdin });
}

const command = {
  summary: 'Run a program (you can leave out "run")',
  usage: ['[run] [options] app.wasm [args…]', '[run] [options] - [args…]'],
  about: 'Runs a WebAssembly module, in the binary or the text format. "-" reads it from standard input. ' +
    'Everything after the module is passed to the program, even if it starts with "-".',
  groups,
  notes: `
Exit code: the lowest 8 bits of the program's exit code, or
    1  it can't be read, compiled, or started    130  SIGINT terminated it
    2  wrong usage                               134  it trapped
  124  it exceeded a time limit                  137  it exceeded a memory limit
  125  it ran out of fuel                        143  SIGTERM terminated it`.split('\n'),
  complete: 'file',
  run,
};

module.exports = { command };
