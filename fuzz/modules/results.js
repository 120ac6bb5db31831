'use strict';

// The first oracle: a module computes on ours what it computes on V8.

const { compile } = require('../..');
const { isDeep, ofOurs, ofV8, same } = require('./traps');
const { argumentsFor, isCallable } = require('./values');

const OPTIONS = { maxStack: 16 * 2 ** 20, timeout: 20_000 };
// Every fourth module is compiled to count what it does.
const optionsOf = (seed) => (seed % 4 === 0 ? { ...OPTIONS, fuel: 2n ** 62n } : OPTIONS);
const ROUNDS = 3;

// Functions that the generator has added to tell the state.
const isObserver = ({ name }) => /^#(global|memory) /.test(name);

// Calls one function on both; gives what differs.
async function duel(v8, ours, { name }, args) {
  const expected = await ofV8(() => v8.exports[name](...args));
  const actual = await ofOurs(() => ours.exports[name](...args));
  if (isDeep(expected) || isDeep(actual)) return { deep: true };
  const end = expected.startsWith('gives') ? 'results' : expected.slice('traps: '.length);
  return same(expected, actual) ? { end } : { finding: `${JSON.stringify(name)}(${args}): V8 ${expected}, ours ${actual}` };
}

// Every function some times, then all that tells of the state.
function calls(program, seed) {
  const callable = program.exports.filter(isCallable);
  const functions = callable.filter((one) => !isObserver(one) && one.name !== '#fuel');
  const observers = callable.filter(isObserver);
  const rounds = Array.from({ length: ROUNDS }, (_, round) =>
    functions.map((one, index) => [one, argumentsFor(one.parameters, seed + 3 * round + index)]));
  return [...rounds.flat(), ...observers.map((one) => [one, []])];
}

async function compareCalls(v8, ours, program, seed) {
  let count = 0;
  const ends = {};
  for (const [one, args] of calls(program, seed)) {
    v8.exports['#fuel']();
    await ours.exports['#fuel']();
    const { finding, deep, end } = await duel(v8, ours, one, args);
    if (finding || deep) return { finding, deep, calls: count, ends };
    count += 1;
    ends[end] = (ends[end] ?? 0) + 1;
  }
  return { calls: count, ends };
}

async function results(bytes, seed) {
  if (bytes.length === 0) return { skipped: 'not generated' };
  if (!WebAssembly.validate(bytes)) return { skipped: 'not for this V8' };
  let program;
  try {
    program = await compile(bytes, { cache: false });
  } catch (error) {
    return { finding: `ours does not compile it: ${error.code} ${error.message}` };
  }
  const module = new WebAssembly.Module(bytes);
  let v8;
  let ours;
  const expected = await ofV8(() => { v8 = new WebAssembly.Instance(module); });
  const actual = await ofOurs(async () => { ours = await program.instantiate(optionsOf(seed)); });
  try {
    if (isDeep(expected) || isDeep(actual)) return { deep: true, calls: 0 };
    if (!same(expected, actual)) return { finding: `instantiating: V8 ${expected}, ours ${actual}` };
    return v8 && ours ? await compareCalls(v8, ours, program, seed) : { calls: 0, trapped: true };
  } finally {
    ours?.close();
  }
}

module.exports = { results };
