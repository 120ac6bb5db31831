'use strict';

// Packages from npm that use node:wasi, with threads and shared memory, unmodified: through the
// hook they run on our class, and give the same bytes. The packages and the cases are in compat/.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');

const ofClass = (implementation) => (use) => use.implementation === implementation;
const inWorkers = ({ thread }) => thread !== 0;

// Every object that was used is of that class, and has shared memory.
function assertUses({ uses }, implementation, { threads }) {
  assert.deepEqual(uses.filter((use) => !ofClass(implementation)(use)), []);
  assert.ok(uses.some(({ thread }) => thread === 0), 'one on the main thread');
  assert.equal(uses.some(inWorkers), threads, 'some in Workers');
  assert.deepEqual(uses.filter(({ shared }) => !shared), []);
}

// What the witness says is not taken on trust: these lines come from the native code.
function assertTraced({ stderr }, name) {
  const opened = stderr.split('\n').filter((line) => line.startsWith('path_open(') && line.includes(name));
  assert.ok(opened.some((line) => / = 0 opened_fd=\d+ </.test(line)), `opened ${name}: ${opened}`);
}

describe('packages on the hook', async () => {
  const { load, loadAll, unsupported } = await import('../compat/lib/cases.mjs');
  const { runCase } = await import('../compat/lib/launch.mjs');

  for (const found of await loadAll('packages')) {
    const [reason] = unsupported(found);
    const skip = reason && `${reason.name} needs Node ${reason.node}`;

    test(`${found.name} ${found.task}`, { skip }, async () => {
      const expected = await runCase(found, { implementation: 'node:wasi' });
      assertUses(expected, 'node:wasi', found);
      const actual = await runCase(found, { implementation: 'wasi-rs', times: 3 });
      assertUses(actual, 'wasi-rs', found);
      assert.ok(expected.stdout.length > 0);
      assert.ok(actual.stdout.equals(expected.stdout), 'the same bytes');
      assert.equal(actual.stderr, expected.stderr);
      assert.deepEqual(actual.report.leftOpen, []);
    });
  }

  test('calls reach the native code', async () => {
    const scanner = await load('packages/tailwindcss-oxide');
    const traced = await runCase(scanner, { implementation: 'wasi-rs', env: { WASI_RS_STRACE: '1' } });
    for (const name of ['main.ts', 'page.tsx', 'index.html']) assertTraced(traced, name);
  });
});
