'use strict';

// As much memory of the host as possible, and what tells of a program.

const { array, forever, funcref, i32, i64, i8, op } = require('./support/code');
const { LIMITED, MEMORY, MIB, NOT_COMPILED, RESOLVED, TIMEOUT, TRAP, running } = require('./support/limits');
const { Module, bytes, kind, section, unsigned } = require('./support/wasm');

// Memories and tables of which each alone keeps to the limit.
function many(kindOf, count, size) {
  const module = new Module();
  for (let index = 0; index < count; index += 1) module[kindOf](size);
  const touch = Array.from({ length: count }, (_, index) => (kindOf === 'memory'
    ? [op.i32(0), op.i32(1), op.i32(size * 65_536 - 1 | 0), op.memoryFill(index)]
    : [op.i32(0), op.refNull(funcref), op.i32(size), op.tableFill(index)]));
  return module.command(touch).build();
}

function grown(step) {
  const module = new Module();
  module.memory(0);
  return module.command(forever([op.i32(step), op.memoryGrow(), op.drop])).build();
}

function exportsOf(count, width) {
  const module = new Module();
  const types = Array(width).fill(i64);
  const func = module.func(types, types, op.unreachable);
  for (let index = 0; index < count; index += 1) module.export(`f${index}`, kind.func, func);
  return module.command([]).build();
}

function importsOf(count, width) {
  const module = new Module();
  const type = module.type(Array(width).fill(i64), Array(width).fill(i64));
  for (let index = 0; index < count; index += 1) module.importOf('env', `f${index}`, type);
  return module.command([]).build();
}

// Items of a section, all the same.
function items(id, item, count) {
  const module = new Module();
  if (id === section.data) module.memory(1);
  module.add(id, item, count);
  return module.command([]).build();
}

// The function that traps has a long name.
function named(size, code) {
  const module = new Module();
  const func = module.func([], [], code);
  module.command(op.call(func));
  const name = Buffer.alloc(size, '_ZN1aIS0_S1_E');
  const map = bytes([1, 0, unsigned(size), name]);
  module.custom('name', [1, unsigned(map.length), map]);
  return module.build();
}

function customs() {
  const module = new Module();
  for (let index = 0; index < 100_000; index += 1) module.custom('', Buffer.alloc(100));
  return module.command([]).build();
}

function recursion() {
  const module = new Module();
  const body = bytes([0, op.call(0), op.call(0), 0x0b]);
  module.add(section.function, unsigned(module.type()));
  module.add(section.code, [unsigned(body.length), body]);
  return module.command(op.call(0)).build();
}

function exportNames(count, size) {
  const module = new Module();
  const func = module.func([], [], []);
  for (let index = 0; index < count; index += 1) module.export(String(index).padEnd(size, 'n'), kind.func, func);
  return module.command([]).build();
}

const limited = { allowed: [MEMORY, TIMEOUT] };
const any = { allowed: [RESOLVED, TIMEOUT, MEMORY, 'ERR_WASI_LINK', ...NOT_COMPILED] };
const listing = (name, module) => ({ name, ask: 'exports', module, allowed: [RESOLVED, ...NOT_COMPILED] });

module.exports = {
  family: 'Memory of the host',
  attacks: [
    running('a memory of 4 GiB', () => many('memory', 1, 65_536), limited),
    running('16 memories of 128 MiB', () => many('memory', 16, 2048), limited),
    running('90 memories of 128 MiB', () => many('memory', 90, 2048), { allowed: [MEMORY, ...NOT_COMPILED] }),
    running('16 tables of 4 million elements', () => many('table', 16, 4_000_000), limited),
    running('a table of 10 million elements', () => many('table', 1, 10_000_000), { allowed: [RESOLVED, TIMEOUT] }),
    running('memory.grow to the limit', () => grown(16), limited),
    running('memory.grow in steps of 2 GiB', () => grown(32_768), limited),
    running('a heap of arrays', () => {
      const module = new Module();
      const type = module.add(section.type, array(i8));
      const outer = module.add(section.type, array([0x63, type]));
      return module.command([
        op.i32(100_000), op.arrayNewDefault(outer), op.set(0),
        op.loop([
          op.get(0), op.get(1), op.i32(1_000_000), op.arrayNewDefault(type), op.arraySet(outer),
          op.get(1), op.i32(1), op.add, op.set(1), op.br(0),
        ]),
      ], [[1, [0x63, outer]], [1, i32]]).build();
    }, { allowed: [MEMORY, TIMEOUT, TRAP] }),
    running('64 MiB of stack, then a trap', recursion, { options: { ...LIMITED, maxStack: 64 * MIB }, allowed: [TRAP, TIMEOUT] }),
    running('64 MiB of stack, then a trap, two at once', recursion, {
      options: { ...LIMITED, maxStack: 64 * MIB }, copies: 2, allowed: [TRAP, TIMEOUT],
    }),
    running('a name of 50 MB in a backtrace', () => named(50 * MIB, op.unreachable), {
      allowed: [TRAP, TIMEOUT, ...NOT_COMPILED],
    }),
    running('a million globals', () => items(section.global, [i64, 1, op.i64(7), 0x0b], 1_000_000), any),
    running('100,000 data segments', () => items(section.data, [1, 1, 0], 100_000), any),
    running('100,000 element segments', () => items(section.element, [1, 0, 0], 100_000), any),
    running('100,000 custom sections', customs, any),
    running('a million tags', () => {
      const module = new Module();
      module.type();
      module.add(section.tag, [0, 0], 1_000_000);
      return module.command([]).build();
    }, any),
    running('100 empty tables', () => items(section.table, [funcref, 0, 0], 100), any),
    listing('listing 45,000 exported functions with 10 parameters', () => exportsOf(45_000, 10)),
    listing('listing 45,000 imported functions with 10 parameters', () => importsOf(45_000, 10)),
    running('instantiating 45,000 exported functions', () => exportsOf(45_000, 10), { ...any, ask: 'instantiate' }),
    listing('listing 1,000 exports with names of 100 kB', () => exportNames(1000, 100_000)),
  ],
};
