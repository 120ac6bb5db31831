'use strict';

// What a call came to, in the same words for V8 and for ours: "gives 1 2", "traps: unreachable".

const { textOf } = require('./values');

// By what V8 says. Where it has one message for several traps, there is one name for all of them.
const MESSAGES = [
  [/unreachable/, 'unreachable'],
  [/divide by zero|remainder by zero/, 'integer-divide-by-zero'],
  [/divide result unrepresentable/, 'integer-overflow'],
  [/float unrepresentable/, 'conversion'],
  [/memory access out of bounds|data segment/, 'memory-out-of-bounds'],
  [/table index is out of bounds|table access out of bounds|table or|element segment|table\.grow/, 'table-out-of-bounds'],
  [/null function|indirect call|signature mismatch/, 'indirect-call'],
  [/dereferencing a null|rethrowing null/, 'null-reference'],
  [/illegal cast/, 'cast-failure'],
  [/array (access|index)|array element access/, 'array-out-of-bounds'],
  [/new array is too large/, 'allocation-too-large'],
  [/call stack size/, 'stack-overflow'],
];

const OURS = {
  'integer-overflow': 'integer-overflow',
  'invalid-conversion-to-integer': 'conversion',
  'indirect-call-to-null': 'indirect-call',
  'indirect-call-type-mismatch': 'indirect-call',
};

function trapOfV8(error) {
  if (error instanceof WebAssembly.Exception) return 'exception';
  return MESSAGES.find(([pattern]) => pattern.test(error.message))?.[1] ?? error.message;
}

function trapOfOurs({ code, trap, message }) {
  if (code !== 'ERR_WASI_TRAP') return `${code}: ${message}`;
  return OURS[trap] ?? trap ?? message;
}

async function outcome(act, trapOf) {
  try {
    return `gives ${textOf(await act())}`;
  } catch (error) {
    return `traps: ${trapOf(error)}`;
  }
}

const ofV8 = (act) => outcome(act, trapOfV8);
const ofOurs = (act) => outcome(act, trapOfOurs);

// V8 takes a conversion that overflows and one of NaN for the same, wasmtime does not.
const CONVERSION = ['traps: conversion', 'traps: integer-overflow'];
const same = (one, other) => one === other || (CONVERSION.includes(one) && CONVERSION.includes(other));

const isDeep = (text) => text === 'traps: stack-overflow';

module.exports = { isDeep, ofOurs, ofV8, same };
