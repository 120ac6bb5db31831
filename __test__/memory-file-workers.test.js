'use strict';

// A MemoryFile and threads: made here and used there, made there, read while it is written.

const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const assert = require('node:assert/strict');
const { fixture } = require('./helpers/guest');
const { descriptors } = require('./helpers/run-process');
const { MemoryFile } = require('..');

const root = path.join(__dirname, '..');

// A Worker whose output is collected, and with it warnings.
function start(script, workerData) {
  const prelude = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { MemoryFile, WASI, run } = require(${JSON.stringify(root)});
    const fs = require('node:fs');`;
  const worker = new Worker(prelude + script, { eval: true, workerData, stdout: true, stderr: true });
  const printed = [];
  for (const stream of [worker.stdout, worker.stderr]) stream.on('data', (chunk) => printed.push(String(chunk)));
  return { worker, printed, exited: once(worker, 'exit') };
}

const message = ({ worker }) => once(worker, 'message').then(([value]) => value);

// Writes as fast as it can and never ends; between writes, the file is emptied.
const WRITER = `
  const chunk = Buffer.alloc(100_000, 'x');
  for (let turn = 0; ; turn += 1) {
    if (turn % 50 === 0) fs.ftruncateSync(workerData.fd, 0);
    fs.writeSync(workerData.fd, chunk, 0, chunk.length, turn % 50 * chunk.length);
    if (turn === 10) parentPort.postMessage('writing');
  }`;

describe('a file of this thread', () => {
  test('is used by guests in Workers', async (t) => {
    const files = Array.from({ length: 4 }, (_, index) => [new MemoryFile(`text ${index}`), new MemoryFile()]);
    t.after(() => files.flat().forEach((file) => file.close()));
    const workers = files.map(([stdin, stdout]) => start(`
      const wasi = new WASI({ version: 'preview1', args: ['cat'], ...workerData.fds });
      wasi.start(new WebAssembly.Instance(workerData.cat, wasi.getImportObject()));`,
    { cat: fixture('cat'), fds: { stdin: stdin.fd, stdout: stdout.fd } }));
    await Promise.all(workers.map(({ exited }) => exited));
    assert.deepEqual(files.map(([, stdout]) => stdout.text()), ['text 0', 'text 1', 'text 2', 'text 3']);
    assert.deepEqual(workers.flatMap(({ printed }) => printed), []);
  });

  test('has what a Worker wrote before it was terminated', async (t) => {
    const file = new MemoryFile();
    t.after(() => file.close());
    const started = start(`
      const wasi = new WASI({ version: 'preview1', stdout: workerData.fd });
      wasi.start(new WebAssembly.Instance(workerData.demo, wasi.getImportObject()));
      parentPort.postMessage('written');
      for (;;);`, { demo: fixture('demo'), fd: file.fd });
    await message(started);
    await started.worker.terminate();
    assert.equal(file.text(), 'hello world\n');
  });

  test('is read while a Worker writes to it', async (t) => {
    const file = new MemoryFile();
    t.after(() => file.close());
    const started = start(WRITER, { fd: file.fd });
    await message(started);
    const lengths = new Set();
    for (let turn = 0; turn < 300 || lengths.size < 3; turn += 1) lengths.add(file.bytes().length);
    await started.worker.terminate();
    for (const length of lengths) assert.ok(length <= 5_000_000, `${length}`);
  });
});

describe('a file of a Worker', () => {
  // It waits for a message, so that the file is there meanwhile.
  const keeping = `
    const file = new MemoryFile('made in a Worker');
    parentPort.postMessage(file.fd);
    parentPort.once('message', () => {
      if (workerData.close) file.close();
      parentPort.postMessage('done');
      parentPort.close();
    });`;
  const isMemory = (fd) => {
    try {
      return /memfd/.test(fs.readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  };

  for (const close of [true, false]) {
    test(`is the process's, until ${close ? 'it is closed' : 'the Worker ends'}`, async () => {
      const started = start(keeping, { close });
      const fd = await message(started);
      assert.equal(fs.readFileSync(fd, 'utf8'), 'made in a Worker');
      started.worker.postMessage('go on');
      assert.equal(await message(started), 'done');
      await started.exited;
      assert.equal(isMemory(fd), false);
      assert.deepEqual(started.printed, []);
    });
  }

  test('is not left behind when the Worker is terminated', async () => {
    const script = `
      globalThis.files = Array.from({ length: 50 }, () => new MemoryFile('text'));
      parentPort.postMessage('made');
      for (;;);`;
    const terminated = async () => {
      const started = start(script);
      await message(started);
      const during = descriptors();
      await started.worker.terminate();
      return during;
    };
    await terminated();
    const before = descriptors();
    const during = await terminated();
    assert.ok(during >= before + 50, `${before} → ${during}`);
    assert.ok(descriptors() <= before, `${before} → ${descriptors()}`);
  });
});

// Its pipes are descriptors that fs has not opened either.
test('a Worker that uses streams prints no warning', async () => {
  const started = start(`
    const { PassThrough } = require('node:stream');
    const stdout = new PassThrough().setEncoding('utf8');
    run(workerData.cat, { args: ['cat'], stdin: new PassThrough().end('text'), stdout })
      .then(() => parentPort.postMessage(stdout.read()));`, { cat: path.join(__dirname, 'fixtures', 'bin', 'cat.wasm') });
  assert.equal(await message(started), 'text');
  await started.exited;
  assert.deepEqual(started.printed, []);
});
