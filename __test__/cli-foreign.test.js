'use strict';

// Options and commands of wasmtime and wasmer: the message names ours, or says why there is none.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { parse } = require('../lib/cli/arguments');
const { commands } = require('../lib/cli/commands');
const { UsageError } = require('../lib/cli/failures');
const { foreignCommand } = require('../lib/cli/foreign');
const { tableOf } = require('../lib/cli/options');

const table = tableOf(commands.run);

function messageFor(...argv) {
  try {
    parse([...argv, 'app.wasm'], table);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  return assert.fail(`${argv.join(' ')} is taken`);
}

describe('what wasi-rs has under another name', () => {
  for (const [argv, ours] of [
    [['-W', 'timeout=5s'], '--timeout 5s'],
    [['-Wtimeout=100ms,fuel=1'], '--timeout 100ms'],
    [['--wasm', 'timeout=5'], '--timeout 5s'],
    [['--wasm=fuel=1000'], '--fuel 1000'],
    [['-W', 'max-memory-size=65536'], '--max-memory 65536'],
    [['-W', 'max-wasm-stack=1000000'], '--max-stack 1000000'],
    [['-S', 'inherit-env'], '--inherit-env'],
    [['-Sinherit-env=y'], '--inherit-env'],
    [['-C', 'cache=n'], '--no-cache'],
    [['-C', 'cache-config=file'], '--cache DIR'],
    [['--wasm-timeout', '3'], '--timeout 3s'],
    [['--disable-cache'], '--no-cache'],
    [['--forward-host-env'], '--inherit-env'],
    [['--stack-size', '100000'], '--max-stack 100000'],
    [['--stack-size=100000'], '--max-stack 100000'],
    [['--entrypoint', 'main'], '--invoke main'],
    [['-e', 'main'], '--invoke main'],
    [['-e', '--net'], '--invoke'],
    [['--v8'], '--engine v8'],
    [['--backend', 'v8'], '--engine v8'],
    [['--cwd', '/work'], '--dir /work::.'],
    [['--tmp'], '--dir "$(mktemp -d)::/tmp"'],
  ]) {
    test(argv.join(' '), () => {
      const [, used] = /^-\S+( \S+)? is an option of (?:wasmtime|wasmer)\. Use (.*)$/.exec(messageFor(...argv)).slice(1);
      assert.ok(used === ours || used.startsWith(`${ours}.`) || used.startsWith(`${ours},`) || used.startsWith(`${ours} to `),
        used);
      const [, name] = /^--([\w-]+)/.exec(ours);
      assert.ok(Object.hasOwn(table, name), name);
    });
  }
});

describe('what wasi-rs does not have', () => {
  for (const [tool, reason, ...lines] of [
    ['wasmtime', /components/, '-S http', '-S nn', '-S preview2', '-S p3=y', '-S', '--wasi keyvalue'],
    ['wasmtime', /can't open network connections/, '-S inherit-network', '-S tcp', '-S udp', '--tcplisten 1', '-S listenfd'],
    ['wasmtime', /You don't need it/, '-S cli', '-S common', '-S preview0', '-C cache'],
    ['wasmtime', /WASI class/i, '-S threads', '-W threads', '--preload a=b'],
    ['wasmtime', /pass other imports to run\(\) in options\.imports/, '-W unknown-imports-trap'],
    ['wasmtime', /features/, '-W all-proposals', '-W simd=n', '-W toString', '-W', '--wasm-features all'],
    ['wasmtime', /compile/, '-O opt-level=2', '-C compiler=winch', '--optimize x', '--target x'],
    ['wasmtime', /--strace/, '-D coredump=x', '-g', '--debug x'],
    ['wasmtime', /./, '-R path=x', '--profile guest', '--config file', '-S inherit-stdin=n'],
    ['wasmer', /can't open network connections/, '--net', '--net=x', '--http-client'],
    ['wasmer', /features/, '--enable-all', '--enable-threads', '--disable-simd'],
    ['wasmer', /compile/, '--singlepass', '--cranelift', '--llvm', '--backend llvm', '--backend'],
    ['wasmer', /packages/, '--use x', '--include-webc x', '--command-name x', '--registry x'],
    ['wasmer', /./, '--coredump-on-trap x', '--journal x', '--quiet', '-q', '--no-tty', '--profiler perfmap'],
  ]) {
    for (const line of lines) {
      test(line, () => {
        const message = messageFor(...line.split(' '));
        assert.ok(message.startsWith(line.split(/[ =]/)[0]), message);
        const [, owner, advice] = / is an option of (\w+)\. (.+)$/.exec(message);
        assert.equal(owner, tool);
        assert.match(advice, reason);
        assert.doesNotMatch(advice, /^Use /);
      });
    }
  }
});

describe('commands', () => {
  for (const [tool, ...names] of [
    ['wasmtime', 'serve', 'explore', 'objdump', 'settings', 'replay'],
    ['wasmtime and wasmer', 'wast', 'config'],
    ['wasmer', 'validate', 'create-exe', 'create-obj', 'login', 'publish', 'cache', 'self-update', 'gen-completions'],
  ]) {
    for (const name of names) {
      test(name, () => {
        const [, owner, advice] = /^"[\w-]+" is a command of ([\w ]+)\. (.+)$/.exec(foreignCommand(name));
        assert.equal(owner, tool);
        for (const [, ours] of advice.matchAll(/"wasi-rs (\w+)"/g)) assert.ok([...Object.keys(commands), 'inspect'].includes(ours));
      });
    }
  }

  test('of nobody', () => {
    for (const name of ['nonsense', 'toString', '']) assert.equal(foreignCommand(name), undefined);
  });
});

describe('what people expect', () => {
  for (const [line, advice] of [
    ['--memory 64MiB', 'Use --max-memory 64MiB'],
    ['--memory-limit=1GiB', 'Use --max-memory 1GiB'],
    ['--stack 1MiB', 'Use --max-stack 1MiB'],
    ['--preopen data', 'Use --dir data'],
    ['--readonly', 'Put ":ro" after the directory, for example --dir data::/data:ro'],
    ['--concurrency 4', /configure\(\)$/],
  ]) {
    test(line, () => {
      const [, said] = /^unknown option --[\w-]+\. (.*)$/.exec(messageFor(...line.split(' ')));
      if (typeof advice === 'string') assert.equal(said, advice);
      else assert.match(said, advice);
    });
  }
});

describe('options of nobody', () => {
  for (const [argv, expected] of [
    [['-x'], 'unknown option -x'],
    [['--toString'], 'unknown option --toString'],
    [['--max-mem', '1'], 'unknown option --max-mem. Did you mean --max-memory?'],
    [['--inherit_env'], 'unknown option --inherit_env. Did you mean --inherit-env?'],
  ]) {
    test(argv.join(' '), () => assert.equal(messageFor(...argv), expected));
  }
});
