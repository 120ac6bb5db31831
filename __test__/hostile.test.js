'use strict';

// Programs that try to outrun their limits: each must end in one of the ways that its entry in hostile/
// allows, within the memory that it may take. `npm run hostile` measures all of them.

const { before, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { attacks, families } = require('./hostile/support/catalog');
const { complaint } = require('./hostile/support/judge');
const { GIB, runAll } = require('./hostile/support/runner');

// Far more than any attack takes, compiling included, also on a busy machine: what is killed has not
// kept to its limits.
const LIMITS = { seconds: 60, bytes: 8 * GIB };

describe('hostile programs', () => {
  const list = attacks.filter(({ slow }) => !slow);
  const results = new Map();
  before(() => runAll(list, LIMITS, ({ name }, result) => results.set(name, result)));

  for (const family of families) {
    describe(family, () => {
      for (const attack of list.filter((one) => one.family === family)) {
        test(attack.title, () => assert.equal(complaint(attack, results.get(attack.name)), undefined));
      }
    });
  }
});
