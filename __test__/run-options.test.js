'use strict';

// How options are checked: what is refused and with which error, and when. What they do is tested
// in run-guest.test.js, run-limits.test.js, run-streams.test.js and run-abort.test.js.

const assert = require('node:assert/strict');
const { describe, test } = require('node:test');
const { PassThrough, Readable, Writable } = require('node:stream');
const { tempDir } = require('./helpers/guest');
const { fixture, saying } = require('./helpers/run-guests');
const { rejection } = require('./helpers/run-process');
const { compile, configure, run } = require('..');

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

const hello = saying(1, 'hello');
const anything = [null, 0, 1, -1, 1.5, NaN, Infinity, 2 ** 31, 1n, '', 'text', true, Symbol('s'), () => {}, {}, []];
const others = (...fine) => anything.filter((value) => !fine.includes(value));
const objects = anything.filter((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const numbers = anything.filter((value) => typeof value === 'number');

function destroyed(stream) {
  return stream.on('error', () => {}).destroy(new Error('destroyed before'));
}

// By option: [code, values].
const refused = {
  args: [[TYPE, others(...anything.filter(Array.isArray))], [VALUE, [[, 'a'], Array(3)]]],
  env: [[TYPE, [...others(...objects), []]]],
  preopens: [
    [TYPE, [...others(...objects), [], { a: 5 }, { a: null }, { a: {} }, { a: { path: 5 } }]],
    [TYPE, [{ a: { path: '.', readonly: 1 } }, { a: { path: '.', readonly: null } }]],
  ],
  stdin: [
    [TYPE, [null, 1n, true, Symbol('s'), () => {}, {}, [], new Writable()]],
    [RANGE, [-1, 1.5, NaN, Infinity, 2 ** 31]], [VALUE, [destroyed(new PassThrough())]],
  ],
  ...Object.fromEntries(['stdout', 'stderr'].map((name) => [name, [
    [TYPE, [null, 1n, true, Symbol('s'), () => {}, {}, [], Buffer.from('x'), new Readable()]],
    [RANGE, [-1, 1.5, NaN, Infinity, 2 ** 31]],
    [VALUE, ['', 'text', 'Pipe', destroyed(new PassThrough()), new PassThrough().end()]],
  ]])),
  end: [[TYPE, others(true)]],
  encoding: [[VALUE, [...others(null), 'utf7', 'UTF_8']]],
  maxBuffer: [[TYPE, others(...numbers)], [RANGE, [-1, 1.5, NaN, -Infinity]]],
  timeout: [[TYPE, others(...numbers)], [RANGE, [-1, -0.1, NaN, -Infinity]]],
  signal: [[TYPE, [...anything, new AbortController()]]],
  memoryLimit: [[TYPE, others(...numbers)], [RANGE, [-1, 1.5, NaN, -Infinity]]],
  fuel: [
    [TYPE, others(1n, ...numbers)], [RANGE, [0, -1, 1.5, NaN, Infinity, 2 ** 53, 0n, -1n, 2n ** 64n]],
  ],
  maxStack: [[TYPE, others(...numbers)], [RANGE, [0, 65535, 65536.5, 64 * 2 ** 20 + 1, NaN, Infinity]]],
  maxFiles: [[TYPE, others(...numbers)], [RANGE, [-1, 1.5, NaN, Infinity, 2 ** 31]]],
  seed: [[TYPE, [null, true, Symbol('s'), () => {}, {}, []]], [RANGE, [NaN, Infinity]]],
  clock: [
    [TYPE, others(...numbers)], [RANGE, [-1, NaN, Infinity, 9223372036855, new Date(NaN), new Date(-1)]],
  ],
  strace: [[TYPE, others(true)]],
};
const refusedByCompile = {
  cache: [[TYPE, others(true, '', 'text')], [VALUE, ['', 'a\0b']]],
  allowPrecompiled: [[TYPE, others(true)]],
  signal: refused.signal,
};

// Node's own form: the class, the code in the stack and in the string but not in the name, and the
// name of the option.
function assertLikeNode(error, code, option) {
  const Base = code === RANGE ? RangeError : TypeError;
  assert.ok(error instanceof Base, error.stack);
  assert.equal(error.name, Base.name);
  assert.equal(String(error), `${Base.name} [${code}]: ${error.message}`);
  assert.equal(error.stack.split('\n')[0], `${Base.name} [${code}]: ${error.message.split('\n')[0]}`);
  assert.match(error.message, new RegExp(`["']options\\.${option}[.\\['"].*(?:must|is invalid).*Received `, 's'));
  assert.doesNotMatch(error.stack, /errors\.js/);
  assert.deepEqual(Object.keys(error), ['code']);
}

async function assertRefused(start, option, cases) {
  for (const [code, values] of cases) {
    for (const value of values) assertLikeNode(await rejection(start({ [option]: value }), code), code, option);
  }
}

describe('a wrong value is refused, for', () => {
  for (const [option, cases] of Object.entries(refused)) {
    test(option, async () => {
      const program = await compile(hello);
      await assertRefused((options) => program.run(options), option, cases);
      await assertRefused((options) => program.instantiate(options), option, cases);
      // Before the program is looked for.
      await assertRefused((options) => run('/nowhere', options), option, cases);
    });
  }
  for (const [option, cases] of Object.entries(refusedByCompile)) {
    test(`${option}, by compile()`, async () => {
      await assertRefused((options) => compile('/nowhere', options), option, cases);
      await assertRefused((options) => run('/nowhere', options), option, cases);
    });
  }

  test('the options themselves', async () => {
    const program = await compile(hello);
    for (const value of others(...objects)) {
      for (const start of [
        () => program.run(value), () => program.instantiate(value),
        () => run(hello, value), () => compile(hello, value),
      ]) {
        const error = await rejection(start(), TYPE);
        assert.match(error.message, /^The "options" argument must be of type object\. Received /);
      }
    }
  });

  test('a symbol as a variable', () => assert.rejects(run(hello, { env: { A: Symbol('a') } }), TypeError));
});

describe('options', () => {
  const names = Object.keys(refused);

  test('can be undefined, each and all', async () => {
    const program = await compile(hello, undefined);
    const undefineds = Object.fromEntries(names.map((name) => [name, undefined]));
    for (const options of [undefined, {}, undefineds]) {
      assert.equal((await program.run(options)).stdout, 'hello');
      assert.equal((await run(hello, options)).stdout, 'hello');
      (await program.instantiate(options)).close();
    }
  });

  test('are read once', async () => {
    const read = [];
    const options = {};
    for (const name of names) {
      Object.defineProperty(options, name, { get: () => void read.push(name), enumerable: true });
    }
    await (await compile(hello)).run(options);
    assert.deepEqual(read.splice(0).sort(), [...names].sort());
    await run(hello, options);
    assert.deepEqual(read.sort(), [...names].sort());
  });

  for (const name of [...names, 'cache', 'allowPrecompiled']) {
    test(`whose getter throws reject, for ${name}`, async () => {
      const boom = new Error('boom');
      const options = { get [name]() { throw boom; } };
      await assert.rejects(run(hello, options), (error) => error === boom);
    });
  }

  test('are taken as they are at the call', async (t) => {
    const options = { args: ['a'], env: { A: '1' }, preopens: { '/': tempDir(t) } };
    const running = run(fixture('env-args'), options);
    options.args.push('b');
    options.env.A = '2';
    options.preopens['/'] = '/nowhere';
    assert.equal((await running).stdout, 'arg[0]=a\nenv A=1\n');
  });
});

describe('bad descriptors and directories', () => {
  // As the class WASI says it, and of what.
  async function assertFails(options, code, errno, what, paths = {}) {
    const program = await compile(hello);
    for (const start of [() => program.run(options), () => program.instantiate(options)]) {
      const error = await rejection(start(), code);
      const { name, message, syscall, path, dest } = error;
      assert.deepEqual({ name, message, syscall, errno: error.errno, path, dest }, {
        name: 'Error', message: `${code}, uvwasi_init ${what}`, syscall: 'uvwasi_init', errno,
        path: paths.path, dest: paths.dest,
      });
    }
  }
  const assertNoPreopen = (place, code, errno, reason, more) => {
    const what = `'${place}' -> '/a': ${reason}. Check options.preopens['/a']`;
    return assertFails({ preopens: { '/fine': '.', '/a': place }, ...more }, code, errno, what, { path: place, dest: '/a' });
  };

  // The number of one that was just closed would soon be that of another.
  const closed = 1_000_000;
  for (const name of ['stdin', 'stdout', 'stderr']) {
    test(`${name} that is not open`, () => assertFails({ [name]: closed }, 'UVWASI_EBADF', 8, `options.${name}: descriptor ${closed} is not open`));
  }
  test('a directory that is not there', () => assertNoPreopen('/nowhere', 'UVWASI_ENOENT', 44, 'no such directory'));
  test('a directory without a name', () => assertNoPreopen('', 'UVWASI_ENOENT', 44, 'no such directory'));
  test('a file as a directory', () => assertNoPreopen(__filename, 'UVWASI_ENOTDIR', 54, 'not a directory'));
  test('more than maxFiles', () => assertNoPreopen(__dirname, 'UVWASI_EMFILE', 33, 'too many open descriptors, see options.maxFiles', { maxFiles: 4 }));
});

describe('configure()', () => {
  test('refuses what is no number of threads', () => {
    for (const [code, values] of [[TYPE, others(...numbers)], [RANGE, [0, -1, 1.5, NaN, Infinity, 1025]]]) {
      for (const concurrency of values) assert.throws(() => configure({ concurrency }), { code });
    }
    for (const options of [undefined, null, 5, 'text', []]) assert.throws(() => configure(options), { code: TYPE });
  });

  test('gives nothing, and takes nothing as no change', () => {
    assert.deepEqual([configure({}), configure({ concurrency: undefined }), configure({ concurrency: 2 })],
      [undefined, undefined, undefined]);
  });
});
