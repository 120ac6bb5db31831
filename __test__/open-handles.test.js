'use strict';

// What jest --detectOpenHandles and vitest --detectAsyncLeaks see: resources of async_hooks that were
// made by a test and are still there after it. Those with a method hasRef() count while it says so.

const assert = require('node:assert/strict');
const { createHook } = require('node:async_hooks');
const { once } = require('node:events');
const { PassThrough, Readable } = require('node:stream');
const { setImmediate: turn } = require('node:timers/promises');
const { describe, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const { MemoryFile, WASI, compile, run } = require('..');
const { FOREVER, command, fixture } = require('./helpers/run-guests');

// Those that jest ignores.
const IGNORED = new Set([
  'PROMISE', 'TIMERWRAP', 'ELDHISTOGRAM', 'PerformanceObserver', 'RANDOMBYTESREQUEST', 'DNSCHANNEL', 'ZLIB',
  'SIGNREQUEST', 'TLSWRAP', 'TCPWRAP',
]);

// Types of the resources that `body` leaves behind. Resources of the test runner are left out by the
// functions that made them, and so is what they lead to.
async function leftBehind(body) {
  const resources = new Map();
  const hook = createHook({
    init(id, type, trigger, resource) {
      if (IGNORED.has(type)) return;
      if (new Error().stack.includes(body.name) || resources.has(trigger)) resources.set(id, { type, resource });
    },
    destroy: (id) => resources.delete(id),
  });
  Error.stackTraceLimit = 100;
  hook.enable();
  try {
    await body();
    // Closing takes some turns of the event loop, and telling of it one more.
    for (let turns = 0; turns < 10; turns++) await turn();
  } finally {
    hook.disable();
  }
  const isActive = ({ resource }) => !('hasRef' in resource) || resource.hasRef();
  return [...resources.values()].filter(isActive).map(({ type }) => type);
}

describe('nothing is left behind by', () => {
  for (const [name, body] of Object.entries({
    'class WASI': async function usesClass() {
      new WASI({ version: 'preview1' }).close();
    },
    'run()': async function usesRun() {
      await run(fixture('demo'));
    },
    'run() with streams': async function usesStreams() {
      await run(fixture('cat'), { stdin: Readable.from(['text']), stdout: new PassThrough().resume() });
    },
    'run() with a timeout and a signal': async function usesLimits() {
      const { signal } = new AbortController();
      const ended = run(command(FOREVER), { timeout: 10, signal });
      await assert.rejects(ended, { code: 'ERR_WASI_TIMEOUT' });
    },
    'an instance': async function usesInstance() {
      const program = await compile(fixture('reactor'));
      (await program.instantiate()).close();
      await program.serialize();
    },
    'a MemoryFile': async function usesMemoryFile() {
      new MemoryFile('text').close();
    },
  })) {
    test(name, async () => assert.deepEqual(await leftBehind(body), []));
  }
});

// In a Worker, because the resource is made when an environment first has something under way.
test('a guest that still runs is seen', async () => {
  const worker = new Worker(`
    const { createHook } = require('node:async_hooks');
    const { parentPort, workerData } = require('node:worker_threads');
    const { run } = require(workerData.root);
    const found = [];
    createHook({ init: (id, type, trigger, resource) => type === 'wasi-rs' && found.push(resource) }).enable();
    (async () => {
      const controller = new AbortController();
      const ended = run(workerData.guest, { signal: controller.signal });
      const before = found.map((resource) => resource.hasRef());
      controller.abort();
      await ended.catch(() => {});
      parentPort.postMessage([before, found.map((resource) => resource.hasRef())]);
    })();
  `, { eval: true, workerData: { root: require.resolve('..'), guest: command(FOREVER) } });
  const [states] = await once(worker, 'message');
  assert.deepEqual(states, [[true], [false]]);
});
