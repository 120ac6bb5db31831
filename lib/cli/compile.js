'use strict';

// `wasi-rs compile`

const fs = require('node:fs/promises');
const { UsageError } = require('./failures.js');
const { load } = require('./load.js');
const { isFromStdin, missingModule, moduleOf } = require('./module.js');
const { compiling, general } = require('./options.js');
const { interruptions } = require('./signals.js');

const groups = {
  Options: {
    output: { short: 'o', value: 'FILE', parse: (text) => text, complete: 'file',
      help: 'Write to FILE (default: the name of the module with the extension .cwasm)' },
    ...compiling,
    verbose: { short: 'v', help: 'Print to stderr whether the module was compiled or cached' },
    ...general,
  },
};

function operandOf(operands, argv) {
  if (operands.length === 1) return operands[0];
  if (operands.length === 0) throw missingModule('compile', argv);
  throw new UsageError(`compile takes only one module, but you also passed ${operands[1]}`);
}

// Beside the module, as a compiler does.
function outputFor(operand) {
  if (operand === '-') throw new UsageError('compile - needs --output: there is no file name to derive it from');
  return `${operand.replace(/\.(wasm|wat|cwasm)$/, '')}.cwasm`;
}

async function isSameFile(one, other) {
  const [a, b] = await Promise.all([one, other].map((file) => fs.stat(file).catch(() => undefined)));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}

async function compile(values, operands, { argv }) {
  const operand = operandOf(operands, argv);
  const output = values.output ?? outputFor(operand);
  const module = await moduleOf(operand);
  if (!isFromStdin(module) && await isSameFile(operand, output)) {
    throw new UsageError(`${output} would overwrite the module`);
  }
  const signal = interruptions();
  const program = await load(module, values, { signal });
  await fs.writeFile(output, await program.serialize(), { signal });
  return 0;
}

const command = {
  summary: 'Compile a module ahead of time, so that it starts faster',
  usage: ['compile [options] app.wasm', 'compile [options] - -o app.cwasm'],
  about: 'Compiles a WebAssembly module to machine code, for this version of wasi-rs and this kind of processor. ' +
    'To run the result, type: wasi-rs run --allow-precompiled app.cwasm',
  groups,
  interspersed: true,
  complete: 'file',
  run: compile,
};

module.exports = { command };
