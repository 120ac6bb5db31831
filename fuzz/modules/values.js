'use strict';

// Arguments and results of functions, as far as JavaScript has numbers for them.

const NUMBERS = {
  i32: [0, 1, -1, 2, 7, 0x7fffffff, -0x80000000, 65_536, 0xff],
  i64: [0n, 1n, -1n, 7n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 32n, 65_536n],
  f32: [0, -0, 1, -1.5, 3.4028234663852886e38, 1e-45, Infinity, -Infinity, NaN, 2147483648],
  f64: [0, -0, 1, -1.5, 1.7976931348623157e308, 5e-324, Infinity, -Infinity, NaN, 9223372036854775808],
};

const isNumber = (type) => Object.hasOwn(NUMBERS, type);

// Whether a function can be called from JavaScript, and its results be compared.
const isCallable = ({ kind, parameters, results }) =>
  kind === 'function' && parameters.every(isNumber) && results.every(isNumber);

// Always the same for a seed: each parameter gets the next of the values for its type.
function argumentsFor(parameters, seed) {
  return parameters.map((type, index) => NUMBERS[type][(seed + 5 * index) % NUMBERS[type].length]);
}

// Equal texts for equal results: one for all NaNs, two for the zeros.
function textOf(result) {
  const values = Array.isArray(result) ? result : [result];
  return values.map((value) => (Object.is(value, -0) ? '-0' : String(value))).join(' ');
}

module.exports = { argumentsFor, isCallable, textOf };
