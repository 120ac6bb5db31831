'use strict';

// What compile() and run() take as a program, and what a Program says of itself.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { pathToFileURL } = require('node:url');
const { tempDir } = require('./helpers/guest');
const { fixture, saying } = require('./helpers/run-guests');
const { rejection } = require('./helpers/run-process');
const { compile, run } = require('..');

const hello = saying(1, 'hello');
const demo = fs.readFileSync(fixture('demo'));

// A view that begins and ends within its buffer.
function inTheMiddle(bytes, View = Uint8Array) {
  const buffer = new ArrayBuffer(bytes.length + 16);
  new Uint8Array(buffer, 8, bytes.length).set(bytes);
  return new View(buffer, 8, bytes.length);
}

function shared(bytes) {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

describe('a program is taken from', () => {
  const sources = {
    'a path': () => fixture('demo'),
    'a relative path': () => path.relative(process.cwd(), fixture('demo')),
    'a URL': () => pathToFileURL(fixture('demo')),
    'a Buffer': () => demo,
    'a Uint8Array in a larger buffer': () => inTheMiddle(demo),
    'a DataView': () => inTheMiddle(demo, DataView),
    'an ArrayBuffer': () => new Uint8Array(demo).buffer,
    'a SharedArrayBuffer': () => shared(demo),
    'a Uint8Array over a SharedArrayBuffer': () => new Uint8Array(shared(demo)),
    'a Response': () => new Response(demo),
    'a Blob': () => new Blob([demo]),
  };
  for (const [name, make] of Object.entries(sources)) {
    test(`${name}, by compile() and run()`, async () => {
      const program = await compile(make());
      assert.equal((await program.run()).stdout, 'hello world\n');
      assert.equal((await run(make())).stdout, 'hello world\n');
      assert.equal(program.size, demo.length);
    });
  }

  test('text of WebAssembly, in memory and in a file', async (t) => {
    const file = path.join(tempDir(t), 'hello.wat');
    fs.writeFileSync(file, hello);
    for (const source of [hello, file]) assert.equal((await run(source)).stdout, 'hello');
  });

  test('a Program', async () => {
    const program = await compile(hello);
    assert.equal((await run(program)).stdout, 'hello');
    assert.equal((await run(program, { encoding: 'hex' })).stdout, Buffer.from('hello').toString('hex'));
  });

  test('bytes as they were at the call', async () => {
    const bytes = Buffer.from(hello);
    const compiled = compile(bytes);
    bytes.fill(0);
    assert.equal((await (await compiled).run()).stdout, 'hello');
  });
});

describe('no program is', () => {
  for (const source of [undefined, null, 5, true, 1n, Symbol('s'), () => {}, {}, [], { arrayBuffer: 5 }]) {
    test(`of type ${typeof source} (${source === null ? null : source?.constructor?.name})`, async () => {
      for (const error of [
        await rejection(compile(source), 'ERR_INVALID_ARG_TYPE'), await rejection(run(source), 'ERR_INVALID_ARG_TYPE'),
      ]) {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, /^The "source" argument must be .*\. Received /);
      }
    });
  }

  test('a missing file, with the error that node:fs has', async (t) => {
    const missing = path.join(tempDir(t), 'missing.wasm');
    const expected = await fs.promises.readFile(missing).catch((error) => ({ ...error, message: error.message }));
    for (const source of [missing, pathToFileURL(missing)]) {
      const error = await rejection(run(source), 'ENOENT');
      assert.deepEqual({ ...error, message: error.message }, expected);
    }
  });

  test('a directory', async (t) => {
    const { syscall, errno } = await rejection(compile(tempDir(t)), 'EISDIR');
    assert.deepEqual({ syscall, errno }, { syscall: 'open', errno: -21 });
  });

  test('a file that is larger than modules can be', async (t) => {
    const file = path.join(tempDir(t), 'large.wasm');
    fs.writeFileSync(file, '');
    fs.truncateSync(file, 2 ** 40);
    const { message } = await rejection(compile(file), 'ERR_FS_FILE_TOO_LARGE');
    assert.equal(message, `The program in '${file}' is larger than 1073741824 bytes, the limit for a module`);
  });

  test('a path with a null byte', async () => {
    await rejection(compile('a\0b'), 'ERR_INVALID_ARG_VALUE');
    await rejection(compile(new URL('file:///a%00b')), 'ERR_INVALID_ARG_VALUE');
  });

  test('a URL of another scheme', async () => {
    await rejection(compile(new URL('https://example.org/a.wasm')), 'ERR_INVALID_URL_SCHEME');
  });

  test('the answer to a request that failed', async () => {
    const error = await rejection(compile(new Response(demo, { status: 404 })), 'ERR_INVALID_ARG_VALUE');
    assert.match(error.message, /404/);
  });

  test('a Response whose body fails', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('cut off')) });
    await assert.rejects(compile(new Response(body)), { message: 'cut off' });
  });

  for (const [name, bytes] of Object.entries({
    'nothing': '', 'text that is not WebAssembly': 'hello', 'text with an error': '(module (func (call $nowhere)))',
    'text of the wrong type': '(module (func (drop)))',
    'a program for several threads': '(module (memory 1 1 shared) (func (export "_start")))',
    'a binary of another version': '\0asm\x02\0\0\0',
  })) {
    test(name, async () => {
      const error = await rejection(compile(Buffer.from(bytes, 'latin1')), 'ERR_WASI_COMPILE');
      assert.equal(error.name, 'Error');
      assert.match(error.stack, /^Error \[ERR_WASI_COMPILE\]: /);
    });
  }

  test('a binary that is broken off, and where is said', async () => {
    const { offset } = await rejection(compile(demo.subarray(0, 40)), 'ERR_WASI_COMPILE');
    assert.ok(Number.isInteger(offset) && offset > 8 && offset <= 40, `${offset}`);
  });

  test('one that imports what is not part of WASI', async () => {
    const source = Buffer.from('(module (import "env" "launch" (func)) (func (export "_start")))');
    const program = await compile(source);
    assert.deepEqual(program.imports, [{ module: 'env', name: 'launch', kind: 'function' }]);
    for (const start of [() => program.run(), () => run(source), () => program.instantiate()]) {
      const error = await rejection(start(), 'ERR_WASI_LINK');
      assert.deepEqual([error.module, error.import], ['env', 'launch']);
      assert.match(error.message, /env.*launch/);
    }
  });

  test('one without _start, to run()', async () => {
    await rejection(run(fixture('reactor')), 'ERR_WASI_LINK');
    await rejection(run(Buffer.from('(module (func (export "_start") (param i32)))')), 'ERR_WASI_LINK');
  });
});

describe('a Program', () => {
  const source = Buffer.from(`(module
    (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
    (import "a" "table" (table 1 funcref)) (import "a" "global" (global i32)) (import "a" "memory" (memory 1))
    (func (export "f") (param i32 i64) (result f32 f64) (f32.const 0) (f64.const 0)) (func (export "") (nop))
    (table (export "t") 1 funcref) (global (export "g") i32 (i32.const 0)) (memory (export "m") 1))`);

  test('says what it imports and exports', async () => {
    const { imports, exports } = await compile(source);
    assert.deepEqual(imports, [
      { module: 'wasi_snapshot_preview1', name: 'fd_close', kind: 'function' },
      { module: 'a', name: 'table', kind: 'table' }, { module: 'a', name: 'global', kind: 'global' },
      { module: 'a', name: 'memory', kind: 'memory' },
    ]);
    assert.deepEqual(exports, [
      { name: 'f', kind: 'function', parameters: ['i32', 'i64'], results: ['f32', 'f64'] },
      { name: '', kind: 'function', parameters: [], results: [] },
      { name: 't', kind: 'table' }, { name: 'g', kind: 'global' }, { name: 'm', kind: 'memory' },
    ]);
  });

  test('cannot be changed in what it says', async () => {
    const { imports, exports } = await compile(source);
    for (const part of [imports, imports[0], exports, exports[0], exports[0].parameters, exports[0].results]) {
      assert.ok(Object.isFrozen(part));
    }
  });

  test('can be run again and again, and at once', async () => {
    const program = await compile(hello);
    const results = await Promise.all(Array.from({ length: 20 }, () => program.run()));
    assert.deepEqual(results.map(({ stdout }) => stdout), Array(20).fill('hello'));
  });

  test('gives its code, which is taken only where that is allowed', async (t) => {
    const code = await (await compile(hello)).serialize();
    assert.ok(Buffer.isBuffer(code));
    const file = path.join(tempDir(t), 'code');
    fs.writeFileSync(file, code);
    for (const source of [code, file]) {
      await rejection(compile(source), 'ERR_WASI_COMPILE');
      await rejection(run(source, { allowPrecompiled: false }), 'ERR_WASI_COMPILE');
      assert.equal((await run(source, { allowPrecompiled: true })).stdout, 'hello');
    }
    assert.equal((await run(hello, { allowPrecompiled: true })).stdout, 'hello');
  });
});
