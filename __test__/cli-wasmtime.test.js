'use strict';

// What the command `wasi-rs` can do with wasmtime only: WAT, limits, being interrupted, compiled files.

const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { run } = require('..');
const { tempDir } = require('./helpers/guest');
const { collect } = require('./helpers/programs');

const bin = path.join(__dirname, '..', 'bin', 'wasi-rs.js');
const fixture = (name) => path.join(__dirname, 'fixtures', 'bin', `${name}.wasm`);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-test-'));
after(() => fs.rmSync(folder, { recursive: true }));

const settings = { encoding: 'utf8', env: { ...process.env, XDG_CACHE_HOME: folder } };

function cli(args, options) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { ...settings, ...options });
  return { status, signal, stdout, stderr };
}

const ended = ({ status = 0, stdout = '', stderr = '' } = {}) => ({ status, signal: null, stdout, stderr });

// A program that says "ready" and then does what is given.
const program = (body) => `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00")
  (data (i32.const 16) "ready\\n")
  (func $recurse (param i32) (result i32) (i32.add (call $recurse (local.get 0)) (i32.const 1)))
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    ${body}))`;

const guests = {
  ready: '',
  loop: '(loop (br 0))',
  // A timer of the monotonic clock, of about an hour.
  sleep: `(i32.store (i32.const 80) (i32.const 1)) (i64.store (i32.const 88) (i64.const 4000000000000))
    (drop (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 8)))`,
  read: '(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))',
  grow: '(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))',
  recurse: '(drop (call $recurse (i32.const 0)))',
};

function guest(name) {
  const file = path.join(folder, `${name}.wat`);
  fs.writeFileSync(file, program(guests[name]));
  return file;
}

// Standard error of what has failed, which has one line.
function failed(result, status, stdout = 'ready\n') {
  const { stderr, ...rest } = result;
  assert.deepEqual(rest, { status, signal: null, stdout });
  assert.match(stderr, /^wasi-rs: .+\n$/);
  return stderr;
}

describe('WAT', () => {
  test('is run like binaries', () => assert.deepEqual(cli([guest('ready')]), ended({ stdout: 'ready\n' })));

  test('with a mistake in it', () => {
    const file = path.join(folder, 'mistake.wat');
    fs.writeFileSync(file, '(module\n  (func (export "_start") i32.nonsense))');
    const { stderr, ...rest } = cli([file]);
    assert.deepEqual(rest, { status: 1, signal: null, stdout: '' });
    assert.match(stderr, /^wasi-rs: /);
    assert.doesNotMatch(stderr, /\.js\b|node:/);
  });

  test('is nothing for V8', () => {
    const file = guest('ready');
    const stderr = `wasi-rs: ${file}: This is a WebAssembly module in the text format, and V8 reads only the ` +
      'binary format. Use --engine wasmtime\n';
    assert.deepEqual(cli(['--engine', 'v8', file]), ended({ status: 1, stderr }));
  });
});

describe('limits', () => {
  for (const name of ['loop', 'sleep']) {
    test(`time, for a guest that does ${name}`, () => {
      assert.match(failed(cli(['--timeout', '100ms', guest(name)]), 124), /--timeout allows: 100 ms/);
    });
  }

  test('time that is not used up', () => {
    assert.deepEqual(cli(['--timeout', '1h', guest('ready')]), ended({ stdout: 'ready\n' }));
  });

  test('fuel', () => {
    assert.match(failed(cli(['--fuel', '10000', guest('loop')]), 125), /--fuel is 10000/);
    assert.deepEqual(cli(['--fuel', '10000', guest('ready')]), ended({ stdout: 'ready\n' }));
  });

  test('memory', () => {
    assert.match(failed(cli(['--max-memory', '4MiB', guest('grow')]), 137), /--max-memory allows: 4 MiB/);
    assert.deepEqual(cli(['--max-memory', '64KiB', guest('ready')]), ended({ stdout: 'ready\n' }));
  });

  test('the stack', () => {
    const { stderr, ...rest } = cli(['--max-stack', '64KiB', guest('recurse')]);
    assert.deepEqual(rest, { status: 134, signal: null, stdout: 'ready\n' });
    assert.match(stderr, /^wasi-rs: .*stack.*--max-stack is 64 KiB\. Raise it/);
  });

  test('of a function that is called', () => {
    const file = path.join(folder, 'spin.wat');
    fs.writeFileSync(file, '(module (func (export "spin") (loop (br 0))))');
    assert.match(failed(cli(['--timeout', '50ms', '--invoke', 'spin', file]), 124, ''), /--timeout allows: 50 ms/);
    failed(cli(['--fuel', '1000', '--invoke', 'spin', file]), 125, '');
  });
});

describe('a signal ends a guest', () => {
  // Sends a signal once the guest runs.
  async function interrupt(args, signal) {
    const child = spawn(process.execPath, [bin, ...args], settings);
    const [stderr, end] = [collect(child.stderr), once(child, 'close')];
    const [first] = await once(child.stdout, 'data');
    assert.equal(`${first}`, 'ready\n');
    child.kill(signal);
    const [status, signalCode] = await end;
    return { status, signal: signalCode, stderr: `${await stderr}` };
  }

  for (const name of ['loop', 'sleep', 'read']) {
    for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143]]) {
      test(`that does ${name}: ${signal}`, async () => {
        assert.deepEqual(await interrupt([guest(name)], signal), { status, signal: null, stderr: '' });
      });
    }
  }

  test('that is called by name', async () => {
    assert.deepEqual(await interrupt(['--invoke', '_start', guest('loop')], 'SIGINT'),
      { status: 130, signal: null, stderr: '' });
  });

  test('that V8 runs, which takes no leave', async () => {
    const wabt = await require('wabt')();
    const file = path.join(folder, 'loop.wasm');
    fs.writeFileSync(file, wabt.parseWat('loop.wat', program(guests.loop)).toBinary({}).buffer);
    const result = await interrupt(['--engine', 'v8', file], 'SIGINT');
    assert.deepEqual(result, { status: null, signal: 'SIGINT', stderr: '' });
  });
});

describe('compiled files', () => {
  const compiled = (t, args) => {
    const cwd = tempDir(t);
    fs.copyFileSync(fixture('env-args'), path.join(cwd, 'app.wasm'));
    fs.writeFileSync(path.join(cwd, 'text.wat'), program(''));
    assert.deepEqual(cli(['compile', ...args], { cwd }), ended());
    return cwd;
  };

  for (const [args, output] of [
    [['app.wasm'], 'app.cwasm'],
    [['text.wat'], 'text.cwasm'],
    [['app.wasm', '-o', 'other'], 'other'],
    [['--output=app', 'app.wasm'], 'app'],
  ]) {
    test(`compile ${args.join(' ')} makes ${output}`, (t) => {
      const cwd = compiled(t, args);
      assert.deepEqual(fs.readdirSync(cwd).sort(), ['app.wasm', output, 'text.wat'].sort());
    });
  }

  test('are run when that is allowed', (t) => {
    const cwd = compiled(t, ['app.wasm']);
    assert.deepEqual(cli(['run', '--allow-precompiled', 'app.cwasm', 'x'], { cwd }),
      ended({ stdout: 'arg[0]=app.cwasm\narg[1]=x\n' }));
  });

  test('are made of standard input', (t) => {
    const cwd = tempDir(t);
    const input = fs.readFileSync(fixture('env-args'));
    assert.deepEqual(cli(['compile', '-', '-o', 'app.cwasm'], { cwd, input }), ended());
    assert.deepEqual(cli(['--allow-precompiled', 'app.cwasm'], { cwd }), ended({ stdout: 'arg[0]=app.cwasm\n' }));
    const precompiled = fs.readFileSync(path.join(cwd, 'app.cwasm'));
    assert.deepEqual(cli(['--allow-precompiled', '-'], { input: precompiled }), ended({ stdout: 'arg[0]=wasi\n' }));
  });

  test('are refused when it is not', (t) => {
    const cwd = compiled(t, ['app.wasm']);
    const { stderr, ...rest } = cli(['app.cwasm'], { cwd });
    assert.deepEqual(rest, { status: 1, signal: null, stdout: '' });
    assert.match(stderr, /^wasi-rs: .*--allow-precompiled\n$/);
  });

  test('are refused when they are damaged', (t) => {
    const cwd = compiled(t, ['app.wasm']);
    fs.truncateSync(path.join(cwd, 'app.cwasm'), 1000);
    const { stderr, ...rest } = cli(['--allow-precompiled', 'app.cwasm'], { cwd });
    assert.deepEqual(rest, { status: 1, signal: null, stdout: '' });
    assert.match(stderr, /^wasi-rs: .+\n$/);
  });

  test('are not written over the module', (t) => {
    const cwd = compiled(t, ['app.wasm']);
    const stderr = 'wasi-rs: app.wasm would overwrite the module\nTry: wasi-rs compile --help\n';
    assert.deepEqual(cli(['compile', 'app.wasm', '-o', 'app.wasm'], { cwd }), ended({ status: 2, stderr }));
    assert.deepEqual(fs.readFileSync(path.join(cwd, 'app.wasm')), fs.readFileSync(fixture('env-args')));
  });

  test('can not be made of nothing, or nowhere', (t) => {
    const cwd = tempDir(t);
    const compile = (...args) => failed(cli(['compile', ...args], { cwd }), 1, '');
    assert.match(compile('missing.wasm'), /ENOENT/);
    assert.match(compile(fixture('demo'), '-o', 'missing/demo.cwasm'), /ENOENT/);
    assert.deepEqual(fs.readdirSync(cwd), []);
  });
});

describe('reproducible', () => {
  // Prints what the host gives in one call.
  const printing = (call) => `(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\\10\\00\\00\\00\\08\\00\\00\\00")
    (func (export "_start") (drop ${call})
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`;
  const given = (call, ...options) => {
    const { stdout } = spawnSync(process.execPath, [bin, ...options, '-'], { env: settings.env, input: printing(call) });
    return stdout;
  };
  const random = '(call $random (i32.const 16) (i32.const 8))';
  const clock = '(call $clock (i32.const 0) (i64.const 1) (i32.const 16))';

  test('random bytes are those of run() with the same seed', async () => {
    for (const [text, seed] of [['42', 42], ['1.5', 1.5], ['text', 'text']]) {
      const { stdout } = await run(Buffer.from(printing(random)), { seed, encoding: 'buffer' });
      assert.deepEqual(given(random, '--seed', text), stdout, text);
    }
  });

  test('clocks start when --clock says', () => {
    for (const text of ['2030-01-31T12:00:00Z', `${Date.UTC(2030, 0, 31, 12)}`]) {
      const nanoseconds = given(clock, '--clock', text).readBigUInt64LE();
      assert.equal(nanoseconds / 1_000_000n, BigInt(Date.UTC(2030, 0, 31, 12)));
    }
  });
});

describe('the cache', () => {
  const cached = (directory, ...options) => {
    const env = { ...process.env, XDG_CACHE_HOME: path.join(directory, 'default') };
    assert.deepEqual(cli([...options, fixture('demo')], { cwd: directory, env }), ended({ stdout: 'hello world\n' }));
    return fs.readdirSync(directory);
  };

  test('is where it is by default', (t) => assert.deepEqual(cached(tempDir(t)), ['default']));
  test('is where --cache says', (t) => assert.deepEqual(cached(tempDir(t), '--cache', 'here'), ['here']));
  test('is not used with --no-cache', (t) => assert.deepEqual(cached(tempDir(t), '--no-cache'), []));
});
