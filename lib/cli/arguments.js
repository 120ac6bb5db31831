'use strict';

// The command line, taken apart by a table of options; see options.js.

const { parseArgs } = require('node:util');
const { unknownOption } = require('./advice.js');
const { UsageError } = require('./failures.js');

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
  const hint = value ? `. If "${value}" is the value, write ${rawName}=${value}` : '';
  throw new UsageError(`${rawName} needs a value${hint}`);
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

function collect(tokens, table, argv) {
  const values = {};
  for (const token of tokens) {
    if (!Object.hasOwn(table, token.name)) throw unknownOption(token, argv.slice(token.index), table);
    const entry = table[token.name];
    const name = entry.as ?? token.name;
    const value = valueOf(token, entry);
    values[name] = entry.multiple ? [...values[name] ?? [], value] : value;
  }
  return values;
}

// Gives the values by name, and the operands. `interspersed`: options may come behind operands.
function parse(argv, table, { interspersed = false } = {}) {
  const tokens = tokenize(argv, table);
  const { options, operands } = interspersed ? anywhere(tokens) : upToFirstOperand(tokens, argv);
  return { values: collect(options, table, argv), operands };
}

module.exports = { parse };
