'use strict';

// `wasi-rs inspect`

const { UsageError } = require('./failures.js');
const { bytesOf, moduleOf } = require('./module.js');
const { general } = require('./options.js');
const { stdout } = require('./output.js');
const { inCommandTerms } = require('./terms.js');
const { visibleJson } = require('./visible.js');

const groups = {
  Options: {
    json: { help: 'Print JSON, with all imports and exports' },
    ...general,
  },
};

function operandOf(operands) {
  if (operands.length === 1) return operands[0];
  if (operands.length === 0) throw new UsageError('inspect needs a file');
  throw new UsageError(`inspect takes only one file, but you also passed ${operands[1]}`);
}

const isWebAssembly = ({ kind }) => kind === 'module' || kind === 'component';

function formatOf(report) {
  if (!isWebAssembly(report)) return null;
  return report.isText ? 'text' : 'binary';
}

// The shape that --json prints.
function described(file, bytes) {
  require('../../index.js'); // not before: --help works without the addon
  const report = require('../native.js').inspect(bytes);
  const { kind, role, runs, imports, importCount, exports, exportCount, memories, features, sections } = report;
  const needs = report.needs.map(({ about, message }) => ({ about, message: inCommandTerms(message) }));
  const producers = Object.fromEntries(report.producers.map(({ name, values }) => [name, values]));
  return {
    file, kind, format: formatOf(report), size: bytes.length, role, runs, needs, memories,
    importCount, imports, exportCount, exports, producers, features, sections,
  };
}

async function inspect(values, operands) {
  const module = await moduleOf(operandOf(operands));
  const description = described(module.label, await bytesOf(module));
  const text = values.json ? visibleJson(JSON.stringify(description, null, 2)) : require('./inspect-text.js').textOf(description);
  stdout.write(`${text}\n`);
  return 0;
}

const command = {
  summary: 'Tell what a file is: imports, exports, memory, and whether it runs here',
  usage: ['inspect [--json] app.wasm', 'inspect [--json] -'],
  about: 'Tells what a file is, without compiling or running it: its imports and exports with their types, its ' +
    'memory, the tools that made it, and whether it runs here. "-" reads it from standard input.',
  groups,
  notes: `
Exit code: 0 if the file could be read, whatever it is, or
    1  it can't be read
    2  wrong usage`.split('\n'),
  interspersed: true,
  complete: 'file',
  run: inspect,
};

module.exports = { command };
