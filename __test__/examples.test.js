'use strict';

// Every example runs from anywhere and prints what it says it does.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { promisify } = require('node:util');
const assert = require('node:assert/strict');
const { tempDir } = require('./helpers/guest');

const examples = path.join(__dirname, '..', 'examples');
const lines = (...texts) => texts.map((text) => `${text}\n`).join('');
const text = fs.readFileSync(path.join(examples, 'sandbox', 'file.txt'), 'utf8');

// What the program of rust-wordcount.mjs has to say of a text.
function wordcount(content) {
  const words = content.toLowerCase().match(/[\p{L}\p{N}]+/gu);
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const sorted = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return lines(`${words.length} words`, ...sorted.map(([word, count]) => `${count} ${word}`));
}

// Random bytes and the time: twice the same, then each time others.
const reproducible = new RegExp(
  '^--- with a seed and a clock\\n([0-9a-f]{16} 2000-01-01T00:00:00\\.000Z)\\n\\1\\n' +
  '--- without\\n(?!\\1)([0-9a-f]{16}) 20[\\d-]+T[\\d:.]+Z\\n(?!\\2)[0-9a-f]{16} 20[\\d-]+T[\\d:.]+Z\\n$',
);

const runs = [
  { name: 'demo.mjs', stdout: 'hello world\n' },
  {
    name: 'assemblyscript.mjs', args: ['a', 'b c'],
    stdout: lines('hello from AssemblyScript', 'arg[0]=hello', 'arg[1]=a', 'arg[2]=b c',
      'env GREETING=good morning', 'env LANG=en'),
  },
  { name: 'c-files.mjs', stdout: /^create: hello world\n(.+\n){24}done\n$/ },
  {
    name: 'sandbox.mjs',
    stdout: lines('--- without a preopen', 'cannot open /sandbox/file.txt: No such file or directory', 'exit code: 1',
      '--- with /sandbox preopened') + text + 'exit code: 0\n',
  },
  { name: 'rust-wordcount.mjs', stdout: wordcount(text) },
  { name: 'rust-wordcount.mjs', args: [__filename], stdout: wordcount(fs.readFileSync(__filename, 'utf8')) },
  {
    name: 'plugin-host.mjs',
    stdout: lines('log: "the language of Ada Lovelace is en"', '200 Hello, Ada Lovelace!',
      'log: "the badge of emilie has 25 letters"', '200 +---------------------------+',
      '| Émilie du Châtelet, Paris |', '+---------------------------+',
      '502 ERR_WASI_MEMORY_LIMIT', '504 ERR_WASI_TIMEOUT'),
  },
  { name: 'reproducible.mjs', stdout: reproducible },
  {
    name: 'run-tool.mjs',
    stdout: lines('exit code 0 "some text"', 'exit code 1 "cat: /etc/passwd: No such file or directory\\n"',
      'ERR_WASI_MAX_BUFFER after 1024 bytes'),
  },
  { name: 'spawn.mjs', stdout: lines('answer: first', 'answer: second', 'exit code 0', 'through both', 'ABORT_ERR') },
  {
    name: 'readonly.mjs',
    stdout: lines('/reports/report.txt: written',
      '/texts/report.txt: wordcount: /texts/report.txt: Capabilities insufficient (os error 76)',
      'most frequent: 4 it', "in the directory of texts: [ 'file.txt' ]"),
  },
  {
    name: 'workers.mjs',
    stdout: lines('a: exit code 0, 1 words', 'b: exit code 0, 2 words', 'c: exit code 0, 3 words', 'endless: ended'),
  },
  { name: 'capture.mjs', stdout: "{ exitCode: 0, stdout: 'hello from memory\\n', stderr: '' }\n" },
  {
    name: 'capture.mjs', args: ['missing'],
    stdout: /^\{\n {2}exitCode: 1,\n {2}stdout: '',\n {2}stderr: 'cat: missing: .+\\n'\n\}\n$/,
  },
  {
    name: 'threads.mjs',
    stdout: lines('2000 lines of 4 threads in one file', 'opened by a thread that has ended',
      '12582912 bytes of 4 threads in one memory', 'exit code 0', "[ 'handed-over', 'lines' ]"),
  },
];

describe('examples', () => {
  for (const { name, args = [], stdout } of runs) {
    test([name, ...args.map((arg) => path.basename(arg))].join(' '), async (t) => {
      const cwd = tempDir(t);
      const options = { cwd, env: { ...process.env, TMPDIR: cwd, XDG_CACHE_HOME: tempDir(t) } };
      const result = await promisify(execFile)(process.execPath, [path.join(examples, name), ...args], options);
      assert.equal(result.stderr, '');
      if (stdout instanceof RegExp) assert.match(result.stdout, stdout);
      else assert.equal(result.stdout, stdout);
      // It leaves nothing behind.
      assert.deepEqual(fs.readdirSync(cwd), []);
    });
  }

  test('none is missing here', () => {
    const names = fs.readdirSync(examples).filter((name) => name.endsWith('.mjs')).sort();
    assert.deepEqual([...new Set(runs.map(({ name }) => name))].sort(), names);
    const page = fs.readFileSync(path.join(examples, '..', 'docs', 'examples.md'), 'utf8');
    assert.deepEqual(names.filter((name) => !page.includes(`](../examples/${name})`)), []);
  });
});
