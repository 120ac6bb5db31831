'use strict';

// Compiling programs that were made to cost much: it is limited, ended and kept apart.

const assert = require('node:assert/strict');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');
const { bombs, large } = require('./helpers/compile-costs');
const { tempDir } = require('./helpers/guest');
const { saying } = require('./helpers/run-guests');
const { rejection } = require('./helpers/run-process');
const { compile, configure, run } = require('..');

const root = path.join(__dirname, '..');
const costs = path.join(__dirname, 'helpers', 'compile-costs');
const hello = saying(1, 'hello');
const bomb = bombs['calls of a wide type']();
const bounded = { cache: false, memoryLimit: 1024 ** 3, timeout: 60_000 };

const read = (file) => {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended
  }
};
const isAlive = (pid) => ![undefined, 'Z', 'X'].includes(/^State:\s+(\w)/m.exec(read(`/proc/${pid}/status`))?.[1]);

// Processes that compile for this one, zombies included.
function compilers(parent = process.pid) {
  return fs.readdirSync('/proc').filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => new RegExp(`^PPid:\\s+${parent}$`, 'm').test(read(`/proc/${pid}/status`)))
    .filter((pid) => read(`/proc/${pid}/cmdline`).includes('compileForParent') || !isAlive(pid));
}

async function until(condition, what) {
  for (let tries = 0; tries < 3000; tries += 1) {
    const found = condition();
    if (found) return found;
    await sleep(10);
  }
  return assert.fail(`never: ${what}`);
}

const noneLeft = () => until(() => compilers().length === 0, 'no process that compiles is left');
const started = (count = 1) => until(() => compilers().length >= count && compilers(), `${count} processes compile`);

// In a process of its own, which is ended when it hangs. Prints what `script` returns.
function elsewhere(script, { env, args = [] } = {}) {
  const code = `const { compile, run } = require(${JSON.stringify(root)}); const { bombs, large } = require(${JSON.stringify(costs)});
    (async () => { ${script} })().then((value) => console.log(JSON.stringify(value)))`;
  const { stdout, stderr } = spawnSync(process.execPath, [...args, '-e', code], {
    encoding: 'utf8', timeout: 120_000, killSignal: 'SIGKILL', env: { ...process.env, ...env },
  });
  assert.equal(stderr, '');
  return JSON.parse(stdout);
}

describe('what costs too much to compile', () => {
  for (const name of Object.keys(bombs)) {
    test(`${name}: ends by its limits, outside of this process`, () => {
      const { code, maxRSS } = elsewhere(`
        const options = { cache: false, timeout: 500, memoryLimit: 512 * 1024 ** 2 };
        const { code } = await compile(bombs[${JSON.stringify(name)}](), options).catch((error) => error);
        return { code, maxRSS: process.resourceUsage().maxRSS };`);
      assert.match(code, /^ERR_WASI_COMPILE_(TIMEOUT|MEMORY_LIMIT)$/);
      assert.ok(maxRSS < 400 * 1024, `${maxRSS} KiB`);
    });
  }

  test('ends by its timeout', async () => {
    const error = await rejection(compile(bomb, { ...bounded, timeout: 200 }), 'ERR_WASI_COMPILE_TIMEOUT');
    assert.match(error.message, /limit of 200 ms: the option timeout of compile\(\), or compileTimeout of run\(\)$/);
    await rejection(run(bomb, { cache: false, compileTimeout: 200 }), 'ERR_WASI_COMPILE_TIMEOUT');
    await noneLeft();
  });

  test('ends by its memory limit', async () => {
    const memoryLimit = 100 * 1024 ** 2;
    const error = await rejection(compile(bomb, { ...bounded, memoryLimit }), 'ERR_WASI_COMPILE_MEMORY_LIMIT');
    assert.match(error.message, /limit of 100 MiB: the option memoryLimit of compile\(\), or compileMemoryLimit of run\(\)$/);
    const options = { cache: false, compileMemoryLimit: memoryLimit };
    await rejection(run(bomb, options), 'ERR_WASI_COMPILE_MEMORY_LIMIT');
    await noneLeft();
  });

  test('ends by its signal', async () => {
    const controller = new AbortController();
    const compiling = compile(bomb, { ...bounded, signal: controller.signal });
    await started();
    const reason = new Error('changed my mind');
    controller.abort(reason);
    assert.equal((await rejection(compiling, 'ABORT_ERR')).cause, reason);
    await noneLeft();
  });

  test('does not hold up others, even if there is much of it', async () => {
    const controller = new AbortController();
    const options = { ...bounded, memoryLimit: 256 * 1024 ** 2, signal: controller.signal };
    const hostile = Array.from({ length: 50 }, (_, index) =>
      compile(Buffer.concat([bomb, Buffer.from(`;; ${index}`)]), options).catch(({ code }) => code));
    await started();
    const others = await Promise.all([run(hello, { cache: false }), run(saying(1, 'other'), { cache: false })]);
    assert.deepEqual(others.map(({ stdout }) => stdout), ['hello', 'other']);
    assert.ok(compilers().length <= 4 * os.availableParallelism());
    controller.abort();
    const codes = new Set(await Promise.all(hostile));
    assert.ok(codes.has('ABORT_ERR'));
    await noneLeft();
    assert.equal((await run(large(), { cache: false })).stdout, 'large');
  });
});

describe('what waits for others to be compiled', () => {
  // As much as runs at once, until `signal`, each of which may take all memory.
  const occupy = (signal, memoryLimit) => Array.from({ length: 8 * os.availableParallelism() }, (_, index) =>
    compile(Buffer.concat([bomb, Buffer.from(`;; ${index} of ${memoryLimit}`)]), { cache: false, timeout: 0, memoryLimit, signal })
      .catch(({ code }) => code));

  test('starts although others may take all memory', async () => {
    const controller = new AbortController();
    const options = { cache: false, memoryLimit: Infinity, timeout: 0, signal: controller.signal };
    const hostile = compile(bomb, options).catch(({ code }) => code);
    const [pid] = await started();
    assert.equal((await run(large('beside'), { cache: false })).stdout, 'beside');
    assert.ok(isAlive(pid));
    controller.abort();
    assert.equal(await hostile, 'ABORT_ERR');
    await noneLeft();
  });

  test('ends by its timeout', async () => {
    const controller = new AbortController();
    const hostile = occupy(controller.signal, 256 * 1024 ** 2);
    await started();
    const waiting = compile(large('waits'), { cache: false, timeout: 1 });
    await rejection(waiting, 'ERR_WASI_COMPILE_TIMEOUT');
    controller.abort();
    await Promise.all(hostile);
    await noneLeft();
  });
});

describe('a path that is no file', () => {
  test('may be a FIFO', async (t) => {
    const fifo = path.join(tempDir(t), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const running = run(fifo, { cache: false });
    await fs.promises.writeFile(fifo, hello);
    assert.equal((await running).stdout, 'hello');
  });

  test('must not be a device', async () => {
    const error = await rejection(compile('/dev/zero', { cache: false }), 'ERR_INVALID_ARG_VALUE');
    assert.match(error.message, /regular file or a pipe.*\/dev\/zero/);
  });
});

describe('the process that compiles', () => {
  // The child of a process which compiles what takes for ever, and is ended by `end`.
  async function orphan(script, end) {
    const code = `const { compile } = require(${JSON.stringify(root)}); const { bombs } = require(${JSON.stringify(costs)});
      const compiling = () => compile(bombs['calls of a wide type'](), { cache: false, timeout: 60_000 }); ${script}`;
    const parent = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'inherit', 'inherit'] });
    const [child] = await until(() => compilers(parent.pid).length > 0 && compilers(parent.pid), 'it compiles');
    await end(parent);
    await until(() => !isAlive(child), 'the child ends');
    return parent;
  }

  test('ends when its parent is killed', () => orphan('compiling()', (parent) => parent.kill('SIGKILL')));

  test('ends with process.exit()', () =>
    orphan('compiling(); process.stdin.once("data", () => process.exit())', (parent) => parent.stdin.write('x')));

  test('does not keep the process alive when nobody waits', async () => {
    const script = `const controller = new AbortController();
      compile(bombs['calls of a wide type'](), { cache: false, signal: controller.signal }).catch(() => {});
      process.stdin.once("data", () => { controller.abort(); process.stdin.unref(); })`;
    const parent = await orphan(script, (process) => process.stdin.write('x'));
    await until(() => parent.exitCode !== null, 'the parent ends');
  });

  test('ends with the Worker that wants it', async () => {
    const worker = new Worker(`const { compile } = require(${JSON.stringify(root)});
      compile(require(${JSON.stringify(costs)}).bombs['calls of a wide type'](), { cache: false, timeout: 60_000 })`, { eval: true });
    await started();
    await worker.terminate();
    await noneLeft();
  });

  test('inherits nothing', async (t) => {
    process.env.WASI_RS_TEST_SECRET = 'secret';
    const file = path.join(tempDir(t), 'open');
    const fd = fs.openSync(file, 'w');
    t.after(() => {
      delete process.env.WASI_RS_TEST_SECRET;
      fs.closeSync(fd);
    });
    const controller = new AbortController();
    const compiling = compile(bomb, { ...bounded, signal: controller.signal });
    const [pid] = await started();
    const environ = read(`/proc/${pid}/environ`).split('\0').filter(Boolean).map((text) => text.split('=')[0]);
    assert.deepEqual(environ.filter((name) => name !== 'LD_LIBRARY_PATH').sort(), ['RAYON_NUM_THREADS', 'RUST_MIN_STACK', 'WASI_RS_COMPILE_HERE']);
    const open = fs.readdirSync(`/proc/${pid}/fd`).map((name) => fs.readlinkSync(`/proc/${pid}/fd/${name}`));
    assert.ok(!open.includes(file), open.join());
    assert.equal(fs.readlinkSync(`/proc/${pid}/cwd`), '/');
    controller.abort();
    await rejection(compiling, 'ABORT_ERR');
    await noneLeft();
  });

  test('is started without a word of NODE_OPTIONS', (t) => {
    const file = path.join(tempDir(t), 'loaded');
    const hook = path.join(tempDir(t), 'hook.cjs');
    fs.writeFileSync(hook, `require('node:fs').appendFileSync(${JSON.stringify(file)}, 'x')`);
    const script = 'return (await run(large(), { cache: false })).stdout';
    assert.equal(elsewhere(script, { env: { NODE_OPTIONS: `--require ${hook}` } }), 'large');
    assert.equal(fs.readFileSync(file, 'utf8'), 'x');
  });

  test('is not needed for small programs, and its absence is explained', () => {
    const { stdout, error } = elsewhere(`process.pkg = {};
      const { stdout } = await run(Buffer.from('(module (func (export "_start")))'), { cache: false });
      const { code, message } = await compile(large(), { cache: false }).catch((error) => error);
      return { stdout, error: { code, message } };`);
    assert.equal(stdout, '');
    assert.equal(error.code, 'ERR_WASI_COMPILE_PROCESS');
    assert.match(error.message, /single executable.*allowPrecompiled/);
  });
});

test('small programs as people compile them are compiled in this process', () => {
  const folder = path.join(__dirname, 'fixtures', 'bin');
  const sizeOf = (file) => fs.statSync(file).size;
  const files = fs.readdirSync(folder).filter((name) => name.endsWith('.wasm'))
    .map((name) => path.join(folder, name)).filter((file) => sizeOf(file) < 150_000);
  assert.ok(files.some((file) => sizeOf(file) > 100_000));
  const codes = elsewhere(`process.pkg = {};
    const compiled = ${JSON.stringify(files)}.map((file) => compile(file, { cache: false }));
    return (await Promise.allSettled(compiled)).map(({ reason }) => reason?.code ?? null);`);
  assert.ok(!codes.includes('ERR_WASI_COMPILE_PROCESS'), codes.join());
  assert.ok(codes.includes(null));
});

test('wasi-rs: Ctrl-C ends compiling', async (t) => {
  const file = path.join(tempDir(t), 'bomb.wat');
  fs.writeFileSync(file, bomb);
  const command = spawn(process.execPath, [path.join(root, 'bin', 'wasi-rs.js'), '--no-cache', '--compile-timeout', '1m', file]);
  const ended = once(command, 'exit');
  const [child] = await until(() => compilers(command.pid).length > 0 && compilers(command.pid), 'it compiles');
  command.kill('SIGINT');
  assert.deepEqual(await ended, [130, null]);
  await until(() => !isAlive(child), 'the child ends');
});

for (const [option, value, code, message] of [
  ['--compile-timeout', '200ms', 124, 'compiling took longer than --compile-timeout allows: 200 ms'],
  ['--compile-memory', '100MiB', 137, 'compiling took more memory than --compile-memory allows: 100 MiB'],
]) {
  test(`wasi-rs ${option}`, (t) => {
    const file = path.join(tempDir(t), 'bomb.wat');
    fs.writeFileSync(file, bomb);
    for (const words of [['run', '--no-cache'], ['compile']]) {
      const argv = [path.join(root, 'bin', 'wasi-rs.js'), ...words, option, value, file];
      const { status, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' });
      assert.equal(status, code, stderr);
      assert.ok(stderr.startsWith(`wasi-rs: ${file}: ${message}`), stderr);
    }
  });
}

describe('the same program asked for twice at once', () => {
  test('is compiled once, until nobody waits', async () => {
    const controllers = Array.from({ length: 5 }, () => new AbortController());
    const compiling = controllers.map(({ signal }) => rejection(compile(bomb, { ...bounded, signal }), 'ABORT_ERR'));
    const [pid] = await started();
    const last = controllers.pop();
    for (const controller of controllers) controller.abort();
    await Promise.all(compiling.slice(0, -1));
    assert.deepEqual(compilers(), [pid]);
    last.abort();
    await compiling.at(-1);
    await noneLeft();
  });

  test('ends for each by its own timeout', async () => {
    const controller = new AbortController();
    const long = rejection(compile(bomb, { ...bounded, signal: controller.signal }), 'ABORT_ERR');
    await started();
    await rejection(compile(bomb, { ...bounded, timeout: 100 }), 'ERR_WASI_COMPILE_TIMEOUT');
    assert.equal(compilers().length, 1);
    controller.abort();
    await long;
    await noneLeft();
  });

  test('gives each a program', async () => {
    const programs = await Promise.all(Array.from({ length: 5 }, () => compile(large('same'), { cache: false })));
    for (const program of programs) assert.equal((await program.run()).stdout, 'same');
  });
});

describe('a program that a child compiles', () => {
  test('is kept in the cache, and used by the next process', async (t) => {
    const cache = tempDir(t);
    assert.equal((await run(large(), { cache })).stdout, 'large');
    assert.equal(fs.readdirSync(cache).length, 1);
    const script = `process.pkg = {}; return (await run(large(), { cache: ${JSON.stringify(cache)} })).stdout`;
    assert.equal(elsewhere(script), 'large');
  });

  for (const cache of [false, '/proc/no/cache']) {
    test(`runs when its cache is ${cache}`, async () => {
      assert.equal((await run(large(), { cache })).stdout, 'large');
    });
  }

  test('is compiled for fuel outside of the threads of guests', async () => {
    const program = await compile(large(), { cache: false });
    configure({ concurrency: 1 });
    const counted = program.run({ fuel: 1e6 });
    assert.equal(await Promise.race([counted.then(() => 'with fuel'), program.run().then(() => 'without')]), 'without');
    assert.ok((await counted).fuelUsed > 0);
    assert.ok((await program.run({ fuel: 1e6, maxStack: 2 ** 21 })).fuelUsed > 0);
    configure({ concurrency: os.availableParallelism() });
  });

  test('can be given up while it is compiled for fuel', async () => {
    const program = await compile(large('given up'), { cache: false });
    const controller = new AbortController();
    const running = program.run({ fuel: 1e6, signal: controller.signal });
    await started();
    controller.abort();
    await rejection(running, 'ABORT_ERR');
    await noneLeft();
    assert.ok((await program.run({ fuel: 1e6 })).fuelUsed > 0);
  });

  test('is refused as a small one is', async () => {
    const wrong = (functions) => Buffer.from(`(module ${'(func)'.repeat(functions)} (func (result i32) (i64.const 0)))`);
    const small = await rejection(compile(wrong(1), { cache: false }), 'ERR_WASI_COMPILE');
    const error = await rejection(compile(wrong(9000), { cache: false }), 'ERR_WASI_COMPILE');
    const withoutOffset = ({ message }) => message.replace(/0x[\da-f]+/, '').replace(/function\[\d+\]/, '');
    assert.equal(withoutOffset(error), withoutOffset(small));
    assert.ok(error.offset > small.offset, `${error.offset}`);
  });

  test('may be text that is wrong', async () => {
    const text = Buffer.from(`(module ${'(func) '.repeat(20_000)} (nonsense))`);
    assert.match((await rejection(compile(text, { cache: false }), 'ERR_WASI_COMPILE')).message, /expected valid module field/);
  });

  test('can be serialized, and loaded without being compiled', async () => {
    const bytes = await (await compile(large(), { cache: false })).serialize();
    const program = await compile(bytes, { allowPrecompiled: true, timeout: 1, memoryLimit: 1 });
    assert.equal((await program.run()).stdout, 'large');
  });
});

describe('in place of a cache entry', () => {
  async function entry(t) {
    const cache = tempDir(t);
    await run(hello, { cache });
    return { cache, file: path.join(cache, fs.readdirSync(cache)[0]) };
  }

  test('a FIFO does not block', async (t) => {
    const { cache, file } = await entry(t);
    fs.rmSync(file);
    execFileSync('mkfifo', [file]);
    assert.equal((await run(hello, { cache })).stdout, 'hello');
    assert.ok(fs.statSync(file).isFile());
  });

  test('a symbolic link does not count', async (t) => {
    const { cache, file } = await entry(t);
    const other = path.join(cache, 'other');
    fs.renameSync(file, other);
    fs.symlinkSync(other, file);
    assert.equal((await run(hello, { cache })).stdout, 'hello');
    assert.ok(fs.lstatSync(file).isFile());
  });

  test('a FIFO as the whole cache does not block', async (t) => {
    const cache = path.join(tempDir(t), 'cache');
    execFileSync('mkfifo', [cache]);
    assert.equal((await run(hello, { cache })).stdout, 'hello');
  });
});

describe('the limits of compiling', () => {
  for (const name of ['timeout', 'memoryLimit']) {
    test(`${name} must be a number`, async () => {
      await rejection(compile(hello, { [name]: '1' }), 'ERR_INVALID_ARG_TYPE');
      await rejection(compile(hello, { [name]: -1 }), 'ERR_OUT_OF_RANGE');
      const ofRun = `compile${name[0].toUpperCase()}${name.slice(1)}`;
      const error = await rejection(run(hello, { [ofRun]: '1' }), 'ERR_INVALID_ARG_TYPE');
      assert.match(error.message, new RegExp(`options\\.${ofRun}`));
    });
  }

  test('can be none', async () => {
    const program = await compile(large(), { cache: false, timeout: Infinity, memoryLimit: Infinity });
    assert.equal((await program.run()).stdout, 'large');
  });
});

test('functions of one type share their lists of types', async () => {
  const source = Buffer.from(`(module (type $t (func (param ${'i64 '.repeat(900)}) (result i32)))
    (func (type $t) unreachable) ${Array.from({ length: 100 }, (_, index) => `(export "${index}" (func 0))`).join('')})`);
  const { exports } = await compile(source);
  assert.equal(new Set(exports.map(({ parameters }) => parameters)).size, 1);
  assert.equal(exports[99].parameters.length, 900);
  assert.deepEqual(exports[99].results, ['i32']);
});
