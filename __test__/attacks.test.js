'use strict';

// Every attack of attacks/ must be held; the sandbox is also tried where the
// kernel does not resolve paths. SECURITY.md says what node:wasi makes of them
// (scripts/attacks.mjs).

const { before, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { attacks, controls, families } = require('./attacks/support/catalog');
const { runAll } = require('./attacks/support/runner');

// Far more than any attack takes: it is to find those that hang.
const options = { implementation: 'wasi-rs', batch: 100, watchdog: 30_000 };

const said = (id, { detail = '', stderr = '' }) => `${id}\n${detail}\n${stderr}`;

function assertOutcomes(list, outcomes, expected) {
  for (const { id } of list) {
    const result = outcomes.get(id);
    assert.equal(result.outcome, expected, said(id, result));
  }
}

describe('attacks', () => {
  let outcomes;
  before(async () => { outcomes = await runAll([...attacks, ...controls], options); });

  for (const family of families) {
    test(family, () => {
      const own = attacks.filter((attack) => attack.family === family);
      assert.ok(own.length > 0);
      assertOutcomes(own, outcomes, 'held');
    });
  }

  test('what they try works where it is allowed', () => {
    assert.ok(controls.length > 0);
    assertOutcomes(controls, outcomes, 'escaped');
  });
});

describe('attacks on paths, without openat2', { skip: process.platform !== 'linux' }, () => {
  const onPaths = ['Paths and symbolic links', 'Directories that move', 'Read-only mounts'];
  const list = attacks.filter(({ family }) => onPaths.includes(family));
  let outcomes;
  before(async () => { outcomes = await runAll(list, { ...options, env: { WASI_RS_NO_OPENAT2: '1' } }); });

  for (const family of onPaths) {
    test(family, () => assertOutcomes(list.filter((attack) => attack.family === family), outcomes, 'held'));
  }
});
