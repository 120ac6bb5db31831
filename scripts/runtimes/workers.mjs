// Checks of class WASI in Workers (node:worker_threads).

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { Worker } from 'node:worker_threads';
import { fixtureFile, guests, moduleOf, root, sleep } from './support.mjs';

// `body` knows `wasi`, `memory`, `workerData` and `parentPort`.
function work(body, { options = '', ...workerData } = {}) {
  return new Worker(`
    const { parentPort, workerData } = require('node:worker_threads');
    const { WASI, run, compile } = require(${JSON.stringify(root)});
    const wasi = new WASI({ version: 'preview1', ${options} });
    const memory = workerData.memory ?? new WebAssembly.Memory({ initial: 1 });
    ${body}`, { eval: true, workerData });
}

const starting = (body) => `
  wasi.start({ exports: { memory, _start() { parentPort.postMessage('started'); ${body} } } });
  parentPort.postMessage('behind start()');`;

// Whether the Worker ends, and nothing of it runs behind start().
async function terminated(worker) {
  const messages = [];
  worker.on('message', (message) => messages.push(message));
  await once(worker, 'message');
  await sleep(100);
  await worker.terminate();
  assert.deepEqual(messages, ['started']);
}

function silentPipe() {
  execFileSync('mkfifo', ['fifo']);
  return fs.openSync('fifo', 'r+');
}

export default {
  async 'a program in a Worker'() {
    const stdout = fs.openSync('out', 'w');
    const worker = work(`
      const code = wasi.start(new WebAssembly.Instance(workerData.guest, wasi.getImportObject()));
      parentPort.postMessage(code);`, { options: `stdout: ${stdout}`, guest: moduleOf('demo') });
    assert.deepEqual(await once(worker, 'message'), [0]);
    assert.equal(fs.readFileSync('out', 'utf8'), 'hello world\n');
    await worker.terminate();
  },

  async 'shared memory'() {
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 100, shared: true });
    const worker = work(`
      const imports = { ...wasi.getImportObject(), env: { memory } };
      const instance = new WebAssembly.Instance(workerData.guest, imports);
      wasi.finalizeBindings(instance, { memory });
      const results = [instance.exports.random_get(0, 64)];
      parentPort.once('message', () => {
        results.push(instance.exports.random_get(64 * 65536, 64), instance.exports.random_get(99 * 65536, 64));
        parentPort.postMessage(results);
      });
      parentPort.postMessage('ready');`, { memory, guest: moduleOf('probe-shared') });
    await once(worker, 'message');
    memory.grow(80);
    worker.postMessage('go on');
    assert.deepEqual(await once(worker, 'message'), [[0, 0, 61]]);
    await worker.terminate();
    const isWritten = (at) => new Uint8Array(memory.buffer, at, 64).some((byte) => byte !== 0);
    assert.deepEqual([isWritten(0), isWritten(64 * 65536)], [true, true]);
  },

  'terminate() while it sleeps': () => terminated(work(starting(`
    new BigUint64Array(memory.buffer)[11] = 1n << 62n;
    wasi.wasiImport.poll_oneoff(64, 256, 1, 512);`))),

  'terminate() while it reads': () => terminated(work(starting(`
    new Uint32Array(memory.buffer, 0, 2).set([4096, 60000]);
    wasi.wasiImport.fd_read(0, 0, 1, 512);`), { options: `stdin: ${silentPipe()}` })),

  'terminate() while it writes': () => terminated(work(starting(`
    new Uint32Array(memory.buffer, 0, 2).set([4096, 60000]);
    for (;;) wasi.wasiImport.fd_write(1, 0, 1, 512);`), { options: `stdout: ${silentPipe()}` })),

  'terminate() while it calls WASI in a loop': () => terminated(work(starting(`
    for (;;) wasi.wasiImport.sched_yield();`))),

  'terminate() while it computes': () => terminated(work(starting(`for (;;);`))),

  async 'returnOnExit: false in a Worker'() {
    const worker = work(starting('wasi.wasiImport.proc_exit(7);'), { options: 'returnOnExit: false' });
    const messages = [];
    worker.on('message', (message) => messages.push(message));
    assert.deepEqual(await once(worker, 'exit'), [7]);
    assert.ok(!messages.includes('behind start()'));
  },

  async 'run() in a Worker'() {
    const worker = work(`
      run(workerData.file, { cache: false }).then(({ stdout }) => parentPort.postMessage(stdout));`,
    { file: fixtureFile('demo') });
    assert.deepEqual(await once(worker, 'message'), ['hello world\n']);
    await worker.terminate();
  },

  async 'streams in a Worker'() {
    const worker = work(`
      const { PassThrough, Readable } = require('node:stream');
      const stdout = new PassThrough();
      stdout.once('data', (chunk) => parentPort.postMessage(String(chunk)));
      run(workerData.file, { stdin: Readable.from(['text']), stdout, cache: false });`,
    { file: fixtureFile('cat') });
    assert.deepEqual(await once(worker, 'message'), ['text']);
    await worker.terminate();
  },

  async 'terminate() while run() is under way'() {
    const worker = work(`
      run(Buffer.from(workerData.guest), { cache: false });
      parentPort.postMessage('started');`, { guest: guests.command(guests.FOREVER) });
    await once(worker, 'message');
    await sleep(300);
    await worker.terminate();
    assert.ok(await isIdle(1000), 'the guest still computes');
  },

  async 'many Workers, ended in all ways'() {
    const endings = ['wasi.close();', 'process.exit(0);', 'for (;;) wasi.wasiImport.sched_yield();'];
    for (let index = 0; index < 30; index++) {
      const worker = work(starting(endings[index % endings.length]), { options: 'preopens: { "/": "." }' });
      const exited = once(worker, 'exit');
      await once(worker, 'message');
      await worker.terminate();
      await exited;
    }
  },
};

// Whether the process uses little of a processor's time for so long.
async function isIdle(ms) {
  const before = process.cpuUsage();
  await sleep(ms);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 < ms / 2;
}
