'use strict';

// Calling an exported function from the command line: its arguments and results as text.

const { UsageError } = require('./failures.js');
const { name: shownName, some } = require('./visible.js');

// Signed and unsigned notations of the same bits are both taken.
function integer(text, bits) {
  if (!/^[+-]?(\d+|0x[\da-f]+)$/i.test(text)) throw new Error('an integer is expected');
  const magnitude = BigInt(text.replace(/^[+-]/, ''));
  const value = text.startsWith('-') ? -magnitude : magnitude;
  if (value < -(1n << BigInt(bits - 1)) || value >= 1n << BigInt(bits)) throw new Error(`more than ${bits} bits`);
  return BigInt.asIntN(bits, value);
}

const special = new Map([['inf', Infinity], ['infinity', Infinity], ['nan', NaN]]);

function float(text) {
  const [, sign, magnitude] = /^([+-]?)(.*)$/s.exec(text.toLowerCase());
  const value = special.get(magnitude) ?? (/^[\d.]/.test(magnitude) ? Number(magnitude) : NaN);
  if (Number.isNaN(value) && magnitude !== 'nan') throw new Error('a number is expected');
  return sign === '-' ? -value : value;
}

const parsers = {
  i32: (text) => Number(integer(text, 32)),
  i64: (text) => integer(text, 64),
  f32: float,
  f64: float,
};

function showFloat(value) {
  return Object.is(value, -0) ? '-0' : String(value);
}

// With no more digits than tell it from its neighbours.
function showFloat32(value) {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Object.is(Math.fround(short), value)) return showFloat(short);
  }
  return showFloat(value);
}

const show = (type, value) => (type === 'f32' ? showFloat32(value) : showFloat(value));

// The function among the exports of a module.
function functionOf(exports, name, label) {
  const functions = exports.filter(({ kind }) => kind === 'function');
  const found = functions.find((item) => item.name === name);
  if (found) return found;
  const names = some(functions, functions.length, (item) => shownName(item.name)).join(', ');
  throw new UsageError(`${label} exports no function "${name}"${names && `; it exports ${names}`}`);
}

function argumentFor(type, text, number) {
  if (!parsers[type]) throw new UsageError(`argument ${number} would be of type ${type}, which can't be written here`);
  try {
    return parsers[type](text);
  } catch (error) {
    throw new UsageError(`argument ${number}, "${text}": ${error.message} (${type})`);
  }
}

function argumentsFor({ name, parameters }, texts) {
  if (texts.length !== parameters.length) {
    const types = parameters.length ? ` (${parameters.join(', ')})` : '';
    throw new UsageError(`${name} takes ${parameters.length} arguments${types}, not ${texts.length}`);
  }
  return parameters.map((type, index) => argumentFor(type, texts[index], index + 1));
}

// A line for each result.
function resultLines({ results: types }, results = []) {
  return results.map((value, index) => `${show(types[index], value)}\n`).join('');
}

module.exports = { argumentsFor, functionOf, resultLines };
