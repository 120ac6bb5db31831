'use strict';

// A bounded run of the differential fuzzer: always the same sequences, see
// fuzz/differential/README.md.

const { test } = require('node:test');
const assert = require('node:assert/strict');
const { alone } = require('../fuzz/differential/alone');
const { campaign } = require('../fuzz/differential/campaign');
const { describe } = require('../fuzz/differential/report');

function assertNothingFound(result, calls) {
  assert.equal(result.findings.map(describe).join('\n'), '');
  assert.ok(result.calls >= calls, `${result.calls} calls`);
}

test('random sequences do the same on node:wasi and on wasi-rs', async () => {
  const result = await campaign({ seed: 26, calls: 2400 });
  assertNothingFound(result, 2400);
  assert.deepEqual(result.deaths, {});
});

test('random sequences do the same with and without openat2', async () => {
  assertNothingFound(await campaign({ seed: 27, calls: 800, against: 'walk', dangerous: true }), 800);
});

test('random sequences of everything harm nothing outside', async () => {
  assertNothingFound(await alone({ seed: 28, calls: 8_000 }), 8_000);
});
