'use strict';

// Guests that are ended while a function of the host runs or is awaited.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { describe, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const { module: wasm, open, untilBusy } = require('./helpers/run-imports');
const { descriptors, rejection } = require('./helpers/run-process');
const { compile, run, spawn } = require('..');

const source = wasm(`(import "env" "f" (func $f (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 8) "\\10\\00\\00\\00\\05\\00\\00\\00hello")
  (func $say (export "say") (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0))))
  (func (export "f") (param i32) (result i32) (call $f (local.get 0)))
  (func (export "then loop") (drop (call $f (i32.const 0))) (loop $forever (br $forever)))
  (func (export "loop") (loop $forever (br $forever)))
  (func (export "one") (result i32) (i32.const 1))
  (func (export "many") (loop $more (drop (call $f (i32.const 0))) (br $more)))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "_start") (drop (call $f (i32.const 0)))))`.replace(/\)$/, ''));

const program = compile(source, { cache: false });
const never = () => new Promise(() => {});
const turn = () => new Promise((resolve) => { setImmediate(resolve); });
const withF = (t, f, options) => open(t, source, { ...options, imports: { env: { f } } });
const busy = (milliseconds) => {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
};

// A function of the host that is awaited until `settle` is called. `begun` tells that it has been called.
function waiting() {
  const state = {};
  state.begun = new Promise((begin) => {
    state.f = function f() {
      state.caller = this;
      return new Promise((resolve, reject) => {
        Object.assign(state, { resolve, reject });
        begin();
      });
    };
  });
  return state;
}

// What the caller can still do when its guest has been ended.
async function isOver({ caller, resolve, reject }, code) {
  const late = caller.exports.one();
  await rejection(late, code);
  resolve(1);
  reject(new Error('nobody asks'));
  await turn();
}

describe('while a promise is awaited', () => {
  test('the time runs', async (t) => {
    const state = waiting();
    const { exports } = await withF(t, state.f, { timeout: 500 });
    const error = await rejection(exports.f(0), 'ERR_WASI_TIMEOUT');
    assert.match(error.message, /500 ms\. It was waiting for the host function env\.f$/);
    await isOver(state, 'ERR_INVALID_STATE');
    assert.equal(await exports.one(), 1);
  });

  test('a signal ends the call', async (t) => {
    const [state, controller, reason] = [waiting(), new AbortController(), new Error('no longer wanted')];
    const { exports } = await withF(t, state.f, { signal: controller.signal });
    const call = rejection(exports.f(0), 'ABORT_ERR');
    await state.begun;
    controller.abort(reason);
    assert.equal((await call).cause, reason);
    await isOver(state, 'ERR_INVALID_STATE');
  });

  test('close() ends the call and those that wait', async (t) => {
    const state = waiting();
    const instance = await withF(t, state.f);
    const calls = [instance.exports.f(0), instance.exports.one()].map((call) => rejection(call, 'ERR_WASI_CLOSED'));
    await state.begun;
    instance.close();
    await Promise.all(calls);
    await isOver(state, 'ERR_INVALID_STATE');
    assert.throws(() => state.caller.memory.size, { code: 'ERR_WASI_CLOSED' });
  });

  test('kill() ends a guest', async () => {
    const state = waiting();
    const guest = (await program).spawn({ imports: { env: { f: state.f } } });
    await state.begun;
    guest.kill();
    await rejection(guest.exit, 'ABORT_ERR');
    await isOver(state, 'ERR_INVALID_STATE');
    assert.throws(() => state.caller.memory.size, { code: 'ERR_WASI_CLOSED' });
  });

  test('run() ends with its time and its signal', async () => {
    await rejection(run(await program, { imports: { env: { f: never } }, timeout: 30 }), 'ERR_WASI_TIMEOUT');
    const state = waiting();
    const controller = new AbortController();
    const running = rejection(run(await program, { imports: { env: { f: state.f } }, signal: controller.signal }), 'ABORT_ERR');
    await state.begun;
    controller.abort();
    await running;
    await isOver(state, 'ERR_INVALID_STATE');
  });

  test('a nested call can be ended', async (t) => {
    const f = function f() {
      return this.exports.loop();
    };
    const { exports } = await withF(t, f, { timeout: 50 });
    await rejection(exports.f(0), 'ERR_WASI_TIMEOUT');
    assert.equal(await exports.one(), 1);
  });

  test('nested calls that wait are ended with the guest', async (t) => {
    const [nested, controller] = [[], new AbortController()];
    const f = async function f() {
      nested.push(...[this.exports.loop(), this.exports.one(), this.exports.one()].map((call) => call.catch(({ code }) => code)));
      await untilBusy(() => this.memory.size);
      controller.abort();
      return never();
    };
    const { exports } = await withF(t, f, { signal: controller.signal });
    await rejection(exports.f(0), 'ABORT_ERR');
    assert.deepEqual(await Promise.all(nested), ['ABORT_ERR', 'ERR_INVALID_STATE', 'ERR_INVALID_STATE']);
  });

  test('every level of nested calls ends', async (t) => {
    let depth = 0;
    const f = function f() {
      depth += 1;
      if (depth === 20) instance.close();
      return depth === 20 ? never() : this.exports.f(0);
    };
    const instance = await withF(t, f);
    await rejection(instance.exports.f(0), 'ERR_WASI_CLOSED');
    assert.equal(depth, 20);
  });
});

describe('while a function runs', () => {
  test('the time runs, and what the function returns or throws comes too late', async (t) => {
    for (const then of [() => 1, () => { throw new Error('late'); }, () => Promise.reject(new Error('late'))]) {
      const { exports } = await withF(t, () => {
        busy(100);
        return then();
      }, { timeout: 30 });
      await rejection(exports.f(0), 'ERR_WASI_TIMEOUT');
      assert.equal(await exports.one(), 1);
    }
  });

  test('it can end its own guest, and then the guest does not go on', async (t) => {
    const controller = new AbortController();
    const aborted = await withF(t, () => void controller.abort(), { signal: controller.signal });
    await rejection(aborted.exports['then loop'](), 'ABORT_ERR');
    const closed = await withF(t, () => void closed.close());
    await rejection(closed.exports['then loop'](), 'ERR_WASI_CLOSED');
    const guest = (await program).spawn({ imports: { env: { f: () => void guest.kill() } } });
    await rejection(guest.exit, 'ABORT_ERR');
  });

  test('it can end its own guest and throw', async (t) => {
    const controller = new AbortController();
    const aborted = await withF(t, () => {
      controller.abort();
      throw new Error('no one asks');
    }, { signal: controller.signal });
    await rejection(aborted.exports.f(0), 'ABORT_ERR');
  });

  test('a guest that calls again and again is ended between calls', async (t) => {
    let calls = 0;
    const { exports } = await withF(t, () => calls += 1, { timeout: 300 });
    await rejection(exports.many(), 'ERR_WASI_TIMEOUT');
    const before = calls;
    assert.ok(before > 1);
    for (let index = 0; index < 10; index += 1) await turn();
    assert.equal(calls, before);
    const fueled = await withF(t, () => 1, { fuel: 10_000 });
    await rejection(fueled.exports.many(), 'ERR_WASI_OUT_OF_FUEL');
  });

  test('a call that waits is not made once its signal is aborted', async (t) => {
    const controller = new AbortController();
    let calls = 0;
    const { exports } = await withF(t, () => {
      calls += 1;
      controller.abort();
      return 1;
    }, { signal: controller.signal });
    await Promise.all([exports.f(0), exports.f(1), exports.f(2)].map((call) => rejection(call, 'ABORT_ERR')));
    assert.equal(calls, 1);
  });

  test('a function that is still to be called is not called if its guest has been ended meanwhile', async (t) => {
    const [calls, controller] = [[], new AbortController()];
    const { exports } = await withF(t, (value) => {
      // The next call begins, and is ended, while this thread is busy.
      if (value === 0) queueMicrotask(() => controller.abort(busy(50)));
      return calls.push(value);
    }, { signal: controller.signal });
    const next = exports.f(0).catch(() => {});
    await rejection(exports.f(1), 'ABORT_ERR');
    await next;
    assert.deepEqual(calls, [0]);
  });

  test('what the guest writes is within its limit', async (t) => {
    const f = async function f() {
      await this.exports.say();
      await this.exports.say();
      return 1;
    };
    const { exports } = await withF(t, f, { maxBuffer: 7 });
    assert.equal((await rejection(exports.f(0), 'ERR_WASI_MAX_BUFFER')).stdout, 'hellohe');
  });

  test('memory is within its limit: the host is refused, the guest ended', async (t) => {
    const f = async function f(pages) {
      assert.throws(() => this.memory.grow(pages), { code: 'ERR_WASI_MEMORY_LIMIT' });
      return this.exports.grow(pages);
    };
    const { exports } = await withF(t, f, { memoryLimit: 4 * 65536 });
    await rejection(exports.f(4), 'ERR_WASI_MEMORY_LIMIT');
    const hostOnly = await withF(t, function g(pages) {
      assert.throws(() => this.memory.grow(pages), { code: 'ERR_WASI_MEMORY_LIMIT' });
      return this.memory.grow(3);
    }, { memoryLimit: 4 * 65536 });
    assert.equal(await hostOnly.exports.f(4), 1);
    assert.equal(hostOnly.memory.size, 4 * 65536);
  });
});

test('the caller is of no use once run() is over', async () => {
  let [caller, exports] = [];
  const f = function f(value) {
    caller = this;
    exports = this.exports;
    return value;
  };
  await run(source, { imports: { env: { f } }, cache: false });
  assert.throws(() => exports.memory.size, { code: 'ERR_WASI_CLOSED' });
  await rejection(exports.one(), 'ERR_WASI_CLOSED');
  await run(source, { imports: { env: { f(value) { caller = this; return value; } } }, cache: false });
  assert.throws(() => caller.memory, { code: 'ERR_WASI_CLOSED' });
  assert.throws(() => caller.exports, { code: 'ERR_WASI_CLOSED' });
});

test('descriptors are given back, however the calls end', async () => {
  const endings = [() => 1, never, () => { throw new Error('boom'); }, () => Promise.reject(new Error('boom'))];
  const round = async () => {
    const runs = endings.map(async (f) => run(await program, { imports: { env: { f } }, timeout: f === never ? 20 : 0 }).catch(({ code }) => code));
    return (await Promise.all(runs)).map((result) => result.exitCode ?? result);
  };
  assert.deepEqual(await round(), [0, 'ERR_WASI_TIMEOUT', 'ERR_WASI_HOST_FUNCTION', 'ERR_WASI_HOST_FUNCTION']);
  const before = descriptors();
  for (let index = 0; index < 20; index += 1) await round();
  assert.ok(descriptors() <= before, `${before} → ${descriptors()}`);
});

describe('a Worker that ends', () => {
  const start = (f) => new Worker(`const { compile } = require(${JSON.stringify(path.join(__dirname, '..'))});
    const { parentPort, workerData } = require('node:worker_threads');
    const f = ${f};
    compile(Buffer.from(workerData), { cache: false }).then(async (program) => {
      const instances = await Promise.all(Array.from({ length: 10 }, () => program.instantiate({ imports: { env: { f } } })));
      await Promise.all(instances.map((instance) => instance.exports.f(0)));
    });`, { eval: true, workerData: source });
  const places = {
    'while promises are awaited': '() => { parentPort.postMessage(0); return new Promise(() => {}); }',
    'while a function runs': '() => { parentPort.postMessage(0); for (;;); }',
    'while nested calls run': 'function f() { parentPort.postMessage(0); return this.exports.loop(); }',
    'from a function': '() => { parentPort.postMessage(0); process.exit(1); }',
    'by an uncaught error': '() => { parentPort.postMessage(0); setImmediate(() => { throw new Error("uncaught"); }); return new Promise(() => {}); }',
  };
  for (const [place, f] of Object.entries(places)) {
    test(`${place} ends its guests, and leaves others alone`, async (t) => {
      const { exports } = await withF(t, () => turn().then(() => 5));
      const worker = start(f);
      worker.on('error', ({ message }) => assert.equal(message, 'uncaught'));
      // An error event may come before the message.
      await Promise.race(['message', 'exit'].map((name) => new Promise((resolve) => { worker.once(name, resolve); })));
      await worker.terminate();
      assert.equal(await exports.f(0), 5);
    });
  }
});

describe('a process', () => {
  const script = (f, then = '') => `const { compile } = require('.');
    (async () => {
      const program = await compile(Buffer.from(process.argv[1], 'base64'), { cache: false });
      const instance = await program.instantiate({ imports: { env: { f: ${f} } } });
      console.log(await instance.exports.f(1));
      ${then}
    })();`;
  const start = (...args) => spawnSync(process.execPath, ['-e', script(...args), source.toString('base64')], {
    cwd: path.join(__dirname, '..'), encoding: 'utf8', timeout: 60_000,
  });

  test('stays alive while a promise is awaited, and ends by itself afterwards', () => {
    const { status, stdout } = start('() => new Promise((resolve) => { setTimeout(resolve, 50, 7).unref(); setTimeout(() => {}, 60).unref(); })');
    assert.deepEqual([status, stdout], [0, '7\n']);
  });

  test('can exit from a host function', () => {
    assert.equal(start('() => process.exit(3)').status, 3);
    assert.equal(start('() => { setImmediate(() => process.exit(4)); return new Promise(() => {}); }').status, 4);
  });
});
