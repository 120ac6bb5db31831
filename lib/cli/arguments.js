'use strict';

// The command line, taken apart by a table of options. An entry of the table:
//   short     its letter
//   parse     makes a value of the text it needs; an option without takes no text
//   multiple  all values count, in their order; else the last one does
//   as        the name under which the value is kept, if another

const { parseArgs } = require('node:util');
const { UsageError } = require('./failures.js');

// For every command.
const common = { help: { short: 'h' }, version: { short: 'V' } };

function nodeOption({ short, parse }) {
  return { type: parse ? 'string' : 'boolean', ...(short && { short }) };
}

function tokenize(args, table) {
  const options = Object.fromEntries(Object.entries(table).map(([name, entry]) => [name, nodeOption(entry)]));
  return parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

// Options end where the program begins: what follows is the program's own.
function upToFirstOperand(tokens, argv) {
  const end = tokens.findIndex(({ kind }) => kind !== 'option');
  if (end === -1) return { options: tokens, operands: [] };
  const { kind, index } = tokens[end];
  return { options: tokens.slice(0, end), operands: argv.slice(kind === 'positional' ? index : index + 1) };
}

function anywhere(tokens) {
  return {
    options: tokens.filter(({ kind }) => kind === 'option'),
    operands: tokens.filter(({ kind }) => kind === 'positional').map(({ value }) => value),
  };
}

// `--env --dir .` is more likely a value forgotten than one that looks like an option.
function isMissing({ value, inlineValue }) {
  return value === undefined || (!inlineValue && value.length > 1 && value.startsWith('-'));
}

function textOf(token) {
  const { rawName, value } = token;
  if (!isMissing(token)) return value;
  throw new UsageError(`${rawName} needs a value${value ? `; if "${value}" is one: ${rawName}=${value}` : ''}`);
}

function valueOf(token, { parse }) {
  const { rawName, value } = token;
  if (!parse) {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
    return true;
  }
  const text = textOf(token);
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`${rawName} ${text}: ${error.message}`);
  }
}

function collect(tokens, table) {
  const values = {};
  for (const token of tokens) {
    if (!Object.hasOwn(table, token.name)) throw new UsageError(`unknown option ${token.rawName}`);
    const entry = table[token.name];
    const name = entry.as ?? token.name;
    const value = valueOf(token, entry);
    values[name] = entry.multiple ? [...values[name] ?? [], value] : value;
  }
  return values;
}

// Gives the values by name, and the operands. `interspersed`: options may come behind operands.
function parse(argv, ownTable, { interspersed = false } = {}) {
  const table = { ...common, ...ownTable };
  const tokens = tokenize(argv, table);
  const { options, operands } = interspersed ? anywhere(tokens) : upToFirstOperand(tokens, argv);
  return { values: collect(options, table), operands };
}

module.exports = { parse };
