'use strict';

// The hook wasi-rs/register and the program that it is for: no silence where it fails, no warning
// but those of others, processes that it forks, and types.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { tempDir } = require('./helpers/guest');
const { evaluate, isOurs, node, posting } = require('./register/project');

const ways = { '-r': ['-r', 'wasi-rs/register'], '--import': ['--import', 'wasi-rs/register'] };
const root = path.join(__dirname, '..');

describe('an addon that does not load', () => {
  const program = ['-e', 'console.log("runs")'];

  for (const [way, flags] of Object.entries(ways)) {
    test(`ends the process before the program runs (${way})`, () => {
      for (const [args, env] of [
        [['--no-addons', ...flags, ...program]],
        [['--no-addons', ...program], { NODE_OPTIONS: flags.join(' ') }],
      ]) {
        const { status, stdout, stderr } = node(args, env);
        assert.equal(stdout, '');
        assert.match(stderr, /code: 'ERR_WASI_RS_ADDON'/);
        assert.match(stderr, /ERR_DLOPEN_DISABLED/);
        assert.notEqual(status, 0);
      }
    });

    test(`ends a Worker before its program runs (${way})`, () => {
      assert.deepEqual(evaluate(`
        const { Worker } = require('worker_threads');
        const worker = new Worker('${posting('"runs"')}', { eval: true, execArgv: ['--no-addons'] });
        const told = [];
        worker.on('message', (message) => told.push(message));
        worker.on('error', ({ code }) => told.push(code));
        worker.on('exit', (code) => print([...told, code]));
      `, { flags }), ['ERR_WASI_RS_ADDON', 1]);
    });
  }

  test('makes require() throw and leaves node:wasi as it was', () => {
    assert.deepEqual(evaluate(`
      const { WASI } = require('wasi');
      const { Worker } = require('worker_threads');
      let thrown;
      try { require('wasi-rs/register'); } catch ({ code }) { thrown = code; }
      print([thrown, require('wasi').WASI === WASI, require('worker_threads').Worker === Worker]);
    `, { flags: ['--no-addons', '--no-warnings'] }), ['ERR_WASI_RS_ADDON', true, true]);
  });

  test('is named when the package has none', (t) => {
    const copy = path.join(tempDir(t), 'wasi-rs');
    fs.cpSync(root, copy, {
      recursive: true, filter: (file) => /^(lib\b.*|scripts\b.*|[a-z]+\.js|package\.json|)$/.test(path.relative(root, file)),
    });
    const { stdout, stderr, status } = node(['-r', path.join(copy, 'register.js'), ...program]);
    assert.equal(stdout, '');
    assert.match(stderr, /wasi-rs: the native addon is missing/);
    assert.notEqual(status, 0);
  });
});

describe('warnings', () => {
  const own = `
    process.emitWarning('early');
    require('wasi-rs/register');
    require('node:wasi');
    process.emitWarning('late', 'ExperimentalWarning');
    process.emitWarning('deprecated', 'DeprecationWarning', 'DEP9999');
  `;

  for (const [way, flags] of Object.entries({ ...ways, 'require()': [] })) {
    test(`of others are shown, that of node:wasi is not (${way})`, () => {
      const { status, stderr } = node([...flags, '-e', own]);
      assert.equal(status, 0);
      assert.match(stderr, /Warning: early\n/);
      assert.match(stderr, /ExperimentalWarning: late\n/);
      assert.match(stderr, /\[DEP9999\] DeprecationWarning: deprecated\n/);
      assert.doesNotMatch(stderr, /WASI/);
    });
  }

  test('given by who listens while node:wasi is loaded go through', () => {
    assert.deepEqual(evaluate(`
      const { emitWarning } = process;
      const Module = require('module');
      const { _load } = Module;
      const told = [];
      const own = process.emitWarning = (...args) => told.push(args);
      Module._load = function (name, ...rest) {
        if (name === 'node:wasi') process.emitWarning('other', 'OtherWarning', 'CODE');
        return _load.call(this, name, ...rest);
      };
      require('wasi-rs/register');
      print([told, process.emitWarning === own]);
    `), [[['other', 'OtherWarning', 'CODE']], true]);
  });
});

describe('programs', () => {
  for (const [way, flags] of Object.entries(ways)) {
    test(`forked have the hook (${way})`, () => {
      const source = `
        const { fork } = require('child_process');
        require('fs').writeFileSync('child.js', 'process.send(${isOurs})');
        fork('child.js').on('message', print);
      `;
      assert.equal(evaluate(source, { flags }), true);
      assert.equal(evaluate(source, { env: { NODE_OPTIONS: flags.join(' ') } }), true);
    });

    test(`of standard input, and as modules, have it (${way})`, () => {
      assert.deepEqual(node([...flags, '-p', isOurs]), { status: 0, stdout: 'true\n', stderr: '' });
      const source = 'import { WASI } from "node:wasi"; console.log("close" in WASI.prototype)';
      const module = ['--input-type=module', '-e', source];
      assert.deepEqual(node([...flags, ...module]), { status: 0, stdout: 'true\n', stderr: '' });
    });

    test(`with frozen intrinsics have it (${way})`, () => {
      assert.deepEqual(evaluate(`
        const { Worker } = require('worker_threads');
        new Worker('${posting(isOurs)}', { eval: true, execArgv: [] }).on('message', (ours) => print([${isOurs}, ours]));
      `, { flags: ['--no-warnings', '--frozen-intrinsics', ...flags] }), [true, true]);
    });
  }
});

test('TypeScript finds the hook', () => {
  const manifest = require.resolve('typescript/package.json');
  const compiler = path.join(path.dirname(manifest), require(manifest).bin.tsc);
  const { status, stdout } = spawnSync(process.execPath, [compiler, '--project', 'register', '--pretty', 'false'], {
    cwd: __dirname, encoding: 'utf8',
  });
  assert.equal(stdout, '');
  assert.equal(status, 0);
});

test('the package has every file of the hook', () => {
  const { files, exports } = require('../package.json');
  for (const file of Object.values(exports['./register'])) {
    assert.ok(files.includes(path.basename(file)), file);
    assert.ok(fs.existsSync(path.join(root, file)), file);
  }
});
