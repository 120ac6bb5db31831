'use strict';

// The parts of the command `wasi-rs` that need no guest, each by itself.

const { EventEmitter } = require('node:events');
const path = require('node:path');
const { after, beforeEach, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { parse } = require('../lib/cli/arguments');
const { dir, mapdir, preopens, volume } = require('../lib/cli/directories');
const { environment, variable } = require('../lib/cli/environment');
const { UsageError } = require('../lib/cli/failures');
const { commands } = require('../lib/cli/commands');
const { helpOf, overview } = require('../lib/cli/help');
const { moduleOf } = require('../lib/cli/module');
const { tableOf } = require('../lib/cli/options');
const { withProgress } = require('../lib/cli/progress');
const { check } = require('../lib/cli/run-options');
const { Interruption, interruptions } = require('../lib/cli/signals');
const {
  count, countUpTo, duration, seed, showDuration, showSize, size, sizeBetween, time,
} = require('../lib/cli/units');

const usage = (message) => (error) => error instanceof UsageError && error.message === message;

describe('the command line', () => {
  const table = {
    flag: { short: 'f' },
    word: { parse: (text) => text, short: 'w' },
    list: { parse: (text) => text, multiple: true },
    more: { parse: (text) => text.toUpperCase(), multiple: true, as: 'list' },
    never: { parse() { throw new Error('not like this'); } },
  };
  const parsed = (...argv) => parse(argv, table);

  for (const [name, argv, values, operands] of [
    ['nothing', [], {}, []],
    ['options in all notations', ['--flag', '--word=a=b', '--list', 'c', '-w', 'd', 'app'],
      { flag: true, word: 'd', list: ['c'] }, ['app']],
    ['letters in one', ['-fwx', 'app'], { flag: true, word: 'x' }, ['app']],
    ['several names of one list, in order', ['--list', 'a', '--more', 'b', '--list', 'c'],
      { list: ['a', 'B', 'c'] }, []],
    ['options behind the module are its own', ['--flag', 'app', '--word', '--bogus', '-f', '--list'],
      { flag: true }, ['app', '--word', '--bogus', '-f', '--list']],
    ['so is -- behind it', ['app', '--', 'x', '--'], {}, ['app', '--', 'x', '--']],
    ['-- before it', ['--flag', '--', '--app', '-f', '--'], { flag: true }, ['--app', '-f', '--']],
    ['a lone dash', ['-w', '-', '-', '-f'], { word: '-' }, ['-', '-f']],
    ['an empty argument', ['', '-f'], {}, ['', '-f']],
    ['a value that looks like an option', ['--word=--flag', '--list=-'], { word: '--flag', list: ['-'] }, []],
    ['an empty value', ['--word='], { word: '' }, []],
  ]) {
    test(name, () => assert.deepEqual(parsed(...argv), { values, operands }));
  }

  for (const [argv, message] of [
    [['--bogus', 'app'], 'unknown option --bogus'],
    [['--bogus=1', 'app'], 'unknown option --bogus'],
    [['-fx', 'app'], 'unknown option -x'],
    [['--toString'], 'unknown option --toString'],
    [['--no-flag'], 'unknown option --no-flag. Did you mean --flag?'],
    [['--word'], '--word needs a value'],
    [['-w'], '-w needs a value'],
    [['--word', '--flag', 'app'], '--word needs a value. If "--flag" is the value, write --word=--flag'],
    [['--flag=1', 'app'], '--flag takes no value'],
    [['--never', 'x', 'app'], '--never x: not like this'],
  ]) {
    test(`${argv.join(' ')} is refused`, () => assert.throws(() => parsed(...argv), usage(message)));
  }

  test('options behind operands, where they may be', () => {
    const interspersed = (...argv) => parse(argv, table, { interspersed: true });
    assert.deepEqual(interspersed('app', '-f', 'b', '--', '-w'),
      { values: { flag: true }, operands: ['app', 'b', '-w'] });
    assert.throws(() => interspersed('app', '-x'), usage('unknown option -x'));
  });
});

describe('units', () => {
  for (const [text, expected] of Object.entries({
    '500ms': 500, '5s': 5000, '1.5s': 1500, '1.1s': 1100, '2m': 120_000, '2min': 120_000, '1h': 3_600_000,
    '10 s': 10_000, '5S': 5000, '0.5ms': 1,
  })) {
    test(`${text} is ${expected} milliseconds`, () => assert.equal(duration(text), expected));
  }

  for (const text of ['', '1000', '0s', 's', '5d', '-5s', '1e3ms', '5s5s', '1toString', '99999999999999999s']) {
    test(`"${text}" is no duration`, () => assert.throws(() => duration(text), /500ms, 5s or 2m/));
  }

  for (const [text, expected] of Object.entries({
    '65536': 65536, '1B': 1, '64KiB': 65536, '64K': 65536, '64kib': 65536, '64kB': 64_000, '64MB': 64_000_000,
    '64MiB': 67_108_864, '64M': 67_108_864, '1GiB': 1_073_741_824, '1.5GiB': 1_610_612_736, '1TB': 1e12,
  })) {
    test(`${text} is ${expected} bytes`, () => assert.equal(size(text), expected));
  }

  for (const text of ['', '0', 'MiB', '64XB', '-1', '1e6', '0x10', '1,5K', '99999999999999999T']) {
    test(`"${text}" is no size`, () => assert.throws(() => size(text), /64KiB or 1GiB/));
  }

  test('sizes within bounds', () => {
    const bounded = sizeBetween(1024, 2048, 'too much or too little');
    assert.deepEqual(['1K', '2K', '2kB'].map(bounded), [1024, 2048, 2000]);
    for (const text of ['1023', '2049']) assert.throws(() => bounded(text), { message: 'too much or too little' });
  });

  test('points in time', () => {
    const expected = Date.UTC(2030, 0, 31, 12);
    for (const text of ['2030-01-31T12:00Z', '2030-01-31T13:00:00.000+01:00', `${expected}`]) {
      assert.equal(time(text), expected);
    }
    assert.deepEqual(['0', '1.5', '1970-01-01', '2032-02-29', '2262-01-01'].map(time), [0, 1.5, 0, Date.UTC(2032, 1, 29), Date.UTC(2262)]);
    for (const text of ['', 'now', '-1', '1e3', '2030-01-31T12:00', '2030-99-01', '2030-02-30', '2030-02-29T12:00Z', '1969-12-31', '2263-01-01']) {
      assert.throws(() => time(text), /milliseconds since 1970, is expected$/, text);
    }
  });

  test('seeds are numbers where they look like one', () => {
    assert.deepEqual(['1', '-7', '1.50', '.5', '1e3', ''].map(seed), [1n, -7n, 1.5, 0.5, 1000, '']);
    for (const text of ['0x1', 'one', '1 2', '1e999', 'Infinity']) assert.equal(seed(text), text);
  });

  test('as they are shown', () => {
    assert.deepEqual([0, 1023, 1024, 1_234_567, 5 * 1024 ** 3, 9 * 1024 ** 4].map(showSize),
      ['0 bytes', '1023 bytes', '1 KiB', '1.2 MiB', '5 GiB', '9216 GiB']);
    assert.deepEqual([0.12345, 9, 123.456, 999.96, 61_234].map(showDuration),
      ['0.123 ms', '9 ms', '123 ms', '1000 ms', '61.23 s']);
  });

  test('counts', () => {
    assert.deepEqual(['1', '7'].map(countUpTo(7)), [1, 7]);
    for (const text of ['', '0', '-1', '8', '1.5']) {
      assert.throws(() => countUpTo(7)(text), { message: 'an integer from 1 to 7 is expected' });
    }
    assert.deepEqual(['1', '007', `${2n ** 64n - 1n}`].map(count), [1n, 7n, 2n ** 64n - 1n]);
    for (const text of ['', '0', '-1', '1.5', '1e6', '0x10', `${2n ** 64n}`]) {
      assert.throws(() => count(text), { message: 'a positive integer is expected' });
    }
  });
});

describe('directories', () => {
  const item = (host, guest, readonly = false) => ({ host, guest, readonly });

  for (const [parser, text, expected] of [
    [dir, '.', item('.', '.')],
    [dir, 'a', item('a', 'a')],
    [dir, 'a:ro', item('a', 'a', true)],
    [dir, '/a::/b', item('/a', '/b')],
    [dir, '/a::/b:ro', item('/a', '/b', true)],
    [dir, 'a::ro', item('a', 'ro')],
    [dir, 'a:b', item('a:b', 'a:b')],
    [dir, 'a:ro::b', item('a:ro', 'b')],
    [dir, 'a:rw', item('a:rw', 'a:rw')],
    [dir, 'a:rw::b', item('a:rw', 'b')],
    [volume, 'a:cached', item('a', 'cached')],
    [volume, 'a', item('a', 'a')],
    [volume, '/a:/b', item('/a', '/b')],
    [volume, '/a:/b:ro', item('/a', '/b', true)],
    [mapdir, '/guest:host', item('host', '/guest')],
    [mapdir, '/guest::host', item('host', '/guest')],
  ]) {
    test(`--${parser.name} ${text}`, () => assert.deepEqual(parser(text), { option: `--${parser.name}`, ...expected }));
  }

  for (const [parser, ...texts] of [
    [dir, '', ':ro', '::b', 'a::'], [volume, '', ':b', 'a:'], [mapdir, '', 'a', 'a:', ':a'],
  ]) {
    test(`--${parser.name} wants names`, () => {
      for (const text of texts) assert.throws(() => parser(text), { message: 'a directory must have a name' });
    });
  }

  test('more colons than --volume and --mapdir know', () => {
    assert.throws(() => volume('a:b:c'), /too many colons/);
    assert.throws(() => mapdir('a:b:c'), /too many colons/);
  });

  test('suffixes of Docker', () => {
    const message = 'the only suffix is ":ro". Directories are writable by default';
    for (const suffix of ['rw', 'z', 'Z', 'cached', 'ro,z', 'rw,Z']) {
      assert.throws(() => dir(`data::/data:${suffix}`), { message });
      assert.throws(() => volume(`data:/data:${suffix}`), { message });
      assert.throws(() => preopens([dir(`data:${suffix}`)]), { message: new RegExp(`no such directory. In --dir, ${message}$`) });
    }
  });

  test('in the notation of another option', () => {
    for (const [made, expected] of [
      [dir('a b:/data'), /^--dir a b:\/data, that is .*: no such directory\. To choose the path in the program, write --dir a b::\/data$/],
      [dir('here:/data:ro'), /write --dir here::\/data:ro$/],
      [dir('a:b:c'), /no such directory$/],
      [volume('here:/data'), /^--volume here, that is .*: no such directory$/],
      [mapdir('here:/nowhere'), /^--mapdir \/nowhere: no such directory\. --mapdir expects GUEST:HOST, so "here" is the path in the program$/],
    ]) {
      assert.throws(() => preopens([made]), { message: expected });
    }
  });

  test('as preopens', () => {
    const made = preopens([dir('.'), dir(`${__dirname}::__proto__:ro`)]);
    assert.deepEqual(Object.entries(made), [
      ['.', { path: '.', readonly: false }], ['__proto__', { path: __dirname, readonly: true }],
    ]);
    assert.deepEqual(preopens(undefined), {});
  });

  test('that are not there, are files, or have the same name twice', () => {
    const missing = path.join(__dirname, 'missing');
    assert.throws(() => preopens([dir(missing)]), { message: `--dir ${missing}: no such directory` });
    assert.throws(() => preopens([dir(__filename)]), { message: `--dir ${__filename}: not a directory` });
    assert.throws(() => preopens([dir('.::/x'), dir('..::/x')]), usage('two directories have the same name in the program: "/x"'));
  });
});

test('a module from standard input that is a terminal', async (t) => {
  const stdin = Object.getOwnPropertyDescriptor(process, 'stdin');
  t.after(() => Object.defineProperty(process, 'stdin', stdin));
  Object.defineProperty(process, 'stdin', { configurable: true, value: { isTTY: true } });
  await assert.rejects(moduleOf('-'), usage('"-" reads the module from standard input, which is a terminal. ' +
    'Redirect it: wasi-rs - < app.wasm'));
});

describe('variables', () => {
  test('with a value, empty, with more than one =, and from the environment', (t) => {
    process.env.WASI_RS_TEST_A = 'from outside';
    delete process.env.WASI_RS_TEST_B;
    t.after(() => delete process.env.WASI_RS_TEST_A);
    const pairs = ['A=1', 'EMPTY=', 'X=a=b', 'WASI_RS_TEST_A', 'WASI_RS_TEST_B', 'A=2'].map(variable);
    assert.deepEqual(environment(pairs),
      { A: '2', EMPTY: '', X: 'a=b', WASI_RS_TEST_A: 'from outside', WASI_RS_TEST_B: undefined });
    assert.deepEqual(environment(undefined), {});
    assert.deepEqual(environment([['A', '2']], { A: '1', B: '1' }), { A: '2', B: '1' });
  });

  test('without a name', () => {
    for (const text of ['', '=', '=x']) assert.throws(() => variable(text), { message: 'a variable must have a name' });
  });
});

for (const [name, command] of Object.entries(commands)) {
  describe(`options of ${name}`, () => {
    const table = tableOf(command);

    test('--help describes each one', () => {
      const described = [...helpOf(command).matchAll(/^ {2}(?:-\w, )?--([\w-]+)(?: \S+)? {2,}\S/gm)].map(([, found]) => found);
      assert.deepEqual(described, Object.keys(table));
    });

    test('no two have the same letter', () => {
      const letters = Object.values(table).flatMap(({ short }) => short ?? []);
      assert.deepEqual([...new Set(letters)], letters);
    });

    test('-h and -V are among them', () => {
      assert.deepEqual(parse(['-hV'], table).values, { help: true, version: true });
    });
  });
}

test('help fits a terminal', () => {
  for (const text of [overview(commands), ...Object.values(commands).map(helpOf)]) {
    assert.deepEqual(text.split('\n').filter((line) => line.length > 88), []);
  }
});

test('the overview lists all commands', () => {
  for (const [name, { summary }] of Object.entries(commands)) {
    assert.match(overview(commands), new RegExp(`^ {2}${name} +${summary.replace(/[()]/g, '\\$&')}`, 'm'));
  }
});

describe('options of run', () => {
  const options = tableOf(commands.run);

  for (const argv of [
    ['--timeout', '5s'], ['--max-memory', '1M'], ['--fuel', '1'], ['--max-stack', '1M'],
    ['--cache', '.'], ['--no-cache'], ['--allow-precompiled'], ['--seed', '1'], ['--clock', '0'],
    ['--compile-timeout', '1s'], ['--compile-memory', '1M'],
  ]) {
    test(`${argv[0]} is not for V8`, () => {
      const { values } = parse([...argv, '--engine', 'v8'], options);
      assert.throws(() => check(values), (error) => error instanceof UsageError &&
        error.message.startsWith(`${argv[0]} needs --engine wasmtime`));
      check({ ...values, engine: 'wasmtime' });
    });
  }

  test('where to cache, and not to', () => {
    assert.throws(() => check(parse(['--cache', '.', '--no-cache'], options).values), UsageError);
  });
});

describe('progress', () => {
  const { TERM } = process.env;
  beforeEach(() => { process.env.TERM = 'xterm'; });
  after(() => (TERM === undefined ? delete process.env.TERM : (process.env.TERM = TERM)));

  function fakeStream(isTTY) {
    const written = [];
    const { promise: firstWrite, resolve } = deferred();
    return { isTTY, written, firstWrite, write: (text) => resolve(written.push(text)) };
  }

  function deferred() {
    let resolve;
    const promise = new Promise((settle) => { resolve = settle; });
    return { promise, resolve };
  }

  test('is shown when it takes long, and erased', async () => {
    const stream = fakeStream(true);
    const { promise, resolve } = deferred();
    const result = withProgress('compiling…', promise, { stream, delay: 1 });
    await stream.firstWrite;
    assert.deepEqual(stream.written, ['compiling…']);
    resolve('done');
    assert.equal(await result, 'done');
    assert.deepEqual(stream.written, ['compiling…', '\r\x1b[2K']);
  });

  test('is erased before an error is reported', async () => {
    const stream = fakeStream(true);
    const failing = stream.firstWrite.then(() => { throw new Error('no'); });
    await assert.rejects(withProgress('compiling…', failing, { stream, delay: 1 }), { message: 'no' });
    assert.deepEqual(stream.written, ['compiling…', '\r\x1b[2K']);
  });

  test('is not shown when it does not take long', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const stream = fakeStream(true);
    assert.equal(await withProgress('compiling…', Promise.resolve(1), { stream }), 1);
    t.mock.timers.tick(10_000);
    assert.deepEqual(stream.written, []);
  });

  for (const [where, isTTY, term] of [
    ['in a file', false, 'xterm'], ['on a terminal that can not erase', true, 'dumb'],
  ]) {
    test(`is not shown ${where}`, async (t) => {
      process.env.TERM = term;
      t.mock.timers.enable({ apis: ['setTimeout'] });
      const stream = fakeStream(isTTY);
      const { promise, resolve } = deferred();
      const result = withProgress('compiling…', promise, { stream });
      t.mock.timers.tick(10_000);
      resolve();
      await result;
      assert.deepEqual(stream.written, []);
    });
  }
});

describe('signals', () => {
  for (const [first, second] of [['SIGINT', 'SIGINT'], ['SIGINT', 'SIGTERM'], ['SIGTERM', 'SIGINT']]) {
    test(`${first} aborts, ${second} after it is left to the system`, () => {
      const source = new EventEmitter();
      const signal = interruptions(source);
      assert.equal(signal.aborted, false);
      source.emit(first, first);
      assert.ok(signal.reason instanceof Interruption);
      assert.equal(signal.reason.signal, first);
      assert.equal(source.listenerCount(second), 0);
    });
  }
});
