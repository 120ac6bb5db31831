'use strict';

// Loading the package: what runs programs is loaded when it is first used, in every way to import.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { fixture } = require('./helpers/run-guests');
require('./helpers/run-process');

const root = path.join(__dirname, '..');
const printed = (...args) => JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }));

test('loading the package, and using the class, loads nothing else', () => {
  const [before, after] = printed('-e', `
    const loaded = () => Object.keys(require.cache).map((file) => require('node:path').relative('.', file));
    const { WASI, configure } = require('wasi-rs');
    new WASI({ version: 'preview1' });
    const before = loaded();
    configure({});
    console.log(JSON.stringify([before, loaded()]));`);
  assert.equal(before.length, 3, before.join());
  assert.deepEqual(before.slice(0, 2), ['index.js', 'addon.js']);
  assert.match(before[2], /^wasi-rs\..*\.node$/);
  assert.ok(after.includes(path.join('lib', 'run.js')), after.join());
});

test('ES modules import by name', () => {
  const code = `
    import all, { MemoryFile, WASI, compile, configure, run, spawn } from 'wasi-rs';
    const { stdout } = await run(${JSON.stringify(fixture('demo'))});
    const program = await compile(${JSON.stringify(fixture('demo'))});
    console.log(JSON.stringify([stdout, program.size, typeof WASI, typeof configure, typeof spawn,
      Object.keys(all), MemoryFile === all.MemoryFile, new MemoryFile('text').text()]));`;
  const { size } = fs.statSync(fixture('demo'));
  assert.deepEqual(printed('--input-type=module', '-e', code),
    ['hello world\n', size, 'function', 'function', 'function',
      ['WASI', 'compile', 'run', 'spawn', 'configure', 'MemoryFile'], true, 'text']);
});

test('all files that are loaded are in the package', () => {
  const { files } = require('../package.json');
  const used = fs.readdirSync(path.join(root, 'lib')).map((name) => path.join('lib', name));
  for (const file of ['index.js', 'index.d.ts', 'addon.js', ...used]) {
    assert.ok(files.includes(file.split(path.sep)[0]), file);
  }
});
