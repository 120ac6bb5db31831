'use strict';

// Every block of code of the documentation works, and a block that doesn't is found.

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { tempDir } = require('./helpers/guest');

const check = import('../scripts/docs-blocks/check.mjs');
const root = path.join(__dirname, '..');
const pages = [
  'README.md', 'SECURITY.md', 'CONTRIBUTING.md',
  ...fs.readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
];

describe('blocks of code', () => {
  const results = new Map();

  before(async () => {
    const { checkPages } = await check;
    for (const result of await checkPages(pages)) results.set(result.page, result);
  });

  for (const page of pages) {
    test(page, async () => {
      const { describe: explain } = await check;
      assert.equal(results.get(page).failures.map(explain).join('\n'), '');
    });
  }

  test('no page is left out', async () => {
    const { allPages } = await import('../scripts/docs-blocks/pages.mjs');
    assert.deepEqual(allPages().sort(), [...pages].sort());
  });
});

const block = (info, ...lines) => ['```' + info, ...lines, '```', ''];

// Checks a page of these blocks; gives the failures as [line, message].
async function failuresOf(t, ...blocks) {
  const { checkPages } = await check;
  const page = path.join(tempDir(t), 'page.md');
  fs.writeFileSync(page, blocks.flat().join('\n'));
  const [{ failures, count }] = await checkPages([page]);
  assert.ok(failures.every((failure) => failure.page === page));
  return { failures: failures.map(({ line, message }) => [line, message]), count };
}

test('a page on which everything works', async (t) => {
  const { failures, count } = await failuresOf(t,
    block('js', "import { run } from 'wasi-rs';", "import fs from 'node:fs';",
      "const { stdout } = await run('tool.wasm', { stdin: 'left behind' });", "fs.writeFileSync('left.txt', stdout);"),
    block('sh', 'test "$(wasi-rs --dir . tool.wasm left.txt)" = "left behind"', 'npx wasi-rs demo.wasm'),
    block('js', "const { run } = require('wasi-rs');", "run('demo.wasm').then(({ exitCode }) => {",
      "  console.log('not compared');", '  console.log(exitCode); // 0', '});'),
    block('ts', "import { run, type RunResult } from 'wasi-rs';",
      "const { exitCode }: RunResult<string> = await run('demo.wasm');", 'console.log(exitCode); // 0'),
    block('js', "import { WASI } from 'wasi-rs';", "{ using wasi = new WASI({ version: 'preview1' }); }"),
    block('js', "import { WASI } from 'wasi-rs'; // instead of require('node:wasi')", 'console.log(WASI.name); // WASI'),
    block('js answer.mjs', 'export const answer = 42;'),
    block('js', "import { answer } from './answer.mjs';", 'console.log(answer); // 42'),
    block('sh', 'node answer.mjs'),
    block('js check', 'await new Promise(() => {});', 'process.exit(1);'),
    block('sh no-run', 'npm install wasi-rs && false'),
    block('json', '{ "type": "module" }'),
    block('dockerfile', 'FROM node'),
    ['- In a list:', '', '  ```sh', '  true', '  ```', ''],
  );
  assert.deepEqual(failures, []);
  assert.equal(count, 13); // all but that for Docker
});

test('each block that does not work, with its line', async (t) => {
  const { failures } = await failuresOf(t,
    block('js', "console.error('some words');", 'process.exit(3);'), // 1
    block('js', 'console.log(1 + 1); // 3'), // 6
    block('js', "console.log('a'); // b", "console.log('b'); // a"), // 10
    block('js check', "import { run } from 'wasi-rs';", '', "await run('tool.wasm', { timeOut: 1 });"), // 15
    block('js check', 'missing();'), // 21
    block('ts', 'const text: string = 5;', 'console.log(text); // 5'), // 25
    block('sh', 'echo before', 'false', 'true'), // 30
    block('sh no-run', 'if true; then'), // 36
    block('json', '{ "a": 1, }'), // 40
    block('js lazily', ''), // 44
    block('javascript', ''), // 48
    block('', ''), // 52
    block('js same.mjs', ''), // 56
    block('js same.mjs', ''), // 60
    ['~~~js check', 'missing();', '~~~', ''], // 64
    ['> ```js', '> missing();', ''], // 68
    ['1. ```js', '', ''], // 71
    ['```js', 'never closed'], // 74
  );
  assert.deepEqual(failures.map(([line]) => line), [1, 6, 10, 18, 22, 26, 30, 36, 40, 44, 48, 52, 60, 65, 68, 71, 74]);
  const messages = [
    /^It exits with code 3\.\n {4}some words$/, /does not print "3".*\n {4}2$/, /does not print "a"/,
    /'timeOut' does not exist/, /Cannot find name 'missing'/, /'number' is not assignable to type 'string'/,
    /^It exits with code 1\.\n {4}before$/, /It exits with code 2\.\n.*syntax error/, /JSON/, /"lazily" is not known/,
    /"javascript" is not known/, /names no language/, /two blocks called same\.mjs/, /'missing'/,
    /on a line of its own/, /on a line of its own/, /not closed/,
  ];
  for (const [index, message] of messages.entries()) assert.match(failures[index][1], message);
});

// Opening the pipe waits for the process that writes to it, and the pipe ends with that process.
test('an interrupted check leaves neither a process nor a directory', async (t) => {
  const folder = tempDir(t);
  const [page, pipe, temporary] = ['page.md', 'pipe', 'temporary'].map((name) => path.join(folder, name));
  execFileSync('mkfifo', [pipe]);
  fs.mkdirSync(temporary);
  fs.writeFileSync(page, block('sh', `sleep 1000 > '${pipe}' &`, 'wait').join('\n'));
  const script = path.join(root, 'scripts', 'docs-blocks.mjs');
  const child = spawn(process.execPath, [script, page], { env: { ...process.env, TMPDIR: temporary }, stdio: 'ignore' });
  const reader = fs.createReadStream(pipe);
  await once(reader, 'open');
  child.kill('SIGINT');
  await once(child, 'exit');
  assert.deepEqual(fs.readdirSync(temporary), []);
  await once(reader.resume(), 'end');
});
