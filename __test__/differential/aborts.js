'use strict';

// Inputs on which node:wasi aborts the whole process, on every Node from 20 to
// 26. wasi-rs must survive them: `expected` says how.

class SpeciesObject extends Array {
  static get [Symbol.species]() { return Object; }
}

function withSpecies(species) {
  return Object.assign(['a'], { constructor: { [Symbol.species]: species } });
}

const eitherWay = 'a TypeError, or one argument for each element';

const abortingArgs = [
  // CHECK(arg->IsString())
  {
    name: 'an array with a hole',
    make: () => Object.assign(new Array(2), { 1: 'a' }),
    expected: eitherWay,
  },
  { name: 'an array of holes', make: () => new Array(3), expected: eitherWay },
  {
    name: 'a species with elements of its own',
    make: () => withSpecies(function Longer() { return new Array(5); }),
    expected: eitherWay,
  },
  // CHECK(args[0]->IsArray())
  { name: 'a species that is not an array', make: () => SpeciesObject.from(['a']), expected: eitherWay },
  {
    name: 'a species function that gives an object',
    make: () => withSpecies(function Odd() { return {}; }),
    expected: eitherWay,
  },
];

// CHECK_EQ(args.Length(), 1) in wasi[kSetMemory]().
const abortingSetMemory = [
  { name: 'no argument', args: () => [], expected: 'TypeError with ERR_INVALID_ARG_TYPE' },
  {
    name: 'two arguments, the first one no memory',
    args: () => [1, 2],
    expected: 'TypeError with ERR_INVALID_ARG_TYPE',
  },
];

module.exports = { abortingArgs, abortingSetMemory };
