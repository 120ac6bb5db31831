'use strict';

// `wasi-rs run`

const path = require('node:path');
const { parse } = require('./arguments.js');
const { preopens } = require('./directories.js');
const { environment } = require('./environment.js');
const { UsageError } = require('./failures.js');
const { check, options } = require('./options.js');

const engines = {
  wasmtime: () => require('./wasmtime.js').run,
  v8: () => require('./v8.js').run,
};

// What the guest finds, in terms of both run() and class WASI.
function surroundings(file, args, values) {
  const argv0 = values.argv0 ?? path.basename(file);
  return {
    // Arguments of a function that is called are none of the program.
    args: values.invoke === undefined ? [argv0, ...args] : [argv0],
    env: environment(values.env),
    preopens: preopens(values.dir),
  };
}

// Gives the exit code.
async function run(argv, { help, version }) {
  const { values, operands: [file, ...args] } = parse(argv, options);
  if (values.help) return help();
  if (values.version) return version();
  if (file === undefined) throw new UsageError('run needs a module');
  check(values);
  const engine = engines[values.engine ?? 'wasmtime']();
  return engine({ file, args, values, surroundings: surroundings(file, args, values) });
}

module.exports = { run };
