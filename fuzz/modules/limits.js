'use strict';

// The second oracle: no module outlasts its timeout.

const { compile } = require('../..');
const { argumentsFor, isCallable } = require('./values');

const TIMEOUT = 100;
const OPTIONS = { timeout: TIMEOUT, memoryLimit: 256 * 2 ** 20 };
// How late may be on a machine with other things to do.
const LATE = 900;
const FUNCTIONS = 6;

async function timed(act) {
  const started = performance.now();
  const outcome = await act().then((value) => ({ value, code: 'resolved' }), ({ code }) => ({ code }));
  return { ...outcome, late: performance.now() - started - TIMEOUT };
}

function judge(what, { code, late }) {
  return late > LATE ? `${what} ended with ${code}, ${Math.round(late)} ms after its time` : undefined;
}

async function callAll(instance, program, seed, record) {
  // Those that the generator has added come last.
  const functions = program.exports.filter(isCallable).slice(-FUNCTIONS);
  for (const [index, { name, parameters }] of functions.entries()) {
    const args = argumentsFor(parameters, seed + index);
    record(`${JSON.stringify(name)}(${args})`, await timed(() => instance.exports[name](...args)));
  }
}

async function once(bytes, seed) {
  if (bytes.length === 0) return { skipped: 'not generated' };
  let program;
  try {
    program = await compile(bytes, { cache: false, timeout: 10_000, memoryLimit: 2 ** 30 });
  } catch (error) {
    return { skipped: `not compiled: ${error.code}`, detail: error.message };
  }
  const ends = {};
  const result = { calls: 0, latest: -TIMEOUT, ends };
  const record = (what, end) => {
    result.calls += 1;
    result.latest = Math.max(result.latest, end.late);
    ends[end.code] = (ends[end.code] ?? 0) + 1;
    result.finding ??= judge(what, end);
  };
  const made = await timed(() => program.instantiate(OPTIONS));
  record('instantiating', made);
  if (made.value) await callAll(made.value, program, seed, record);
  made.value?.close();
  return result;
}

// What is late once may have been kept waiting by something else.
async function limits(bytes, seed) {
  const result = await once(bytes, seed);
  return result.finding ? once(bytes, seed) : result;
}

module.exports = { limits };
