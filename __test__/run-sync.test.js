'use strict';

// runSync(): programs on the thread of the caller, within the limits of run().

const assert = require('node:assert/strict');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Readable, Writable } = require('node:stream');
const { describe, test } = require('node:test');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');
const { FOREVER, TEXT, command, fixture, guest } = require('./helpers/run-guests');
const { thrown } = require('./helpers/run-process');
const { compile } = require('..');

const programOf = (body, options) => compile(command(body, options), { cache: false });
const codeOf = (call) => thrown(call).code;

// A program of this text as a fixture would be, and what it exits with.
const settings = { args: ['hello', 'a', 'b'], env: { NAME: 'value' } };
const timeless = ({ duration, ...result }) => result;

describe('runSync()', () => {
  test('gives what run() gives', async () => {
    for (const name of ['hello', 'exit', 'cat']) {
      const program = await compile(fixture(name));
      const options = { ...settings, stdin: 'some input' };
      const [expected, actual] = [await program.run(options), program.runSync(options)];
      assert.deepEqual(timeless(actual), timeless(expected), name);
      assert.equal(typeof actual.duration, 'number');
    }
  });

  test('gives Buffers, and what a guest did with directories', async (t) => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-test-'));
    t.after(() => rmSync(directory, { recursive: true }));
    writeFileSync(path.join(directory, 'file'), 'in a file');
    const cat = await compile(fixture('cat'));
    const { stdout } = cat.runSync({ args: ['cat', '/here/file'], preopens: { '/here': directory }, encoding: 'buffer' });
    assert.deepEqual(stdout, Buffer.from('in a file'));
    assert.deepEqual(thrown(() => cat.runSync({ preopens: { '/here': path.join(directory, 'none') } })).code, 'UVWASI_ENOENT');
  });

  const limits = {
    'an endless loop': [FOREVER, { timeout: 50 }, 'ERR_WASI_TIMEOUT'],
    'a wait': ['(call $sleep (i64.const 60000))', { timeout: 50 }, 'ERR_WASI_TIMEOUT'],
    'memory': ['(drop (memory.grow (i32.const 100)))', { memoryLimit: 1 << 20 }, 'ERR_WASI_MEMORY_LIMIT'],
    'fuel': [FOREVER, { fuel: 10_000 }, 'ERR_WASI_OUT_OF_FUEL'],
    'output': ['(call $flood (i32.const 1) (i32.const 3))', { maxBuffer: 100 }, 'ERR_WASI_MAX_BUFFER'],
    'a trap': ['unreachable', {}, 'ERR_WASI_TRAP'],
  };
  for (const [name, [body, options, code]] of Object.entries(limits)) {
    test(`ends with ${code} because of ${name}`, async () => {
      const program = await programOf(body);
      assert.equal(codeOf(() => program.runSync(options)), code);
      await assert.rejects(program.run(options), { code });
    });
  }

  test('tells what the guest wrote before it was ended', async () => {
    const program = await programOf(`(call $write (i32.const 1) (i32.const ${TEXT}) (i32.const 5)) ${FOREVER}`, { text: 'hello' });
    const error = thrown(() => program.runSync({ timeout: 50 }));
    assert.deepEqual([error.code, error.stdout], ['ERR_WASI_TIMEOUT', 'hello']);
    assert.ok(error.duration >= 50);
  });

  test('ends a deep recursion with a trap, whatever the stack is', async () => {
    const program = await compile(guest('(func $deeper (export "_start") (call $deeper))'), { cache: false });
    for (const maxStack of [64 << 10, 1 << 20, 4 << 20]) {
      assert.equal(thrown(() => program.runSync({ maxStack })).trap, 'stack-overflow');
    }
  });

  test('refuses a stack that is larger than that of the thread', async () => {
    const program = await programOf('');
    const error = thrown(() => program.runSync({ maxStack: 64 << 20 }));
    assert.equal(error.code, 'ERR_WASI_STACK');
    assert.match(error.message, /options\.maxStack is 64 MiB/);
    assert.equal((await program.run({ maxStack: 64 << 20 })).exitCode, 0);
  });

  test('refuses streams', async () => {
    const program = await programOf('');
    for (const options of [
      { stdin: Readable.from([]) }, { stdin: [''][Symbol.iterator]() }, { stdin: new ReadableStream() },
      { stdout: new Writable() }, { stderr: new WritableStream() },
    ]) {
      const [name] = Object.keys(options);
      const error = thrown(() => program.runSync(options));
      assert.equal(error.code, 'ERR_INVALID_ARG_VALUE');
      assert.match(error.message, new RegExp(`options\\.${name}' can't be a stream`));
    }
  });

  test('checks options as run() does', async () => {
    const program = await programOf('');
    assert.equal(codeOf(() => program.runSync({ timeout: -1 })), 'ERR_OUT_OF_RANGE');
    assert.equal(codeOf(() => program.runSync({ imports: 5 })), 'ERR_INVALID_ARG_TYPE');
    assert.match(thrown(() => program.runSync({ tiemout: 1 })).message, /Did you mean 'timeout'/);
  });

  test('refuses a library', async () => {
    const program = await compile(Buffer.from('(module (func (export "add")))'), { cache: false });
    assert.equal(codeOf(() => program.runSync()), 'ERR_WASI_LINK');
  });

  test('throws an AbortError for a signal that is aborted, also by a function of the host', async () => {
    const program = await compile(Buffer.from(`(module (import "env" "abort" (func $abort))
      (func (export "_start") (call $abort) (loop (br 0))))`), { cache: false });
    const before = thrown(() => program.runSync({ signal: AbortSignal.abort('early'), imports: { env: { abort() {} } } }));
    assert.deepEqual([before.name, before.code, before.cause], ['AbortError', 'ABORT_ERR', 'early']);
    const controller = new AbortController();
    const options = { signal: controller.signal, timeout: 10_000, imports: { env: { abort: () => controller.abort('now') } } };
    const during = thrown(() => program.runSync(options));
    assert.deepEqual([during.name, during.code, during.cause], ['AbortError', 'ABORT_ERR', 'now']);
  });

  test('runs while asynchronous guests compute', async () => {
    const program = await programOf(FOREVER);
    const hello = await compile(fixture('hello'));
    const loops = Array.from({ length: 4 }, () => assert.rejects(program.run({ timeout: 300 }), { code: 'ERR_WASI_TIMEOUT' }));
    for (let count = 0; count < 10; count += 1) assert.equal(hello.runSync().exitCode, 0);
    await Promise.all(loops);
  });

  const waits = {
    'sleeps': '(call $sleep (i64.const 600000)) unreachable',
    'waits for input': '(drop (call $read)) unreachable',
  };
  for (const [name, body] of Object.entries(waits)) {
    test(`ends with its Worker while it ${name}`, async () => {
      const source = command(body).toString('base64');
      const worker = new Worker(`const { compile } = require(${JSON.stringify(path.join(__dirname, '..'))});
        const { pipe } = require(${JSON.stringify(path.join(__dirname, '..', 'lib', 'native.js'))});
        compile(Buffer.from(${JSON.stringify(source)}, 'base64')).then((program) => {
          const [stdin] = pipe();
          require('node:worker_threads').parentPort.postMessage(0);
          program.runSync({ stdin });
        });`, { eval: true });
      await once(worker, 'message');
      await sleep(100);
      assert.equal(await worker.terminate(), 1);
    });
  }

  test('runs in Workers, which end afterwards', async () => {
    const worker = new Worker(`const { compile } = require(${JSON.stringify(path.join(__dirname, '..'))});
      compile(${JSON.stringify(fixture('hello'))}).then((program) => {
        const { stdout } = program.runSync({ args: ['x'] });
        require('node:worker_threads').parentPort.postMessage(stdout);
      });`, { eval: true });
    const [[stdout], [code]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
    assert.match(stdout, /x/);
    assert.equal(code, 0);
  });
});
