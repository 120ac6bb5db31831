'use strict';

// The names in a module, or its own name, can contain control characters. The command doesn't send
// them to the terminal, and names in a module don't start a new line.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { compile } = require('..');
const { tempDir } = require('./helpers/guest');

const bin = path.join(__dirname, '..', 'bin', 'wasi-rs.js');

// Clears the screen, sets the title, uses a control character of two bytes, and reverses the text.
const EVIL = '\x1b[2J\x1b]0;title\x07\u009b31m\u202eabc\u2028\nforged';
const NAME = Array.from(Buffer.from(EVIL), (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');

const modules = {
  'an export': `(module (memory (export "memory") 1) (func (export "${NAME}")))`,
  'two exports': `(module (func (export "_start")) (func (export "${NAME}")) (func (export "${NAME}")))`,
  'an import': `(module (import "${NAME}" "${NAME}" (func)) (func (export "${NAME}")))`,
};
const trap = `(module (memory (export "memory") 1) (func $"${NAME}" (export "_start") unreachable))`;

async function binary(text) {
  const wabt = await require('wabt')();
  return Buffer.from(wabt.parseWat('test.wat', text).toBinary({}).buffer);
}

function printed(file, args) {
  const { stdout, stderr } = spawnSync(process.execPath, [bin, ...args, file], { encoding: 'utf8', input: '' });
  return stdout + stderr;
}

const special = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function assertHarmless(text) {
  assert.match(text, /abc/);
  assert.doesNotMatch(text, special);
  assert.doesNotMatch(text, /^forged/m);
}

describe('control characters in the name of', () => {
  for (const [what, text] of Object.entries(modules)) {
    test(what, async (t) => {
      const file = path.join(tempDir(t), 'given.wasm');
      fs.writeFileSync(file, await binary(text));
      for (const args of [[], ['--engine', 'v8'], ['--invoke', 'missing'], ['inspect'], ['inspect', '--json']]) {
        assertHarmless(printed(file, args));
      }
    });
  }

  test('a function that traps', (t) => {
    const file = path.join(tempDir(t), 'trap.wat');
    fs.writeFileSync(file, trap);
    assertHarmless(printed(file, []));
  });

  test('a file', (t) => {
    const file = path.join(tempDir(t), EVIL.replace('\n', ''));
    assertHarmless(printed(file, ['inspect']));
    fs.writeFileSync(file, '(module (func (export "_start")))');
    assertHarmless(printed(file, ['run', '--verbose']));
  });
});

test('errors of compile() quote names without control characters, on one line', async () => {
  const { message } = await compile(Buffer.from(modules['two exports'])).catch((error) => error);
  assert.match(message, /^duplicate export name `\\u\{1b\}\[2J.*forged` already defined/);
  assert.doesNotMatch(message, special);
});

test('JSON has the names themselves', async (t) => {
  const file = path.join(tempDir(t), 'given.wasm');
  fs.writeFileSync(file, modules['an export']);
  assert.equal(JSON.parse(printed(file, ['inspect', '--json'])).exports[1].name, EVIL);
});

test('of many exports, an error shows some', (t) => {
  const file = path.join(tempDir(t), 'many.wat');
  fs.writeFileSync(file, `(module ${Array.from({ length: 1000 }, (_, index) => `(func (export "f${index}"))`).join('')})`);
  assert.match(printed(file, ['--invoke', 'missing']), /it exports f0, f1, .*, f49, … and 950 more\n/);
});
