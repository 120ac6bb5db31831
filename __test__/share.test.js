'use strict';

// WASI objects that have the same descriptors, in one thread and in several.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const { tempDir } = require('./helpers/guest');
const { Calls } = require('./helpers/calls');
const { WASI } = require('..');

const version = 'preview1';
const BADF = 8;
const NOTCAPABLE = 76;

// Runs `body`, which has `calls` of an object with the descriptors behind `token`, in a Worker.
function inWorker(token, body) {
  return new Worker(`
    const { parentPort, workerData: { root, calls: file, token } } = require('node:worker_threads');
    const { WASI } = require(root);
    const { Calls } = require(file);
    const calls = new Calls(new WASI({ version: 'preview1', share: token }));
    ${body}
  `, {
    eval: true,
    workerData: { root: path.join(__dirname, '..'), calls: require.resolve('./helpers/calls'), token },
  });
}

function sharing(t, options = {}) {
  const directory = tempDir(t);
  const wasi = new WASI({ version, preopens: { '/': directory }, ...options });
  t.after(() => wasi.close());
  return { directory, wasi, calls: new Calls(wasi), token: wasi.share() };
}

const openFds = () => fs.readdirSync('/proc/self/fd').length;

describe('descriptors shared', () => {
  test('within a thread', (t) => {
    const { directory, calls, token } = sharing(t);
    const other = new Calls(new WASI({ version, share: token }));
    const fd = calls.create('file');
    assert.equal(other.write(fd, 'both'), 0);
    assert.equal(calls.write(fd, ' of us'), 0);
    assert.equal(fs.readFileSync(`${directory}/file`, 'utf8'), 'both of us');
    assert.equal(other.close(fd), 0);
    assert.equal(calls.write(fd, 'x'), BADF);
  });

  test('with a Worker: what either opens, both have', async (t) => {
    const { directory, calls, token } = sharing(t);
    const first = calls.create('from-main');
    const worker = inWorker(token, `
      calls.write(${first}, 'written in the Worker');
      parentPort.postMessage(calls.create('from-worker'));
    `);
    const [[second]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
    assert.equal(second, first + 1);
    assert.equal(fs.readFileSync(`${directory}/from-main`, 'utf8'), 'written in the Worker');
    assert.equal(calls.write(second, 'written after the Worker'), 0);
    assert.equal(fs.readFileSync(`${directory}/from-worker`, 'utf8'), 'written after the Worker');
  });

  test('by an object that got them itself', async (t) => {
    const { wasi, calls, token } = sharing(t);
    const other = new WASI({ version, share: token });
    assert.equal(other.share(), token);
    assert.equal(wasi.share(), token);
    const fd = calls.create('file');
    wasi.close();
    assert.equal(new Calls(new WASI({ version, share: token })).write(fd, 'x'), 0);
    other.close();
  });

  test('of a sandbox: a read-only directory stays so', (t) => {
    const directory = tempDir(t);
    fs.writeFileSync(`${directory}/file`, 'content');
    const wasi = new WASI({ version, preopens: { '/': { path: directory, readonly: true } } });
    const other = new Calls(new WASI({ version, share: wasi.share() }));
    assert.throws(() => other.create('new'), { message: `path_open: ${NOTCAPABLE}` });
    wasi.close();
  });

  test('arguments and environment are each their own', (t) => {
    const { calls, token } = sharing(t, { args: ['first'], env: { A: '1' } });
    const other = new Calls(new WASI({ version, share: token, args: ['the', 'second'], env: {} }));
    assert.equal(calls.count('args_sizes_get'), 1);
    assert.equal(other.count('args_sizes_get'), 2);
    assert.equal(other.count('environ_sizes_get'), 0);
  });
});

describe('shared descriptors end', () => {
  test('with the last object that has them', (t) => {
    const before = openFds();
    const { wasi, calls, token } = sharing(t);
    const other = new WASI({ version, share: token });
    new Calls(other).create('one');
    calls.create('two');
    wasi.close();
    assert.equal(calls.write(4, 'x'), BADF);
    assert.ok(openFds() > before);
    other.close();
    assert.equal(openFds(), before);
    const error = { code: 'ERR_INVALID_ARG_VALUE', message: /'options\.share' must come from share\(\)/ };
    assert.throws(() => new WASI({ version, share: token }), error);
  });

  test('not with a Worker that is terminated', async (t) => {
    const before = openFds();
    const { wasi, calls, token } = sharing(t);
    const worker = inWorker(token, `
      parentPort.postMessage(calls.create('file'));
      for (;;) calls.count('args_sizes_get');
    `);
    const [fd] = await once(worker, 'message');
    await worker.terminate();
    assert.equal(calls.write(fd, 'after'), 0);
    wasi.close();
    // What the Worker itself had may be closed a little later.
    while (openFds() > before) await new Promise((resolve) => { setTimeout(resolve, 5); });
  });

  test('with a process, which a token keeps from nothing', () => {
    const program = `
      const { WASI } = require('.');
      const wasi = new WASI({ version: 'preview1' });
      console.log(wasi.share().length);
    `;
    const cwd = path.join(__dirname, '..');
    assert.equal(execFileSync(process.execPath, ['-e', program], { cwd, encoding: 'utf8' }), '32\n');
  });
});

describe('a Worker that waits for a shared descriptor', () => {
  const waiting = async (t) => {
    const fifo = `${tempDir(t)}/fifo`;
    execFileSync('mkfifo', [fifo]);
    const stdin = fs.openSync(fifo, 'r+');
    t.after(() => fs.closeSync(stdin));
    const shared = sharing(t, { stdin });
    const worker = inWorker(shared.token, 'parentPort.postMessage(0); parentPort.postMessage(calls.read(0));');
    await once(worker, 'message');
    return { ...shared, stdin, worker };
  };

  test('holds up no other thread', async (t) => {
    const { calls, stdin, worker } = await waiting(t);
    assert.equal(calls.write(calls.create('file'), 'meanwhile'), 0);
    fs.writeSync(stdin, 'now');
    assert.deepEqual(await once(worker, 'message'), ['now']);
  });

  test('can be terminated, and the descriptor used', async (t) => {
    const { calls, stdin, worker } = await waiting(t);
    assert.equal(await worker.terminate(), 1);
    fs.writeSync(stdin, 'later');
    assert.equal(calls.read(0), 'later');
  });
});

describe('share', () => {
  const options = { version, share: '0'.repeat(32) };
  const invalid = (given, code, message) => {
    assert.throws(() => new WASI({ ...options, ...given }), { code, message });
  };

  test('is a string', () => {
    for (const share of [1, null, {}, Symbol('token')]) {
      invalid({ share }, 'ERR_INVALID_ARG_TYPE', /^The "options\.share" property must be of type string\. Received /);
    }
    invalid({}, 'ERR_INVALID_ARG_VALUE', /'options\.share' must come from share\(\) of a WASI object/);
    assert.doesNotThrow(() => new WASI({ version, share: undefined }));
  });

  test('excludes the options of descriptors', (t) => {
    const { token } = sharing(t);
    for (const [option, value] of Object.entries({ preopens: {}, stdin: 0, stdout: 1, stderr: 2, maxFiles: 3 })) {
      invalid({ share: token, [option]: value }, 'ERR_INVALID_ARG_VALUE',
        new RegExp(`'options\\.${option}' must not be given with options\\.share`));
    }
  });

  test('is refused by an object that is closed', () => {
    const wasi = new WASI({ version });
    wasi.close();
    assert.throws(() => wasi.share(), { code: 'ERR_INVALID_STATE', message: 'Invalid state: the WASI object is closed' });
  });

  test('is a method of WASI objects', () => {
    assert.throws(() => WASI.prototype.share.call({}), TypeError);
  });
});
