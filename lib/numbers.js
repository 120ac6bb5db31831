'use strict';

// Converts JavaScript values to WebAssembly numbers, as the WebAssembly JavaScript API does:
// https://webassembly.github.io/spec/js-api/#towebassemblyvalue

const conversions = {
  i32: (value) => value | 0,
  i64: (value) => BigInt.asIntN(64, value),
  f32: Math.fround,
  f64: (value) => +value,
};

// Converts what a function returns to the list of its results.
function resultsFor(types) {
  const converts = types.map((type) => conversions[type]);
  if (converts.length === 0) return () => [];
  if (converts.length === 1) return (value) => [converts[0](value)];
  return (value) => listed(value, converts.length).map((item, index) => converts[index](item));
}

function listed(value, length) {
  const items = [...value];
  if (items.length !== length) throw new TypeError(`Expected ${length} results, but got ${items.length}`);
  return items;
}

// The same convention as in the WebAssembly JavaScript API.
function single(results = []) {
  return results.length > 1 ? results : results[0];
}

module.exports = { resultsFor, single };
