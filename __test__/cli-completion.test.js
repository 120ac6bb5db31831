'use strict';

// `wasi-rs completion`: bash is asked what it offers; the other scripts are checked by their shells
// where those are installed.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const { commands } = require('../lib/cli/commands');
const { tableOf } = require('../lib/cli/options');
const { tempDir } = require('./helpers/guest');

const bin = path.join(__dirname, '..', 'bin', 'wasi-rs.js');
const printed = (shell) => spawnSync(process.execPath, [bin, 'completion', shell], { encoding: 'utf8' }).stdout;

const long = (name) => Object.keys(tableOf(commands[name])).map((option) => `--${option}`);

describe('bash offers', () => {
  let script;
  before(() => {
    script = printed('bash');
  });

  // What it offers for the last word, in a directory with a file and a directory.
  function offered(t, ...words) {
    const cwd = tempDir(t);
    fs.mkdirSync(path.join(cwd, 'folder'));
    fs.writeFileSync(path.join(cwd, 'app 1.wasm'), '');
    return offeredIn(cwd, ...words);
  }

  function offeredIn(cwd, ...words) {
    const ask = `${script}
      COMP_WORDS=(wasi-rs "$@") COMP_CWORD=$#
      _wasi_rs
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', ask, 'bash', ...words], { cwd, encoding: 'utf8' });
    assert.equal(stderr, '');
    return stdout.split('\n').filter(Boolean).sort();
  }

  const files = ['app 1.wasm', 'folder'];

  for (const [words, expected] of [
    [[''], [...Object.keys(commands), ...files]],
    [['comp'], ['compile', 'completion']],
    [['a'], ['app 1.wasm']],
    [['run', ''], files],
    [['--engine', ''], ['v8', 'wasmtime']],
    [['--engine', '=', 'v'], ['v8']],
    [['run', '--engine', '='], ['v8', 'wasmtime']],
    [['--dir', ''], ['folder']],
    [['run', '--engine', 'v8', '--dir', ''], ['folder']],
    [['--timeout', ''], []],
    [['--engine', 'v8', '--time'], ['--timeout']],
    [['--env', 'A', '=', '1', '--dir', '.', '::', '/data', '--time'], ['--timeout']],
    [['--env', '=', 'A', '=', '1', '--time'], ['--timeout']],
    [['app.wasm', '--time'], []],
    [['app.wasm', ''], files],
    [['app.wasm', '--engine', ''], files],
    [['compile', 'app.wasm', '--out'], ['--output']],
    [['compile', '-o', 'f'], ['folder']],
    [['completion', ''], ['bash', 'fish', 'zsh']],
  ]) {
    test(words.join(' ') || 'nothing', (t) => assert.deepEqual(offered(t, ...words), [...expected].sort()));
  }

  test('names of files as they are', (t) => {
    const cwd = tempDir(t);
    const names = ['*', '[ab]', '$(touch made)', '`touch made`', "it's", 'a;b', 'a'];
    for (const name of names) fs.writeFileSync(path.join(cwd, name), '');
    assert.deepEqual(offeredIn(cwd, 'run', ''), names.sort());
    assert.deepEqual(offeredIn(cwd, 'run', '[a'), ['[ab]']);
    assert.deepEqual(offeredIn(cwd, '--engine', '$(touch made)'), []);
    assert.ok(!fs.existsSync(path.join(cwd, 'made')));
  });

  for (const name of Object.keys(commands)) {
    test(`all options of ${name}`, (t) => {
      assert.deepEqual(offered(t, name, '--'), long(name).sort());
    });
  }
});

for (const shell of ['bash', 'zsh', 'fish']) {
  test(`the script for ${shell} is one, and has all options`, (t) => {
    const script = printed(shell);
    const file = path.join(tempDir(t), 'script');
    fs.writeFileSync(file, script);
    for (const name of Object.keys(commands)) {
      const missing = long(name).filter((option) => !script.includes(shell === 'fish' ? `-l ${option.slice(2)} ` : option));
      assert.deepEqual(missing, []);
    }
    const { error, status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    if (error?.code !== 'ENOENT') assert.deepEqual([status, stderr], [0, '']);
  });
}

describe('wrong usage', () => {
  const expected = 'the name of a shell is expected: bash, zsh, fish';
  for (const [words, message] of [
    [[], expected],
    [['tcsh'], `there is no completion for "tcsh": ${expected}`],
    [['bash', 'zsh'], 'completion takes only one shell, but you also passed zsh'],
  ]) {
    test(`completion ${words.join(' ')}`, () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'completion', ...words], { encoding: 'utf8' });
      assert.deepEqual([status, stdout, stderr], [2, '', `wasi-rs: ${message}\nTry: wasi-rs completion --help\n`]);
    });
  }
});
