'use strict';

// A Worker that ends within a guest ends there: nothing of it runs afterwards.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { once } = require('node:events');
const { describe, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const { Guest, tempDir } = require('./helpers/guest');

const root = path.join(__dirname, '..');

// Runs `_start` in a Worker, where `wasi` and the flags are known; the last
// flag tells whether what follows start() was reached, in whichever way.
function startInWorker(start, options = '') {
  const flags = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(`
    const { workerData: { root, flags } } = require('node:worker_threads');
    const { WASI } = require(root);
    const wasi = new WASI({ version: 'preview1', ${options} });
    const exports = { memory: new WebAssembly.Memory({ initial: 1 }), _start() { ${start} } };
    try {
      wasi.start({ exports });
    } finally {
      Atomics.store(flags, 1, 1);
    }
  `, { eval: true, workerData: { root, flags } });
  return { worker, flags };
}

async function waitFor(flags, index) {
  const { async: waits, value } = Atomics.waitAsync(flags, index, 0);
  if (waits) await value;
}

describe('nothing runs behind start()', () => {
  test('when its Worker is terminated', async () => {
    const spin = 'Atomics.store(flags, 0, 1); Atomics.notify(flags, 0); for (;;);';
    const { worker, flags } = startInWorker(spin);
    await waitFor(flags, 0);
    assert.equal(await worker.terminate(), 1);
    assert.equal(Atomics.load(flags, 1), 0);
  });

  test('when process.exit() is called in it', async () => {
    const { worker, flags } = startInWorker('process.exit(7)');
    assert.deepEqual(await once(worker, 'exit'), [7]);
    assert.equal(Atomics.load(flags, 1), 0);
  });

  test('when the guest exits and returnOnExit is false', async () => {
    const { worker, flags } = startInWorker('wasi.wasiImport.proc_exit(7)', 'returnOnExit: false');
    assert.deepEqual(await once(worker, 'exit'), [7]);
    assert.equal(Atomics.load(flags, 1), 0);
  });
});

describe('a Worker can be terminated while its guest', () => {
  // A pipe that nobody writes to, reads from or closes.
  function pipe(t) {
    const fifo = path.join(tempDir(t), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const fd = fs.openSync(fifo, 'r+');
    t.after(() => fs.closeSync(fd));
    return fd;
  }

  const iovec = 'new Uint32Array(exports.memory.buffer, 0, 2).set([4096, 60000]);';
  const subscribe = (type) => `new Uint8Array(exports.memory.buffer)[72] = ${type};`;
  for (const [name, call] of Object.entries({
    'waits for a descriptor': `${subscribe(1)} wasi.wasiImport.poll_oneoff(64, 256, 1, 512);`,
    'sleeps': 'new BigUint64Array(exports.memory.buffer)[11] = 1n << 62n; wasi.wasiImport.poll_oneoff(64, 256, 1, 512);',
    'reads': `${iovec} wasi.wasiImport.fd_read(0, 0, 1, 512);`,
    'writes': `${iovec} for (;;) wasi.wasiImport.fd_write(1, 0, 1, 512);`,
  })) {
    test(name, async (t) => {
      const fd = pipe(t);
      const call_ = `Atomics.store(flags, 0, 1); Atomics.notify(flags, 0); ${call}`;
      const { worker, flags } = startInWorker(call_, `stdin: ${fd}, stdout: ${fd}`);
      await waitFor(flags, 0);
      await new Promise((resolve) => { setTimeout(resolve, 30); });
      assert.equal(await worker.terminate(), 1);
      assert.equal(Atomics.load(flags, 1), 0);
    });
  }
});

// V8 looks whether it has to end when it enters a function of JavaScript, which this is not.
test('no native function is called behind start() when its guest waited', async () => {
  const worker = new Worker(`
    const { parentPort, workerData: root } = require('node:worker_threads');
    const { WASI } = require(root);
    const wasi = new WASI({ version: 'preview1' });
    const memory = new WebAssembly.Memory({ initial: 1 });
    new BigUint64Array(memory.buffer)[11] = 1n << 62n;
    const _start = () => {
      parentPort.postMessage('started');
      wasi.wasiImport.poll_oneoff(64, 256, 1, 512);
    };
    wasi.start({ exports: { memory, _start } });
    parentPort.postMessage('behind start()');
  `, { eval: true, workerData: root });
  const messages = [];
  worker.on('message', (message) => messages.push(message));
  await once(worker, 'message');
  await new Promise((resolve) => { setTimeout(resolve, 30); });
  assert.equal(await worker.terminate(), 1);
  assert.deepEqual(messages, ['started']);
});

describe('memory that grew is known', () => {
  const FIFTH_PAGE = 5 * 65536;

  // Calls with less and less of the stack left, until a call gets through.
  function callNearTheEndOfTheStack(call) {
    let done = false;
    const descend = () => {
      try {
        descend();
      } catch {
        // The stack was full further down.
      }
      if (done) return;
      try {
        call();
        done = true;
      } catch {
        // It still is.
      }
    };
    descend();
  }

  test('after a call that had not enough of the stack left to find out', () => {
    for (let attempt = 0; attempt < 20; attempt++) {
      const guest = new Guest();
      assert.equal(guest.exports.random_get(0, 4), 0);
      guest.exports.grow(10);
      const errnos = new Set();
      callNearTheEndOfTheStack(() => errnos.add(guest.exports.random_get(FIFTH_PAGE, 16)));
      errnos.add(guest.exports.random_get(FIFTH_PAGE, 16));
      assert.deepEqual([...errnos], [0]);
    }
  });

  if ('toResizableBuffer' in WebAssembly.Memory.prototype) {
    test('when its buffer is resizable, which is not detached', () => {
      const guest = new Guest();
      guest.memory.toResizableBuffer();
      assert.equal(guest.exports.random_get(0, 4), 0);
      guest.exports.grow(10);
      assert.equal(guest.exports.random_get(FIFTH_PAGE, 16), 0);
    });
  }
});
