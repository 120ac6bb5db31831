'use strict';

// Streams that run() does not end, and those that make it difficult.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const path = require('node:path');
const { describe, test } = require('node:test');
const { Duplex, Readable, Writable, finished } = require('node:stream');
const { CHUNK, command, saying } = require('./helpers/run-guests');
const { rejection } = require('./helpers/run-process');
const { compile, run } = require('..');

const boom = new Error('boom');
const hello = compile(saying(1, 'hello'));
const failing = compile(saying(1, 'last words', 'unreachable'));
const soon = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const closed = (stream) => stream.closed || new Promise((resolve) => stream.on('close', resolve));
const endless = () => new Readable({ read() { this.push(Buffer.alloc(1000)); } });
const ignoring = (methods) => new Writable({ write: (chunk, _, done) => done(), ...methods });

describe('left as they are', () => {
  // In processes of their own.
  function elsewhere(script, input) {
    const prelude = `const { compile, run } = require(${JSON.stringify(path.join(__dirname, '..'))});
      const guests = require(${JSON.stringify(path.join(__dirname, 'helpers', 'run-guests'))});`;
    const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', `${prelude} (async () => { ${script} })()`], { input, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout + stderr;
  }

  for (const name of ['stdout', 'stderr']) {
    const scripts = {
      'when a guest has ended': `await run(guests.saying(1, 'guest '), { stdout: process.${name} });`,
      'when a guest has failed': `await run(guests.saying(1, 'guest ', 'unreachable'), { stdout: process.${name} }).catch(() => {});`,
    };
    for (const [when, script] of Object.entries(scripts)) {
      const then = `${script} process.${name}.write(String(process.${name}.destroyed));`;
      test(`process.${name} ${when}`, () => assert.equal(elsewhere(then), 'guest false'));
      test(`process.${name} of a Worker ${when}`, () => {
        const inWorker = `const { Worker } = require('node:worker_threads');
          const code = ${JSON.stringify(`const guests = require(${JSON.stringify(path.join(__dirname, 'helpers', 'run-guests'))});
            const { run } = require(${JSON.stringify(path.join(__dirname, '..'))}); (async () => { ${then} })()`)};
          new Worker(code, { eval: true });`;
        assert.equal(elsewhere(inWorker), 'guest false');
      });
    }
  }

  test('process.stdin', () => {
    const script = `await run(guests.command('(drop (call $read))'), { stdin: process.stdin });
      console.log(process.stdin.destroyed, process.stdin.isPaused());`;
    assert.equal(elsewhere(script, 'x'.repeat(10_000_000)), 'false true\n');
  });

  test('a Duplex through which the user can still answer', async (t) => {
    const server = net.createServer({ allowHalfOpen: true }, async (socket) => {
      const { exitCode } = await run(command('(drop (call $read)) (call $proc_exit (i32.const 5))'), { stdin: socket });
      assert.equal(socket.destroyed, false);
      socket.end(`ended with ${exitCode}`);
    });
    t.after(() => server.close());
    await once(server.listen(0), 'listening');
    const client = net.connect(server.address().port);
    client.write('something');
    assert.equal(Buffer.concat(await client.toArray()).toString(), 'ended with 5');
  });

  test('but not a socket that is also the output, which is ended', async () => {
    const server = net.createServer({ allowHalfOpen: true }, async (socket) => {
      await (await hello).run({ stdin: socket, stdout: socket });
      assert.equal(socket.writableFinished, true);
      await closed(socket);
      server.close();
    });
    await once(server.listen(0), 'listening');
    const client = net.connect({ port: server.address().port, allowHalfOpen: true });
    client.write('something');
    assert.equal(Buffer.concat(await client.toArray()).toString(), 'hello');
    client.end();
    await once(server, 'close');
  });

  test('a socket that is also the output, until the peer has received everything', async (t) => {
    const chunks = 40;
    const program = await compile(command(`(call $flood (i32.const 1) (i32.const ${chunks}))`));
    const server = net.createServer({ allowHalfOpen: true }, (socket) => program.run({ stdin: socket, stdout: socket }));
    t.after(() => server.close());
    await once(server.listen(0), 'listening');
    const client = net.connect(server.address().port);
    client.end(Buffer.alloc(1_000_000));
    let received = 0;
    for await (const chunk of client) {
      received += chunk.length;
      await soon(5);
    }
    assert.equal(received, chunks * CHUNK);
  });
});

describe('a stream that does the worst it can', () => {
  const stubborn = {
    'end() throws': { end() { throw boom; } },
    'destroy() throws': { destroy() { throw boom; } },
    'once() throws': { once() { throw boom; } },
    'there is no end()': { end: undefined },
    'there is no destroy()': { destroy: undefined },
  };
  for (const [name, methods] of Object.entries(stubborn)) {
    test(`${name}: nothing hangs or ends the process`, async () => {
      for (const program of [hello, failing]) {
        // Else Node.js calls destroy(), and no one could catch what it throws.
        const stdout = Object.assign(ignoring({ autoDestroy: false }), methods);
        const stdin = Object.assign(endless(), methods);
        await (await program).run({ stdin, stdout }).catch((error) => error === boom || assert.equal(error.code, 'ERR_WASI_TRAP'));
        stdin.pause();
      }
    });
  }

  test('an error event that comes late is nobody\'s', async () => {
    const late = (error, done) => setTimeout(done, 20, boom);
    const streams = { stdin: new Readable({ read() {}, destroy: late }), stdout: ignoring({ destroy: late }) };
    await rejection((await failing).run(streams), 'ERR_WASI_TRAP');
    for (const stream of Object.values(streams)) await closed(stream);
    const stdin = new Readable({ read() {}, destroy: late });
    await (await hello).run({ stdin });
    await closed(stdin);
  });

  test('a Duplex that is neither a socket nor a Transform', async () => {
    const both = new Duplex({ read() {}, write: (chunk, _, done) => done() });
    await (await hello).run({ stdin: both });
    assert.deepEqual([both.destroyed, both.writableEnded, both.listenerCount('error')], [false, false, 0]);
    await (await hello).run({ stdin: both, stdout: both });
    await new Promise((resolve) => finished(both, resolve));
    assert.equal(both.writableFinished, true);
  });
});
