'use strict';

// The command `wasi-rs` with programs, on both engines: what they are given and how they end.

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { version } = require('../package.json');
const { tempDir } = require('./helpers/guest');
const { collect } = require('./helpers/programs');

const bin = path.join(__dirname, '..', 'bin', 'wasi-rs.js');
const fixture = (name) => path.join(__dirname, 'fixtures', 'bin', `${name}.wasm`);
const lines = (...texts) => texts.map((text) => `${text}\n`).join('');

const cache = fs.mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-test-'));
after(() => fs.rmSync(cache, { recursive: true }));
const environment = { ...process.env, XDG_CACHE_HOME: cache };

function cli(args, { env = {}, ...options } = {}) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    encoding: 'utf8', env: { ...environment, ...env }, input: '', ...options,
  });
  return { status, signal, stdout, stderr };
}

const ended = ({ status = 0, stdout = '', stderr = '' } = {}) => ({ status, signal: null, stdout, stderr });

describe('without a program', () => {
  for (const args of [['--help'], ['-h'], ['help'], ['help', 'help'], ['help', '--help']]) {
    test(args.join(' '), () => {
      const { stdout, ...rest } = cli(args);
      assert.match(stdout, /^Usage: wasi-rs \[run\] [^]*^ {2}compile {2}/m);
      assert.deepEqual(rest, { status: 0, signal: null, stderr: '' });
    });
  }

  for (const [command, ...variants] of [
    ['run', ['run', '--help'], ['help', 'run'], ['run', '-h', 'missing.wasm'], ['--dir', '.', '--help']],
    ['compile', ['compile', '--help'], ['help', 'compile'], ['compile', 'missing.wasm', '-h']],
  ]) {
    for (const args of variants) {
      test(args.join(' '), () => {
        const { stdout, ...rest } = cli(args);
        assert.match(stdout, new RegExp(`^Usage: wasi-rs \\[?${command}\\]? `));
        assert.deepEqual(rest, { status: 0, signal: null, stderr: '' });
      });
    }
  }

  for (const args of [['--version'], ['-V'], ['version'], ['run', '--version'], ['compile', '-V']]) {
    test(args.join(' '), () => assert.deepEqual(cli(args), ended({ stdout: `wasi-rs ${version}\n` })));
  }

  test('it works by way of a link, as npm makes one', (t) => {
    const link = path.join(tempDir(t), 'wasi-rs');
    fs.symlinkSync(bin, link);
    const { status, stdout } = spawnSync(link, ['-V'], { encoding: 'utf8' });
    assert.deepEqual({ status, stdout }, { status: 0, stdout: `wasi-rs ${version}\n` });
  });
});

test('behind --, an option of Node.js is an argument of the program', () => {
  const { stdout, ...rest } = cli(['--', fixture('hello'), '--env-file', 'x']);
  assert.match(stdout, /--env-file\n.*x\n/);
  assert.deepEqual(rest, { status: 0, signal: null, stderr: '' });
});

describe('wrong usage', () => {
  for (const [args, message, help] of [
    [[], 'expected a command or a module'],
    [['help', 'nonsense'], 'there is no command "nonsense"'],
    [['help', 'rum'], 'there is no command "rum". Did you mean run?'],
    [['nonsense'], 'there is no command or file "nonsense"'],
    [['compil'], 'there is no command or file "compil". Did you mean compile?'],
    [[''], 'there is no command or file ""'],
    [['run'], 'run needs a module', 'run '],
    [['run', '--'], 'run needs a module', 'run '],
    [['--seed', 'hello.wasm'], "run needs a module. 'hello.wasm' was taken as the value of --seed", 'run '],
    [['--seed=hello.wasm'], 'run needs a module', 'run '],
    [['compile', '-o', 'app.wasm'], "compile needs a module. 'app.wasm' was taken as the value of -o", 'compile '],
    [['--nonsense', 'app.wasm'], 'unknown option --nonsense', 'run '],
    [['--timout', '5s', 'app.wasm'], 'unknown option --timout. Did you mean --timeout?', 'run '],
    [['run', '--timeout'], '--timeout needs a value', 'run '],
    [['run', '--timeout', '5', 'app.wasm'],
      '--timeout 5: a time with its unit is expected, such as 500ms, 5s or 2m', 'run '],
    [['run', '--max-memory', 'much', 'app.wasm'],
      '--max-memory much: a size above 0 is expected, such as 65536, 64KiB or 1GiB', 'run '],
    [['run', '--max-stack', '1', 'app.wasm'], '--max-stack 1: a size from 64KiB to 64MiB is expected', 'run '],
    [['run', '--fuel', '0', 'app.wasm'], '--fuel 0: a positive integer is expected', 'run '],
    [['run', '--env', '=1', 'app.wasm'], '--env =1: a variable must have a name', 'run '],
    [['run', '--dir', '::a', 'app.wasm'], '--dir ::a: a directory must have a name', 'run '],
    [['run', '--engine', 'spidermonkey', 'app.wasm'], '--engine spidermonkey: wasmtime or v8 is expected', 'run '],
    [['run', '--engine', 'v8', '--fuel', '1', 'app.wasm'],
      '--fuel needs --engine wasmtime: V8 has no such limit', 'run '],
    [['run', '--engine', 'v8', '--seed', '1', 'app.wasm'],
      '--seed needs --engine wasmtime: V8 has no reproducible clocks and random bytes', 'run '],
    [['run', '--max-files', '0', 'app.wasm'],
      '--max-files 0: an integer from 1 to 2147483647 is expected', 'run '],
    [['run', '--clock', 'noon', 'app.wasm'], '--clock noon: a date from 1970 to 2262 such as 2030-01-31 or ' +
      '2030-01-31T12:00:00Z, or milliseconds since 1970, is expected', 'run '],
    [['compile'], 'compile needs a module', 'compile '],
    [['compile', 'a.wasm', 'b.wasm'], 'compile takes only one module, but you also passed b.wasm', 'compile '],
    [['compile', '-'], 'compile - needs --output: there is no file name to derive it from', 'compile '],
    [['compile', '--fuel', '1', 'a.wasm'], '--fuel is only an option of "wasi-rs run"', 'compile '],
  ]) {
    test(`wasi-rs ${args.join(' ')}`, () => {
      const stderr = lines(`wasi-rs: ${message}`, `Try: wasi-rs ${help ?? ''}--help`);
      assert.deepEqual(cli(args), ended({ status: 2, stderr }));
    });
  }
});

test('a file is run whatever its name, and commands come before files', (t) => {
  const cwd = tempDir(t);
  for (const name of ['demo', 'run', 'demo.cwasm']) fs.copyFileSync(fixture('demo'), path.join(cwd, name));
  for (const args of [['demo'], ['./run'], ['run', 'run'], ['run', 'demo'], ['--env', 'A=1', 'demo'], ['--', 'demo']]) {
    assert.deepEqual(cli(args, { cwd }), ended({ stdout: 'hello world\n' }), args.join(' '));
  }
  assert.equal(cli(['run'], { cwd }).status, 2);
});

for (const engine of ['wasmtime', 'v8']) {
  const run = (args, options) => cli(['run', '--engine', engine, ...args], options);

  describe(`a program on ${engine}`, { concurrency: 2 }, () => {
    test('gets what follows its name as arguments', () => {
      const args = ['two words', '--env', 'A=1', '--', '-h', '', 'größer €'];
      assert.deepEqual(run([fixture('env-args'), ...args]), ended({
        stdout: lines('arg[0]=env-args.wasm', ...args.map((arg, index) => `arg[${index + 1}]=${arg}`)),
      }));
    });

    test('gets the name it is given', () => {
      const stdout = lines('arg[0]=-tool', 'arg[1]=x');
      assert.deepEqual(run(['--argv0=-tool', fixture('env-args'), 'x']), ended({ stdout }));
    });

    test('gets variables as they are named, and no others', () => {
      const names = ['A=1', 'B=x=y', 'GIVEN', 'NOT_GIVEN', 'EMPTY='].flatMap((text) => ['--env', text]);
      const env = { GIVEN: 'from outside', OTHER: '1' };
      assert.deepEqual(run([...names, fixture('env-args')], { env }), ended({
        stdout: lines('arg[0]=env-args.wasm', 'env A=1', 'env B=x=y', 'env GIVEN=from outside', 'env EMPTY='),
      }));
    });

    test('gets the whole environment, which --env overrides', () => {
      const env = { PATH: undefined, GIVEN: 'from outside', OTHER: '1' };
      const { stdout } = run(['--inherit-env', '--env', 'OTHER=2', fixture('env-args')], { env });
      const variables = stdout.split('\n').filter((line) => line.startsWith('env '));
      assert.ok(variables.includes('env GIVEN=from outside'), stdout);
      assert.deepEqual(variables.filter((line) => line.startsWith('env OTHER=')), ['env OTHER=2']);
    });

    test('can have as many files open as --max-files says', (t) => {
      const cwd = tempDir(t);
      fs.writeFileSync(path.join(cwd, 'text'), 'some text');
      const open = (most) => run(['--max-files', most, '--dir', '.', fixture('cat'), 'text'], { cwd });
      assert.deepEqual(open('5'), ended({ stdout: 'some text' }));
      assert.deepEqual(open('4'), ended({ status: 1, stderr: 'cat: text: No file descriptors available\n' }));
    });

    test('is read from standard input, of which nothing is left for it', () => {
      const piped = (name, ...args) => run([...args], { input: fs.readFileSync(fixture(name)) });
      assert.deepEqual(piped('env-args', '-', 'x'), ended({ stdout: lines('arg[0]=wasi', 'arg[1]=x') }));
      assert.deepEqual(piped('env-args', '--argv0', 'me', '-'), ended({ stdout: lines('arg[0]=me') }));
      assert.deepEqual(piped('stdin-lines', '-'), ended({ stdout: 'lines=0 bytes=0\n' }));
    });

    test('is not there on standard input', () => {
      const stderr = 'wasi-rs: standard input is empty. A module was expected, because its name is "-"\n';
      assert.deepEqual(run(['-']), ended({ status: 1, stderr }));
    });

    for (const [name, ...options] of [
      ['text', '--dir', '.'], ['/data/text', '--dir', '.::/data'], ['text', '--dir', '.:ro'],
      ['/data/text', '--volume', '.:/data:ro'], ['/data/text', '--mapdir', '/data:.'],
    ]) {
      test(`reads files of ${options.join(' ')}`, (t) => {
        const cwd = tempDir(t);
        fs.writeFileSync(path.join(cwd, 'text'), 'some text');
        assert.deepEqual(run([...options, fixture('cat'), name], { cwd }), ended({ stdout: 'some text' }));
      });
    }

    test('has no files of its own accord', () => {
      const { stderr, ...rest } = run([fixture('cat'), bin]);
      assert.deepEqual(rest, { status: 1, signal: null, stdout: '' });
      assert.match(stderr, /^cat: /);
    });

    test('writes where it may', (t) => {
      const [input, output] = [tempDir(t), tempDir(t)];
      fs.writeFileSync(path.join(input, 'in'), 'a b a\n');
      const wordcount = (suffix) => run(['--dir', `${input}::/in:ro`, '--dir', `${output}::/out${suffix}`,
        fixture('wordcount'), '/in/in', '/out/out']);
      const refused = wordcount(':ro');
      assert.deepEqual([refused.status, fs.readdirSync(output)], [1, []]);
      assert.match(refused.stderr, /^wordcount: \/out\/out: /);
      assert.deepEqual(wordcount(''), ended({ stdout: '3 words\n' }));
      assert.equal(fs.readFileSync(path.join(output, 'out'), 'utf8'), lines('2 a', '1 b'));
    });

    test('reads our stdin', () => {
      assert.deepEqual(run([fixture('stdin-lines')], { input: 'a\nb\n' }), ended({ stdout: 'lines=2 bytes=4\n' }));
    });

    test('writes to our stderr', () => {
      const stderr = 'cat: missing: No such file or directory\n';
      assert.deepEqual(run([fixture('cat'), 'missing']), ended({ status: 1, stderr }));
    });

    for (const [code, status] of [[0, 0], [42, 42], [255, 255], [256, 0], [300, 44]]) {
      test(`exits with ${code}`, () => {
        assert.deepEqual(run([fixture('exit'), `${code}`]), ended({ status, stdout: `exit with ${code}\n` }));
      });
    }

    test('traps', () => {
      const { stderr, ...rest } = run([fixture('trap')]);
      assert.deepEqual(rest, { status: 134, signal: null, stdout: 'before trap\n' });
      assert.match(stderr, /^wasi-rs: The program trapped: .*unreachable/);
      assert.match(stderr.split('\n')[1], /wasm/, 'its backtrace');
      assert.doesNotMatch(stderr, /\.js\b|node:/, 'and not ours');
    });

    test('is not there', () => {
      const { stderr, ...rest } = run(['missing.wasm']);
      assert.deepEqual(rest, { status: 1, signal: null, stdout: '' });
      assert.match(stderr, /^wasi-rs: ENOENT.*missing\.wasm'\n$/);
    });

    test('can not be compiled', (t) => {
      const file = path.join(tempDir(t), 'broken.wasm');
      fs.writeFileSync(file, '\0asm\x01\0\0\0\x01\x7f');
      const { stderr, ...rest } = run([file]);
      assert.deepEqual(rest, { status: 1, signal: null, stdout: '' });
      assert.match(stderr, /^wasi-rs: \/.*broken\.wasm: .+\n$/);
    });

    test('needs an import that is not there', async (t) => {
      const file = path.join(tempDir(t), 'import.wasm');
      const wabt = await require('wabt')();
      const source = '(module (import "host" "log" (func)) (func (export "_start")))';
      fs.writeFileSync(file, wabt.parseWat('import.wat', source).toBinary({}).buffer);
      const { stderr, ...rest } = run([file]);
      assert.deepEqual(rest, { status: 1, signal: null, stdout: '' });
      assert.match(stderr, /^wasi-rs: .*host.*\n$/);
    });

    test('is a library', () => {
      const { stderr, ...rest } = run([fixture('reactor')]);
      assert.deepEqual(rest, { status: 1, signal: null, stdout: '' });
      assert.match(stderr, /^wasi-rs: .*reactor\.wasm: .*no function '_start'.*--invoke .*: init_count, add and write_hello\n$/);
    });

    test('is to get a directory that is not there', (t) => {
      const missing = path.join(tempDir(t), 'missing');
      const stderr = `wasi-rs: --dir ${missing}: no such directory\n`;
      assert.deepEqual(run(['--dir', missing, fixture('demo')]), ended({ status: 1, stderr }));
    });

    test('is watched by --strace', () => {
      const { stderr, ...rest } = run(['--strace', fixture('demo')]);
      assert.deepEqual(rest, { status: 0, signal: null, stdout: 'hello world\n' });
      assert.match(stderr, /^.*fd_write.*$/m);
    });
  });

  describe(`in a pipeline, ${engine}`, () => {
    const shell = (line) => spawnSync('bash', ['-o', 'pipefail', '-c', line], { encoding: 'utf8', env: environment });
    const command = (name) => `'${process.execPath}' '${bin}' run --engine ${engine} '${fixture(name)}'`;

    test('a program behind another', () => {
      const { status, stdout, stderr } = shell(`seq 100000 | ${command('cat')} | ${command('stdin-lines')}`);
      assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'lines=100000 bytes=588895\n', stderr: '' });
    });

    test('whose end reads one line', () => {
      const { stdout, stderr } = shell(`seq 1000000 | ${command('cat')} | head -1`);
      assert.deepEqual({ stdout, stderr }, { stdout: '1\n', stderr: 'cat: stdout: Broken pipe\n' });
    });

    test('the pipes of which stay blocking', async () => {
      const child = spawn('bash', ['-c', `${command('demo')}; dd bs=300000 count=1 if=/dev/zero status=none`],
        { stdio: ['ignore', 'pipe', 'inherit'], env: environment });
      const stdout = await collect(child.stdout);
      assert.equal(stdout.length, 'hello world\n'.length + 300_000);
    });
  });
}

test('--help into a pipe that nobody reads', () => {
  const line = `(sleep 0.1; '${process.execPath}' '${bin}' --help; echo $? >&2) | true`;
  assert.equal(spawnSync('bash', ['-c', line], { encoding: 'utf8' }).stderr, '0\n');
});
