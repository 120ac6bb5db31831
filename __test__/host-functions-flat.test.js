'use strict';

// Calls of plugins leave no descriptors and threads behind, however a function of the host ends them.
// bench/programs/host-calls.mjs makes the calls, and fails if one ends in another way than it should.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { describe, test } = require('node:test');

const child = path.join(__dirname, '..', 'bench', 'programs', 'child.mjs');
const WARM_UP = 500;
const CALLS = 2500;
// This many guests are in progress at once. Some of their threads may only start after the warm-up.
const AT_ONCE = 16;

async function usagesOf(task) {
  const args = ['--expose-gc', '--no-warnings', child, 'flat', task, JSON.stringify({ counts: [WARM_UP, CALLS] })];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000, killSignal: 'SIGKILL' });
  return JSON.parse(stdout).usages;
}

describe('no descriptors and threads are left of calls with functions of the host', () => {
  for (const [name, task] of Object.entries({ asynchronous: 'calls', synchronous: 'callsSync' })) {
    test(name, async () => {
      const [before, after] = await usagesOf(task);
      assert.equal(after.descriptors, before.descriptors);
      assert.ok(after.threads <= before.threads + AT_ONCE, `${before.threads} threads became ${after.threads}`);
    });
  }
});
