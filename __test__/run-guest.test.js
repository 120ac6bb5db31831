'use strict';

// What a guest gets from run(), and what run() gives of it.

const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { tempDir } = require('./helpers/guest');
const { ROOM, TEXT, command, fixture, guest, saying } = require('./helpers/run-guests');
const { rejection } = require('./helpers/run-process');
const { compile, run } = require('..');

const envArgs = async (options) => (await run(fixture('env-args'), options)).stdout;

describe('args', () => {
  test('are the name of the file by default', async (t) => {
    assert.equal(await envArgs(), 'arg[0]=env-args.wasm\n');
    const copy = path.join(tempDir(t), 'my tool');
    fs.copyFileSync(fixture('env-args'), copy);
    assert.equal((await run(copy)).stdout, 'arg[0]=my tool\n');
  });

  test('are "wasi" by default when there is no file', async () => {
    assert.equal((await run(fs.readFileSync(fixture('env-args')))).stdout, 'arg[0]=wasi\n');
  });

  test('are what is given, as strings', async () => {
    assert.equal(await envArgs({ args: ['tool', '', 'é 漢', 5, null] }),
      'arg[0]=tool\narg[1]=\narg[2]=é 漢\narg[3]=5\narg[4]=null\n');
    assert.equal(await envArgs({ args: [] }), '');
  });
});

describe('env', () => {
  test('is empty by default', async () => {
    assert.ok('PATH' in process.env);
    assert.equal(await envArgs({ args: [] }), '');
  });

  test('is what is given, in its order, without what is undefined', async () => {
    const env = { Z: 'é', NONE: undefined, A: 5, EMPTY: '', NULL: null };
    assert.equal(await envArgs({ args: [], env }), 'env Z=é\nenv A=5\nenv EMPTY=\nenv NULL=null\n');
    assert.equal(await envArgs({ args: [], env: Object.create({ INHERITED: '1' }) }), '');
  });
});

describe('preopens', () => {
  const cat = (file, options) => run(fixture('cat'), { args: ['cat', file], ...options });

  test('are none by default', async () => {
    const { exitCode, stderr } = await cat('/etc/passwd');
    assert.equal(exitCode, 1);
    assert.match(stderr, /^cat: \/etc\/passwd: /);
  });

  test('are directories by name, as strings or objects', async (t) => {
    const directory = tempDir(t);
    fs.writeFileSync(path.join(directory, 'file'), 'content');
    const relative = path.relative(process.cwd(), directory);
    for (const value of [directory, relative, { path: directory }, { path: relative, readonly: true }]) {
      const preopens = { '/data': value, '/none': undefined };
      assert.equal((await cat('/data/file', { preopens })).stdout, 'content');
    }
  });

  test('are relative to the working directory of the call', async (t) => {
    const before = process.cwd();
    const directory = fs.realpathSync(tempDir(t));
    fs.mkdirSync(path.join(directory, 'here'));
    fs.writeFileSync(path.join(directory, 'here', 'file'), 'content');
    process.chdir(directory);
    const results = ['here', { path: './here' }].map((place) => cat('/file', { preopens: { '/': place } }));
    process.chdir(before);
    for (const { stdout } of await Promise.all(results)) assert.equal(stdout, 'content');
  });

  test('are read-only if that is asked for', async (t) => {
    const directory = tempDir(t);
    fs.writeFileSync(path.join(directory, 'in'), 'a b a');
    const count = (readonly) => run(fixture('wordcount'), {
      args: ['wordcount', '/in', '/out'], preopens: { '/': { path: directory, readonly } },
    });
    assert.equal((await count(true)).exitCode, 1);
    assert.deepEqual(fs.readdirSync(directory), ['in']);
    assert.equal((await count(false)).exitCode, 0);
    assert.equal(fs.readFileSync(path.join(directory, 'out'), 'utf8'), '2 a\n1 b\n');
  });

  test('and maxFiles', async (t) => {
    const directory = tempDir(t);
    fs.writeFileSync(path.join(directory, 'file'), 'content');
    const preopens = { '/': directory };
    assert.equal((await cat('/file', { preopens, maxFiles: 5 })).stdout, 'content');
    assert.match((await cat('/file', { preopens, maxFiles: 4 })).stderr, /No file descriptors|Too many open files/);
  });

  for (const name of ['files', 'rust-files']) {
    test(`all that one can do with files: ${name}`, async (t) => {
      const options = { args: [name, '/'], env: { GREETING: 'hi' }, preopens: { '/': tempDir(t) } };
      const { stdout, stderr, exitCode } = await run(fixture(name), options);
      assert.deepEqual([stderr, exitCode], ['', 0]);
      assert.match(stdout, /\ndone\n$/);
    });
  }
});

describe('stdin', () => {
  const lines = async (stdin) => (await run(fixture('stdin-lines'), { stdin })).stdout;

  test('is empty by default', async () => {
    for (const stdin of [undefined, 'ignore', '', Buffer.alloc(0)]) {
      assert.equal(await lines(stdin), 'lines=0 bytes=0\n');
    }
  });

  test('is a text, in UTF-8', async () => {
    assert.equal((await run(fixture('cat'), { args: ['cat'], stdin: 'é\n漢' })).stdout, 'é\n漢');
    assert.equal(await lines('é\n漢\n'), 'lines=2 bytes=7\n');
  });

  test('is bytes, even if they spell a word', async () => {
    const echo = async (stdin) => (await run(fixture('cat'), { args: ['cat'], stdin, encoding: 'latin1' })).stdout;
    assert.equal(await echo(Buffer.from('inherit')), 'inherit');
    assert.equal(await echo(new Uint8Array([0, 255, 10])), '\0\xff\n');
    assert.equal(await echo(new DataView(new Uint8Array([65, 66, 67]).buffer, 1, 1)), 'B');
    const big = Buffer.alloc(900_000, 'abc');
    assert.equal(await echo(big), big.toString());
  });

  test('is a descriptor, which stays open', async (t) => {
    const file = path.join(tempDir(t), 'file');
    fs.writeFileSync(file, 'one\ntwo\n');
    const fd = fs.openSync(file);
    t.after(() => fs.closeSync(fd));
    assert.equal(await lines(fd), 'lines=2 bytes=8\n');
    assert.equal(fs.fstatSync(fd).size, 8);
  });
});

// A process of its own that calls run() with arguments given as source text.
function processThatRuns(call, input = '') {
  const script = `const { run } = require(${JSON.stringify(path.join(__dirname, '..'))}); ${call}`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', script], { input, encoding: 'utf8' });
  return { stdout, stderr, status };
}

describe('stdout and stderr', () => {
  const both = command(`
    (call $write (i32.const 1) (i32.const ${TEXT}) (i32.const 3))
    (call $write (i32.const 2) (i32.const ${TEXT + 3}) (i32.const 3))`, { text: 'outerr' });

  test('are captured by default', async () => {
    const { stdout, stderr } = await run(both, { stdout: 'pipe' });
    assert.deepEqual([stdout, stderr], ['out', 'err']);
  });

  test('are ignored', async () => {
    const { stdout, stderr } = await run(both, { stdout: 'ignore' });
    assert.deepEqual([stdout, stderr], ['', 'err']);
    assert.equal((await run(both, { stderr: 'ignore', encoding: 'buffer' })).stderr.length, 0);
  });

  test('go to descriptors, which stay open', async (t) => {
    const file = path.join(tempDir(t), 'file');
    const fd = fs.openSync(file, 'w');
    t.after(() => fs.closeSync(fd));
    const { stdout, stderr } = await run(both, { stdout: fd, stderr: fd });
    fs.writeSync(fd, ' more');
    assert.deepEqual([stdout, stderr, fs.readFileSync(file, 'utf8')], ['', '', 'outerr more']);
  });

  test('and stdin are those of the process, if inherited', () => {
    const cat = `run(${JSON.stringify(fixture('cat'))}, { args: ['cat'], stdin: 'inherit', stdout: 'inherit' })`;
    assert.deepEqual(processThatRuns(cat, 'through'), { stdout: 'through', stderr: '', status: 0 });
    const loud = `run(Buffer.from(${JSON.stringify(both.toString())}), { stdout: 'inherit', stderr: 'inherit' })`;
    assert.deepEqual(processThatRuns(loud), { stdout: 'out', stderr: 'err', status: 0 });
  });
});

describe('encoding', () => {
  const text = 'aé漢\u{1F600}';
  for (const encoding of ['utf8', 'latin1', 'hex', 'base64', 'utf16le']) {
    test(`${encoding} of stdout and stderr`, async () => {
      const { stdout } = await run(saying(1, text), { encoding });
      const { stderr } = await run(saying(2, text), { encoding });
      assert.deepEqual([stdout, stderr], Array(2).fill(Buffer.from(text).toString(encoding)));
    });
  }

  for (const encoding of ['buffer', null]) {
    test(`${encoding} gives Buffers`, async () => {
      const { stdout, stderr } = await run(saying(1, text), { encoding });
      assert.ok(Buffer.isBuffer(stdout) && Buffer.isBuffer(stderr));
      assert.deepEqual([stdout, stderr], [Buffer.from(text), Buffer.alloc(0)]);
    });
  }

  test('of characters written byte by byte', async () => {
    const bytes = Buffer.from(text);
    const writes = Array.from(bytes, (_, index) =>
      `(call $write (i32.const 1) (i32.const ${TEXT + index}) (i32.const 1))`);
    assert.equal((await run(command(writes.join('\n'), { text }))).stdout, text);
  });
});

describe('the result', () => {
  test('has these parts, in this order', async () => {
    const result = await run(saying(1, 'hello'));
    const { duration, memoryPeak, ...rest } = result;
    assert.deepEqual(Object.keys(result), ['exitCode', 'stdout', 'stderr', 'duration', 'fuelUsed', 'memoryPeak']);
    assert.deepEqual(rest, { exitCode: 0, stdout: 'hello', stderr: '', fuelUsed: undefined });
    assert.equal(memoryPeak, 2 * 65536);
    assert.ok(duration > 0 && !Number.isInteger(duration), `${duration}`);
  });

  // As start() of the class gives it: with a sign.
  for (const code of [0, 1, 42, 255, 256, 2 ** 31 - 1, -1]) {
    test(`has exit code ${code}`, async () => {
      assert.equal((await run(command(`(call $proc_exit (i32.const ${code}))`))).exitCode, code);
    });
  }

  test('has the duration of a guest that waits', async () => {
    const { duration } = await run(command('(call $sleep (i64.const 30))'));
    assert.ok(duration >= 30, `${duration}`);
  });

  test('has the peak of a memory that grew', async () => {
    const { memoryPeak } = await run(command('(drop (memory.grow (i32.const 7)))', { pages: 3 }));
    assert.equal(memoryPeak, 10 * 65536);
  });
});

describe('seed', () => {
  const random = command(`
    (drop (call $random_get (i32.const ${ROOM}) (i32.const 32)))
    (call $write (i32.const 1) (i32.const ${ROOM}) (i32.const 32))`);
  const bytes = async (seed) => (await run(random, { seed, encoding: 'hex' })).stdout;

  test('gives the same bytes each time, and different ones for each seed', async () => {
    const seeds = [0, 1, -1, 0.5, 2 ** 60, '', '1', 'é', new Uint8Array(0), Buffer.from('1'), new Uint8Array(32)];
    const first = await Promise.all(seeds.map(bytes));
    assert.deepEqual(await Promise.all(seeds.map(bytes)), first);
    assert.equal(new Set(first).size, seeds.length);
    for (const text of first) assert.match(text, /^[0-9a-f]{64}$/);
  });

  test('is the same for what is the same', async () => {
    assert.equal(await bytes(5n), await bytes(5));
    assert.equal(await bytes(-0), await bytes(0));
    assert.equal(await bytes(new DataView(new ArrayBuffer(3))), await bytes(new Uint8Array(3)));
  });

  test('keeps its bytes from version to version', async () => {
    assert.equal(await bytes('wasi-rs'), 'b55e5f989a2b8e7d2a123fea417f2d916cb834f5195789d436d80bbe0d4b6017');
  });

  test('is none by default', async () => assert.notEqual(await bytes(), await bytes()));
});

describe('clock', () => {
  const look = (id, at) => `(drop (call $clock_time_get (i32.const ${id}) (i64.const 1) (i32.const ${ROOM + at})))`;
  const times = async (clock, ...steps) => {
    const source = command(`${steps.join('\n')} (call $write (i32.const 1) (i32.const ${ROOM}) (i32.const 16))`);
    const { stdout } = await run(source, { clock, encoding: 'buffer' });
    return [stdout.readBigUInt64LE(0), stdout.readBigUInt64LE(8)];
  };

  test('starts where it should, and each look is a microsecond later', async () => {
    const [first, second] = await times(1_700_000_000_123, look(0, 0), look(0, 8));
    assert.equal(first / 1000000n, 1_700_000_000_123n);
    assert.equal(second - first, 1000n);
  });

  test('takes dates, fractions and both ends', async () => {
    const start = async (clock) => (await times(clock, look(0, 0)))[0];
    const zero = await start(0);
    assert.ok(zero <= 1000n);
    assert.equal(await start(new Date('2020-02-02T02:02:02.222Z')), 1580608922222000000n + zero);
    assert.equal(await start(1580608922222.5), 1580608922222500000n + zero);
    assert.equal(await start(9223372036854), 9223372036854000000n + zero);
  });

  test('passes by waiting, which takes no time', async () => {
    const [first, second] = await times(0, look(1, 0), '(call $sleep (i64.const 3600000))', look(1, 8));
    assert.ok(second - first >= 3_600_000_000_000n);
  });

  test('is that of the system by default', async () => {
    const before = BigInt(Date.now());
    const [now] = await times(undefined, look(0, 0));
    assert.ok(now / 1000000n >= before && now / 1000000n <= BigInt(Date.now()));
  });
});

describe('strace', () => {
  test('tells the calls on stderr of the process', () => {
    const file = JSON.stringify(fixture('exit-code'));
    const told = { '{ strace: true }': /^proc_exit\(.*42.*\)/, '{ strace: false }': /^$/, '{}': /^$/ };
    for (const [options, expected] of Object.entries(told)) {
      const call = `run(${file}, ${options}).then(({ stderr }) => console.log(JSON.stringify(stderr)))`;
      const { stdout, stderr } = processThatRuns(call);
      assert.equal(stdout, '""\n');
      assert.match(stderr, expected);
    }
  });
});

test('programs of the fixtures run as they do elsewhere', async () => {
  const expected = {
    demo: ['hello world\n', 0], 'exit-code': ['', 42], clock: ['ok\n', 0], hello: [/^hello from AssemblyScript\n/, 0],
    grow: ['page 00: ok\npage 01: ok\npage 03: ok\npage 07: ok\n', 0],
  };
  for (const [name, [stdout, exitCode]] of Object.entries(expected)) {
    const result = await run(fixture(name));
    assert.equal(result.exitCode, exitCode, name);
    if (typeof stdout === 'string') assert.equal(result.stdout, stdout);
    else assert.match(result.stdout, stdout);
  }
});

test('a guest without memory, and one that exports none', async () => {
  assert.equal((await run(Buffer.from('(module (func (export "_start")))'))).exitCode, 0);
  const blind = Buffer.from(`(module
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (memory 1) (func (export "_start") (drop (call $random (i32.const 0) (i32.const 8)))))`);
  await rejection(run(blind), 'ERR_WASI_TRAP');
  const started = guest('(func $start (call $write (i32.const 1) (i32.const 1024) (i32.const 2))) (start $start)' +
    '(func (export "_start"))', { text: 'up' });
  assert.equal((await (await compile(started)).run()).stdout, 'up');
});
