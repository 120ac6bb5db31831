'use strict';

// Modules in the text format.

const { GIB, REFUSED, RESOLVED } = require('./support/limits');

const wrapped = (content) => Buffer.from(`(module ${content})`);
const start = (code) => wrapped(`(func (export "_start") ${code})`);
const nested = (open, depth, inner = '') => open.repeat(depth) + inner + ')'.repeat(depth);

// Functions each of which calls another by its name.
const named = (count) =>
  Array.from({ length: count }, (_, index) => `(func $n${index} (call $n${(index * 7) % count}))`).join('');

const modules = {
  'a million parentheses': () => Buffer.from(nested('(', 1_000_000)),
  'a million parentheses in an annotation': () => wrapped(`(@a ${nested('(', 1_000_000)})`),
  'a million nested comments': () => wrapped('(;'.repeat(1_000_000) + ';)'.repeat(1_000_000)),
  '100,000 nested blocks': () => start(nested('(block ', 100_000)),
  'a million nested blocks': () => start(nested('(block ', 1_000_000)),
  'a million nested additions': () => start(`(drop ${nested('(i32.add (i32.const 1) ', 1_000_000, '(i32.const 1)')})`),
  '100 MB of spaces': () => wrapped(' '.repeat(100_000_000)),
  'a string of 100 MB': () => wrapped(`(memory 1) (data (i32.const 0) "${'a'.repeat(100_000_000)}")`),
  '100 MB of empty functions': () => wrapped('(func)'.repeat(16_000_000)),
  'a name of 50 MB': () => wrapped(`(func $${'n'.repeat(50_000_000)}) (func (export "_start"))`),
  '300,000 names': () => wrapped(named(300_000)),
  'an unterminated string': () => Buffer.from(`(module (data "${'\\00'.repeat(10_000_000)}`),
  'a number of 10 million digits': () => start(`(drop (i32.const ${'1'.repeat(10_000_000)}))`),
  'a float of 10 million digits': () => start(`(drop (f64.const 0.${'1'.repeat(10_000_000)}))`),
  'bytes that are not valid text': () => Buffer.concat([Buffer.from('(module '), Buffer.alloc(10_000_000, 0xff)]),
  'a binary module in the text format': () => Buffer.from(`(module binary ${'"\\00asm\\01\\00\\00\\00" '.repeat(1_000_000)})`),
};

const REPRESENTATIVE = new Set(['a million nested blocks', '300,000 names', 'an unterminated string']);

const attack = ([name, source]) => ({
  name, ask: 'compile', module: source, options: { timeout: 2000, memoryLimit: GIB }, allowed: [RESOLVED, ...REFUSED],
  slow: !REPRESENTATIVE.has(name),
});

module.exports = { family: 'Text format', attacks: Object.entries(modules).map(attack) };
