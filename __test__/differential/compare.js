'use strict';

// Runs one scenario against node:wasi and against wasi-rs in this process and
// asserts that nothing observable differs, apart from what intended.js lists.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { describe } = require('./describe');
const { lifecycleReference, symbolsOf } = require('./reference');

// intended.experimentalWarning: keep node:wasi's warning out of the output.
function requireSilently(id) {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return require(id);
  } finally {
    process.emitWarning = emitWarning;
  }
}

const node = requireSilently('node:wasi');
const ours = require('../..');
const newerNode = { WASI: lifecycleReference(node.WASI) };

const traps = [
  'apply', 'construct', 'defineProperty', 'deleteProperty', 'get',
  'getOwnPropertyDescriptor', 'getPrototypeOf', 'has', 'isExtensible', 'ownKeys',
  'preventExtensions', 'set', 'setPrototypeOf',
];

// A Proxy that notes every operation on its target in the log.
function spyOn(log, label, target) {
  const note = (trap) => (...args) => {
    const key = typeof args[1] === 'string' || typeof args[1] === 'symbol' ? String(args[1]) : '';
    log.push(`${label}.${trap}(${key})`);
    return Reflect[trap](...args);
  };
  return new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, note(trap)])));
}

// An object whose getters give one scripted value per read, the last one ever
// after, and note the read.
function scripted(log, script) {
  const object = {};
  for (const [key, values] of Object.entries(script)) {
    let reads = 0;
    const get = () => {
      log.push(`read ${key}`);
      return values[Math.min(reads++, values.length - 1)];
    };
    Object.defineProperty(object, key, { get, enumerable: true, configurable: true });
  }
  return object;
}

function context({ WASI }) {
  const log = [];
  return {
    WASI,
    log,
    symbolsOf,
    create: (options) => new WASI({ version: 'preview1', ...options }),
    spy: (label, target) => spyOn(log, label, target),
    scripted: (script) => scripted(log, script),
    // A step of a sequence, so that later steps run whatever this one did.
    attempt: (label, action) => log.push([label, outcome(WASI, action)]),
  };
}

function outcome(WASI, action) {
  let value;
  try {
    value = action();
  } catch (thrown) {
    return { thrown: describe(thrown, WASI) };
  }
  return { returned: describe(value, WASI) };
}

// intended.additions, intended.mistakenOptions
function isAddition(entry) {
  return typeof entry === 'string' && /(\.get\((maxFiles|share|path)\)|^options\.ownKeys\(\)|^read (maxFiles|share))$/.test(entry);
}

function observe(implementation, scenario) {
  const ctx = context(implementation);
  const result = outcome(ctx.WASI, () => scenario(ctx));
  return { ...result, log: ctx.log.filter((entry) => !isAddition(entry)) };
}

function assertSame(scenario, reference = node) {
  assert.deepStrictEqual(observe(ours, scenario), observe(reference, scenario));
}

function register(reference) {
  return (name, scenario) => test(name, () => assertSame(scenario, reference));
}

module.exports = {
  node,
  ours,
  observe,
  outcome,
  // Compares with node:wasi as it is.
  same: register(node),
  // Compares with node:wasi under the life cycle of newer Nodes.
  sameLifecycle: register(newerNode),
};
