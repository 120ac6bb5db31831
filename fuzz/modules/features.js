'use strict';

// Which proposals V8 has here, of those that modules are generated with.

const { i32, op } = require('../../__test__/hostile/support/code');
const { Module, section } = require('../../__test__/hostile/support/wasm');

const examples = {
  simd: (module) => module.command([0xfd, 12, Buffer.alloc(16), op.drop]),
  'tail-calls': (module) => module.command(op.returnCall(0)),
  'extended-const': (module) => module.global(i32, [op.i32(1), op.i32(2), op.add]),
  'multi-memory': (module) => [module.memory(1), module.memory(1)],
  memory64: (module) => module.memory64(1),
  gc: (module) => module.add(section.type, [0x50, 0, 0x5f, 0]),
  exceptions: (module) => module.command([0x1f, 0x40, 0, 0x0b]),
};

function supported(name) {
  const module = new Module();
  examples[name](module);
  return WebAssembly.validate(module.build());
}

const all = Object.keys(examples);

module.exports = { all, ofV8: () => all.filter(supported) };
