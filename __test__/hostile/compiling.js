'use strict';

// Modules that are small, and a lot of work for a compiler.

const { EMPTY, array, f64, funcref, i32, i64, i8, op, struct, sub } = require('./support/code');
const { GIB, REFUSED, RESOLVED } = require('./support/limits');
const { functionsInTable, scatteredData } = require('./support/segments');
const { Module, bytes, kind, repeat, section, signed, unsigned, vector, withSize } = require('./support/wasm');

const wide = (width, type = i64) => Array(width).fill(type);

// Blocks from 1,000 numbers to 1,000 numbers.
function wideBlocks(width, count, opcode) {
  const module = new Module();
  const type = unsigned(module.type(wide(width), wide(width)));
  const block = { loop: [0x03, type, 0x0b], block: [0x02, type, 0x0b], if: [op.i32(0), 0x04, type, 0x05, 0x0b] }[opcode];
  return module.command([wide(width).map(() => op.i64(1)), repeat(count, block), repeat(width, op.drop)]).build();
}

function nestedWideLoops(width, depth) {
  const module = new Module();
  const type = unsigned(module.type(wide(width), wide(width)));
  const code = [repeat(depth, [0x03, type]), repeat(depth, [op.i32(1), op.brIf(0), 0x0b])];
  return module.command([wide(width).map(() => op.i64(1)), code, repeat(width, op.drop)]).build();
}

function wideCalls(width, count) {
  const module = new Module();
  const func = module.func(wide(width), wide(width), op.unreachable);
  return module.command([
    wide(width).map(() => op.i64(1)), repeat(count, op.call(func)), repeat(width, op.drop),
  ]).build();
}

function emptyFunctions(count) {
  const module = new Module();
  module.funcs(count, [], [], []);
  return module.command([]).build();
}

function fixedArrays(count, length) {
  const module = new Module();
  const type = module.add(section.type, array(i8));
  return module.command(repeat(count, [repeat(length, op.i32(1)), op.arrayNewFixed(type, length), op.drop])).build();
}

// A table of branches to every block around it.
function branchTable(targets, blocks) {
  const labels = Array.from({ length: targets }, (_, index) => index % blocks);
  const ends = repeat(blocks, [0x0b, op.i32(1), op.set(0)]);
  const code = [repeat(blocks, [0x02, EMPTY]), op.get(0), op.brTable(labels, 0), ends];
  return new Module().command(code, [[1, i32]]).build();
}

function manyBranchTables(count, targets, width) {
  const module = new Module();
  const type = unsigned(module.type([], wide(width)));
  const labels = Array(targets).fill(0);
  const values = wide(width).map(() => op.i64(1));
  const one = [0x02, type, values, op.i32(0), op.brTable(labels, 0), 0x0b, repeat(width, op.drop)];
  return module.command(repeat(count, one)).build();
}

function nestedBlocks(depth) {
  return new Module().command([repeat(depth, [0x02, EMPTY]), repeat(depth, [0x0b])]).build();
}

function nestedIfs(depth) {
  return new Module().command([repeat(depth, [op.get(0), 0x04, EMPTY]), repeat(depth, [0x0b])], [[1, i32]]).build();
}

function locals(functions, count) {
  const module = new Module();
  const last = count - 1;
  module.funcs(functions, [], [], [op.i32(1), op.set(last), op.get(last), op.drop], [[count, i32]]);
  return module.command([]).build();
}

// Each local is set in a branch of each block: a phi for each of them.
function localsAndBlocks(width, blocks) {
  const names = Array.from({ length: width }, (_, index) => index);
  const change = names.map((name) => [op.get(name), op.i32(1), op.add, op.set(name)]);
  const code = repeat(blocks, [op.get(0), op.if(change)]);
  return new Module().command([code], [[width, i32]]).build();
}

// Locals that a loop needs, and loops in each other.
function localsInLoops(width, depth) {
  const names = Array.from({ length: width }, (_, index) => index);
  const change = names.map((name) => [op.get(name), op.get((name + 1) % width), op.add, op.set(name)]);
  const code = [repeat(depth, [0x03, EMPTY]), change, repeat(depth, [op.get(0), op.brIf(0), 0x0b])];
  return new Module().command(code, [[width, i32]]).build();
}

function straightLine(size) {
  return new Module().command([op.i32(0), repeat(Math.floor(size / 3), [op.i32(1), op.add]), op.drop]).build();
}

// Everything is pushed before anything is added.
function deepExpression(depth) {
  return new Module().command([repeat(depth, op.get(0)), repeat(depth - 1, op.mul), op.drop], [[1, i32]]).build();
}

// Values that live across calls.
function callsWithLiveValues(values, calls) {
  const module = new Module();
  const func = module.func([i64], [i64], op.get(0));
  const names = Array.from({ length: values }, (_, index) => index);
  return module.command([
    names.map((name) => [op.i64(name), op.call(func), op.set(name)]),
    names.slice(0, calls).map((name) => [op.get(name), op.call(func), op.set((name * 7) % values)]),
    op.i64(0), names.map((name) => [op.get(name), op.add64]), op.call(func), op.drop,
  ], [[values, i64]]).build();
}

// Diamonds, while 1,000 values wait on the stack.
function diamonds(values, count) {
  const module = new Module();
  const func = module.func([], [i32], op.i32(1));
  const diamond = [op.call(func), op.if([op.i32(1), op.set(0), op.else, op.i32(2), op.set(0)])];
  return module.command([
    repeat(values, op.call(func)), repeat(count, diamond), repeat(values, [op.get(0), op.add]),
    repeat(values, op.drop),
  ], [[1, i32]]).build();
}

function selects(values, count) {
  const module = new Module();
  const func = module.func([], [i32], op.i32(1));
  return module.command([
    repeat(values, op.call(func)), repeat(count, [op.call(func), op.get(0), op.select]), repeat(values, op.drop),
  ], [[1, i32]]).build();
}

function tries(count, values) {
  const module = new Module();
  const tag = module.tag();
  const func = module.func([], [], op.throw(tag));
  const names = Array.from({ length: values }, (_, index) => index);
  return module.command([
    repeat(count, op.block(op.tryTable(0, op.call(func)))), names.map((name) => [op.get(name), op.drop]),
  ], [[Math.max(values, 1), i32]]).build();
}

// One handler after the other, all of them around one call.
function nestedTries(depth) {
  const module = new Module();
  const tag = module.tag();
  const func = module.func([], [], op.throw(tag));
  return module.command([
    repeat(depth, [0x02, EMPTY, 0x1f, EMPTY, 1, 2, 0]), repeat(100, op.call(func)), repeat(depth, [0x0b, 0x0b]),
  ]).build();
}

function vectors(count) {
  const constants = Array.from({ length: count }, (_, index) => {
    const value = Buffer.alloc(16);
    value.writeUInt32LE(index);
    return [0xfd, 12, value, op.drop];
  });
  return new Module().command(constants).build();
}

function deepTypes(count) {
  const module = new Module();
  module.add(section.type, sub([], struct(i32)));
  for (let index = 1; index < count; index += 1) module.add(section.type, sub([index - 1], struct(i32)));
  return module.command([]).build();
}

// One group of types that name each other.
function recursiveTypes(count) {
  const module = new Module();
  const types = Array.from({ length: count }, (_, index) =>
    struct([0x63, signed((index + 1) % count)], [0x63, signed(index)]));
  module.add(section.type, [0x4e, vector(types)]);
  const body = bytes([0, 0x0b]);
  module.add(section.type, [0x60, 0, 0]);
  module.add(section.function, unsigned(count));
  module.add(section.code, withSize(body));
  module.export('_start', kind.func, 0);
  return module.build();
}

// Types of functions, all of them different.
function types(count) {
  const module = new Module();
  const kinds = [i32, i64, f64, 0x7d];
  for (let index = 0; index < count; index += 1) {
    const parameters = Array.from({ length: 10 }, (_, place) => kinds[(index >> (2 * place)) & 3]);
    module.add(section.type, [0x60, vector(parameters), 0]);
  }
  const type = module.add(section.type, [0x60, 0, 0]);
  module.add(section.function, unsigned(type));
  module.add(section.code, withSize(bytes([0, 0x0b])));
  module.export('_start', kind.func, 0);
  return module.build();
}

function largeTypes(count, width) {
  const module = new Module();
  const item = [0x60, vector(wide(width)), vector(wide(width))];
  module.add(section.type, item, count);
  const last = module.add(section.type, [0x60, 0, 0]);
  module.add(section.function, unsigned(last));
  module.add(section.code, withSize(bytes([0, 0x0b])));
  module.export('_start', kind.func, 0);
  return module.build();
}

// A section that says it has four billion entries.
function lying(id) {
  const content = [id, 10, 255, 255, 255, 255, 15, 0, 0, 0, 0, 0];
  return Buffer.concat([Buffer.from('\0asm\x01\0\0\0', 'latin1'), Buffer.from(content)]);
}

function lyingBody() {
  return Buffer.from('0061736d010000000104016000000302010007050101610000' + '0affffffff0f01ffffffff0f', 'hex');
}

function memoryAccesses(count) {
  const module = new Module();
  module.memory(1);
  return module.command([repeat(count, [op.get(0), op.get(0), op.load(), op.store(4)])], [[1, i32]]).build();
}

function indirectCalls(count) {
  const module = new Module();
  module.table(1);
  const type = module.type();
  return module.command(repeat(count, [op.i32(0), op.callIndirect(type)])).build();
}

function casts(count) {
  const module = new Module();
  const type = module.add(section.type, sub([], struct(i32)));
  return module.command([repeat(count, [op.get(0), op.refCast(type), op.drop])], [[1, 0x6e]]).build();
}

function tableAccesses(count) {
  const module = new Module();
  module.table(10);
  return module.command([repeat(count, [op.i32(0), op.refNull(funcref), op.tableSet()])]).build();
}

const ASKED = { timeout: 2000, memoryLimit: GIB };
const allowed = [RESOLVED, ...REFUSED];

const modules = {
  '1,000 loops with 1,000 values': () => wideBlocks(1000, 1000, 'loop'),
  '1,000 blocks with 1,000 values': () => wideBlocks(1000, 1000, 'block'),
  '1,000 if blocks with 1,000 values': () => wideBlocks(1000, 1000, 'if'),
  '1,000 nested loops with 1,000 values': () => nestedWideLoops(1000, 1000),
  '5,000 calls with 1,000 values': () => wideCalls(1000, 5000),
  'a million empty functions': () => emptyFunctions(999_000),
  '20,000 array.new_fixed of 100 elements': () => fixedArrays(20_000, 100),
  '70 array.new_fixed of 10,000 elements': () => fixedArrays(70, 10_000),
  'br_table with 65,000 branches to 1,000 blocks': () => branchTable(65_000, 1000),
  'br_table with 65,000 branches to 60,000 blocks': () => branchTable(65_000, 60_000),
  'br_table with a million branches': () => branchTable(1_000_000, 10),
  '100 br_table instructions with 65,000 branches': () => manyBranchTables(100, 65_000, 1),
  '1,000 br_table instructions with 1,000 branches and 100 values': () => manyBranchTables(1000, 1000, 100),
  '100,000 nested blocks': () => nestedBlocks(100_000),
  '2 million nested blocks': () => nestedBlocks(2_000_000),
  '100,000 nested if blocks': () => nestedIfs(100_000),
  '20,000 functions with 50,000 locals': () => locals(20_000, 50_000),
  '900 locals changed in each of 900 branches': () => localsAndBlocks(900, 900),
  '5,000 locals in 1,000 nested loops': () => localsInLoops(5000, 1000),
  '7.6 MB of additions': () => straightLine(7_600_000),
  'a million operands, then a million multiplications': () => deepExpression(1_000_000),
  '10,000 values alive across 10,000 calls': () => callsWithLiveValues(10_000, 10_000),
  '20,000 if-else blocks while 1,000 values are on the stack': () => diamonds(1000, 20_000),
  '100,000 select instructions while 1,000 values are on the stack': () => selects(1000, 100_000),
  '50,000 exception handlers': () => tries(50_000, 0),
  '5,000 exception handlers while 5,000 locals are live': () => tries(5000, 5000),
  '2,000 nested exception handlers': () => nestedTries(2000),
  '300,000 constant vectors': () => vectors(300_000),
  'a chain of 60 subtypes': () => deepTypes(60),
  'a chain of 100,000 subtypes': () => deepTypes(100_000),
  'a recursion group of 100,000 types': () => recursiveTypes(100_000),
  '900,000 types': () => types(900_000),
  '10,000 function types with 1,000 parameters and results': () => largeTypes(10_000, 1000),
  '500,000 loads and stores': () => memoryAccesses(500_000),
  '300,000 calls through a table': () => indirectCalls(300_000),
  '300,000 casts': () => casts(300_000),
  '300,000 writes to a table': () => tableAccesses(300_000),
  'an element segment with 5 million functions': () => functionsInTable(5_000_000),
  'a byte of data in each page of 4 GiB': () => scatteredData(65_536),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13].map((id) =>
    [`section ${id} that claims four billion entries`, () => lying(id)])),
  'a function that claims a size of 4 GiB': lyingBody,
};

// One for each thing that can grow: the others are left to `npm run hostile`.
const REPRESENTATIVE = new Set([
  '1,000 loops with 1,000 values', '5,000 calls with 1,000 values', 'a million empty functions',
  '70 array.new_fixed of 10,000 elements', 'br_table with 65,000 branches to 1,000 blocks', '2 million nested blocks',
  '20,000 functions with 50,000 locals', '10,000 values alive across 10,000 calls', '2,000 nested exception handlers',
  'a recursion group of 100,000 types', 'an element segment with 5 million functions',
  'section 10 that claims four billion entries', 'a function that claims a size of 4 GiB',
]);

const LYING = /four billion|claims a size/;

const attack = ([name, module]) => ({
  name, ask: 'compile', module, options: ASKED, allowed: LYING.test(name) ? ['ERR_WASI_COMPILE'] : allowed,
  slow: !REPRESENTATIVE.has(name),
});

// Those that take longest, when nothing but a signal ends them, within run(), and several at once.
const worst = ['1,000 loops with 1,000 values', '5,000 calls with 1,000 values', 'a million empty functions'];

module.exports = {
  family: 'Compiling',
  attacks: [
    ...Object.entries(modules).map(attack),
    ...worst.map((name) => ({
      name: `${name}, aborted`, ask: 'compile', abortAfter: 500, module: modules[name], allowed: ['ABORT_ERR', ...allowed],
    })),
    ...worst.map((name) => ({
      name: `${name}, two at once`, ask: 'compile', copies: 2, module: modules[name], options: ASKED, allowed, slow: true,
    })),
    ...worst.map((name) => ({
      name: `${name}, by run()`, ask: 'both', module: modules[name], options: { compileTimeout: ASKED.timeout, compileMemoryLimit: ASKED.memoryLimit, fuel: 1n << 40n },
      allowed: [...allowed, 'ERR_WASI_TRAP'], slow: true,
    })),
    ...worst.map((name) => ({
      name: `${name}, without limits`, ask: 'compile', module: modules[name], abortAfter: 10_000,
      // Compiling may take 2 GiB by default.
      allowed: ['ABORT_ERR', ...allowed], memory: 2560 * 2 ** 20, slow: true,
    })),
  ],
};
