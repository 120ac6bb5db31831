'use strict';

// What `wasi-rs --verbose` says: where the code of a program comes from, and what it used.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { describe, test } = require('node:test');
const { tempDir } = require('./helpers/guest');

const bin = path.join(__dirname, '..', 'bin', 'wasi-rs.js');
const fixture = (name) => path.join(__dirname, 'fixtures', 'bin', `${name}.wasm`);

// Runs commands that share a cache. Gives what each wrote to stderr, without the numbers.
function said(t, ...commands) {
  const cwd = tempDir(t);
  const env = { ...process.env, XDG_CACHE_HOME: path.join(cwd, 'cache') };
  return commands.map((args) => {
    const { stderr } = spawnSync(process.execPath, [bin, ...args], { cwd, encoding: 'utf8', env, input: '' });
    return stderr.replaceAll(path.join(__dirname, 'fixtures', 'bin', path.sep), '').replace(/[\d.]+ (ms|s)\b/g, 'TIME')
      .replace(/[\d.]+ (bytes|[KMG]iB)\b/g, 'SIZE').replace(/\d+ units/g, 'N units').trimEnd().split('\n');
  });
}

const demo = (how) => `wasi-rs: demo.wasm (SIZE) ${how} TIME`;
const ended = (what, used = '') => `wasi-rs: ${what} after TIME and used at most SIZE of memory${used}`;
const exited = (code, used) => ended(`the program exited with code ${code}`, used);

test('without it, nothing is said', (t) => {
  assert.deepEqual(said(t, [fixture('demo')], ['compile', fixture('demo'), '-o', 'demo']), [[''], ['']]);
});

describe('where the code comes from', () => {
  test('compiled, then cached, unless there is no cache', (t) => {
    assert.deepEqual(said(t, ['-v', fixture('demo')], ['--verbose', fixture('demo')], ['-v', '--no-cache', fixture('demo')]), [
      [demo('was compiled in this process in'), exited(0)],
      [demo('was loaded from the cache in'), exited(0)],
      [demo('was compiled in this process in'), exited(0)],
    ]);
  });

  test('compiled in a child process', (t) => {
    const [[compiled], [cached]] = said(t, ['-v', fixture('lua')], ['-v', fixture('lua')]);
    assert.equal(compiled, 'wasi-rs: lua.wasm (SIZE) was compiled in a child process in TIME');
    assert.equal(cached, 'wasi-rs: lua.wasm (SIZE) was loaded from the cache in TIME');
  });

  test('precompiled', (t) => {
    const [compiled, run] = said(t, ['compile', '-v', fixture('demo'), '-o', 'demo.wasm'],
      ['-v', '--allow-precompiled', 'demo.wasm']);
    assert.deepEqual(compiled, [demo('was compiled in this process in')]);
    assert.deepEqual(run, [demo('is precompiled, and was loaded in'), exited(0)]);
  });

  test('compiled again, to count fuel', (t) => {
    const counting = ['-v', '--fuel', '1000', fixture('demo')];
    const again = (how) => `wasi-rs: demo.wasm, with code that counts fuel, ${how} about TIME`;
    assert.deepEqual(said(t, counting, counting), [
      [demo('was compiled in this process in'), again('was compiled in this process in'),
        exited(0, ' and N units of fuel')],
      [demo('was loaded from the cache in'), again('was loaded from the cache in'), exited(0, ' and N units of fuel')],
    ]);
  });

  test('compiled by V8', (t) => {
    assert.deepEqual(said(t, ['-v', '--engine', 'v8', fixture('demo')]), [[demo('was compiled by V8 in'), exited(0)]]);
  });
});

for (const engine of ['wasmtime', 'v8']) {
  describe(`what a program used, on ${engine}`, () => {
    const usage = (t, ...args) => said(t, ['-v', '--engine', engine, ...args])[0].slice(1);

    test('that exits', (t) => assert.deepEqual(usage(t, fixture('exit'), '42'), [exited(42)]));

    test('that traps', (t) => {
      const [used, message] = usage(t, fixture('trap'));
      assert.equal(used, ended('the program was terminated'));
      assert.match(message, /^wasi-rs: The program trapped: /);
    });

    test('that is called', (t) => {
      assert.deepEqual(usage(t, '--invoke', 'add', fixture('reactor'), '1', '2'), [ended('add() returned')]);
    });
  });
}

test('a program that reaches a limit', (t) => {
  const [[, , used, message]] = said(t, ['-v', '--fuel', '1', fixture('demo')]);
  assert.equal(used, ended('the program was terminated', ' and N units of fuel'));
  assert.match(message, /^wasi-rs: .*fuel/);
});

test('nothing about the use of a program that has not run', (t) => {
  const [, loaded, missing] = said(t, ['compile', fixture('demo'), '-o', 'demo.wasm'],
    ['-v', '--fuel', '1', '--allow-precompiled', 'demo.wasm'], ['-v', fixture('reactor')]);
  assert.deepEqual(loaded, [demo('is precompiled, and was loaded in'),
    "wasi-rs: A precompiled program was compiled without counting: it can't be run with fuel"]);
  assert.equal(missing.length, 2);
  assert.match(missing[1], /exports no function '_start'/);
});

test('if stderr cannot be written, programs run and the exit codes are the same', (t) => {
  const unwritable = fs.openSync(os.devNull, 'r');
  t.after(() => fs.closeSync(unwritable));
  const ended = (...args) => {
    const { status, stdout } = spawnSync(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', unwritable], encoding: 'utf8' });
    return [status, stdout];
  };
  assert.deepEqual(ended('-v', fixture('demo')), [0, 'hello world\n']);
  assert.deepEqual(ended('-v', fixture('trap')), [134, 'before trap\n']);
  assert.deepEqual(ended('--fuel', '1', fixture('demo')), [125, '']);
  assert.deepEqual(ended('--nonsense', fixture('demo')), [2, '']);
});
