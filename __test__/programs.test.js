'use strict';

// Every fixture program, each in a process of its own: with class WASI, with run() on wasmtime, and
// where node:wasi gets it right with that too; all have to give the same.

const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { run } = require('./helpers/programs');
const { tempDir } = require('./helpers/guest');

// Names, contents, targets and permissions of all that is in a directory.
function tree(directory) {
  return fs.readdirSync(directory).sort().map((name) => {
    const file = path.join(directory, name);
    const stat = fs.lstatSync(file);
    if (stat.isDirectory()) return { name, mode: stat.mode, entries: tree(file) };
    if (stat.isSymbolicLink()) return { name, target: fs.readlinkSync(file) };
    return { name, mode: stat.mode, content: fs.readFileSync(file, 'latin1') };
  });
}

function fill(directory, files) {
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    fs.writeFileSync(path.join(directory, name), content);
  }
}

const lines = (...texts) => texts.map((text) => `${text}\n`).join('');
const large = Array.from({ length: 100_000 }, (_, i) => `line ${i}\n`).join('');

const lua = `
print(pcall(error, 'a text', 0))
print(pcall(function() local nothing; return nothing.field end))
print(select(2, pcall(error, { code = 7 })).code)
print(pcall(pcall, error, 'nested'))
local wrapped = coroutine.wrap(function() coroutine.yield('yielded'); error('in a coroutine', 0) end)
print(wrapped(), pcall(wrapped))
local closed = {}
print(pcall(function()
  local guard <close> = setmetatable({}, { __close = function() closed[1] = 'closed' end })
  error('leaving', 0)
end), closed[1])
print(xpcall(string.rep, function(message) return 'handled: ' .. message end))
local count = 0
for i = 1, 1000 do if not pcall(error) then count = count + 1 end end
print(count)
error('at the end')
`;

// Name, program, what the constructor and stdin get, what must come of it.
// `both: false` is for what node:wasi gets wrong.
const cases = [
  { name: 'demo', stdout: 'hello world\n' },
  { name: 'c-hello', stdout: 'hello\n' },
  { name: 'rust-hello', stdout: 'hello\n' },
  { name: 'exit-code', code: 42 },
  { name: 'grow', stdout: lines('page 00: ok', 'page 01: ok', 'page 03: ok', 'page 07: ok') },
  { name: 'clock', stdout: 'ok\n' },
  {
    name: 'env-args', args: ['', 'two words', 'größer €'], env: { HOME: '/x', EMPTY: '', 'ÄÖ': '=' },
    stdout: Buffer.from(lines('arg[0]=env-args', 'arg[1]=', 'arg[2]=two words', 'arg[3]=größer €',
      'env HOME=/x', 'env EMPTY=', 'env ÄÖ==')).toString('latin1'),
  },
  {
    name: 'hello', args: ['a', 'b'], env: { A: '1' },
    stdout: lines('hello from AssemblyScript', 'arg[0]=hello', 'arg[1]=a', 'arg[2]=b', 'env A=1'),
  },
  { name: 'exit', args: ['7'], stdout: 'exit with 7\n', code: 7 },
  { name: 'exit', args: ['0'], stdout: 'exit with 0\n' },
  { name: 'exit', args: ['255'], stdout: 'exit with 255\n', code: 255 },
  { name: 'exit', args: ['300'], stdout: 'exit with 300\n', code: 300 & 255 },
  { name: 'cat', input: 'from stdin\n', stdout: 'from stdin\n' },
  { name: 'cat', input: '', stdout: '' },
  { name: 'cat', input: large, stdout: large },
  {
    name: 'cat', args: ['/dir/a', '/dir/missing', '/dir/sub/b', '/else'], files: { a: 'A\n', 'sub/b': 'B\n' },
    stdout: 'A\nB\n', code: 1,
    stderr: lines('cat: /dir/missing: No such file or directory', 'cat: /else: No such file or directory'),
  },
  {
    name: 'cat', both: false, args: ['/dir', '/dir/../secret'], files: {}, code: 1,
    stderr: /^cat: \/dir: (Is a directory|Bad file descriptor|Capabilities insufficient)\ncat: \/dir\/\.\.\/secret: .+\n$/,
  },
  { name: 'stdin-lines', input: large, stdout: `lines=100000 bytes=${large.length}\n` },
  { name: 'stdin-lines', stdout: 'lines=0 bytes=0\n' },
  { name: 'read-sandbox-file', files: { 'file.txt': 'read me\n' }, at: '/sandbox', stdout: 'read me\n' },
  {
    name: 'read-sandbox-file', files: {}, at: '/sandbox', code: 1,
    stdout: 'cannot open /sandbox/file.txt: No such file or directory\n',
  },
  {
    name: 'read-sandbox-file', code: 1,
    stdout: 'cannot open /sandbox/file.txt: No such file or directory\n',
  },
  { name: 'files', args: ['/dir', 'portable'], files: {}, stdout: /^create: hello world\n(.+\n){24}done\n$/ },
  {
    name: 'files', both: false, args: ['/dir'], files: {},
    stdout: /^create: hello world\n(?=[^]*symlink upwards: abc)(?=[^]*1400000000\.000000005)(.+\n){25}done\n$/,
  },
  {
    name: 'rust-files', args: ['/dir'], env: { GREETING: 'hi' }, files: {},
    stdout: lines('create_dir_all: x/', 'write: "line 1\\n"', 'append: "line 1\\nline 2\\n"',
      'read+write: "line X"', 'truncate: "new"', 'errors: as expected', 'big: 300000 bytes',
      'metadata: len 3 file true dir false', 'copy: "new"', 'rename: renamed.txt x/',
      'links: hard renamed.txt soft@ x/', 'removed: ""', 'hash map: 1000 entries, sum 999000',
      'time: ok', 'GREETING: Some("hi")', 'args: 2', 'done'),
  },
  {
    name: 'wordcount', args: ['/dir/in', '/dir/out'], files: { in: 'b a b c\nb a' }, stdout: '6 words\n',
    results: { out: '3 b\n2 a\n1 c\n' },
  },
  { name: 'wordcount', code: 2, stderr: /usage/i },
  { name: 'wordcount', args: ['/dir/in', '/dir/out'], files: {}, code: 1, stderr: /^wordcount: \/dir\/in: / },
  {
    name: 'trap', catchTrap: true, stdout: 'before trap\n', code: 99,
    stderr: JSON.stringify({ name: 'RuntimeError', message: 'unreachable', isRuntimeError: true, hasWasmFrame: true }),
  },
  {
    name: 'rust-panic', catchTrap: true, stdout: 'before panic\n', code: 99,
    stderr: /panicked at src\/main\.rs:7:5:\n[^]*expected panic with 1 args[^]*"name":"RuntimeError","message":"unreachable","isRuntimeError":true,"hasWasmFrame":true}$/,
  },
  {
    name: 'no-memory', catchTrap: true, code: 99,
    stderr: JSON.stringify({
      name: 'TypeError', message: '"instance.exports.memory" property must be a WebAssembly.Memory object',
      code: 'ERR_INVALID_ARG_TYPE', isRuntimeError: false, hasWasmFrame: false,
    }),
  },
  {
    name: 'lua', input: lua, code: 1,
    stdout: lines('false\ta text', "false\tstdin:3: attempt to index a nil value (local 'nothing')", '7',
      'true\tfalse\tnested', 'yielded\tfalse\tin a coroutine', 'false\tclosed',
      "false\thandled: bad argument #1 to 'string.rep' (string expected, got no value)", '1000'),
    stderr: /^lua: stdin:17: at the end\nstack traceback:\n/,
  },
  { name: 'lua', args: ['/dir/script.lua'], files: { 'script.lua': 'print(arg[0])' }, stdout: '/dir/script.lua\n' },
  { name: 'lua', input: 'syntax error', code: 1, stderr: "lua: stdin:1: syntax error near 'error'\n" },
  {
    name: 'cpp-exceptions', code: 3,
    stdout: lines('case 0:', '  nothing fails', '  leaves fail', '  leaves pass_on',
      'case 1:', '  leaves fail', '  leaves pass_on', '  the number 42',
      'case 2:', '  leaves fail', '  leaves pass_on', '  a failure, code 7',
      'case 3:', '  leaves fail', '  a severe failure, on its way', '  leaves pass_on', '  a severe failure, code 8',
      'case 4:', '  leaves fail', '  leaves pass_on', '  something else',
      'case 5:', '  leaves fail', '  the number 2.5 becomes a failure', '  leaves pass_on', '  a failure, code 2',
      'case 6:', '  leaves fail', '  leaves pass_on', '  an exception: std::bad_alloc',
      'depth: 100', 'many: 16668333'),
  },
  { name: 'poll', args: ['20'], both: false, stdout: lines('poll(stdin, 0): n=1 revents=in', 'poll(stdin, 20): n=1 revents=in') },
];

async function outcome(implementation, directory, { name, args = [], env = {}, files, at = '/dir', catchTrap, input }) {
  if (files) fill(directory, files);
  const preopens = files && { [at]: directory };
  const options = { args: [name, ...args], env, preopens };
  const result = await run({ implementation, program: name, options, catchTrap }, { input });
  return { ...result, tree: tree(directory) };
}

// node:wasi may come back early from a sleep, of which programs complain: then it gets another chance.
async function outcomeOfNode(t, each) {
  for (let left = 20; ; left -= 1) {
    const result = await outcome('node', tempDir(t), each);
    if (left === 0 || !/sleep/.test(result.stderr)) return result;
  }
}

function matches(actual, expected) {
  if (expected instanceof RegExp) assert.match(actual, expected);
  else assert.equal(actual, expected);
}

describe('programs', { concurrency: 4 }, () => {
  for (const each of cases) {
    const { name, args = [], files, input, both = true, code = 0, stdout = '', stderr = '', results } = each;
    const what = input === undefined ? '' : `, stdin of ${input.length} bytes`;
    test(`${[name, ...args].join(' ')}${files ? `, files: ${Object.keys(files)}` : ''}${what}`, async (t) => {
      const ours = await outcome('wasi-rs', tempDir(t), each);
      matches(ours.stderr, stderr);
      matches(ours.stdout, stdout);
      assert.deepEqual({ code: ours.code, signal: ours.signal }, { code, signal: null });
      if (results) {
        const written = ours.tree.filter((entry) => entry.name in results);
        assert.deepEqual(Object.fromEntries(written.map((entry) => [entry.name, entry.content])), results);
      }
      if (both) assert.deepEqual(ours, await outcomeOfNode(t, each));
      if (!each.catchTrap) assert.deepEqual(await outcome('wasmtime', tempDir(t), each), ours);
      else assert.equal((await outcome('wasmtime', tempDir(t), each)).stdout, ours.stdout);
    });
  }
});
