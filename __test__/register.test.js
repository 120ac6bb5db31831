'use strict';

// The hook wasi-rs/register: each way of having it, each way of asking for the class, everywhere.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { node, program } = require('./register/project');

const cjs = program('everywhere.js');
const esm = program('everywhere.mjs');
// Flags that a Worker can't be given.
const ofProcess = ['--expose-gc', '--title', 'test'];

const hooked = {
  '-r': [['-r', 'wasi-rs/register', cjs]],
  '--import': [['--import', 'wasi-rs/register', esm]],
  '-r in NODE_OPTIONS': [[esm], { NODE_OPTIONS: '-r wasi-rs/register' }],
  '--import in NODE_OPTIONS': [[cjs], { NODE_OPTIONS: '--max-old-space-size=512 --import wasi-rs/register' }],
  'require() in the program': [[program('hook-by-require.js')]],
  'import in the program': [[program('hook-by-import.mjs')]],
  'all of them': [
    ['-r', 'wasi-rs/register', '--import', 'wasi-rs/register', program('hook-by-import.mjs')],
    { NODE_OPTIONS: '-r wasi-rs/register --import wasi-rs/register' },
  ],
  '--import among flags of the process': [
    [...ofProcess, '--import', 'wasi-rs/register', '--trace-warnings', '--pending-deprecation', cjs],
  ],
  '-r among flags of the process': [
    [...ofProcess, '-r', 'wasi-rs/register', '--trace-warnings', '--pending-deprecation', esm],
  ],
};

for (const [way, args] of Object.entries(hooked)) {
  test(`${way}: all ways of asking give our class, everywhere, without a warning`, () => {
    const { status, stdout, stderr } = node(...args);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    const answers = JSON.parse(stdout);
    assert.equal(Object.keys(answers).length, 23);
    for (const [where, answer] of Object.entries(answers)) {
      assert.deepEqual(answer, { asked: 11, others: [], exitCodes: [42] }, where);
    }
  });
}

describe('without the hook', () => {
  test('no way of asking gives our class', () => {
    const { status, stdout, stderr } = node([cjs]);
    assert.equal(status, 0);
    assert.match(stderr, /ExperimentalWarning: WASI/);
    const { 'the main thread': main, 'a Worker of a file': worker } = JSON.parse(stdout);
    assert.equal(main.others.length, main.asked);
    assert.equal(worker.others.length, worker.asked);
  });
});
