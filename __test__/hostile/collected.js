'use strict';

// Structs and arrays, which the host allocates, initializes and collects.

const {
  anyref, array, externref, forever, funcref, i31ref, i32, i64, i8, op, refNull, struct, sub, times,
} = require('./support/code');
const { LIMITED, MEMORY, RESOLVED, TIMEOUT, TRAP, running } = require('./support/limits');
const { Module, bytes, repeat, section, withSize } = require('./support/wasm');

const MILLIONS = 15_000_000;

const nulls = Array.from({ length: 100_000 }, () => op.refNull(funcref));

// A module with types of arrays, segments, and a command made of these.
function command(code, { count = 1, locals = [] } = {}) {
  const module = new Module();
  module.memory(1);
  const types = {
    bytes: module.add(section.type, array(i8)),
    numbers: module.add(section.type, array(i64)),
    references: module.add(section.type, array(anyref)),
    functions: module.add(section.type, array(funcref)),
  };
  types.node = module.add(section.type, struct(refNull(types.functions + 1), i32));
  types.null = op.refNull([types.node]);
  // Segments are there only where they are used.
  Object.defineProperty(types, 'data', { get: () => module.data(Buffer.alloc(4 * 2 ** 20, 7)) });
  Object.defineProperty(types, 'elements', { get: () => module.elements(funcref, nulls) });
  return module.command(repeat(count, code(types)), locals).build();
}

const allocating = { allowed: [TIMEOUT, MEMORY, TRAP] };
const local = (type) => [[1, refNull(type)]];

// A list of nodes in local 0.
const list = ({ node, null: none }, length) => [
  none, op.set(0), times(length, 1, [op.get(0), op.i32(1), op.structNew(node), op.set(0)]),
];

const NODE = 4;
const listLocals = [[1, refNull(NODE)], [2, i32]];

// Types each of which is one below the last, as deep as engines allow, and a chain of casts.
function casts(count) {
  const module = new Module();
  module.add(section.type, sub([], struct(i32)));
  for (let depth = 1; depth < 63; depth += 1) module.add(section.type, sub([depth - 1], struct(i32)));
  const cast = (depth) => [op.get(0), op.refCast(depth), op.drop, op.get(0), op.refTest(depth), op.drop];
  const all = Array.from({ length: 63 }, (_, depth) => cast(depth));
  const func = module.func([anyref], [], repeat(count, all));
  return module.command([forever([op.structNewDefault(62), op.call(func)])]).build();
}

// Deep calls, each of which holds a new object, while garbage is made at the bottom.
function deepReferences() {
  const module = new Module();
  const node = module.add(section.type, struct(i64, i64));
  const down = module.add(section.function, [module.type([i32], [])]);
  const garbage = times(1000_000, 2, [op.structNewDefault(node), op.drop]);
  const code = [op.structNewDefault(node), op.set(1), op.get(0), op.eqz, op.if(garbage),
    op.get(0), op.i32(1), op.sub, op.call(down), op.get(1), op.structGet(node, 0), op.drop];
  module.add(section.code, withSize(bytes([[2, 1, refNull(node), 1, i32], code, 0x0b])));
  return module.command([op.i32(5000), op.call(down)]).build();
}

const HUGE = 100_000_000;

function filled() {
  return command(({ bytes }) => [
    op.i32(HUGE), op.arrayNewDefault(bytes), op.set(0),
    repeat(500, [op.get(0), op.i32(0), op.i32(7), op.i32(HUGE), op.arrayFill(bytes)]),
  ], { locals: local(0) });
}

function copied(backward) {
  const [to, from] = backward ? [1, 0] : [0, 1];
  return command(({ bytes }) => [
    op.i32(HUGE), op.arrayNewDefault(bytes), op.set(0),
    repeat(500, [op.get(0), op.i32(to), op.get(0), op.i32(from), op.i32(HUGE / 2), op.arrayCopy(bytes, bytes)]),
  ], { locals: local(0) });
}

function copiedReferences() {
  const many = 10_000_000;
  return command(({ references }) => [
    op.i32(many), op.arrayNewDefault(references), op.set(0),
    repeat(500, [
      op.get(0), op.i32(0), op.get(0), op.i32(1), op.i32(many - 1), op.arrayCopy(references, references),
    ]),
  ], { locals: local(2) });
}

function initialized(what) {
  const [many, type, init] = what === 'data' ? [4 * 2 ** 20, 0, op.arrayInitData] : [100_000, 3, op.arrayInitElem];
  return command((types) => [
    op.i32(many), op.arrayNewDefault(type), op.set(0),
    repeat(1000, [op.get(0), op.i32(0), op.i32(0), op.i32(many), init(type, types[what])]),
  ], { locals: local(type) });
}

module.exports = {
  family: 'Structs and arrays',
  attacks: [
    running('array.new_default of 15 million elements, in a row', () => command(({ bytes }) => [
      op.i32(MILLIONS), op.arrayNewDefault(bytes), op.drop,
    ], { count: 1000 }), allocating),
    running('array.new of 15 million elements, in a row', () => command(({ bytes }) => [
      op.i32(7), op.i32(MILLIONS), op.arrayNew(bytes), op.drop,
    ], { count: 1000 }), allocating),
    running('array.new of 15 million references', () => command(({ references }) => [
      op.i32(7), op.refI31, op.i32(MILLIONS), op.arrayNew(references), op.drop,
    ], { count: 1000 }), allocating),
    running('array.new of 2^32 - 1 elements', () => command(({ numbers }) => [
      op.i64(7), op.i32(-1), op.arrayNew(numbers), op.drop,
    ], { count: 1000 }), allocating),
    running('array.new_data of 4 MiB, 3,000 times', () => command(({ bytes, data }) => [
      op.i32(0), op.i32(4 * 2 ** 20), op.arrayNewData(bytes, data), op.drop,
    ], { count: 3000 }), allocating),
    running('array.new_elem of 100,000 elements, 2,000 times', () => command(({ functions, elements }) => [
      op.i32(0), op.i32(100_000), op.arrayNewElem(functions, elements), op.drop,
    ], { count: 2000 }), allocating),
    running('array.new_fixed of 10,000 elements, in a loop', () => command(({ bytes }) => forever([
      repeat(10_000, op.i32(1)), op.arrayNewFixed(bytes, 10_000), op.drop,
    ])), allocating),
    running('array.fill of 100 million elements', filled, allocating),
    running('array.copy of 50 million bytes', () => copied(false), allocating),
    running('array.copy of 50 million bytes, backward', () => copied(true), allocating),
    running('array.copy of 10 million references', copiedReferences, allocating),
    running('array.init_data of 4 MiB, 1,000 times', () => initialized('data')),
    running('array.init_elem of 100,000 elements, 1,000 times', () => initialized('elements')),
    running('small structs, dropped immediately', () => command(({ node, null: none }) => forever([
      none, op.i32(1), op.structNew(node), op.drop,
    ])), allocating),
    running('small structs, kept', () => command((types) => list(types, -1), { locals: listLocals }), allocating),
    running('lists of a million structs, dropped repeatedly', () => command((types) =>
      forever(list(types, 1_000_000)), { locals: listLocals }), allocating),
    running('a list of 3 million structs, kept while garbage is created', () => command((types) => [
      list(types, 3_000_000), forever([types.null, op.i32(1), op.structNew(types.node), op.drop]),
    ], { locals: listLocals }), allocating),
    running('arrays of arrays', () => command(({ references }) => [
      op.i32(0), op.refI31, op.set(0),
      forever([op.get(0), op.i32(1000), op.arrayNew(references), op.set(0)]),
    ], { locals: [[1, anyref]] }), allocating),
    running('an array whose 15 million elements refer to another array', () => command(({ references }) => [
      op.i32(1), op.arrayNewDefault(references), op.set(0),
      forever([op.get(0), op.i32(MILLIONS), op.arrayNew(references), op.set(0)]),
    ], { locals: [[1, anyref]] }), allocating),
    running('garbage created below 5,000 frames that hold objects', deepReferences, allocating),
    running('casts through 63 levels of subtypes', () => casts(20)),
    running('references converted to host references', () => command(({ node, null: none }) => forever([
      none, op.i32(1), op.structNew(node), op.convertAny, op.set(0),
    ]), { locals: [[1, externref]] }), allocating),
    running('i31 references', () => command(() => forever([
      repeat(50_000, [op.i32(7), op.refI31, op.set(0)]),
    ]), { locals: [[1, i31ref]] })),
    running('table.fill with references to objects', () => {
      const module = new Module();
      const node = module.add(section.type, struct(i64));
      module.table(100_000, { type: anyref });
      return module.command(forever([
        op.i32(0), op.structNewDefault(node), op.i32(100_000), op.tableFill(),
      ])).build();
    }, allocating),
    running('64 MiB of garbage at a time, with fuel', () => command(({ bytes }) => forever([
      op.i32(2 ** 26), op.arrayNewDefault(bytes), op.drop,
    ])), { ...allocating, ask: 'both', options: { ...LIMITED, fuel: 1n << 60n } }),
    running('empty arrays', () => command(({ bytes }) => forever(repeat(10_000, [
      op.i32(0), op.arrayNewDefault(bytes), op.drop,
    ]))), allocating),
    running('a module that creates a heap and ends', () => command(({ bytes }) => [
      op.i32(10), op.arrayNewDefault(bytes), op.drop,
    ]), { allowed: [RESOLVED] }),
  ],
};
