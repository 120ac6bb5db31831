'use strict';

// Instances: programs that stay, and calls of their functions.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { getEventListeners, once } = require('node:events');
const os = require('node:os');
const path = require('node:path');
const { describe, test } = require('node:test');
const { PassThrough, Readable, Writable } = require('node:stream');
const { FOREVER, TEXT, command, fixture, guest } = require('./helpers/run-guests');
const { descriptors, rejection } = require('./helpers/run-process');
const { compile } = require('..');

const say = `(call $write (i32.const 1) (i32.const ${TEXT}) (i32.const 5))`;
const source = guest(`
  (global $count (mut i32) (i32.const 0))
  (func (export "count") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1))) (global.get $count))
  (func (export "say") ${say})
  (func (export "complain") (call $write (i32.const 2) (i32.const ${TEXT}) (i32.const 5)))
  (func (export "nothing"))
  (func (export "i32") (param i32) (result i32) (local.get 0))
  (func (export "i64") (param i64) (result i64) (local.get 0))
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "all") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
    (local.get 3) (local.get 2) (local.get 1) (local.get 0))
  (func (export "external") (param externref))
  (func (export "trap") ${say} unreachable)
  (func (export "exit") (param i32) ${say} (call $proc_exit (local.get 0)))
  (func (export "loop") ${FOREVER})
  (func (export "sleep") (param i64) (call $sleep (local.get 0)))
  (func (export "drain") (result i32) (call $drain))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "flood") (param i32) (call $flood (i32.const 1) (local.get 0)))
  (table (export "table") 1 funcref) (global (export "global") i32 (i32.const 1))`, { text: 'hello' });

// Two pages, and an element of a table.
const MEMORY = 2 * 65536 + 16;

const program = compile(source);
async function open(t, options) {
  const instance = await (await program).instantiate(options);
  t.after(() => instance.close());
  return instance;
}

describe('an instance', () => {
  test('has what the program exports, and no more', async (t) => {
    const { exports } = await open(t);
    assert.equal(Object.getPrototypeOf(exports), null);
    const reachable = (await program).exports.filter(({ kind }) => kind !== 'table');
    assert.deepEqual(Object.keys(exports), reachable.map(({ name }) => name));
    for (const { name, kind } of reachable) {
      const value = exports[name];
      const expected = { function: ['function', name], memory: ['object', undefined], global: ['object', undefined] };
      assert.deepEqual([typeof value, value.name], expected[kind]);
    }
    const call = exports.nothing();
    assert.ok(call instanceof Promise);
    await call;
  });

  test('keeps its state from call to call, beside others', async (t) => {
    const [first, second] = [await open(t), await open(t)];
    const counts = [await first.exports.count(), await first.exports.count(), await second.exports.count()];
    assert.deepEqual(counts, [1, 2, 1]);
    assert.equal(await first.exports.grow(1), 2);
    assert.deepEqual([await first.exports.grow(0), await second.exports.grow(0)], [3, 2]);
  });

  test('is initialized', async (t) => {
    const reactor = await (await compile(fixture('reactor'))).instantiate();
    t.after(() => reactor.close());
    assert.deepEqual([await reactor.exports.init_count(), await reactor.exports.add(2, 3)], [1, 5]);
    assert.equal(await reactor.exports.write_hello(), 0);
    assert.equal(reactor.stdout, 'hello from reactor\n');
  });

  test('can be of a command, whose _start is a function like others', async (t) => {
    const instance = await (await compile(fixture('env-args'))).instantiate({ args: ['tool'], env: { A: '1' } });
    t.after(() => instance.close());
    await instance.exports._start();
    assert.equal(instance.stdout, 'arg[0]=tool\nenv A=1\n');
  });

  test('has its output so far', async (t) => {
    const instance = await open(t);
    assert.deepEqual([instance.stdout, instance.stderr], ['', '']);
    await instance.exports.say();
    await instance.exports.complain();
    await instance.exports.say();
    assert.deepEqual([instance.stdout, instance.stderr], ['hellohello', 'hello']);
    const bytes = await open(t, { encoding: 'buffer' });
    await bytes.exports.say();
    assert.deepEqual([bytes.stdout, bytes.stderr], [Buffer.from('hello'), Buffer.alloc(0)]);
  });
});

describe('a call', () => {
  test('takes and gives numbers, BigInts for 64 bits', async (t) => {
    const { exports } = await open(t);
    const most = 2n ** 63n - 1n;
    assert.deepEqual(await Promise.all([
      exports.nothing(), exports.i32(-5), exports.i64(most), exports.i64(-most), exports.f32(0.1), exports.f64(0.1),
    ]), [undefined, -5, most, -most, Math.fround(0.1), 0.1]);
    assert.deepEqual(await exports.all(1, 2n, 3.5, 4.5), [4.5, 3.5, 2n, 1]);
    const cut = await Promise.all([2 ** 32 + 7, 2 ** 31, 1.9, NaN].map((number) => exports.i32(number)));
    assert.deepEqual(cut, [7, -(2 ** 31), 1, 0]);
    assert.equal(await exports.i64(2n ** 64n + 3n), 3n);
    assert.deepEqual([await exports.f64(-0), await exports.f64(Infinity), await exports.f32(NaN)], [-0, Infinity, NaN]);
  });

  test('refuses what is of another type', async (t) => {
    const { exports } = await open(t);
    const wrong = {
      i32: [1n, '1', true, null, undefined, {}, Symbol('s')], i64: [1, '1', undefined], f32: [1n, '1'], f64: [1n, null],
      external: [{}, null],
    };
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const error = await rejection(exports[name](value), 'ERR_INVALID_ARG_TYPE');
        assert.ok(error instanceof TypeError);
        assert.match(error.message, new RegExp(`'${name}'`));
      }
    }
    await rejection(exports.i32(), 'ERR_INVALID_ARG_TYPE');
    await rejection(exports.i32(1, 2), 'ERR_INVALID_ARG_TYPE');
  });

  test('waits for those before it', async (t) => {
    const { exports } = await open(t);
    const order = [];
    const calls = [exports.sleep(60n), exports.count(), exports.count(), exports.nothing()];
    calls.forEach((call, index) => call.then((value) => order.push([index, value])));
    await Promise.all(calls);
    assert.deepEqual(order, [[0, undefined], [1, 1], [2, 2], [3, undefined]]);
  });

  test('that traps leaves the instance as it is', async (t) => {
    const instance = await open(t);
    await instance.exports.count();
    const error = await rejection(instance.exports.trap(), 'ERR_WASI_TRAP');
    assert.deepEqual([error.trap, error.stdout, error.stderr], ['unreachable', 'hello', '']);
    assert.ok(error.duration > 0 && error.memoryPeak === MEMORY);
    assert.equal(await instance.exports.count(), 2);
  });

  test('that exits rejects with the code', async (t) => {
    const instance = await open(t);
    for (const code of [0, 7, -1]) {
      const error = await rejection(instance.exports.exit(code), 'ERR_WASI_EXIT');
      assert.equal(error.exitCode, code);
    }
    assert.equal(instance.stdout, 'hellohellohello');
    assert.equal(await instance.exports.count(), 1);
  });

  test('has its own time', async (t) => {
    const { exports } = await open(t, { timeout: 500 });
    await exports.sleep(260n);
    await exports.sleep(260n);
    await rejection(exports.loop(), 'ERR_WASI_TIMEOUT');
    await rejection(exports.sleep(3600000n), 'ERR_WASI_TIMEOUT');
    assert.equal(await exports.count(), 1);
  });

  test('is ended by the signal of the instance, as are those that wait and all later ones', async (t) => {
    const controller = new AbortController();
    const { exports } = await open(t, { signal: controller.signal });
    const calls = [exports.loop(), exports.count(), exports.sleep(1n)];
    const reason = new Error('no longer wanted');
    setTimeout(() => controller.abort(reason), 30);
    for (const call of calls.map((each) => rejection(each, 'ABORT_ERR'))) assert.equal((await call).cause, reason);
    assert.equal((await rejection(exports.count(), 'ABORT_ERR')).cause, reason);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  });

  test('is under the limits of the instance', async (t) => {
    const limited = await open(t, { memoryLimit: MEMORY + 2 * 65536, maxBuffer: 12 });
    assert.equal(await limited.exports.grow(2), 2);
    await rejection(limited.exports.grow(1), 'ERR_WASI_MEMORY_LIMIT');
    await limited.exports.say();
    await limited.exports.say();
    const error = await rejection(limited.exports.say(), 'ERR_WASI_MAX_BUFFER');
    assert.equal(error.stdout, 'hellohellohe');
    const fueled = await open(t, { fuel: 10_000 });
    await fueled.exports.count();
    const { fuelUsed } = await rejection(fueled.exports.loop(), 'ERR_WASI_OUT_OF_FUEL');
    assert.ok(fuelUsed > 9000 && fuelUsed <= 10_000, `${fuelUsed}`);
  });
});

describe('streams of an instance', () => {
  test('serve all calls', async (t) => {
    const stdout = new PassThrough().setEncoding('utf8');
    const instance = await open(t, { stdout });
    for (let turn = 0; turn < 3; turn += 1) {
      const [[text]] = await Promise.all([once(stdout, 'data'), instance.exports.say()]);
      assert.equal(text, 'hello');
    }
    assert.equal(instance.stdout, '');
    instance.close();
  });

  test('get what is left when it is closed', async (t) => {
    const chunks = [];
    const stdout = new Writable({ write: (chunk, _, done) => void (chunks.push(chunk), done()) });
    const stdin = new Readable({ read() {} });
    const instance = await open(t, { stdin, stdout });
    const before = descriptors();
    await instance.exports.say();
    instance.close();
    while (!stdout.closed || stdout.listenerCount('close') > 0) await new Promise(setImmediate);
    assert.equal(Buffer.concat(chunks).toString(), 'hello');
    assert.equal(stdin.eventNames().includes('data'), false);
    assert.ok(descriptors() < before);
  });

  test('that fail end the call, and all later ones', async (t) => {
    const boom = new Error('boom');
    const isBoom = (error) => error === boom;
    const failing = await open(t, { stdout: new Writable({ write: (chunk, _, done) => done(boom) }) });
    await assert.rejects(failing.exports.flood(1_000_000), isBoom);
    await assert.rejects(failing.exports.count(), isBoom);
    const stdin = new Readable({ read() {} });
    const reading = await open(t, { stdin });
    setTimeout(() => stdin.destroy(boom), 30);
    await assert.rejects(reading.exports.drain(), isBoom);
    await assert.rejects(reading.exports.count(), isBoom);
  });
});

describe('close()', () => {
  test('ends the call under way, those that wait and all later ones', async (t) => {
    const instance = await open(t);
    const calls = [instance.exports.loop(), instance.exports.count()].map((call) => rejection(call, 'ERR_WASI_CLOSED'));
    setTimeout(() => instance.close(), 30);
    await Promise.all(calls);
    await rejection(instance.exports.count(), 'ERR_WASI_CLOSED');
  });

  test('gives nothing, can be called again, and leaves the output', async (t) => {
    const instance = await open(t);
    await instance.exports.say();
    assert.deepEqual([instance.close(), instance.close()], [undefined, undefined]);
    assert.equal(instance.stdout, 'hello');
  });

  test('is what Symbol.dispose does', async (t) => {
    const instance = await open(t);
    assert.equal(instance[Symbol.dispose](), undefined);
    await rejection(instance.exports.count(), 'ERR_WASI_CLOSED');
  });

  test('makes room for another, when there are too many', async () => {
    const small = await compile(Buffer.from('(module (func (export "f")))'));
    const instances = [];
    const fill = async () => {
      for (;;) instances.push(await small.instantiate());
    };
    await rejection(fill(), 'ERR_WASI_TOO_MANY_INSTANCES');
    assert.ok(instances.length >= 500, `${instances.length}`);
    // Most of them got their memory from the operating system, and work all the same.
    assert.equal(await instances.at(-1).exports.f(), undefined);
    // Those of call(), too: it tries again at the next call.
    await rejection(small.call('f'), 'ERR_WASI_TOO_MANY_INSTANCES');
    instances.pop().close();
    (await small.instantiate()).close();
    assert.equal(await small.call('f'), undefined);
    for (const instance of instances) instance.close();
  });

  test('has a memory for each heap with garbage collection, however many are open', async () => {
    const program = await compile(Buffer.from(`(module (type $bytes (array (mut i8))) (memory 1) (memory 1) (memory 1)
      (func (export "f") (result i32) (array.len (array.new_default $bytes (i32.const 1000)))))`));
    const opened = Array.from({ length: 192 * os.availableParallelism() }, () => program.instantiate());
    const instances = await Promise.all(opened);
    for (const instance of instances) assert.equal(await instance.exports.f(), 1000);
    for (const instance of instances) instance.close();
  });

  test('leaves memory maps for the process, whatever the program has', { skip: process.platform !== 'linux' && 'other systems do not count them' }, () => {
    // With data, each memory has two maps more than without.
    const memories = Array.from({ length: 30 }, (_, index) => `(memory 3) (data (memory ${index}) (i32.const 66000) "data")`);
    const heap = '(type $bytes (array (mut i8))) (func (export "_initialize") (drop (array.new_default $bytes (i32.const 1))))';
    const script = `const { compile } = require('.');
      (async () => {
        const most = Number(fs.readFileSync('/proc/sys/vm/max_map_count', 'utf8'));
        const program = await compile(Buffer.from(process.argv[1]));
        const instances = [];
        try {
          while (instances.length < 10_000) instances.push(await program.instantiate());
        } catch {}
        console.log(fs.readFileSync('/proc/self/maps', 'utf8').split('\\n').length < 0.8 * most);
        process.exit();
      })()`;
    for (const source of [`(module ${memories.join('')})`, `(module (memory 17) (data (i32.const 1048576) "data") ${heap})`]) {
      const { stdout } = spawnSync(process.execPath, ['-e', script, source], { cwd: path.join(__dirname, '..'), encoding: 'utf8' });
      assert.equal(stdout, 'true\n');
    }
  });

  test('is refused where there is no address space for it, and only then', { skip: process.platform !== 'linux' && 'other systems do not limit it' }, () => {
    const script = `const { compile } = require('.');
      (async () => {
        const program = await compile(Buffer.from('(module (memory 1))'));
        const opened = await Promise.allSettled(Array.from({ length: 100 }, () => program.instantiate()));
        console.log([...new Set(opened.map(({ reason }) => reason?.code ?? 'open'))].sort().join());
        process.exit();
      })()`;
    const limited = ['-c', 'ulimit -v 60000000; exec "$0" -e "$1"', process.execPath, script];
    const { stdout } = spawnSync('sh', limited, { cwd: path.join(__dirname, '..'), encoding: 'utf8' });
    assert.equal(stdout, 'ERR_WASI_TOO_MANY_INSTANCES,open\n');
  });

  test('gives back descriptors', async (t) => {
    const options = { preopens: { '/': '.' }, stdin: 0, stdout: 1 };
    (await open(t, options)).close();
    const before = descriptors();
    for (let turn = 0; turn < 50; turn += 1) (await open(t, options)).close();
    assert.ok(descriptors() <= before, `${before} → ${descriptors()}`);
  });
});

describe('program.call()', () => {
  test('calls on one instance that stays', async () => {
    const own = await compile(source);
    assert.deepEqual(await Promise.all([own.call('count'), own.call('count')]), [1, 2]);
    assert.equal(await own.call('count'), 3);
    assert.equal(await own.call('i64', 5n), 5n);
    const other = await compile(source);
    assert.equal(await other.call('count'), 1);
  });

  test('does not mind what is written', async () => {
    const own = await compile(source);
    await own.call('flood', 100);
    assert.equal(await own.call('count'), 1);
  });

  test('refuses what is no function', async () => {
    for (const name of ['missing', 'memory', 'table', 'global', '', '__proto__']) {
      await rejection((await program).call(name), 'ERR_INVALID_ARG_VALUE');
    }
    await rejection((await program).call('i32', '5'), 'ERR_INVALID_ARG_TYPE');
  });

  test('refuses names that are no strings', async () => {
    for (const name of [['count'], undefined, null, 5, 5n, Symbol('count'), { toString: () => 'count' }, () => {}]) {
      const error = await rejection((await program).call(name), 'ERR_INVALID_ARG_TYPE');
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^The "name" argument must be of type string\. Received /);
    }
  });

  test('rejects each time when there can be no instance', async () => {
    const broken = await compile(Buffer.from('(module (func (export "_initialize") unreachable) (func (export "f")))'));
    for (let turn = 0; turn < 2; turn += 1) await rejection(broken.call('f'), 'ERR_WASI_TRAP');
  });
});

test('what _initialize does counts: its time, its exit, its output', async () => {
  const initializing = (body) => compile(guest(`(func (export "_initialize") ${body})`, { text: 'hello' }));
  const slow = (await initializing(`${say} ${FOREVER}`)).instantiate({ timeout: 200 });
  const error = await rejection(slow, 'ERR_WASI_TIMEOUT');
  assert.equal(error.stdout, 'hello');
  const exiting = (await initializing('(call $proc_exit (i32.const 3))')).instantiate();
  assert.equal((await rejection(exiting, 'ERR_WASI_EXIT')).exitCode, 3);
  const instance = await (await initializing(say)).instantiate();
  assert.equal(instance.stdout, 'hello');
  instance.close();
  await rejection((await compile(command(''))).instantiate({ memoryLimit: 0 }), 'ERR_WASI_MEMORY_LIMIT');
});
