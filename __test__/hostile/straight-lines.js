'use strict';

// Work without a loop, as much as fits into a small module, called again and again.

const { f64, forever, i32, i64, op, v128 } = require('./support/code');
const { LIMITED, RESOLVED, TIMEOUT, TRAP, running } = require('./support/limits');
const { Module, bytes, kind, repeat, section, unsigned } = require('./support/wasm');

const PAGES = 4096;

// Functions of straight lines: parameters, results, code, locals.
const leaves = {
  'square roots': [[f64], [f64], [op.get(0), repeat(50_000, op.sqrt)]],
  'divisions of integers': [[i64], [i64], [op.get(0), repeat(30_000, [op.get(0), op.divS64])]],
  'divisions of floats': [[f64], [f64], [op.get(0), repeat(30_000, [op.get(0), op.divF64])]],
  'square roots of vectors': [[f64], [], [
    op.get(0), op.splatF64, repeat(20_000, op.sqrtV128), op.set(1), op.i32(0), op.get(1), [0xfd, 11, 4, 0],
  ], [[1, v128]]],
  'dependent loads': [[i32], [i32], [op.get(0), repeat(30_000, op.load(64))]],
  'loads from every page': [[i32], [], pages((offset) => [op.get(0), op.load(offset), op.drop])],
  'stores to every page': [[i32], [], pages((offset) => [op.get(0), op.i32(1), op.store(offset)])],
  'stores to one address': [[i32], [], repeat(20_000, [op.get(0), op.get(0), op.store(8)])],
  'memory.size': [[], [i32], [op.i32(0), repeat(30_000, [op.memorySize(), op.add])]],
  'reads and writes of a global': [[], [], repeat(20_000, [op.globalGet(0), op.i32(3), op.mul, op.globalSet(0)])],
  'reads and writes of a table': [[], [], repeat(10_000, [op.i32(0), op.i32(0), op.tableGet(), op.tableSet()])],
  'memory.grow by 0 pages': [[], [], repeat(10_000, [op.i32(0), op.memoryGrow(), op.drop])],
};

// Every page of 16 MiB, in an order that no prefetching guesses.
function pages(access) {
  const offsets = Array.from({ length: PAGES }, (_, index) => ((index * 1447) % PAGES) * 4096);
  return Buffer.concat(offsets.map((offset) => bytes(access(offset))));
}

const argument = { [i32]: op.i32(0), [i64]: op.i64(7), [f64]: op.f64(2.5) };

// A module with the leaf as function 0, and what it may use.
function withLeaf([parameters, results, code, locals]) {
  const module = new Module();
  module.memory(1024);
  module.table(10);
  module.global(i32, op.i32(1));
  const leaf = module.func(parameters, results, code, locals);
  const call = [parameters.map((type) => argument[type]), op.call(leaf), results.map(() => op.drop)];
  return { module, leaf, call };
}

function inARow(shape, calls) {
  const { module, call } = withLeaf(shape);
  return module.command(repeat(calls, call)).build();
}

// Functions of two calls each of the one before: 2^depth calls.
function doubling(shape, depth) {
  const { module, call } = withLeaf(shape);
  let twice = [call, call];
  for (let level = 0; level < depth; level += 1) {
    const func = op.call(module.func([], [], twice));
    twice = [func, func];
  }
  return module.command(twice).build();
}

const roots = leaves['square roots'];

// Ways to call the leaf other than by `call`.
const callers = {
  'through a table': (module, leaf) => {
    module.export('leaf', kind.func, leaf);
    module.add(section.element, [0, op.i32(0), 0x0b, 1, unsigned(leaf)]);
    return [op.f64(2.5), op.i32(0), op.callIndirect(module.type([f64], [f64])), op.drop];
  },
  'by reference': (module, leaf) => {
    module.export('leaf', kind.func, leaf);
    return [op.f64(2.5), op.refFunc(leaf), op.callRef(module.type([f64], [f64])), op.drop];
  },
  'by tail calls': (module, leaf) => {
    const tail = module.func([f64], [f64], [op.get(0), op.returnCall(leaf)]);
    return [op.f64(2.5), op.call(tail), op.drop];
  },
  'by tail calls through a table': (module, leaf) => {
    module.export('leaf', kind.func, leaf);
    module.add(section.element, [0, op.i32(0), 0x0b, 1, unsigned(leaf)]);
    const type = module.type([f64], [f64]);
    const tail = module.func([f64], [f64], [op.get(0), op.i32(0), op.returnCallIndirect(type)]);
    return [op.f64(2.5), op.call(tail), op.drop];
  },
};

function calledBy(caller) {
  const { module, leaf } = withLeaf(roots);
  return module.command(repeat(3000, caller(module, leaf))).build();
}

// Functions with `many` parameters and as many results, called one after the other.
function manyValues(many, calls) {
  const module = new Module();
  const types = Array(many).fill(i64);
  const func = module.func(types, types, types.map((_, index) => op.get(many - 1 - index)));
  const first = types.map((_, index) => op.i64(index));
  const again = module.func(types, types, [types.map((_, index) => op.get(index)), repeat(calls, op.call(func))]);
  return module.command([forever([first, op.call(again), repeat(many, op.drop)])]).build();
}

function manyLocals() {
  const module = new Module();
  const func = module.func([i32], [i32], [
    op.get(0), repeat(100, [op.tee(40_000), op.tee(100), op.get(49_000), op.add]),
  ], [[49_999, i32]]);
  let twice = repeat(2, [op.i32(1), op.call(func), op.drop]);
  for (let level = 0; level < 30; level += 1) {
    twice = repeat(2, op.call(module.func([], [], twice)));
  }
  return module.command(twice).build();
}

// All calls of one block after the other, where only the last is needed to go on.
function branching() {
  const { module, call } = withLeaf(roots);
  const cases = Array.from({ length: 1000 }, (_, label) => label);
  const blocks = cases.reduce((code) => op.block([code, call]), op.block([op.get(0), op.brTable(cases, 0)]));
  return module.command(repeat(10, blocks), [[1, i32]]).build();
}

// Only once the guest has gone all the way down is there work to do.
function workOnReturn() {
  const module = new Module();
  const down = module.add(section.function, unsigned(module.type([i32], [f64])));
  const code = [op.get(0), op.if([op.get(0), op.i32(1), op.sub, op.call(down), op.set(1)]), op.get(1),
    op.get(0), [0xb7], repeat(50_000, op.sqrt), [0xa0]];
  const body = bytes([[1, 1, f64], code, 0x0b]);
  module.add(section.code, [unsigned(body.length), body]);
  module.export('attack', kind.func, module.func([], [], [op.i32(10_000), op.call(down), op.drop]));
  return module.command([op.i32(10_000), op.call(down), op.drop]).build();
}

// Compilers make next to nothing of these.
const QUICK = new Set([
  'memory.size', 'stores to one address', 'reads and writes of a global', 'reads and writes of a table',
  'memory.grow by 0 pages',
]);
const either = { allowed: [TIMEOUT, RESOLVED] };

module.exports = {
  family: 'Straight-line code',
  attacks: [
    ...Object.entries(leaves).map(([name, shape]) =>
      running(`${name}, called 40,000 times in a row`, () => inARow(shape, 40_000), QUICK.has(name) ? either : {})),
    ...Object.entries(leaves).map(([name, shape]) =>
      running(`${name}, called 2^40 times`, () => doubling(shape, 40), { slow: name !== 'square roots' })),
    ...Object.entries(callers).map(([name, caller]) =>
      running(`square roots, called ${name}`, () => calledBy(caller))),
    running('square roots, called 40,000 times in a row, two at once', () => inARow(roots, 40_000), { copies: 2 }),
    running('square roots in a start function', () => {
      const { module, call } = withLeaf(roots);
      module.start(module.func([], [], repeat(10_000, call)));
      return module.command([]).build();
    }),
    running('square roots, called while fuel is counted', () => doubling(roots, 40), {
      ask: 'both', options: { ...LIMITED, fuel: 1n << 60n },
    }),
    {
      name: 'square roots, and the instance is closed',
      ask: 'close',
      closeAfter: 50,
      module: () => {
        const { module, call } = withLeaf(roots);
        module.export('attack', kind.func, module.func([], [], repeat(10_000, call)));
        return module.build();
      },
      allowed: ['ERR_WASI_CLOSED'],
    },
    {
      name: 'square roots, aborted',
      ask: 'run',
      abortAfter: 100,
      module: () => inARow(roots, 40_000),
      allowed: ['ABORT_ERR'],
    },
    running('1,000 parameters and results', () => manyValues(1000, 50)),
    running('50,000 locals', manyLocals, { allowed: [TIMEOUT, TRAP] }),
    running('br_table with 1,000 targets', branching),
    running('work while 10,000 calls return', workOnReturn, { allowed: [TIMEOUT, TRAP] }),
    running('work while 10,000 calls return, with 64 MiB of stack', workOnReturn, {
      options: { ...LIMITED, maxStack: 64 * 2 ** 20 },
    }),
  ],
};
