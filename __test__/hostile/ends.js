'use strict';

// Programs that reach their own end about when their time is over.

const { f64, forever, i32, i64, op } = require('./support/code');
const { LIMITED, MIB, RESOLVED, TIMEOUT, running } = require('./support/limits');
const { Module, kind, repeat, section, withSize, bytes } = require('./support/wasm');

const PAGES = 2048;

// A program that can tell the time, by function 0, and wait, by function 1.
function program(code) {
  const module = new Module();
  module.import('wasi_snapshot_preview1', 'clock_time_get', [i32, i64, i32], [i32]);
  module.import('wasi_snapshot_preview1', 'poll_oneoff', [i32, i32, i32, i32], [i32]);
  module.export('memory', kind.memory, module.memory(PAGES));
  return module.command(code, [[1, i64]]).build();
}

// The monotonic clock, in nanoseconds.
const time = [op.i32(1), op.i64(1), op.i32(64), op.call(0), op.drop, op.i32(64), op.load64()];
const computeUntil = (milliseconds) => [
  time, op.set(0), op.loop([time, op.get(0), op.sub64, op.i64(milliseconds * 1_000_000), op.lt64, op.brIf(0)]),
];
const sleep = (milliseconds) => [
  op.i32(16), op.i32(1), op.store(), op.i32(24), op.i64(milliseconds * 1_000_000), op.store64(),
  op.i32(0), op.i32(1000), op.i32(1), op.i32(2000), op.call(1), op.drop,
];
const fill = [op.i32(4096), op.i32(1), op.i32(120 * MIB), op.memoryFill()];

// Nothing but straight lines behind what comes first.
function leaf(first, calls) {
  const module = new Module();
  module.import('wasi_snapshot_preview1', 'clock_time_get', [i32, i64, i32], [i32]);
  module.export('memory', kind.memory, module.memory(1));
  const func = module.func([f64], [f64], [op.get(0), repeat(100_000, op.sqrt)]);
  return module.command([first, repeat(calls, [op.f64(2.5), op.call(func), op.drop])], [[1, i64]]).build();
}

function fromData() {
  const module = new Module();
  module.import('wasi_snapshot_preview1', 'clock_time_get', [i32, i64, i32], [i32]);
  module.export('memory', kind.memory, module.memory(PAGES));
  module.add(section.data, [1, withSize(bytes([Buffer.alloc(4 * MIB, 1)]))]);
  return module.command([
    computeUntil(97), repeat(100, [op.i32(0), op.i32(0), op.i32(4 * MIB), op.memoryInit(0)]),
  ], [[1, i64]]).build();
}

const either = { allowed: [TIMEOUT, RESOLVED] };

module.exports = {
  family: 'Ending close to the timeout',
  attacks: [
    ...[99, 100, 101].map((milliseconds) =>
      running(`computes for ${milliseconds} ms`, () => program(computeUntil(milliseconds)), either)),
    ...[99, 100, 101].map((milliseconds) =>
      running(`waits for ${milliseconds} ms`, () => program(sleep(milliseconds)), either)),
    running('computes for 110 ms', () => program(computeUntil(110))),
    running('waits for 110 ms', () => program(sleep(110))),
    running('computes for 97 ms, then one memory.fill', () => program([computeUntil(97), fill])),
    running('waits for 97 ms, then one memory.fill', () => program([sleep(97), fill])),
    running('computes for 97 ms, then memory.init of 400 MB', fromData),
    running('computes for 97 ms, then runs code without loops', () => leaf(computeUntil(97), 100)),
    running('proc_exit after a memory.fill that ends too late', () => {
      const module = new Module();
      module.import('wasi_snapshot_preview1', 'clock_time_get', [i32, i64, i32], [i32]);
      const exit = module.import('wasi_snapshot_preview1', 'proc_exit', [i32]);
      module.export('memory', kind.memory, module.memory(PAGES));
      return module.command([computeUntil(97), fill, op.i32(0), op.call(exit)], [[1, i64]]).build();
    }),
    running('a trap after a memory.fill that ends too late', () => program([computeUntil(97), fill, op.unreachable])),
    running('an endless loop', () => program(forever([])), { options: LIMITED }),
  ],
};
