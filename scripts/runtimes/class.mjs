// Checks of class WASI in the main thread.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { inspect } from 'node:util';
import { WASI, descriptors, fixtureFile, instantiate, require, root, script, start } from './support.mjs';

const { Guest, OUT, iovs, text } = require('../../__test__/helpers/guest.js');
const { errno, u32 } = require('../../__test__/helpers/preview1.js');

const version = 'preview1';
const thrown = (action) => {
  try {
    action();
  } catch (error) {
    return error;
  }
  return assert.fail('nothing thrown');
};

// Deno takes a path here, or `npm:wasi-rs/register`.
const REGISTER = './node_modules/wasi-rs/register.js';

// As npm leaves it.
function installed() {
  fs.writeFileSync('package.json', '{ "dependencies": { "wasi-rs": "*" } }');
  fs.mkdirSync('node_modules');
  fs.symlinkSync(root, 'node_modules/wasi-rs');
}

export default {
  'require()'() {
    installed();
    fs.writeFileSync('main.cjs', 'console.log(typeof require("wasi-rs").WASI, typeof require("wasi-rs").run)');
    assert.deepEqual(script(['main.cjs']), { code: 0, stdout: 'function function\n', stderr: '' });
  },

  'import'() {
    installed();
    fs.writeFileSync('main.mjs', 'import { WASI, run } from "wasi-rs"; console.log(typeof WASI, typeof run);');
    assert.deepEqual(script(['main.mjs']), { code: 0, stdout: 'function function\n', stderr: '' });
  },

  'args, env, stdout'() {
    const env = { A: '1', B: undefined, C: '' };
    const { code, stdout } = start('env-args', { args: ['tool', 'größer €'], env });
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'arg[0]=tool\narg[1]=größer €\nenv A=1\nenv C=\n' });
  },

  'stdin'() {
    fs.writeFileSync('in', 'a\nb\n');
    assert.equal(start('stdin-lines', { stdin: fs.openSync('in') }).stdout, 'lines=2 bytes=4\n');
  },

  'errors of options'() {
    const cases = [
      [{}, 'TypeError', 'ERR_INVALID_ARG_TYPE',
        'The "options.version" property must be of type string. Received undefined'],
      [{ version, args: 1 }, 'TypeError', 'ERR_INVALID_ARG_TYPE',
        'The "options.args" property must be an instance of Array. Received type number (1)'],
      [{ version, env: () => {} }, 'TypeError', 'ERR_INVALID_ARG_TYPE',
        'The "options.env" property must be of type object. Received function env'],
      [{ version: 'x' }, 'TypeError', 'ERR_INVALID_ARG_VALUE',
        "The property 'options.version' unsupported WASI version. Received 'x'"],
      [{ version, stdin: -1 }, 'RangeError', 'ERR_OUT_OF_RANGE',
        'The value of "options.stdin" is out of range. It must be >= 0 && <= 2147483647. Received -1'],
      [{ version, preopens: { '/': '/missing' } }, 'Error', 'UVWASI_ENOENT',
        "UVWASI_ENOENT, uvwasi_init '/missing' -> '/': no such directory. Check options.preopens['/']"],
    ];
    for (const [options, name, code, message] of cases) {
      const error = thrown(() => new WASI(options));
      assert.deepEqual([error.name, error.code, error.message], [name, code, message]);
      assert.ok(error instanceof globalThis[name]);
    }
  },

  'code in the stack of an error'() {
    const { stack } = thrown(() => new WASI({}));
    assert.match(stack, /^TypeError \[ERR_INVALID_ARG_TYPE\]: The "options\.version"/);
    assert.match(inspect(thrown(() => new WASI({}))), /ERR_INVALID_ARG_TYPE/);
  },

  'exit code'() {
    assert.equal(start('exit-code').code, 42);
  },

  'returnOnExit: false'() {
    fs.writeFileSync('main.cjs', `
      const { WASI } = require(${JSON.stringify(root)});
      const wasi = new WASI({ version: 'preview1', returnOnExit: false });
      process.on('exit', (code) => console.log('exit', code));
      const bytes = require('node:fs').readFileSync(${JSON.stringify(fixtureFile('exit-code'))});
      wasi.start(new WebAssembly.Instance(new WebAssembly.Module(bytes), wasi.getImportObject()));
      console.log('not reached');`);
    assert.deepEqual(script(['main.cjs']), { code: 42, stdout: 'exit 42\n', stderr: '' });
  },

  'started twice'() {
    const wasi = new WASI({ version, stdout: fs.openSync('out', 'w') });
    wasi.start(instantiate(wasi, 'demo'));
    assert.equal(thrown(() => wasi.start(instantiate(wasi, 'demo'))).code, 'ERR_WASI_ALREADY_STARTED');
  },

  'called before start()'() {
    const wasi = new WASI({ version });
    const error = thrown(() => wasi.wasiImport.clock_time_get(0, 0n, 0));
    assert.equal(error.code, 'ERR_WASI_NOT_STARTED');
  },

  'initialize()'() {
    const wasi = new WASI({ version, stdout: fs.openSync('out', 'w') });
    const instance = instantiate(wasi, 'reactor');
    wasi.initialize(instance);
    assert.equal(instance.exports.init_count(), 1);
    assert.equal(instance.exports.write_hello(), 0);
    assert.match(fs.readFileSync('out', 'utf8'), /^hello from reactor/);
  },

  'finalizeBindings(), wasiImport from JavaScript'() {
    const wasi = new WASI({ version });
    const memory = new WebAssembly.Memory({ initial: 1 });
    wasi.finalizeBindings({ exports: {} }, { memory });
    assert.equal(wasi.wasiImport.clock_time_get(0, 0n, 8), errno.SUCCESS);
    const [now] = new BigUint64Array(memory.buffer, 8, 1);
    assert.ok(Math.abs(Number(now / 1_000_000n) - Date.now()) < 600_000);
    assert.equal(wasi.wasiImport.clock_time_get(0, 0n, 65536), errno.OVERFLOW);
    assert.equal(thrown(() => wasi.wasiImport.clock_time_get(0, 0, 8)).name, 'TypeError');
  },

  'unstable'() {
    const guest = new Guest({ module: 'probe-unstable', args: ['one', 'two'] });
    guest.check('args_sizes_get', [OUT, OUT + 8], errno.SUCCESS, [[OUT, u32(2)], [OUT + 8, u32(8)]]);
  },

  'files'() {
    fs.mkdirSync('dir');
    const { code, stdout, stderr } = start('files', { args: ['files', '/dir'], preopens: { '/dir': 'dir' } });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /\ndone\n$/);
  },

  'the sandbox'() {
    fs.mkdirSync('dir');
    fs.writeFileSync('secret', 'secret');
    fs.symlinkSync('../secret', 'dir/link');
    const guest = new Guest({ preopens: { '/': 'dir' } });
    fs.mkdirSync('dir/a');
    for (const name of ['link', '../secret', 'a/../../secret']) {
      guest.check('path_open', [3, 1, text(name), 0, 2n, 0n, 0, OUT], errno.NOTCAPABLE);
    }
  },

  'read-only mounts, maxFiles'() {
    fs.mkdirSync('dir');
    fs.writeFileSync('dir/file', 'text');
    const guest = new Guest({ preopens: { '/': { path: 'dir', readonly: true } }, maxFiles: 5 });
    assert.equal(guest.call('path_unlink_file', 3, text('file')), errno.NOTCAPABLE);
    assert.equal(guest.open('file', { base: 2n }), 4);
    assert.equal(guest.call('path_open', 3, 0, text('file'), 0, 2n, 0n, 0, OUT), errno.MFILE);
    assert.equal(fs.readFileSync('dir/file', 'utf8'), 'text');
  },

  'memory that grows'() {
    assert.equal(start('grow').stdout, 'page 00: ok\npage 01: ok\npage 03: ok\npage 07: ok\n');
    const guest = new Guest();
    for (let pages = 2; pages < 300; pages *= 2) {
      guest.exports.grow(pages);
      assert.equal(guest.exports.random_get(guest.memory.buffer.byteLength - 8, 8), errno.SUCCESS);
    }
  },

  'a trap in the guest'() {
    const error = thrown(() => start('trap'));
    assert.ok(error instanceof WebAssembly.RuntimeError);
    assert.equal(fs.readFileSync('stdout', 'utf8'), 'before trap\n');
  },

  'an error thrown through the guest'() {
    const wasi = new WASI({ version });
    const own = new Error('own');
    const memory = new WebAssembly.Memory({ initial: 1 });
    const start = () => { throw own; };
    assert.equal(thrown(() => wasi.start({ exports: { memory, _start: start } })), own);
  },

  'subclasses'() {
    class Own extends WASI {
      seen = [];
      finalizeBindings(...args) {
        this.seen.push('finalizeBindings');
        super.finalizeBindings(...args);
      }
    }
    const wasi = new Own({ version, stdout: fs.openSync('out', 'w') });
    assert.ok(wasi instanceof Own && wasi instanceof WASI);
    assert.equal(wasi.start(instantiate(wasi, 'demo')), 0);
    assert.deepEqual(wasi.seen, ['finalizeBindings']);
    assert.throws(() => WASI(), TypeError);
    assert.throws(() => WASI.prototype.close.call({}), Error);
  },

  'symbols that loaders look for'() {
    const wasi = new WASI({ version });
    const names = Object.getOwnPropertySymbols(wasi).map(({ description }) => description).sort();
    assert.deepEqual(names, ['kBindingName', 'kExitCode', 'kInstance', 'kSetMemory', 'kStarted']);
    assert.deepEqual(Object.keys(wasi), ['wasiImport']);
    assert.equal(Object.keys(wasi.wasiImport).length, 46);
  },

  'MemoryFile'() {
    const { MemoryFile } = require('../..');
    const [stdin, stdout] = [new MemoryFile('to read'), new MemoryFile()];
    const guest = new Guest({ stdin: stdin.fd, stdout: stdout.fd });
    guest.check('fd_write', [1, iovs('written'), OUT], 0, [[OUT, u32(7)]]);
    assert.equal(guest.call('fd_read', 0, iovs([OUT + 8, 9]), OUT), 0);
    assert.deepEqual([stdin.text(), stdout.text()], ['to read', 'written']);
    stdout.clear();
    assert.deepEqual([...stdout.bytes()], []);
    for (const file of [stdin, stdout]) file.close();
  },

  'share()'() {
    const directory = { preopens: { '/': '.' } };
    const first = new Guest(directory);
    const second = new Guest({ share: first.wasi.share() });
    const fd = first.open('file', { oflags: 1, base: 64n });
    second.check('fd_write', [fd, iovs('shared'), OUT], 0, [[OUT, u32(6)]]);
    assert.equal(fs.readFileSync('file', 'utf8'), 'shared');
  },

  'close()'() {
    const before = descriptors();
    const guest = new Guest({ preopens: { '/': '.' } });
    fs.writeFileSync('file', 'text');
    guest.open('file', { base: 2n });
    guest.wasi.close();
    guest.wasi[Symbol.dispose]?.();
    assert.equal(guest.exports.fd_read(4, 0, 0, OUT), errno.BADF);
    assert.equal(descriptors(), before);
  },

  'forgotten objects are collected'() {
    const before = descriptors();
    for (let index = 0; index < 20_000; index++) {
      fs.mkdirSync(`dir${index % 500}`, { recursive: true });
      new WASI({ version, preopens: { '/': `dir${index % 500}` } });
    }
    assert.ok(descriptors() - before < 1000);
  },

  'WASI_RS_STRACE=1'() {
    fs.writeFileSync('main.cjs', `
      const { WASI } = require(${JSON.stringify(root)});
      const wasi = new WASI({ version: 'preview1' });
      const bytes = require('node:fs').readFileSync(${JSON.stringify(fixtureFile('demo'))});
      wasi.start(new WebAssembly.Instance(new WebAssembly.Module(bytes), wasi.getImportObject()));`);
    const { code, stdout, stderr } = script(['main.cjs'], { env: { ...process.env, WASI_RS_STRACE: '1' } });
    assert.deepEqual([code, stdout], [0, 'hello world\n']);
    assert.match(stderr, /^fd_write\(fd=1, .*\) = 0 nwritten=12/);
  },

  'process.env.WASI_RS_STRACE = 1'() {
    fs.writeFileSync('main.cjs', `
      process.env.WASI_RS_STRACE = '1';
      const { WASI } = require(${JSON.stringify(root)});
      const wasi = new WASI({ version: 'preview1' });
      wasi.finalizeBindings({ exports: { memory: new WebAssembly.Memory({ initial: 1 }) } });
      wasi.wasiImport.fd_close(9);`);
    assert.match(script(['main.cjs']).stderr, /^fd_close\(fd=9\) = EBADF/);
  },

  'wasi-rs/register, require()'() {
    installed();
    fs.writeFileSync('main.cjs', `
      const { WASI } = require('wasi-rs');
      console.log(require('node:wasi').WASI === WASI, require('wasi').WASI === WASI);`);
    assert.deepEqual(script(['main.cjs'], { preload: REGISTER }), { code: 0, stdout: 'true true\n', stderr: '' });
  },

  'wasi-rs/register, import'() {
    installed();
    fs.writeFileSync('main.mjs', `
      import { WASI } from 'node:wasi';
      import { WASI as ours } from 'wasi-rs';
      console.log(WASI === ours, (await import('wasi')).WASI === ours);`);
    assert.deepEqual(script(['main.mjs'], { preload: REGISTER }), { code: 0, stdout: 'true true\n', stderr: '' });
  },
};
