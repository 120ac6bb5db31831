'use strict';

// How programs end: codes, traps, and what is left of the process then.

const fs = require('node:fs');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { run } = require('./helpers/programs');

const exit = (code) => ({ args: ['exit', String(code)] });

describe('endings', { concurrency: 4 }, () => {
  describe('returnOnExit: false', () => {
    for (const code of [0, 1, 42, 255, 256, 300]) {
      test(`${code} ends the process with it, as with node:wasi`, async () => {
        const request = { program: 'exit', options: { ...exit(code), returnOnExit: false }, after: 'after' };
        const ours = await run(request);
        assert.deepEqual(ours, { code: code & 255, signal: null, stdout: `exit with ${code}\n`, stderr: '' });
        assert.deepEqual(ours, await run({ ...request, implementation: 'node' }));
      });
    }

    test('runs the handlers of "exit" with the code', async () => {
      const request = { program: 'exit-code', options: { returnOnExit: false }, onExit: 'exit', after: 'after' };
      assert.deepEqual(await run(request), { code: 42, signal: null, stdout: '', stderr: 'exit 42\n' });
    });

    test('a program that just returns does not end the process', async () => {
      const request = { program: 'demo', options: { returnOnExit: false }, onExit: 'exit', after: 'after ' };
      assert.deepEqual(await run(request),
        { code: 0, signal: null, stdout: 'hello world\n', stderr: 'after exit 0\n' });
    });
  });

  test('returnOnExit: true returns the code', async () => {
    const request = { program: 'exit', options: exit(7), onExit: 'exit', after: 'after ' };
    const expected = { code: 7, signal: null, stdout: 'exit with 7\n', stderr: 'after exit 7\n' };
    assert.deepEqual(await run(request), expected);
    assert.deepEqual(await run({ ...request, implementation: 'node' }), expected);
  });

  for (const program of ['trap', 'rust-panic']) {
    test(`${program}, uncaught: the process dies of a RuntimeError, with its stack`, async () => {
      const { code, signal, stdout, stderr } = await run({ program });
      assert.deepEqual({ code, signal }, { code: 1, signal: null });
      assert.match(stdout, /^before (trap|panic)\n$/);
      assert.match(stderr, /RuntimeError: unreachable\n +at .*wasm[^]*\n +at .*run-fixture\.js/);
    });
  }

  describe('in a Worker', () => {
    // Gives what became of the Worker; this process has to be there still.
    async function runInWorker(request) {
      const worker = new Worker(path.join(__dirname, 'helpers', 'run-fixture.js'), {
        argv: [JSON.stringify(request)],
      });
      const errors = [];
      worker.on('error', (error) => errors.push(error));
      const code = await new Promise((resolve) => { worker.on('exit', resolve); });
      return { code, errors };
    }
    const stdout = fs.openSync('/dev/null', 'w');
    const quiet = { stdout, stderr: stdout };

    test('returnOnExit: false ends the Worker only', async () => {
      for (const code of [0, 42, 300]) {
        const options = { ...exit(code), ...quiet, returnOnExit: false };
        assert.deepEqual(await runInWorker({ program: 'exit', options }), { code, errors: [] });
      }
    });

    test('returnOnExit: true returns', async () => {
      const options = { ...exit(3), ...quiet };
      assert.deepEqual(await runInWorker({ program: 'exit', options }), { code: 3, errors: [] });
    });

    test('an uncaught trap is an error of the Worker', async () => {
      for (const program of ['trap', 'rust-panic']) {
        const { code, errors: [error, ...others] } = await runInWorker({ program, options: quiet });
        assert.equal(code, 1);
        assert.equal(error.name, 'RuntimeError');
        assert.equal(error.message, 'unreachable');
        assert.match(error.stack, /wasm/);
        assert.deepEqual(others, []);
      }
    });

    test('an instance that cannot be started is an error of the Worker', async () => {
      const { errors: [error] } = await runInWorker({ program: 'no-memory' });
      assert.equal(error.code, 'ERR_INVALID_ARG_TYPE');
    });
  });
});
