'use strict';

// Compiles types/, where assignable.ts checks index.d.ts against @types/node and the others use what
// node:wasi does not have.

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');
const assert = require('node:assert/strict');

// Through package.json, because not every file of the package is exported.
const manifest = require.resolve('typescript/package.json');
const compiler = path.join(path.dirname(manifest), require(manifest).bin.tsc);

function compile(...args) {
  return spawnSync(process.execPath, [compiler, ...args], { cwd: __dirname, encoding: 'utf8' });
}

test('the typings are assignable to and from those of node:wasi, and fit their use', () => {
  const { status, stdout, stderr } = compile('--project', 'types/tsconfig.json', '--pretty', 'false');
  assert.equal(stdout + stderr, '');
  assert.equal(status, 0);
});

test('the typings need no others', () => {
  const { status, stdout } = compile('--noEmit', '--strict', '--target', 'es2022', '--types', '', '../index.d.ts');
  assert.equal(stdout, '');
  assert.equal(status, 0);
});

// With `npm run test:types`, other versions of the compiler do the same.
test('programs compile without the types of Node.js and of newer standard libraries', () => {
  const { status, stdout } = compile('--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022', '--module', 'nodenext',
    '--types', '', 'types/program.ts', 'types/using.ts');
  assert.equal(stdout, '');
  assert.equal(status, 0);
});

test('the compiler checks the declarations it is given', () => {
  const { stdout } = compile('--project', 'types/tsconfig.json', '--listFilesOnly');
  const files = stdout.trim().split(/\r?\n/).map((file) => path.resolve(__dirname, file));
  assert.ok(files.includes(path.join(__dirname, '..', 'index.d.ts')), stdout);
});
