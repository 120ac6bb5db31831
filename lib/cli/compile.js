'use strict';

// `wasi-rs compile`

const fs = require('node:fs/promises');
const { parse } = require('./arguments.js');
const { UsageError } = require('./failures.js');
const { load } = require('./load.js');
const { interruptions } = require('./signals.js');
const { duration, size } = require('./units.js');

const options = {
  'output': { parse: (text) => text, short: 'o' },
  'compile-timeout': { parse: duration },
  'compile-memory': { parse: size },
};

function fileOf(operands) {
  if (operands.length === 1) return operands[0];
  if (operands.length === 0) throw new UsageError('compile needs a module');
  throw new UsageError(`compile takes one module, not also ${operands[1]}`);
}

// The name beside it, as a compiler does.
function outputFor(file) {
  return `${file.replace(/\.(wasm|wat|cwasm)$/, '')}.cwasm`;
}

async function isSameFile(one, other) {
  const [a, b] = await Promise.all([one, other].map((file) => fs.stat(file).catch(() => undefined)));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

// Gives the exit code.
async function compile(argv, { help, version }) {
  const { values, operands } = parse(argv, options, { interspersed: true });
  if (values.help) return help();
  if (values.version) return version();
  const file = fileOf(operands);
  const output = values.output ?? outputFor(file);
  if (await isSameFile(file, output)) throw new UsageError(`${output} would overwrite the module`);
  const signal = interruptions();
  const limits = { timeout: values['compile-timeout'], memoryLimit: values['compile-memory'] };
  const program = await load(file, { ...limits, signal });
  await fs.writeFile(output, await program.serialize(), { signal });
  return 0;
}

module.exports = { compile };
