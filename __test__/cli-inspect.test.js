'use strict';

// `wasi-rs inspect`

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { tempDir } = require('./helpers/guest');
const { fixture } = require('./helpers/run-guests');

const bin = path.join(__dirname, '..', 'bin', 'wasi-rs.js');

function inspect(args, input = '') {
  const settings = { encoding: 'utf8', input, maxBuffer: 2 ** 28, timeout: 60_000 };
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'inspect', ...args], settings);
  return { status, stdout, stderr };
}

function json(args, input) {
  const { status, stdout, stderr } = inspect(['--json', ...args], input);
  assert.deepEqual([status, stderr], [0, '']);
  return JSON.parse(stdout);
}

const ofText = (text) => json(['-'], text);

// In the binary format.
function leb(number) {
  const bytes = [];
  do {
    const more = number > 127;
    bytes.push(number % 128 + (more ? 128 : 0));
    number = Math.floor(number / 128);
  } while (number > 0);
  return Buffer.from(bytes);
}

const HEADER = Buffer.from('\0asm\x01\0\0\0');
const vector = (parts) => Buffer.concat([leb(parts.length), ...parts]);
const string = (text) => Buffer.concat([leb(Buffer.byteLength(text)), Buffer.from(text)]);
const section = (id, content) => Buffer.concat([Buffer.from([id]), leb(content.length), content]);
const custom = (name, content) => section(0, Buffer.concat([string(name), content]));

describe('inspect tells', () => {
  test('imports and exports with their types', () => {
    const { imports, exports, importCount, exportCount } = ofText(`(module
      (type $s (struct))
      (import "env" "f" (func (param i32 i64) (result f32 f64)))
      (import "env" "m" (memory 1 2))
      (import "env" "t" (table i64 3 4 externref))
      (import "env" "g" (global (mut v128)))
      (import "env" "e" (tag (param i32)))
      (func $own (export "own") (param (ref null $s)))
      (global (export "constant") f64 (f64.const 1))
      (export "again" (memory 0)) (export "table" (table 0)) (export "tag" (tag 0)))`);
    assert.deepEqual(imports, [
      { module: 'env', name: 'f', kind: 'function', type: '(func (param i32 i64) (result f32 f64))' },
      { module: 'env', name: 'm', kind: 'memory', type: '(memory 1 2)' },
      { module: 'env', name: 't', kind: 'table', type: '(table i64 3 4 externref)' },
      { module: 'env', name: 'g', kind: 'global', type: '(global (mut v128))' },
      { module: 'env', name: 'e', kind: 'tag', type: '(tag (param i32))' },
    ]);
    assert.deepEqual(exports, [
      { name: 'own', kind: 'function', type: '(func (param (ref null 0)))' },
      { name: 'constant', kind: 'global', type: '(global f64)' },
      { name: 'again', kind: 'memory', type: '(memory 1 2)' },
      { name: 'table', kind: 'table', type: '(table i64 3 4 externref)' },
      { name: 'tag', kind: 'tag', type: '(tag (param i32))' },
    ]);
    assert.deepEqual([importCount, exportCount], [5, 5]);
  });

  test('memories', () => {
    const { memories } = ofText('(module (import "env" "m" (memory i64 1 4 shared)) (memory 2))');
    assert.deepEqual(memories, [
      { imported: true, initial: 1, maximum: 4, pageSize: 65536, shared: true, memory64: true },
      { imported: false, initial: 2, maximum: null, pageSize: 65536, shared: false, memory64: false },
    ]);
  });

  test('what made it, its features and its custom sections', () => {
    const value = (name, version) => Buffer.concat([string(name), string(version)]);
    const producers = vector([
      Buffer.concat([string('language'), vector([value('Rust', '')])]),
      Buffer.concat([string('processed-by'), vector([value('rustc', '1.90.0'), value('wasm-opt', '124')])]),
    ]);
    const features = vector([Buffer.from('+'), Buffer.from('-')].map((prefix, index) => (
      Buffer.concat([prefix, string(['simd128', 'atomics'][index])]))));
    const bytes = Buffer.concat([HEADER, custom('producers', producers), custom('target_features', features),
      custom('.debug_info', Buffer.alloc(3000)), custom('.debug_info', Buffer.alloc(1))]);
    const description = json(['-'], bytes);
    assert.deepEqual(description.producers, {
      'language': [{ name: 'Rust', version: '' }],
      'processed-by': [{ name: 'rustc', version: '1.90.0' }, { name: 'wasm-opt', version: '124' }],
    });
    assert.deepEqual(description.features, ['+simd128', '-atomics']);
    assert.deepEqual(description.sections.slice(2), [{ name: '.debug_info', size: 3000 }, { name: '.debug_info', size: 1 }]);
    assert.equal(description.size, bytes.length);
    const { stdout } = inspect(['-'], bytes);
    assert.match(stdout, /Made by +rustc 1\.90\.0, wasm-opt 124\n/);
    assert.match(stdout, /\.debug_info \(2\.9 KiB\)/);
  });

  test('that a command runs', () => {
    const { kind, format, role, runs, needs, file } = json([fixture('hello')]);
    assert.deepEqual({ kind, format, role, runs, needs, file },
      { kind: 'module', format: 'binary', role: 'command', runs: true, needs: [], file: fixture('hello') });
    assert.match(inspect([fixture('hello')]).stdout, /^ +Runs here +yes$/m);
  });

  test('that functions of a reactor can be called', () => {
    const { role, runs, needs } = json([fixture('reactor')]);
    assert.deepEqual([role, runs, needs.length, needs[0].about], ['reactor', true, 1, 'calls']);
    assert.match(needs[0].message, /--invoke.*: init_count, add and write_hello$/);
    assert.match(inspect([fixture('reactor')]).stdout, /Runs here +yes, with --invoke/);
  });

  const refused = {
    'imports that are not part of WASI': ['(module (import "env" "foo" (func)) (func (export "_start")))', 'imports', /env\.foo/],
    'threads': ['(module (import "env" "memory" (memory 1 2 shared)) (func (export "_start")))', 'threads', /WASI class/],
    'nothing to call': ['(module)', 'start', /_start/],
    'a component': ['(component)', 'component', /wasm32-wasip1/],
    'an error in the text': ['(module (func (call $nowhere)))', 'invalid', /\$nowhere/],
    'an HTML page': ['<!doctype html>', 'html', /check the URL/],
  };
  for (const [name, [text, about, expected]] of Object.entries(refused)) {
    test(`what keeps it from running: ${name}`, () => {
      const { runs, needs } = ofText(text);
      assert.deepEqual([runs, needs.length, needs[0].about], [false, 1, about]);
      assert.match(needs[0].message, expected);
      assert.match(inspect(['-'], text).stdout, /Runs here +no\n/);
    });
  }

  test('imports and exports of a component, but not of what is in it', () => {
    const { kind, format, imports, exports } = ofText(`(component
      (import "wasi:cli/stdin@0.2.0" (instance))
      (core module (import "inner" "f" (func)) (func (export "g")))
      (component (import "nested" (func)))
      (export "run" (instance 0)))`);
    assert.deepEqual({ kind, format }, { kind: 'component', format: 'text' });
    assert.deepEqual(imports, [{ name: 'wasi:cli/stdin@0.2.0', kind: 'instance' }]);
    assert.deepEqual(exports, [{ name: 'run', kind: 'instance' }]);
  });

  test('that precompiled code needs --allow-precompiled', (t) => {
    const output = path.join(tempDir(t), 'demo.cwasm');
    const { status } = spawnSync(process.execPath, [bin, 'compile', fixture('demo'), '-o', output]);
    assert.equal(status, 0);
    const { kind, format, runs, needs } = json([output]);
    assert.deepEqual({ kind, format, runs }, { kind: 'precompiled', format: null, runs: false });
    assert.match(needs[0].message, /--allow-precompiled/);
  });

  test('nothing about a text that is too long to be looked at', () => {
    const { runs, needs, imports } = ofText(`(module (import "env" "f" (func)) ${' '.repeat(100_000)})`);
    assert.deepEqual([runs, needs[0].about, imports], [null, 'too-long', []]);
  });
});

describe('inspect fails', () => {
  test('for what cannot be read', (t) => {
    const missing = path.join(tempDir(t), 'missing.wasm');
    const large = path.join(path.dirname(missing), 'large.wasm');
    fs.writeFileSync(large, '');
    fs.truncateSync(large, 2 ** 40);
    const expected = [[missing, /ENOENT.*missing\.wasm/], [large, /large\.wasm is larger than 1073741824 bytes/], [__dirname, /is a directory/], ['/dev/zero', /neither a regular file nor a pipe/]];
    for (const [file, message] of expected) {
      const { status, stdout, stderr } = inspect([file]);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, message);
    }
  });

  test('for other than one file', () => {
    assert.deepEqual(inspect([]).status, 2);
    assert.deepEqual(inspect(['a', 'b']).status, 2);
  });
});

describe('a hostile file', () => {
  // A type of a thousand parameters, which each of many functions has.
  function withLongType(count) {
    const type = Buffer.concat([Buffer.from([0x60]), vector(Array(1000).fill(Buffer.from([0x7f]))), Buffer.from([0])]);
    const imports = Array.from({ length: count }, () => Buffer.concat([string('a'), string('b'), Buffer.from([0, 0])]));
    return Buffer.concat([HEADER, section(1, vector([type])), section(2, vector(imports))]);
  }

  test('is told in bounded size, with all counts', () => {
    const description = json(['-'], withLongType(300_000));
    assert.equal(description.importCount, 300_000);
    assert.ok(description.imports.length > 10_000 && description.imports.length < 300_000, `${description.imports.length}`);
    assert.ok(description.imports[0].type.length < 1000);
  });

  test('shows people fifty imports, and how many more there are', () => {
    const { stdout } = inspect(['-'], withLongType(60));
    assert.match(stdout, /^Imports \(60\)$/m);
    assert.equal(stdout.match(/^ {2}a\.b/gm).length, 50);
    assert.match(stdout, /^ {2}… and 10 more$/m);
  });

  test('sends nothing to the terminal, and no long names', () => {
    const { stdout } = inspect(['-'], `(module (func (export "\\1b[2J\\e2\\80\\ae")) (func (export "${'x'.repeat(5000)}")))`);
    assert.ok(!/[\x00-\x09\x0b-\x1f\x7f\u202e]/.test(stdout));
    assert.match(stdout, /^ {2}\\u\{1b\}\[2J\\u\{202e\}/m);
    assert.ok(stdout.length < 2000);
  });

  test('that is broken off is told as far as it goes', () => {
    const bytes = fs.readFileSync(fixture('demo'));
    const { imports, runs, needs } = json(['-'], bytes.subarray(0, bytes.length - 5));
    assert.equal(imports[0].name, 'fd_write');
    assert.equal(runs, false);
    assert.match(needs[0].message, /not valid: .*offset/);
  });

  test('is not quoted at length', () => {
    const { stdout } = inspect(['-'], `(module\n${'x'.repeat(50_000)})`);
    assert.match(stdout, /The module is not valid: expected `\(` --> <anon>:2:1\n/);
    assert.ok(stdout.length < 1000);
  });

  test('can have anything nested in a component, which is passed over', () => {
    const header = Buffer.from('\0asm\x0d\0\x01\0');
    const exported = section(11, vector([Buffer.concat([Buffer.from([0]), string('run'), Buffer.from([1, 0, 0])])]));
    const nested = [1, 4].map((id) => section(id, Buffer.from('neither a module nor a component')));
    const whole = Buffer.concat([header, ...nested, exported]);
    const { needs, exports } = json(['-'], whole);
    assert.deepEqual([needs.map(({ about }) => about), exports], [['component'], [{ name: 'run', kind: 'function' }]]);
    const cut = json(['-'], whole.subarray(0, 30));
    assert.deepEqual(cut.needs.map(({ about }) => about), ['component', 'invalid']);
  });

  test('of any bytes is told', () => {
    const bytes = fs.readFileSync(fixture('wordcount'));
    const native = require('../lib/native.js');
    for (let at = 8; at < 2000; at += 7) {
      const mutant = Buffer.from(bytes);
      mutant[at] ^= 0xff;
      assert.equal(native.inspect(mutant).kind, 'module');
    }
  });
});
