'use strict';

// Going on for ever, or very deep, by calls, branches and exceptions.

const { forever, i32, i64, op, times } = require('./support/code');
const { LIMITED, RESOLVED, TIMEOUT, TRAP, running } = require('./support/limits');
const { Module, bytes, kind, repeat, section, unsigned } = require('./support/wasm');

const DEEP = { ...LIMITED, maxStack: 64 * 2 ** 20 };

// A function that calls itself: `code` is given what calls it.
function recursive(module, parameters, results, code, locals = []) {
  const index = module.add(section.function, unsigned(module.type(parameters, results)));
  const groups = locals.map(([many, type]) => [unsigned(many), type]);
  const body = bytes([unsigned(groups.length), groups, code(index), 0x0b]);
  module.add(section.code, [unsigned(body.length), body]);
  return index;
}

// A command of one function that is called with `from`.
function recursion(code, { from = 1 << 30, prepare = () => {} } = {}) {
  const module = new Module();
  const prepared = prepare(module);
  const func = recursive(module, [i32], [], (self) => code(op.call(self), self, prepared));
  module.export('attack', kind.func, func);
  return module.command([op.i32(from), op.call(func)]).build();
}

const less = [op.get(0), op.i32(1), op.sub];

// Down until the stack is full, where the exception is thrown that the first one catches; again and again.
function thrownFromTheBottom(from, again) {
  const module = new Module();
  const tag = module.add(section.tag, [0, unsigned(module.type())]);
  const func = recursive(module, [i32], [], (self) => [
    op.get(0), op.eqz, op.if(op.throw(tag)), less, op.call(self),
  ]);
  const caught = op.block(op.tryTable(0, [op.i32(from), op.call(func)]));
  return module.command(again ? forever(caught) : repeat(2000, caught)).build();
}

// Every frame catches, and throws again.
function thrownByEveryFrame() {
  const module = new Module();
  const tag = module.add(section.tag, [0, unsigned(module.type())]);
  const func = recursive(module, [i32], [], (self) => [
    op.get(0), op.eqz, op.if(op.throw(tag)), op.block(op.tryTable(0, [less, op.call(self), op.return])), op.throw(tag),
  ]);
  return module.command(forever(op.block(op.tryTable(0, [op.i32(5000), op.call(func)])))).build();
}

function throwing(count) {
  const module = new Module();
  const tag = module.add(section.tag, [0, unsigned(module.type())]);
  const throws = module.func([], [], op.throw(tag));
  return module.command(repeat(count, op.block(op.tryTable(0, op.call(throws))))).build();
}

function tailCalls(code) {
  const module = new Module();
  const func = recursive(module, [i32], [], (self) => code(self, module));
  module.export('attack', kind.func, func);
  module.table(1);
  module.add(section.element, [0, op.i32(0), 0x0b, 1, unsigned(func)]);
  return module.command([op.i32(0), op.call(func)]).build();
}

// Functions that hand on to the next in turn.
function tailCallsInTurn(count) {
  const module = new Module();
  module.type();
  module.add(section.function, unsigned(module.type()), count);
  for (let index = 0; index < count; index += 1) {
    const body = bytes([0, op.returnCall((index + 1) % count), 0x0b]);
    module.add(section.code, [unsigned(body.length), body]);
  }
  return module.command(op.call(0)).build();
}

// Down to the bottom of the stack and back up, for ever.
function climbing() {
  const module = new Module();
  const func = recursive(module, [i32], [i32], (self) => [
    op.get(0), op.if([less, op.call(self), op.get(0), [0x6a], op.return]), op.i32(1),
  ]);
  return module.command(forever([op.i32(500_000), op.call(func), op.drop])).build();
}

function nestedLoops(depth) {
  let code = op.call(0);
  for (let level = 0; level < depth; level += 1) code = times(1000, level, code);
  const module = new Module();
  module.func([], [], []);
  return module.command(code, [[depth, i32]]).build();
}

// A loop whose parameters are 1,000 numbers, turned round each time.
function wideLoop(width) {
  const module = new Module();
  const types = Array(width).fill(i64);
  const type = module.type(types, []);
  const first = types.map((_, index) => op.i64(index));
  const places = types.map((_, index) => index);
  const turned = [places.map(op.set), places.map((place) => op.get((place * 7) % width)), op.br(0)];
  return module.command([first, op.loop(turned, unsigned(type))], [[width, i64]]).build();
}

function tables(width) {
  const module = new Module();
  const labels = Array.from({ length: width }, (_, label) => label % 10);
  let code = [op.get(0), op.i32(1), [0x6a], op.tee(0), op.i32(1023), [0x71], op.brTable(labels, 9)];
  for (let level = 0; level < 9; level += 1) code = op.block(code);
  // The outermost label is the loop's: all the others lead there, too.
  return module.command([op.loop([code, op.br(0)])], [[1, i32]]).build();
}

// Thrown with as many values as a function can take, each time anew.
function wideExceptions(width) {
  const module = new Module();
  const types = Array(width).fill(i64);
  const tag = module.tag(types);
  const type = module.type([], types);
  const thrown = [types.map((_, index) => op.i64(index)), op.throw(tag)];
  return module.command(forever([
    [0x02, unsigned(type), 0x1f, 0x40, 1, 0, unsigned(tag), 0, thrown, 0x0b, op.unreachable, 0x0b],
    types.map(() => op.drop),
  ])).build();
}

// Waits on shared memory of its own, where nobody wakes it.
function waiting() {
  const module = new Module();
  module.add(section.memory, [3, 1, 1]);
  return module.command([op.i32(0), op.i32(0), op.i64(-1), [0xfe, 1, 2, 0], op.drop]).build();
}

const traps = { allowed: [TRAP, TIMEOUT] };

module.exports = {
  family: 'Calls, branches and exceptions',
  attacks: [
    running('recursion with two calls per level, without end', () =>
      recursion((call) => [less, call, less, call]), traps),
    running('recursion with three calls per level, 30 levels', () => recursion((call) => [
      op.get(0), op.if([less, call, less, call, less, call]),
    ], { from: 30 })),
    running('recursion without end', () => recursion((call) => [less, call, op.get(0), op.set(0)]), traps),
    running('recursion without end, 64 MiB of stack', () => recursion((call) => [less, call, less, op.set(0)]), {
      options: DEEP, ...traps,
    }),
    running('recursion without end, of a function with a long name', () => {
      const module = new Module();
      const func = recursive(module, [i32], [], (self) => [less, op.call(self), less, op.set(0)]);
      module.command([op.i32(0), op.call(func)]);
      const long = Buffer.alloc(10_000_000, 'S_N1a');
      const names = [1, [unsigned(func), unsigned(long.length), long]];
      const map = bytes(names);
      module.custom('name', [1, unsigned(map.length), map]);
      return module.build();
    }, { options: DEEP, ...traps }),
    running('64 MiB of stack, filled and unwound repeatedly', climbing, { options: DEEP, ...traps }),
    running('exceptions thrown by the last of 10,000 calls, in a loop', () => thrownFromTheBottom(10_000, true), traps),
    running('exceptions thrown by the last of 10,000 calls, without a loop', () =>
      thrownFromTheBottom(10_000, false), traps),
    running('exceptions thrown by the last of a million calls, with 64 MiB of stack', () =>
      thrownFromTheBottom(1_000_000, true), { options: DEEP, ...traps }),
    running('exceptions that every frame catches and rethrows', thrownByEveryFrame, traps),
    running('5,000 exceptions in a row', () => throwing(5000), { allowed: [TIMEOUT, RESOLVED] }),
    running('exceptions in a loop', () => {
      const module = new Module();
      const tag = module.tag();
      return module.command(forever(op.block(op.tryTable(0, op.throw(tag))))).build();
    }),
    running('an uncaught exception', () => {
      const module = new Module();
      const tag = module.tag();
      return module.command(op.throw(tag)).build();
    }, { allowed: [TRAP, 'ERR_WASI_EXCEPTION', RESOLVED] }),
    running('a function that tail-calls itself', () => tailCalls((self) => [op.get(0), op.returnCall(self)])),
    running('tail calls through a table', () => tailCalls((self, module) => [
      op.get(0), op.i32(0), op.returnCallIndirect(module.type([i32])),
    ])),
    running('tail calls by reference', () => tailCalls((self, module) => [
      op.get(0), op.refFunc(self), op.returnCallRef(module.type([i32])),
    ])),
    running('5,000 functions that tail-call each other in turn', () => tailCallsInTurn(5000)),
    running('30 nested loops', () => nestedLoops(30)),
    running('a loop with 1,000 parameters', () => wideLoop(1000)),
    running('a loop through a br_table with 65,000 targets', () => tables(65_000)),
    running('exceptions with 1,000 values', () => wideExceptions(1000), { allowed: [TIMEOUT, 'ERR_WASI_MEMORY_LIMIT'] }),
    running('waiting on shared memory', waiting, {
      allowed: [TIMEOUT, TRAP, 'compile ERR_WASI_COMPILE', 'ERR_WASI_LINK', 'ERR_WASI_COMPILE'],
    }),
    running('a loop that branches back before its end', () => {
      const module = new Module();
      return module.command(op.loop([op.i32(1), op.brIf(0), repeat(1000, op.block([]))])).build();
    }),
    running('a loop around calls of an empty function', () => {
      const module = new Module();
      const empty = module.func([], [], []);
      return module.command(forever(repeat(50_000, op.call(empty)))).build();
    }),
  ],
};
