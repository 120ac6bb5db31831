'use strict';

// Modules with large segments: work for compilers, and when they are instantiated.

const { op } = require('./code');
const { Module, repeat, section, unsigned } = require('./wasm');

// A byte of data in each page of 4 GiB.
function scatteredData(count) {
  const module = new Module();
  module.memory(65_536);
  for (let index = 0; index < count; index += 1) {
    module.add(section.data, [0, op.i32((index * 65_536) | 0), 0x0b, 1, 7]);
  }
  return module.command([]).build();
}

// As many references to functions as a segment can have.
function functionsInTable(count) {
  const module = new Module();
  module.table(count);
  const func = module.func([], [], []);
  module.add(section.element, [0, op.i32(0), 0x0b, unsigned(count), repeat(count, unsigned(func))]);
  return module.command([]).build();
}

module.exports = { functionsInTable, scatteredData };
