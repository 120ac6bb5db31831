'use strict';

// Programs with imports for the tests of run(), as text, and instances of them.

const { compile } = require('../..');

const module_ = (...parts) => Buffer.from(`(module ${parts.join('\n')})`);

// Compiled anew each time, and closed with the test.
async function open(t, source, options) {
  const program = await compile(source, { cache: false });
  const instance = await program.instantiate(options);
  t.after(() => instance.close());
  return instance;
}

// Functions without parameters and results, by name: each is exported as `call NAME` and calls the import
// `env.NAME`.
const callers = (...names) => [
  ...names.map((name) => `(import "env" "${name}" (func $${name}))`),
  ...names.map((name) => `(func (export "call ${name}") (call $${name}))`),
].join('\n');

// Waits until a guest computes, on another thread: until `access` to it is refused.
async function untilBusy(access) {
  for (;;) {
    await new Promise(setImmediate);
    try {
      access();
    } catch {
      return;
    }
  }
}

module.exports = { callers, module: module_, open, untilBusy };
