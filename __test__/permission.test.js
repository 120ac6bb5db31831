'use strict';

// Node's permission model: what a guest needs under `node --permission`, and what is refused how. Each
// case is a process of its own, because the model is for whole processes.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const intended = require('./differential/intended');
const { tempDir } = require('./helpers/guest');
const { fixture } = require('./helpers/run-guests');

const root = path.join(__dirname, '..');
const known = process.allowedNodeEnvironmentFlags;
const ON = known.has('--permission') ? '--permission' : '--experimental-permission';
const WASI = known.has('--allow-wasi') ? ['--allow-wasi'] : [];
const ADDON = ['--allow-addons', `--allow-fs-read=${root}`];
const read = (place) => `--allow-fs-read=${place}`;
const write = (place) => `--allow-fs-write=${place}`;

const hello = fixture('hello');

// What the body, that of an async function, returns, or its error, seen from outside.
function outcome(flags, body, { cwd = root, env = {} } = {}) {
  const script = `
    const { WASI, compile, run } = require(${JSON.stringify(root)});
    const hello = ${JSON.stringify(hello)};
    const show = ({ name, message, code, permission, resource, ...more }) =>
      ({ name, code, permission, resource, message, more: Object.keys(more) });
    (async () => { ${body} })().then((value) => ({ value: value ?? null }), (error) => ({ error: show(error) }))
      .then((result) => console.log(JSON.stringify(result)));`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--no-warnings', ...flags, '-e', script], {
    cwd, env: { ...process.env, ...env }, encoding: 'utf8', timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

function assertDenied({ error }, permission, flag, resource) {
  assert.deepEqual(error, {
    name: 'Error', code: 'ERR_ACCESS_DENIED', permission, resource,
    message: `Access to this API has been restricted. Use ${flag} to manage permissions.`, more: [],
  });
}

const construct = (options = '') => `new WASI({ version: 'preview1', ${options} }); return 'made';`;
const start = (options = '') => `
  const { stdout } = await run(hello, { cache: false, ${options} });
  return /^hello from/.test(stdout) && 'ran';`;
const startProgram = (options = '') => `
  const program = await compile(hello, { cache: false });
  const { stdout } = await program.run({ ${options} });
  return /^hello from/.test(stdout) && 'ran';`;
const instantiate = (options = '') => `
  const program = await compile(hello, { cache: false });
  (await program.instantiate({ ${options} })).close();
  return 'made';`;
const ways = { 'new WASI()': construct, 'run()': start, 'Program.run()': startProgram, 'Program.instantiate()': instantiate };

describe('WASI itself', () => {
  // Before Node 20.16 it was not restricted.
  if (WASI.length === 0) return;
  const denied = ['WASI', '--allow-wasi', ''];
  for (const [name, way] of Object.entries(ways)) {
    test(`${name} needs --allow-wasi`, () => {
      assertDenied(outcome([ON, ...ADDON], way()), ...denied);
      assert.notEqual(outcome([ON, ...ADDON, ...WASI], way()).value, undefined);
    });
  }
  test('compile() needs it', () => assertDenied(outcome([ON, ...ADDON], 'await compile(hello);'), ...denied));

  test('the error is that of node:wasi, and comes when its error comes', () => {
    const compare = (options) => outcome([ON, ...ADDON], `
      const seen = [WASI, require('node:wasi').WASI].map((Class) => {
        try {
          new Class(${options});
        } catch (error) {
          const { name, code, permission, resource, stack } = error;
          return [name, code, permission, resource, Object.getOwnPropertyNames(error), stack.split(':')[0]];
        }
      });
      return seen;`).value;
    for (const options of [
      "{ version: 'preview1' }", "{ version: 'preview1', returnOnExit: 5 }", "{ version: 'preview1', stdin: 1_000_000 }",
      "{ version: 'preview1', preopens: { '/': '/nowhere' } }", "{ version: 'preview3' }", "{ version: 'preview1', args: 5 }",
    ]) {
      const [ours, theirs] = compare(options);
      assert.deepEqual(ours, theirs, options);
      assert.notEqual(ours, null);
    }
  });

  test('options are looked at before', () => {
    assert.equal(outcome([ON, ...ADDON], start('memorylimit: 5')).error.code, 'ERR_INVALID_ARG_VALUE');
  });

  test('can be dropped while the process runs, where Node can do so', () => {
    const canDrop = outcome([ON, ...ADDON, ...WASI], 'return process.permission.drop !== undefined;').value;
    if (canDrop) for (const way of Object.values(ways)) {
      assertDenied(outcome([ON, ...ADDON, ...WASI], `process.permission.drop('wasi'); ${way()}`), ...denied);
    }
  });
});

describe('a preopen', () => {
  const flags = [ON, ...ADDON, ...WASI];
  for (const [name, way] of Object.entries(ways)) {
    test(`of ${name} needs fs.read, and fs.write unless it is read-only`, (t) => {
      const directory = tempDir(t);
      const writable = way(`preopens: { '/': ${JSON.stringify(directory)} }`);
      const readonly = way(`preopens: { '/': { path: ${JSON.stringify(directory)}, readonly: true } }`);
      const isFine = ({ value }) => assert.match(value ?? '', /^(made|ran)$/);

      for (const body of [writable, readonly]) {
        assertDenied(outcome(flags, body), 'FileSystemRead', '--allow-fs-read', directory);
        assertDenied(outcome([...flags, write(directory)], body), 'FileSystemRead', '--allow-fs-read', directory);
        isFine(outcome([...flags, read(directory), write(directory)], body));
        isFine(outcome(body === readonly ? [...flags, read('*')] : [...flags, read('*'), write('*')], body));
        isFine(outcome([], body));
      }
      assertDenied(outcome([...flags, read(directory)], writable), 'FileSystemWrite', '--allow-fs-write', directory);
      isFine(outcome([...flags, read(directory)], readonly));
    });
  }

  test('is not looked at by node:wasi', (t) => {
    const made = outcome(flags, `
      const options = { version: 'preview1', preopens: { '/': ${JSON.stringify(tempDir(t))} } };
      return [WASI, require('node:wasi').WASI].map((Class) => {
        try { return Boolean(new Class(options)); } catch { return false; }
      });`);
    assert.deepEqual(made.value, [false, true], intended.preopenPermissions);
  });

  test('by a relative path', (t) => {
    const directory = tempDir(t);
    fs.mkdirSync(path.join(directory, 'in'));
    fs.mkdirSync(path.join(directory, 'out'));
    const granted = [...flags, read(path.join(directory, 'in')), write(path.join(directory, 'in'))];
    const body = (place) => construct(`preopens: { '/': ${JSON.stringify(place)} }`);
    assert.equal(outcome(granted, body('in'), { cwd: directory }).value, 'made');
    assert.equal(outcome(granted, body('out/../in/.'), { cwd: directory }).value, 'made');
    for (const place of ['out', '.', 'in/..', 'in/../out']) {
      assertDenied(outcome(granted, body(place), { cwd: directory }), 'FileSystemRead', '--allow-fs-read', place);
    }
  });

  test('by a path that the system cuts at a NUL', (t) => {
    const [secret, granted] = [tempDir(t), tempDir(t)];
    const preopens = { '/': `${secret}\0/../${path.basename(granted)}` };
    for (const way of Object.values(ways)) {
      const body = way(`preopens: ${JSON.stringify(preopens)}`);
      assertDenied(outcome([...flags, read(granted), write(granted)], body), 'FileSystemRead', '--allow-fs-read', secret);
    }
  });

  test('needs them for what is in it, too', (t) => {
    // It was not there at the start, so that the flag stands for this name alone.
    const directory = path.join(tempDir(t), 'made-later');
    const granted = [...flags, read(directory), write(directory)];
    for (const way of [construct, start]) {
      const body = `require('node:fs').mkdirSync(${JSON.stringify(directory)});
        ${way(`preopens: { '/': ${JSON.stringify(directory)} }`)}`;
      assertDenied(outcome(granted, body), 'FileSystemRead', '--allow-fs-read', path.join(directory, '*'));
      fs.rmdirSync(directory);
    }
  });

  test('each of several', (t) => {
    const [one, other] = [tempDir(t), tempDir(t)];
    const body = construct(`preopens: { '/one': ${JSON.stringify(one)}, '/other': ${JSON.stringify(other)} }`);
    const granted = [...flags, read(one), write(one)];
    assertDenied(outcome(granted, body), 'FileSystemRead', '--allow-fs-read', other);
  });

  test('is refused in a Worker and under the hook as well', (t) => {
    const directory = tempDir(t);
    const options = `{ version: 'preview1', preopens: { '/': ${JSON.stringify(directory)} } }`;
    const inWorker = `
      const { Worker } = require('node:worker_threads');
      const source = \`
        const { WASI } = require(\${JSON.stringify(${JSON.stringify(root)})});
        try { new WASI(${options}); } catch ({ code, permission }) { require('worker_threads').parentPort.postMessage([code, permission]); }\`;
      return (await require('node:events').once(new Worker(source, { eval: true }), 'message'))[0];`;
    const expected = ['ERR_ACCESS_DENIED', 'FileSystemRead'];
    assert.deepEqual(outcome([...flags, '--allow-worker'], inWorker).value, expected);
    const hooked = `
      try { new (require('node:wasi').WASI)(${options}); } catch ({ code, permission }) { return [code, permission]; }`;
    assert.deepEqual(outcome([...flags, '-r', path.join(root, 'register.js')], hooked).value, expected);
  });
});

describe('a program', () => {
  const flags = [ON, ...ADDON, ...WASI];

  test('needs fs.read for its path', (t) => {
    const file = path.join(tempDir(t), 'hello.wasm');
    fs.copyFileSync(hello, file);
    for (const body of [`await compile(${JSON.stringify(file)});`, `await run(${JSON.stringify(file)});`,
      `await compile(require('node:url').pathToFileURL(${JSON.stringify(file)}));`]) {
      assertDenied(outcome(flags, body), 'FileSystemRead', '--allow-fs-read', file);
      assert.deepEqual(outcome([...flags, read(file)], body), { value: null });
    }
  });

  test('of bytes needs nothing', () => {
    assert.equal(outcome(flags, "return (await run(Buffer.from('(module (func (export \"_start\")))'))).exitCode;").value, 0);
  });

  test('can have descriptors, streams and no output at all', () => {
    assert.deepEqual(outcome(flags, `
      const { PassThrough } = require('node:stream');
      const stdout = new PassThrough();
      await run(hello, { stdout, stderr: 2, stdin: 'inherit' });
      await run(hello, { stdout: 'ignore' });
      const program = await compile(Buffer.from('(module (func (export "five") (result i32) i32.const 5))'));
      return [/^hello/.test(stdout.read()), await program.call('five')];`).value, [true, 5]);
  });
});

describe('a program that is not surely quick to compile', () => {
  const flags = [ON, ...ADDON, ...WASI];
  const body = `
    const { large } = require('./__test__/helpers/compile-costs');
    return (await run(large(), { cache: false })).stdout;`;

  test('needs --allow-child-process', () => {
    const { error } = outcome(flags, body);
    assert.equal(error.code, 'ERR_WASI_COMPILE_PROCESS');
    assert.match(error.message, /--allow-child-process/);
    assert.equal(outcome([...flags, '--allow-child-process'], body).value, 'large');
  });
});

describe('the cache', () => {
  const use = (options) => `await compile(hello, ${options}); return 'compiled';`;
  const isEmpty = (folder) => !fs.existsSync(folder) || fs.readdirSync(folder).length === 0;

  test('is used where it can be read and written, else silently not', (t) => {
    const folder = tempDir(t);
    const flags = [ON, ...ADDON, ...WASI];
    const body = use(`{ cache: ${JSON.stringify(folder)} }`);
    for (const granted of [[], [read(folder)], [write(folder)]]) {
      assert.equal(outcome([...flags, ...granted], body).value, 'compiled');
      assert.ok(isEmpty(folder), granted.join());
    }
    assert.equal(outcome([...flags, read(folder), write(folder)], body).value, 'compiled');
    assert.ok(!isEmpty(folder));
  });

  test('by default too', (t) => {
    const home = tempDir(t);
    const folder = path.join(home, 'wasi-rs');
    const flags = [ON, ...ADDON, ...WASI];
    const env = { XDG_CACHE_HOME: home };
    assert.equal(outcome(flags, use('{}'), { env }).value, 'compiled');
    assert.ok(isEmpty(folder));
    assert.equal(outcome([...flags, read(home), write(home)], use('{}'), { env }).value, 'compiled');
    assert.ok(!isEmpty(folder));
  });
});

describe('--permission-audit', () => {
  if (!known.has('--permission-audit')) return;
  test('refuses nothing', (t) => {
    const directory = tempDir(t);
    for (const way of Object.values(ways)) {
      const body = way(`preopens: { '/': ${JSON.stringify(directory)} }`);
      assert.match(outcome(['--permission-audit', '--allow-addons'], body).value, /^(made|ran)$/);
      assert.match(outcome([], body, { env: { NODE_OPTIONS: '--permission-audit --allow-addons' } }).value, /^(made|ran)$/);
    }
  });

  test('that is taken back refuses', () => {
    assertDenied(outcome(['--permission-audit', '--no-permission-audit', ON, ...ADDON], construct()), 'WASI', '--allow-wasi', '');
  });
});
