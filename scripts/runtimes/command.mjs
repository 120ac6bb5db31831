// Checks of the command, bin/wasi-rs.js.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fixtureFile, flags, guests, root, script } from './support.mjs';

const bin = path.join(root, 'bin', 'wasi-rs.js');
const wasiRs = (...args) => script([bin, ...args]);

export default {
  'runs a program'() {
    const result = wasiRs('--env', 'A=1', fixtureFile('env-args'), 'x', '--y');
    assert.deepEqual(result, {
      code: 0, stdout: 'arg[0]=env-args.wasm\narg[1]=x\narg[2]=--y\nenv A=1\n', stderr: '',
    });
    assert.equal(wasiRs(fixtureFile('exit-code')).code, 42);
  },

  '--dir, stdin'() {
    fs.writeFileSync('file', 'content\n');
    assert.equal(wasiRs('--dir', '.', fixtureFile('cat'), 'file').stdout, 'content\n');
    assert.equal(script([bin, fixtureFile('cat')], { input: 'input' }).stdout, 'input');
  },

  '--timeout, --max-memory'() {
    fs.writeFileSync('loop.wat', guests.command(guests.FOREVER));
    assert.equal(wasiRs('--timeout', '200ms', 'loop.wat').code, 124);
    fs.writeFileSync('grow.wat', guests.command('(loop $a (drop (memory.grow (i32.const 1))) (br $a))'));
    assert.equal(wasiRs('--max-memory', '1MiB', 'grow.wat').code, 137);
  },

  '--invoke'() {
    assert.equal(wasiRs('--invoke', 'add', fixtureFile('reactor'), '2', '3').stdout, '5\n');
  },

  '--strace'() {
    assert.match(wasiRs('--strace', fixtureFile('demo')).stderr, /^fd_write\(fd=1, /);
  },

  '--engine v8'() {
    assert.deepEqual(wasiRs('--engine', 'v8', fixtureFile('demo')), { code: 0, stdout: 'hello world\n', stderr: '' });
    assert.equal(wasiRs('--engine', 'v8', fixtureFile('trap')).code, 134);
    assert.equal(wasiRs('--engine', 'v8', '--invoke', 'add', fixtureFile('reactor'), '2', '3').stdout, '5\n');
  },

  '--engine v8 --strace'() {
    assert.match(wasiRs('--engine', 'v8', '--strace', fixtureFile('demo')).stderr, /^fd_write\(fd=1, /);
  },

  'compile'() {
    assert.equal(wasiRs('compile', fixtureFile('demo'), '-o', 'demo.cwasm').code, 0);
    assert.equal(wasiRs('--allow-precompiled', 'demo.cwasm').stdout, 'hello world\n');
  },

  'wrong usage'() {
    const { code, stderr } = wasiRs('--nonsense', fixtureFile('demo'));
    assert.notEqual(code, 0);
    assert.match(stderr, /--nonsense/);
    assert.match(wasiRs('--help').stdout, /wasi-rs/);
  },

  // Not by child.kill(): then Deno takes it for killed, however it ended.
  async 'SIGTERM'() {
    fs.writeFileSync('loop.wat', guests.saying(1, 'started', guests.FOREVER));
    const child = spawn(process.execPath, [...flags, bin, 'loop.wat'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    process.kill(child.pid, 'SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [143, null]);
  },
};
