'use strict';

// What is often passed to the command by mistake: the message says what it is and what to do, in terms
// of the command line.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { tempDir } = require('./helpers/guest');

const bin = path.join(__dirname, '..', 'bin', 'wasi-rs.js');

function binary(text) {
  return require('wabt')().then((wabt) => Buffer.from(wabt.parseWat('test.wat', text, { threads: true }).toBinary({}).buffer));
}

const START = '(func (export "_start"))';
const FD_WRITE = '(import "wasi_snapshot_preview1" "fd_write" (func (param i64)))';

// By name: the file, or a module as text, and what is said of it with either engine.
const mistakes = {
  'a component': [Buffer.from('\0asm\x0d\0\x01\0'), /is a WebAssembly component.*wasm32-wasip1/],
  'an HTML page': [Buffer.from('<!doctype html>'), /looks like an HTML page.*check the URL/],
  'a Git LFS pointer': [Buffer.from('version https://git-lfs.github.com/spec/v1\n'), /git lfs pull/],
  'nothing': [Buffer.from(''), /empty/],
  'an unknown import': [`(module (import "env" "foo" (func)) ${START})`, /function env\.foo.*not part of WASI\. The command has no option for it\. .*run\(\) or instantiate\(\) in options\.imports/],
  'an import with a wrong signature': [`(module ${FD_WRITE} ${START})`, /fd_write as \(func \(param i64\)\), but in WASI/],
  'shared memory': [`(module (import "env" "memory" (memory 1 2 shared)) ${START})`, /threads, which the command doesn't support.*WASI class/],
  'a library': ['(module (func (export "add")))', /no function '_start'.*--invoke .*: add$/],
  'a library without functions': ['(module)', /no function '_start'.*no other functions/],
};

for (const engine of ['wasmtime', 'v8']) {
  describe(`the command, with --engine ${engine}, is given`, () => {
    for (const [name, [source, expected]] of Object.entries(mistakes)) {
      test(name, async (t) => {
        const file = path.join(tempDir(t), 'given.wasm');
        fs.writeFileSync(file, typeof source === 'string' ? await binary(source) : source);
        const { status, stdout, stderr } = spawnSync(process.execPath, [bin, '--engine', engine, file], { encoding: 'utf8' });
        assert.deepEqual([status, stdout], [1, '']);
        assert.ok(stderr.startsWith(`wasi-rs: ${file}: `), stderr);
        assert.match(stderr.trimEnd(), expected);
      });
    }
  });
}

test('with --invoke, V8 calls functions of a library', async (t) => {
  const file = path.join(tempDir(t), 'add.wasm');
  fs.writeFileSync(file, await binary('(module (func (export "five") (result i32) (i32.const 5)))'));
  const { stdout } = spawnSync(process.execPath, [bin, '--engine', 'v8', '--invoke', 'five', file], { encoding: 'utf8' });
  assert.equal(stdout, '5\n');
});

test('a relative directory that cannot be used is told with the path that it means', (t) => {
  const folder = tempDir(t);
  fs.writeFileSync(path.join(folder, 'file'), '');
  for (const [dir, reason] of [['missing', 'no such directory'], ['file', 'not a directory'], ['file/below', 'not a directory']]) {
    const { stderr } = spawnSync(process.execPath, [bin, '--dir', dir, 'app.wasm'], { encoding: 'utf8', cwd: folder });
    assert.equal(stderr, `wasi-rs: --dir ${dir}, that is ${path.join(fs.realpathSync(folder), dir)}: ${reason}\n`);
  }
});
