'use strict';

// What is done before the first instruction of a function: constant expressions, segments, start functions.

const { array, arrayref, forever, i64, i8, op } = require('./support/code');
const { LIMITED, MEMORY, MIB, NOT_COMPILED, RESOLVED, TIMEOUT, TRAP, running } = require('./support/limits');
const { functionsInTable, scatteredData } = require('./support/segments');
const { Module, kind, repeat, section, unsigned, vector, withSize } = require('./support/wasm');

const MILLIONS = 15_000_000;
const made = [op.i32(7), op.i32(MILLIONS), op.arrayNew(0)];

// A module whose type 0 is an array of `element`.
function withArrays(element = i8) {
  const module = new Module();
  module.add(section.type, array(element));
  return module;
}

const empty = [op.i32(8), op.arrayNewDefault(0)];

const active = (expressions) => [
  // An active segment of table 0, at 0, of expressions of a type.
  6, 0, op.i32(0), 0x0b, arrayref, vector(expressions.map((code) => [code, 0x0b])),
];

function elementsThatAllocate(segments, each) {
  const module = withArrays();
  module.table(10_000, { type: arrayref });
  const item = active(Array(each).fill(made));
  module.add(section.element, item, segments);
  return module.command([]).build();
}

function passiveElements() {
  const module = withArrays();
  module.table(1000, { type: arrayref });
  const segment = module.elements(arrayref, Array(10).fill(made));
  const init = [op.i32(0), op.i32(0), op.i32(10), op.tableInit(segment)];
  return module.command(repeat(1000, init)).build();
}

function passiveElementsIntoArrays() {
  const module = withArrays();
  const outer = module.add(section.type, array(arrayref));
  const segment = module.elements(arrayref, Array(10).fill(made));
  return module.command(repeat(1000, [
    op.i32(0), op.i32(10), op.arrayNewElem(outer, segment), op.drop,
  ])).build();
}

function globals(count, init) {
  const module = withArrays();
  module.add(section.global, [arrayref, 0, init, 0x0b], count);
  return module.command([]).build();
}

// A constant that is added up.
function longExpressions() {
  const module = withArrays();
  module.add(section.global, [i64, 0, op.i64(1), repeat(500_000, [op.i64(3), op.add64]), 0x0b]);
  return module.command([]).build();
}

function tables(count, elements, init) {
  const module = withArrays();
  for (let index = 0; index < count; index += 1) module.table(elements, { type: arrayref, init });
  return module.command([]).build();
}

// A segment of one element, over and over.
function activeElements(count) {
  const module = new Module();
  module.table(10);
  const func = module.func([], [], []);
  module.add(section.element, [0, op.i32(0), 0x0b, 1, unsigned(func)], count);
  return module.command([]).build();
}

function activeData(count, size) {
  const module = new Module();
  module.memory(64);
  module.add(section.data, [0, op.i32(0), 0x0b, withSize(Buffer.alloc(size, 7))], count);
  return module.command([]).build();
}

function started(code) {
  const module = new Module();
  module.memory(2048);
  module.start(module.func([], [], code));
  return module.command([]).build();
}

function startedByImport() {
  const module = new Module();
  const look = module.import('wasi_snapshot_preview1', 'sched_yield', [], [0x7f]);
  module.export('memory', kind.memory, module.memory(1));
  module.start(module.func([], [], forever([op.call(look), op.drop])));
  return module.command([]).build();
}

const initialize = (code) => {
  const module = new Module();
  module.memory(2048);
  module.export('_initialize', kind.func, module.func([], [], code));
  return module.build();
};

const ending = { allowed: [TIMEOUT, MEMORY, TRAP] };
// What constant expressions make is known before: too much of it is refused.
const refused = { allowed: ['compile ERR_WASI_COMPILE'] };

module.exports = {
  family: 'Instantiation',
  attacks: [
    running('an element segment that creates 3,000 arrays of 15 million elements', () =>
      elementsThatAllocate(1, 3000), refused),
    running('3,000 element segments that each create an array of 15 million elements', () =>
      elementsThatAllocate(3000, 1), refused),
    running('an element segment that creates 3,000 arrays of 15 million elements, instantiated', () =>
      elementsThatAllocate(1, 3000), { ...refused, ask: 'instantiate' }),
    running('an element segment that creates 3,000 arrays of 15 million elements, two at once', () =>
      elementsThatAllocate(1, 3000), { ...refused, copies: 2 }),
    running('passive segments that create arrays, copied into a table', passiveElements, refused),
    running('passive segments that create arrays, copied into arrays', passiveElementsIntoArrays, refused),
    running('2,000 globals with arrays of 15 million elements', () => globals(2000, made), refused),
    running('2,000 globals with arrays of 2^32 - 1 elements', () => globals(2000, [
      op.i32(7), op.i32(-1), op.arrayNew(0),
    ]), refused),
    running('100,000 globals with empty arrays', () => globals(100_000, [op.i32(0), op.arrayNewDefault(0)]), {
      allowed: [TIMEOUT, MEMORY, RESOLVED, ...NOT_COMPILED],
    }),
    running('a constant expression with a million instructions', longExpressions, {
      allowed: [TIMEOUT, RESOLVED, ...NOT_COMPILED],
    }),
    running('a table of 10 million elements, initialized', () => tables(1, 10_000_000, empty), refused),
    running('100 tables of 160,000 elements, initialized', () => tables(100, 160_000, empty), {
      ...refused,
    }),
    running('90,000 element segments at the same place', () => activeElements(90_000), {
      allowed: [TIMEOUT, RESOLVED],
    }),
    running('90,000 data segments at the same place', () => activeData(90_000, 100), { allowed: [TIMEOUT, RESOLVED] }),
    running('data segments of 32 MB in total', () => activeData(8, 4_000_000), { allowed: [TIMEOUT, RESOLVED] }),
    running('a byte of data in each page of 512 MiB', () => scatteredData(8192), {
      options: { ...LIMITED, memoryLimit: 5120 * MIB }, memory: 5120 * MIB, allowed: [TIMEOUT, RESOLVED, ...NOT_COMPILED],
    }),
    running('an element segment with 5 million functions', () => functionsInTable(5_000_000), {
      // Compiling may take 2 GiB by default.
      memory: 2560 * MIB, allowed: [TIMEOUT, RESOLVED, ...NOT_COMPILED],
    }),
    running('a start function that never ends', () => started(forever([]))),
    running('a start function that fills memory', () => started(repeat(5000, [
      op.i32(0), op.i32(1), op.i32(128 * MIB), op.memoryFill(),
    ]))),
    running('a start function that calls the host', startedByImport),
    running('_initialize that never ends', () => initialize(forever([])), { ask: 'instantiate' }),
    running('_initialize that fills memory', () => initialize(repeat(5000, [
      op.i32(0), op.i32(1), op.i32(128 * MIB), op.memoryFill(),
    ])), { ask: 'instantiate' }),
    running('arrays of 100,000 elements, created in a loop', () => {
      const module = withArrays();
      return module.command(forever(repeat(100, [op.i32(100_000), op.arrayNewDefault(0), op.drop]))).build();
    }, ending),
  ],
};
