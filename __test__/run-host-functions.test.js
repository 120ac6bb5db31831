'use strict';

// Functions of the host: how they are called, and what becomes of what they return and throw.

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { describe, test } = require('node:test');
const { PassThrough } = require('node:stream');
const { command } = require('./helpers/run-guests');
const { callers, module: wasm, open } = require('./helpers/run-imports');
const { rejection } = require('./helpers/run-process');
const { compile, run } = require('..');

const source = wasm(`(import "env" "get" (func $get (param i32) (result i32)))
  (import "env" "void" (func $void (param i32)))
  (global $state (mut i32) (i32.const 0))
  (func (export "get") (param i32) (result i32) (call $get (local.get 0)))
  (func (export "void") (param i32) (call $void (local.get 0)))
  (func (export "sum") (param $count i32) (result i32) (local $sum i32)
    (loop $more
      (local.set $sum (i32.add (local.get $sum) (call $get (local.get $count))))
      (br_if $more (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum))
  (func (export "mark") (param i32) (global.set $state (local.get 0)) (call $void (local.get 0)) (global.set $state (i32.const -1)))
  (func (export "state") (result i32) (global.get $state))`);

const nothing = () => {};
const withGet = async (t, get) => (await open(t, source, { imports: { env: { get, void: nothing } } })).exports;
const withVoid = async (t, call) => (await open(t, source, { imports: { env: { get: nothing, void: call } } })).exports;
const later = (value) => new Promise((resolve) => { setImmediate(resolve, value); });
const busy = (milliseconds) => {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
};

// What a call rejects with when its host function has thrown `thrown`.
async function failure(promise, thrown) {
  const error = await rejection(promise, 'ERR_WASI_HOST_FUNCTION');
  assert.ok(Object.hasOwn(error, 'cause'));
  assert.equal(error.cause, thrown);
  return error;
}

describe('a host function', () => {
  test('is called as often as the guest says, in order', async (t) => {
    const seen = [];
    const exports = await withGet(t, (value) => seen.push(value));
    assert.equal(await exports.sum(100), 5050);
    assert.deepEqual(seen, Array.from({ length: 100 }, (_, index) => 100 - index));
  });

  test('runs on the thread and in the async context of whoever asked for the call', async (t) => {
    const storage = new AsyncLocalStorage();
    const stores = [];
    const note = () => void stores.push(storage.getStore());
    const { exports } = await storage.run('creator', () => open(t, source, { imports: { env: { get: nothing, void: note } } }));
    await Promise.all(['a', 'b', 'c'].map((store) => storage.run(store, () => exports.void(1))));
    await exports.void(1);
    const withStart = command('(call $f)').toString().replace('(module', '(module (import "env" "f" (func $f))');
    await storage.run('run', () => run(Buffer.from(withStart), { imports: { env: { f: note } }, cache: false }));
    assert.deepEqual(stores, ['a', 'b', 'c', undefined, 'run']);
  });

  test('has the caller as `this`, which changes from call to call', async (t) => {
    const callers = [];
    const exports = await withVoid(t, function call() {
      callers.push(this);
    });
    await exports.void(1);
    await exports.void(1);
    assert.equal(callers[0].constructor.name, 'Caller');
    assert.notEqual(callers[0], callers[1]);
  });

  test('can be an arrow function, a bound one, a class method and a Proxy', async (t) => {
    class Counter {
      count = 10;

      get(value) {
        return this.count + value;
      }
    }
    const counter = new Counter();
    for (const get of [(value) => value + 10, counter.get.bind(counter), new Proxy((value) => value + 10, {})]) {
      assert.equal(await (await withGet(t, get)).get(1), 11);
    }
  });

  test('is called by a start function, by _initialize and by _start', async (t) => {
    const seen = [];
    const imports = { env: { start: () => void seen.push('start'), async initialize() { seen.push(await later('initialize')); } } };
    const initializing = wasm(callers('start', 'initialize'), '(start $start)', '(export "_initialize" (func $initialize))');
    await open(t, initializing, { imports });
    const { exitCode } = await run(wasm(callers('start', 'initialize'), '(start $start)', '(export "_start" (func $initialize))'), { imports, cache: false });
    assert.deepEqual([seen, exitCode], [['start', 'initialize', 'start', 'initialize'], 0]);
  });

  test('that a start function or _initialize calls may throw', async (t) => {
    const boom = new Error('boom');
    const imports = { env: { f() { throw boom; } } };
    for (const calling of ['(start $f)', '(export "_initialize" (func $f))']) {
      await failure(open(t, wasm(callers('f'), calling), { imports }), boom);
    }
    await failure(run(wasm(callers('f'), '(export "_start" (func $f))'), { imports, cache: false }), boom);
  });

  test('works beside streams, which end as without it', async () => {
    const program = Buffer.from(command('(call $f) (drop (call $read)) (call $write (i32.const 1) (i32.const 65536) (i32.const 4))').toString()
      .replace('(module', '(module (import "env" "f" (func $f))'));
    const storage = new AsyncLocalStorage();
    const stdin = new PassThrough();
    const stdout = new PassThrough().setEncoding('utf8');
    const f = async () => { stdin.end(storage.getStore()); };
    await storage.run('text', () => run(program, { stdin, stdout, imports: { env: { f } }, cache: false }));
    assert.deepEqual([stdout.read(), stdout.writableEnded], ['text', true]);
    const boom = new Error('boom');
    const unused = new PassThrough();
    await failure(run(program, { stdin: new PassThrough(), stdout: unused, imports: { env: { f() { throw boom; } } }, cache: false }), boom);
    assert.ok(unused.destroyed);
    const wrong = new PassThrough();
    await rejection(run(program, { stdout: wrong, imports: { env: { f: 5 } }, cache: false }), 'ERR_INVALID_ARG_TYPE');
    assert.ok(wrong.destroyed);
  });

  test('can start and await other guests, and its own program', async (t) => {
    const program = await compile(source, { cache: false });
    const instances = [];
    const newLevel = async (level) => {
      const get = async (value) => (level === 0 ? value : (await newLevel(level - 1)).exports.get(value + 1));
      const instance = await program.instantiate({ imports: { env: { get, void: nothing } } });
      instances.push(instance);
      return instance;
    };
    t.after(() => instances.forEach((instance) => instance.close()));
    assert.equal(await (await newLevel(20)).exports.get(1), 21);
  });

  test('lets other guests compute while it is awaited, however many wait', async (t) => {
    const program = await compile(source, { cache: false });
    let isOpen;
    const gate = new Promise((resolve) => { isOpen = resolve; });
    let waiting = 0;
    const void_ = (count) => {
      waiting += 1;
      if (waiting === count) isOpen();
      return gate;
    };
    const instances = await Promise.all(Array.from({ length: 100 }, () => program.instantiate({ imports: { env: { get: nothing, void: void_ } } })));
    t.after(() => instances.forEach((instance) => instance.close()));
    await Promise.all(instances.map(({ exports }) => exports.void(100)));
    assert.equal(waiting, 100);
  });
});

describe('what it returns', () => {
  test('is awaited if it is a promise or has a method `then`', async (t) => {
    const thenable = (then) => ({ then });
    const returned = [
      () => later(5), async () => 5, () => thenable((resolve) => resolve(5)), () => thenable((resolve) => setTimeout(resolve, 5, 5)),
      () => Object.assign(() => {}, { then: (resolve) => resolve(5) }), () => Promise.resolve(thenable((resolve) => resolve(later(5)))),
      () => thenable((resolve, reject) => { resolve(5); resolve(6); reject(new Error('late')); throw new Error('late'); }),
      () => new (class extends Promise {})((resolve) => { resolve(5); }), () => Object.create(thenable((resolve) => resolve(5))),
    ];
    for (const get of returned) assert.equal(await (await withGet(t, get)).get(0), 5, get.toString());
  });

  test('is a number like others if `then` is no function', async (t) => {
    assert.equal(await (await withGet(t, () => ({ then: 5, valueOf: () => 7 }))).get(0), 7);
  });

  test('is awaited even if the guest wants no result', async (t) => {
    let isDone = false;
    const exports = await withVoid(t, async () => {
      await later();
      isDone = true;
    });
    await exports.void(0);
    assert.ok(isDone);
  });
});

describe('what it throws', () => {
  const values = [new Error('boom'), new TypeError('type'), 'text', '', 0, NaN, 5n, null, undefined, false, Symbol('symbol'),
    { message: 'object' }, { message: 5 }, Object.create(null), () => {}, [1, 2]];

  test('ends the guest and is the cause, whatever it is', async (t) => {
    for (const value of values) {
      const thenable = (resolve, reject) => reject(value);
      for (const call of [() => { throw value; }, () => Promise.reject(value), async () => { await later(); throw value; }, () => ({ then: thenable }),
        () => ({ then() { throw value; } }), () => ({ get then() { throw value; } })]) {
        const exports = await withVoid(t, call);
        const error = await rejection(exports.mark(3), 'ERR_WASI_HOST_FUNCTION');
        assert.ok(Object.hasOwn(error, 'cause') && Object.is(error.cause, value));
        assert.equal(await exports.state(), 3);
      }
    }
  });

  test('is named in the message with the function', async (t) => {
    const messages = { Error: /env\.void threw an error: boom$/, text: /: 'text'$/, undefined: /: undefined$/, null: /: null$/, object: /: object$/, number: /: \{ message: 5 \}$/ };
    const thrown = { Error: new Error('boom'), text: 'text', undefined, null: null, object: { message: 'object' }, number: { message: 5 } };
    for (const [name, value] of Object.entries(thrown)) {
      const exports = await withVoid(t, () => { throw value; });
      assert.match((await failure(exports.void(0), value)).message, messages[name]);
    }
    const long = new Error('x'.repeat(1_000_000));
    assert.ok((await failure((await withVoid(t, () => { throw long; })).void(0), long)).message.length < 1100);
  });

  test('leaves no trace on the error but the cause', async (t) => {
    const exports = await withVoid(t, () => { throw new Error('boom'); });
    const error = await rejection(exports.void(0), 'ERR_WASI_HOST_FUNCTION');
    assert.deepEqual(Object.keys(error).sort(), ['code', 'duration', 'fuelUsed', 'memoryPeak', 'stderr', 'stdout']);
    assert.equal(Object.getOwnPropertyDescriptor(error, 'cause').enumerable, false);
  });

  test('ends one call, not the instance', async (t) => {
    const exports = await withGet(t, (value) => {
      if (value === 2) throw new Error('two');
      return value;
    });
    await rejection(exports.sum(3), 'ERR_WASI_HOST_FUNCTION');
    assert.equal(await exports.get(5), 5);
  });

  // While this thread is busy, the next call begins: both are told of at once.
  test('is the cause for its own call, also if the next one throws before anyone has noticed', async (t) => {
    const thrown = [new Error('first'), new Error('second')];
    const exports = await withVoid(t, (index) => {
      if (index === 0) queueMicrotask(() => busy(50));
      throw thrown[index];
    });
    await Promise.all(thrown.map((error, index) => failure(exports.void(index), error)));
  });

  test('with the output and what was used so far', async () => {
    const said = Buffer.from(command('(call $write (i32.const 1) (i32.const 1024) (i32.const 5)) (call $f)', { text: 'hello' }).toString()
      .replace('(module', '(module (import "env" "f" (func $f))'));
    const boom = new Error('boom');
    const error = await failure(run(said, { imports: { env: { f() { throw boom; } } }, fuel: 10_000, cache: false }), boom);
    assert.equal(error.stdout, 'hello');
    assert.ok(error.fuelUsed > 0 && error.memoryPeak === 2 * 65536 && error.duration > 0);
  });
});
