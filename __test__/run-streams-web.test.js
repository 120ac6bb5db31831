'use strict';

// Web streams, iterables, and requests and responses of HTTP servers as stdin, stdout and stderr.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const http2 = require('node:http2');
const { describe, test } = require('node:test');
const { PassThrough } = require('node:stream');
const { command, fixture, saying, waits } = require('./helpers/run-guests');
const { rejection } = require('./helpers/run-process');
const { compile, run } = require('..');

const MIB = 2 ** 20;
const boom = new Error('boom');
const cat = compile(fixture('cat'));
const hello = compile(saying(1, 'hello'));
const failing = compile(saying(1, 'last words', 'unreachable'));
const soon = (ms = 20) => new Promise((resolve) => setTimeout(resolve, ms));

const copy = async (stdin, options) => (await cat).run({ args: ['cat'], stdin, ...options });

// Keeps what is written and how it ends.
function sink(methods) {
  const seen = { text: '' };
  const stream = new WritableStream({
    write: (chunk) => void (seen.text += new TextDecoder().decode(chunk)),
    close: () => void (seen.end = 'closed'),
    abort: (reason) => void (seen.end = reason),
    ...methods,
  });
  return { stream, seen };
}

describe('a ReadableStream as stdin', () => {
  test('is read to its end, whether it has text or bytes', async () => {
    const chunks = ['some ', new TextEncoder().encode('bytes'), new Uint8Array(0), Buffer.from('é')];
    assert.equal((await copy(ReadableStream.from(chunks))).stdout, 'some bytesé');
    assert.equal((await copy(new Response('a body').body)).stdout, 'a body');
    assert.equal((await copy(new Blob(['a ', 'blob']).stream())).stdout, 'a blob');
  });

  test('is read no faster than the guest reads', async () => {
    let given = 0;
    const pull = (controller) => controller.enqueue(new Uint8Array(MIB / 4).fill(given += 1));
    const program = await compile(command(`(drop (call $read)) ${waits.sleeping}`));
    await rejection(program.run({ stdin: new ReadableStream({ pull }), timeout: 100 }), 'ERR_WASI_TIMEOUT');
    assert.ok(given < 20, `${given}`);
  });

  test('is canceled when the guest has ended without reading all, or has failed', async () => {
    for (const [program, isFine] of [[hello, true], [failing, false]]) {
      let canceled = 'no';
      const stdin = new ReadableStream({ pull() { return soon(); }, cancel: (reason) => void (canceled = reason) });
      const error = await (await program).run({ stdin }).catch((reason) => reason);
      await soon(0);
      assert.equal(canceled === 'no', false);
      if (!isFine) assert.equal(canceled, error);
    }
  });

  test('that fails ends the guest, and its error is the reason', async () => {
    const stdin = new ReadableStream({ pull: (controller) => controller.error(boom) });
    await assert.rejects(copy(stdin), (error) => error === boom);
  });

  test('that gives neither text nor bytes ends the guest', () =>
    rejection(copy(ReadableStream.from([{ an: 'object' }])), 'ERR_INVALID_ARG_TYPE'));

  test('that is locked is refused, and the other stream destroyed', async () => {
    const stdin = new Response('body').body;
    stdin.getReader();
    const stdout = new PassThrough();
    const error = await rejection(copy(stdin, { stdout }), 'ERR_INVALID_ARG_VALUE');
    assert.match(error.message, /'options\.stdin' must not be locked/);
    assert.equal(stdout.errored, error);
  });
});

describe('a WritableStream as stdout', () => {
  test('gets everything and is closed', async () => {
    const { stream, seen } = sink();
    await copy('some text', { stdout: stream });
    assert.deepEqual(seen, { text: 'some text', end: 'closed' });
  });

  test('can be stderr, too', async () => {
    const { stream, seen } = sink();
    await run(saying(2, 'err'), { stdout: stream, stderr: stream });
    assert.deepEqual(seen, { text: 'err', end: 'closed' });
  });

  test('holds up the guest if it is slow', async () => {
    let bytes = 0;
    const { stream } = sink({ write: (chunk) => (bytes += chunk.length, new Promise(setImmediate)) });
    await run(command('(call $flood (i32.const 1) (i32.const 160))'), { stdout: stream });
    assert.equal(bytes, 10 * MIB);
    const stuck = sink({ write: (chunk) => (bytes += chunk.length, new Promise(() => {})) }).stream;
    bytes = 0;
    await rejection(run(command('(call $flood (i32.const 1) (i32.const 1000000))'), { stdout: stuck, timeout: 100 }), 'ERR_WASI_TIMEOUT');
    assert.ok(bytes < MIB, `${bytes}`);
  });

  test('is aborted with the error of the guest, after it got what the guest wrote', async () => {
    const { stream, seen } = sink();
    const error = await rejection((await failing).run({ stdout: stream }), 'ERR_WASI_TRAP');
    await soon(0);
    assert.deepEqual([seen.text, seen.end], ['last words', error]);
  });

  test('that fails ends the guest, and its error is the reason', async () => {
    const { stream } = sink({ write() { throw boom; } });
    await assert.rejects(run(command('(call $flood (i32.const 1) (i32.const 1000000))'), { stdout: stream }), (error) => error === boom);
    await assert.rejects(copy('x', { stdout: sink({ close() { throw boom; } }).stream }), (error) => error === boom);
  });

  test('that is locked is refused, and the other stream canceled', async () => {
    const { stream } = sink();
    stream.getWriter();
    let canceled;
    const stdin = new ReadableStream({ cancel: (reason) => void (canceled = reason) });
    const error = await rejection(copy(stdin, { stderr: stream }), 'ERR_INVALID_ARG_VALUE');
    assert.match(error.message, /'options\.stderr' must not be locked/);
    await soon(0);
    assert.equal(canceled, error);
  });
});

describe('an iterable as stdin', () => {
  async function* asyncWords() {
    for (const word of ['some', ' ', Buffer.from('words')]) yield word;
  }
  function* words() {
    yield* ['some', ' ', Buffer.from('words')];
  }

  test('is read to its end', async () => {
    assert.equal((await copy(asyncWords())).stdout, 'some words');
    assert.equal((await copy(words())).stdout, 'some words');
    assert.equal((await copy(new Set(['a', 'b']))).stdout, 'ab');
    assert.equal((await copy({ [Symbol.asyncIterator]: asyncWords })).stdout, 'some words');
  });

  test('is read no faster than the guest reads', async () => {
    let given = 0;
    async function* endless() {
      for (;;) yield Buffer.alloc(MIB / 4, given += 1);
    }
    const program = await compile(command(`(drop (call $read)) ${waits.sleeping}`));
    await rejection(program.run({ stdin: endless(), timeout: 100 }), 'ERR_WASI_TIMEOUT');
    assert.ok(given < 30, `${given}`);
  });

  test('is told when the guest has ended without reading all, or has failed', async () => {
    for (const program of [hello, failing]) {
      let isOver = false;
      const iterator = { next: () => soon().then(() => ({ value: 'x' })), return: async () => ((isOver = true), {}) };
      await (await program).run({ stdin: { [Symbol.asyncIterator]: () => iterator } }).catch(() => {});
      await soon(100);
      assert.equal(isOver, true);
    }
  });

  test('is not even begun if the program does not start', async () => {
    let isBegun = false;
    async function* begins() {
      isBegun = true;
      yield 'x';
    }
    await rejection(run('/nowhere', { stdin: begins() }), 'ENOENT');
    await soon(0);
    assert.equal(isBegun, false);
  });

  test('that throws ends the guest, and its error is the reason', async () => {
    async function* throwing() {
      yield 'x';
      throw boom;
    }
    await assert.rejects(copy(throwing()), (error) => error === boom);
  });

  test('that gives neither text nor bytes ends the guest', async () => {
    for (const chunk of [5, {}, ['text']]) await rejection(copy(new Set([chunk])), 'ERR_INVALID_ARG_TYPE');
    await rejection(copy(new Set([null])), 'ERR_STREAM_NULL_VALUES');
  });
});

describe('an HTTP server whose guests read the request and write the response', () => {
  async function serve(t, handle) {
    // Otherwise, a connection that hangs is closed after a while, and the client takes another.
    const server = http.createServer({ keepAliveTimeout: 0 }, handle);
    t.after(() => server.close());
    await once(server.listen(0), 'listening');
    const { port } = server.address();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => agent.destroy());
    // By one connection, as long as it lives.
    return (body) => new Promise((resolve, reject) => {
      const request = http.request({ port, agent, method: 'POST' }, (response) => {
        response.toArray().then((chunks) => resolve(Buffer.concat(chunks)), reject);
      });
      request.on('error', reject).end(body);
    });
  }
  const big = Buffer.alloc(20 * MIB, 'x');

  test('answers', async (t) => {
    const ask = await serve(t, async (request, response) => (await cat).run({ args: ['cat'], stdin: request, stdout: response }));
    assert.equal(Buffer.compare(await ask(big), big), 0);
    assert.equal(String(await ask('small')), 'small');
  });

  test('answers if the guest does not read the request, and then the next request', async (t) => {
    const requests = [];
    const ask = await serve(t, async (request, response) => {
      requests.push(request);
      await (await hello).run({ stdin: request, stdout: response });
    });
    for (const body of [big, 'x', big]) assert.equal(String(await ask(body)), 'hello');
    for (const request of requests) assert.deepEqual([request.errored, request.readableAborted], [null, false]);
  });

  test('answers by HTTP/2', async (t) => {
    const server = http2.createServer(async (request, response) => (await hello).run({ stdin: request, stdout: response }));
    t.after(() => server.close());
    await once(server.listen(0), 'listening');
    const session = http2.connect(`http://localhost:${server.address().port}`);
    t.after(() => session.close());
    for (let turn = 0; turn < 2; turn += 1) {
      const stream = session.request({ ':method': 'POST' });
      stream.end(Buffer.alloc(MIB));
      assert.equal(Buffer.concat(await stream.toArray()).toString(), 'hello');
    }
  });

  test('breaks off the response if the guest fails', async (t) => {
    const errors = [];
    const ask = await serve(t, async (request, response) => {
      errors.push(await (await failing).run({ stdin: request, stdout: response }).catch(({ code }) => code));
    });
    await rejection(ask('x'), 'ECONNRESET');
    assert.deepEqual(errors, ['ERR_WASI_TRAP']);
  });

  test('can answer itself with `end: false`', async (t) => {
    const ask = await serve(t, async (request, response) => {
      await (await hello).run({ stdin: request, stdout: response, end: false });
      response.end(', world');
    });
    assert.equal(String(await ask('x')), 'hello, world');
  });
});
