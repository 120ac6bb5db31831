'use strict';

// Instructions over ranges of memories and tables, straight after each other.

const { forever, funcref, op } = require('./support/code');
const { GIB, MEMORY, MIB, TIMEOUT, TRAP, WIDE, running } = require('./support/limits');
const { Module, repeat } = require('./support/wasm');

const PAGE = 65_536;

// `count` times the same code, in a module with that many pages.
function inMemory(pages, code, count = 1000) {
  const module = new Module();
  module.memory(pages);
  return module.command(repeat(count, code)).build();
}

// 4,000 times the same code, in a function that is called 4,000 times.
function calledInARow(pages, code) {
  const module = new Module();
  module.memory(pages);
  const func = module.func([], [], repeat(4000, code));
  return module.command(repeat(4000, op.call(func))).build();
}

const all = op.i32(-1); // 4 GiB less one byte
const fill = [op.i32(0), op.i32(1), all, op.memoryFill()];
const forward = [op.i32(0), op.i32(1), op.i32(-2), op.memoryCopy()];
const backward = [op.i32(1), op.i32(0), op.i32(-2), op.memoryCopy()];
const half = 128 * MIB;

// The operands come from memory, so that no compiler knows them.
const loaded = (address) => [op.i32(address), op.load()];

function unknownLengths() {
  const module = new Module();
  module.memory(2048);
  const code = [op.i32(0), op.i32(half - 16), op.store(), repeat(2000, [
    op.i32(16), op.i32(7), loaded(0), op.memoryFill(),
  ])];
  return module.command(code).build();
}

function fromData(size, count) {
  const module = new Module();
  module.memory(512);
  const data = module.data(Buffer.alloc(size, 7));
  return module.command(repeat(count, [op.i32(0), op.i32(0), op.i32(size), op.memoryInit(data)])).build();
}

function betweenMemories() {
  const module = new Module();
  module.memory(1024);
  module.memory(1024);
  const size = 64 * MIB;
  return module.command(repeat(2000, [
    op.i32(0), op.i32(0), op.i32(size), op.memoryCopy(0, 1), op.i32(0), op.i32(0), op.i32(size), op.memoryCopy(1, 0),
  ])).build();
}


function growing(step, max) {
  const module = new Module();
  module.memory(1, max);
  return module.command(forever([op.i32(step), op.memoryGrow(), op.drop])).build();
}

// Adds a page and touches it, for ever.
function touching() {
  const module = new Module();
  module.memory(1);
  return module.command([
    op.loop([op.i32(1), op.memoryGrow(), op.i32(PAGE), op.mul, op.i32(1), op.store(), op.br(0)]),
  ]).build();
}

const ELEMENTS = 10_000_000;

function withTable(code, { elements = ELEMENTS, count = 1000, calls = 1 } = {}) {
  const module = new Module();
  module.memory(1);
  module.table(elements);
  const segment = module.elements(funcref, Array.from({ length: 50_000 }, () => op.refNull(funcref)));
  const func = module.func([], [], repeat(count / 10, code(segment)));
  return module.command(repeat(10 * calls, op.call(func))).build();
}

function growingTable(step) {
  const module = new Module();
  module.table(1);
  return module.command(forever([op.refNull(funcref), op.i32(step), op.tableGrow(), op.drop])).build();
}

// A memory of 64 bits that is larger than what is kept free for it must be moved when it grows.
function moving() {
  const module = new Module();
  module.memory64(1);
  const grow = [op.i64(1024), op.memoryGrow(), op.i64(PAGE), [0x7e], op.i64(1), op.store64()];
  return module.command(forever(grow)).build();
}

function everyPageOf64Bits() {
  const module = new Module();
  module.memory64(65_536 + 1024);
  return module.command(repeat(100, [
    op.i64(0), op.i32(1), op.i64(4 * GIB + MIB), op.memoryFill(),
  ])).build();
}

const large = { options: WIDE, memory: 7 * GIB };

module.exports = {
  family: 'Bulk instructions',
  attacks: [
    running('memory.fill of 4 GiB', () => inMemory(65_536, fill), large),
    running('memory.copy of 4 GiB, forward', () => inMemory(65_536, forward), large),
    running('memory.copy of 4 GiB, backward', () => inMemory(65_536, backward), large),
    running('memory.fill of 4 GiB with 64-bit addresses', everyPageOf64Bits, large),
    running('memory.fill of 128 MiB, with lengths read from memory', unknownLengths),
    running('memory.fill of 64 KiB, 16 million times', () => calledInARow(1, [
      op.i32(0), op.i32(1), op.i32(PAGE), op.memoryFill(),
    ])),
    running('memory.copy of 4,000 bytes, 16 million times', () => calledInARow(1, [
      op.i32(0), op.i32(100), op.i32(4000), op.memoryCopy(),
    ])),
    running('memory.copy between memories', betweenMemories),
    running('memory.init of 1 MB', () => fromData(1_000_000, 5000)),
    running('memory.grow by one page', () => growing(1), { allowed: [MEMORY, TIMEOUT] }),
    running('memory.grow by one page up to the maximum', () => growing(1, 1000)),
    running('memory.grow by 0 pages', () => growing(0)),
    running('memory.grow by one page, each page touched', () => touching(), { allowed: [MEMORY, TIMEOUT] }),
    running('memory.grow by one page, each page touched, up to 4 GiB', () => touching(), {
      ...large, allowed: [MEMORY, TIMEOUT, TRAP],
    }),
    running('memory.grow with 64-bit addresses beyond 4 GiB', moving, {
      options: { ...WIDE, memoryLimit: 6 * GIB }, memory: 7 * GIB, allowed: [MEMORY, TIMEOUT, TRAP],
    }),
    running('table.fill of 10 million elements', () => withTable(() => [
      op.i32(0), op.refNull(funcref), op.i32(ELEMENTS), op.tableFill(),
    ])),
    running('table.copy of 10 million elements, forward', () => withTable(() => [
      op.i32(0), op.i32(1), op.i32(ELEMENTS - 1), op.tableCopy(),
    ])),
    running('table.copy of 10 million elements, backward', () => withTable(() => [
      op.i32(1), op.i32(0), op.i32(ELEMENTS - 1), op.tableCopy(),
    ])),
    running('table.init of 50,000 elements', () => withTable((segment) => [
      op.i32(0), op.i32(0), op.i32(50_000), op.tableInit(segment),
    ], { calls: 100 })),
    running('table.grow by one element', () => growingTable(1), { allowed: [MEMORY, TIMEOUT] }),
    running('table.grow by a million elements', () => growingTable(1_000_000), { allowed: [MEMORY, TIMEOUT] }),
    running('table.grow by 0 elements', () => growingTable(0)),
  ],
};
