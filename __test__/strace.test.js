'use strict';

// WASI_RS_STRACE: a line on the host's stderr for every call. What lines say is tested in
// tests/trace.rs.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { tempDir } = require('./helpers/guest');
const { command } = require('./helpers/programs');

// Makes a file, fails, says hello, and exits with 3.
const source = `(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "a/b.txt")
  (data (i32.const 32) "hello\\n")
  (data (i32.const 64) "\\20\\00\\00\\00\\06\\00\\00\\00")
  (func (export "_start")
    (drop (call $open (i32.const 3) (i32.const 1) (i32.const 16) (i32.const 7)
      (i32.const 9) (i64.const 0x42) (i64.const 0) (i32.const 1) (i32.const 128)))
    (drop (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 132)))
    (drop (call $close (i32.const 9)))
    (call $exit (i32.const 3))))`;

const expected = `\
path_open(fd=3, dirflags=SYMLINK_FOLLOW, path="a/b.txt", oflags=CREAT|TRUNC, fs_rights_base=0x42, \
fs_rights_inheriting=0x0, fdflags=APPEND, opened_fd=0x80) = 0 opened_fd=4 <TIME>
fd_write(fd=1, iovs=[{0x20, 6}], nwritten=0x84) = 0 nwritten=6 <TIME>
fd_close(fd=9) = EBADF <TIME>
proc_exit(rval=3)
`;

const timeless = (text) => text.replace(/<\d+\.\d{6}>$/gm, '<TIME>');

let binary;
before(async () => {
  const wabt = await require('wabt')();
  binary = wabt.parseWat('guest.wat', source).toBinary({}).buffer;
});

// The program in a directory with a folder `a`, and arguments for spawnSync() that run it.
function prepare(t) {
  const directory = tempDir(t);
  const program = path.join(directory, 'guest.wasm');
  fs.mkdirSync(path.join(directory, 'a'));
  fs.writeFileSync(program, binary);
  return { directory, program, spawn: command({ program, options: { preopens: { '/': directory } } }) };
}

function run([file, args], value, options = {}) {
  const env = { ...process.env };
  delete env.WASI_RS_STRACE;
  if (value !== undefined) env.WASI_RS_STRACE = value;
  const { status, stdout, stderr } = spawnSync(file, args, { env, encoding: 'utf8', ...options });
  return { status, stdout, stderr: stderr && timeless(stderr) };
}

describe('WASI_RS_STRACE', () => {
  for (const value of ['1', 'yes']) {
    test(`"${value}": a line for every call`, (t) => {
      assert.deepEqual(run(prepare(t).spawn, value), { status: 3, stdout: 'hello\n', stderr: expected });
    });
  }

  for (const value of [undefined, '', '0']) {
    test(`${JSON.stringify(value)}: none`, (t) => {
      assert.deepEqual(run(prepare(t).spawn, value), { status: 3, stdout: 'hello\n', stderr: '' });
    });
  }

  test('counts when an object is made', (t) => {
    const { directory, program } = prepare(t);
    const script = `
      const { WASI } = require(${JSON.stringify(path.join(__dirname, '..'))});
      const guest = new WebAssembly.Module(fs.readFileSync(process.argv[1]));
      const make = (value) => {
        process.env.WASI_RS_STRACE = value;
        return new WASI({ version: 'preview1', preopens: { '/': process.argv[2] } });
      };
      const objects = [make('0'), make('1')];
      delete process.env.WASI_RS_STRACE;
      for (const wasi of objects) {
        fs.writeSync(2, 'start\\n');
        wasi.start(new WebAssembly.Instance(guest, wasi.getImportObject()));
      }`;
    const { stderr } = run([process.execPath, ['--no-warnings', '-e', script, program, directory]]);
    assert.equal(stderr, `start\nstart\n${expected}`);
  });

  test('lines of Workers do not mix', (t) => {
    const { directory, program } = prepare(t);
    const script = `
      const { Worker } = require('node:worker_threads');
      const workerData = {
        module: new WebAssembly.Module(fs.readFileSync(process.argv[1])),
        options: { preopens: { '/': process.argv[2] } },
      };
      for (let count = 0; count < 8; count++) {
        new Worker(${JSON.stringify(path.join(__dirname, 'helpers', 'worker.js'))}, { workerData });
      }`;
    const { stdout, stderr } = run([process.execPath, ['--no-warnings', '-e', script, program, directory]], '1');
    const lines = (text) => text.split('\n').sort();
    assert.equal(stdout, 'hello\n'.repeat(8));
    assert.deepEqual(lines(stderr), lines(expected.repeat(8)));
  });

  test('a stderr that takes nothing does not matter', { skip: process.platform !== 'linux' }, (t) => {
    const full = fs.openSync('/dev/full', 'w');
    t.after(() => fs.closeSync(full));
    const { status, stdout } = run(prepare(t).spawn, '1', { stdio: ['ignore', 'pipe', full] });
    assert.deepEqual({ status, stdout }, { status: 3, stdout: 'hello\n' });
  });
});
