// The text of a module that calls one WASI function in a loop: every function under its own name,
// with two more parameters in front.
//
//   name(n, expect, ...parameters)   calls n times; gives -1 if each call gave the errno `expect`,
//                                    else the first other errno
//
// The parameters pass through unchanged, so the runner decides by itself what is measured, and
// nothing but the call and the count is in the loop.

import { signatures } from '../../__test__/fixtures/src/wat/generate-probe.mjs';

const PAGES = 64;
const MODULE = 'wasi_snapshot_preview1';

const memories = {
  loops: `(memory (export "memory") ${PAGES} 65536)`,
  'loops-shared': `(import "env" "memory" (memory $memory ${PAGES} 256 shared)) (export "memory" (memory $memory))`,
};

export const loopModules = Object.keys(memories);

const typesOf = (text) => text.split(' ').filter(Boolean).map((parameter) => parameter.split(':')[1] ?? 'i32');
const parametersOf = (types) => (types.length > 0 ? ` (param ${types.join(' ')})` : '');

const importOf = ([name, types]) =>
  `  (import "${MODULE}" "${name}" (func $${name}${parametersOf(types)} (result i32)))`;

function loopOf([name, types]) {
  const declared = types.map((type, index) => ` (param $p${index} ${type})`).join('');
  const passed = types.map((_, index) => ` (local.get $p${index})`).join('');
  return `  (func (export "${name}") (param $n i32) (param $expect i32)${declared} (result i32)
    (local $errno i32)
    (loop $again
      (local.set $errno (call $${name}${passed}))
      (if (i32.ne (local.get $errno) (local.get $expect)) (then (return (local.get $errno))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.const -1))`;
}

export function loopsWat(variant) {
  const functions = Object.entries(signatures)
    .filter(([name]) => name !== 'proc_exit')
    .map(([name, text]) => [name, typesOf(text)]);
  // Imports come before definitions; the shared memory is one.
  return [
    '(module',
    ...functions.map(importOf),
    `  ${memories[variant]}`,
    ...functions.map(loopOf),
    ')',
    '',
  ].join('\n');
}
