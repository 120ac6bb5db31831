'use strict';

// For the tests of run(): what is seen of it in this process. Loading this gives the test file, and
// the processes that it starts, a cache of compiled code of their own.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after } = require('node:test');

const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-test-cache-'));
after(() => fs.rmSync(cache, { recursive: true, force: true }));
process.env.XDG_CACHE_HOME = cache;

// What a promise rejects with, which must be an Error with this code.
async function rejection(promise, code) {
  const error = await promise.then(() => assert.fail(`fulfilled, not ${code}`), (reason) => reason);
  assert.ok(error instanceof Error, `rejected with ${error}`);
  assert.equal(error.code, code, error.stack);
  return error;
}

// The same of a function.
function thrown(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing was thrown');
}

const threads = () => fs.readdirSync('/proc/self/task').length;
const descriptors = () => fs.readdirSync('/proc/self/fd').length;

// The warnings of the process from now on, until the test is over.
function collectWarnings(t) {
  const warnings = [];
  const collect = (warning) => warnings.push(warning);
  process.on('warning', collect);
  t.after(() => process.off('warning', collect));
  return warnings;
}

module.exports = { collectWarnings, descriptors, rejection, threads, thrown };
