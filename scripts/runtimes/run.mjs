// Checks of run() and compile().

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { PassThrough, Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  compile, configure, descriptors, fixtureFile, guests, rejection, root, run, script, sleep, spawn,
} from './support.mjs';

const { FOREVER, command, guest, saying, waits } = guests;
const sums = Buffer.from(`(module (func (export "add") (param i32 i32) (result i32)
  (i32.add (local.get 0) (local.get 1))) (func (export "wide") (param i64) (result i64) (local.get 0)))`);
const flooding = command('(call $flood (i32.const 1) (i32.const 100))');

export default {
  async 'run()'() {
    const result = await run(fixtureFile('env-args'), { args: ['tool', 'x'], env: { A: '1' } });
    assert.equal(result.stdout, 'arg[0]=tool\narg[1]=x\nenv A=1\n');
    assert.equal((await run(fixtureFile('exit-code'))).exitCode, 42);
  },

  async 'compile() from a URL, bytes, text, a Response'() {
    const bytes = fs.readFileSync(fixtureFile('demo'));
    const response = new Response(bytes, { headers: { 'content-type': 'application/wasm' } });
    for (const source of [pathToFileURL(fixtureFile('demo')), bytes, new Uint8Array(bytes).buffer, response]) {
      const program = await compile(source, { cache: false });
      assert.equal((await program.run()).stdout, 'hello world\n');
    }
    assert.deepEqual((await compile(sums, { cache: false })).exports.map(({ name }) => name), ['add', 'wide']);
  },

  async 'compiled code on disk'() {
    await compile(fixtureFile('hello'), { cache: 'cache' });
    assert.ok(fs.readdirSync('cache', { recursive: true }).length > 0);
    assert.match((await run(fixtureFile('hello'), { cache: 'cache' })).stdout, /^hello from AssemblyScript/);
    const code = await (await compile(fixtureFile('demo'), { cache: false })).serialize();
    const program = await compile(code, { allowPrecompiled: true });
    assert.equal((await program.run()).stdout, 'hello world\n');
  },

  async 'files'() {
    fs.mkdirSync('dir');
    const options = { args: ['files', '/dir'], preopens: { '/dir': 'dir' } };
    const { exitCode, stdout } = await run(fixtureFile('files'), options);
    assert.equal(exitCode, 0);
    assert.match(stdout, /\ndone\n$/);
  },

  async 'errors'() {
    await rejection(run(Buffer.from('nonsense')), 'ERR_WASI_COMPILE');
    await rejection(run(Buffer.from('(module (import "env" "x" (func)) (func (export "_start")))')), 'ERR_WASI_LINK');
    const { trap, backtrace } = await rejection(run(fixtureFile('trap')), 'ERR_WASI_TRAP');
    assert.equal(typeof trap, 'string');
    assert.equal(typeof backtrace, 'string');
    await rejection(run('missing.wasm'), 'ENOENT');
    const { message } = await rejection(run(sums, { timeout: 'x' }), 'ERR_INVALID_ARG_TYPE');
    assert.equal(message, 'The "options.timeout" property must be of type number, ' +
      'in milliseconds (for example, 5000). Received type string (\'x\')');
    await rejection(run(sums, { maxStack: 1 }), 'ERR_OUT_OF_RANGE');
  },

  async 'timeout'() {
    for (const body of [waits.computing, waits.sleeping]) {
      const { stdout } = await rejection(run(saying(1, 'hi', body), { timeout: 100 }), 'ERR_WASI_TIMEOUT');
      assert.equal(stdout, 'hi');
    }
    await rejection(run(command(waits.reading), { timeout: 100, stdin: new PassThrough() }), 'ERR_WASI_TIMEOUT');
  },

  async 'an AbortSignal'() {
    const controller = new AbortController();
    const running = run(command(FOREVER), { signal: controller.signal });
    setTimeout(() => controller.abort('enough'), 100);
    assert.equal((await rejection(running, 'ABORT_ERR')).cause, 'enough');
    await rejection(run(command(waits.sleeping), { signal: AbortSignal.timeout(50) }), 'ABORT_ERR');
  },

  async 'the event loop goes on'() {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    await rejection(run(command(FOREVER), { timeout: 500 }), 'ERR_WASI_TIMEOUT');
    clearInterval(timer);
    assert.ok(ticks > 5, `${ticks} ticks`);
  },

  async 'limits of memory, output, fuel, stack'() {
    const growing = command('(loop $a (drop (memory.grow (i32.const 1))) (br $a))');
    await rejection(run(growing, { memoryLimit: 1 << 22 }), 'ERR_WASI_MEMORY_LIMIT');
    await rejection(run(flooding), 'ERR_WASI_MAX_BUFFER');
    await rejection(run(command(FOREVER), { fuel: 1_000_000 }), 'ERR_WASI_OUT_OF_FUEL');
    const recursive = guest('(func $r (call $r) (call $r)) (func (export "_start") (call $r))');
    assert.equal((await rejection(run(recursive, { maxStack: 1 << 20 }), 'ERR_WASI_TRAP')).trap, 'stack-overflow');
  },

  async 'streams'() {
    const input = 'some text\n'.repeat(100_000);
    const chunks = [];
    const stdout = new Writable({
      write(chunk, _, done) {
        chunks.push(chunk);
        setImmediate(done);
      },
    });
    const result = await run(fixtureFile('cat'), { stdin: Readable.from([input]), stdout });
    assert.equal(result.exitCode, 0);
    assert.equal(Buffer.concat(chunks).toString(), input);
  },

  async 'streams of files'() {
    fs.writeFileSync('in', 'x'.repeat(1_000_000));
    const stdout = fs.createWriteStream('out');
    await run(fixtureFile('cat'), { stdin: fs.createReadStream('in'), stdout });
    assert.equal(fs.readFileSync('out', 'utf8'), fs.readFileSync('in', 'utf8'));
  },

  async 'Web streams and iterables'() {
    const { readable, writable } = new TransformStream();
    const stdin = (async function* words() { yield 'some '; yield 'text'; })();
    const [text] = await Promise.all([new Response(readable).text(), run(fixtureFile('cat'), { stdin, stdout: writable })]);
    assert.equal(text, 'some text');
    assert.equal((await run(fixtureFile('cat'), { stdin: new Response(text).body })).stdout, text);
  },

  async 'spawn()'() {
    const guest = spawn(fixtureFile('cat'));
    guest.stdout.setEncoding('utf8');
    for (const line of ['one', 'two']) {
      guest.stdin.write(line);
      assert.equal(await new Promise((resolve) => { guest.stdout.once('data', resolve); }), line);
    }
    guest.stdin.end();
    assert.equal((await guest.exit).exitCode, 0);
    const waiting = spawn(fixtureFile('cat'));
    waiting.kill();
    await rejection(waiting.exit, 'ABORT_ERR');
  },

  async 'a stream that fails'() {
    const stdin = new Readable({ read() { this.destroy(new Error('own')); } });
    const error = await run(fixtureFile('cat'), { stdin }).catch((reason) => reason);
    assert.equal(error.message, 'own');
  },

  async 'a stream that takes nothing'() {
    const stdout = new Writable({ write() {} });
    await rejection(run(flooding, { stdout, timeout: 300 }), 'ERR_WASI_TIMEOUT');
  },

  async 'no descriptor leaks'() {
    const once = () => run(fixtureFile('cat'), {
      stdin: Readable.from(['x']), stdout: new PassThrough().resume(), preopens: { '/': '.' },
    });
    // The runtime and the addon open some descriptors only when they are first needed.
    for (let index = 0; index < 20; index++) await once();
    const settled = () => sleep(200);
    await settled();
    const before = descriptors();
    for (let index = 0; index < 50; index++) await once();
    await settled();
    assert.ok(descriptors() <= before + 3, `${descriptors()}, before ${before}`);
  },

  async 'descriptors as stdio, inherit'() {
    const fd = fs.openSync('out', 'w');
    await run(saying(1, 'text'), { stdout: fd });
    assert.equal(fs.readFileSync('out', 'utf8'), 'text');
    fs.writeFileSync('main.cjs', `require(${JSON.stringify(root)}).run(${JSON.stringify(fixtureFile('cat'))},
      { stdin: 'inherit', stdout: 'inherit' })`);
    assert.deepEqual(script(['main.cjs'], { input: 'input' }), { code: 0, stdout: 'input', stderr: '' });
  },

  async 'call(), instantiate()'() {
    const program = await compile(sums, { cache: false });
    assert.equal(await program.call('add', 2, 3), 5);
    assert.equal(await program.call('wide', 2n ** 62n), 2n ** 62n);
    const instance = await (await compile(fixtureFile('reactor'))).instantiate();
    assert.equal(await instance.exports.add(2, 3), 5);
    assert.equal(await instance.exports.write_hello(), 0);
    assert.match(instance.stdout, /^hello from reactor/);
    instance.close();
    await rejection(instance.exports.add(2, 3), 'ERR_WASI_CLOSED');
  },

  async 'configure(), many at once'() {
    configure({ concurrency: 3 });
    const program = await compile(fixtureFile('demo'));
    const results = await Promise.all(Array.from({ length: 200 }, () => program.run()));
    assert.ok(results.every(({ stdout }) => stdout === 'hello world\n'));
  },

  async 'seed, clock'() {
    const options = { seed: 7, clock: 0, cache: false };
    const random = command(`(drop (call $random_get (i32.const 1024) (i32.const 64)))
      (call $write (i32.const 1) (i32.const 1024) (i32.const 64))`);
    const [one, two] = [await run(random, options), await run(random, options)];
    assert.equal(one.stdout, two.stdout);
  },

  'the process ends while a program runs'() {
    fs.writeFileSync('main.cjs', `
      const guest = '(module (memory (export "memory") 1) (func (export "_start") (loop $a (br $a))))';
      require(${JSON.stringify(root)}).run(Buffer.from(guest));
      setTimeout(() => process.exit(3), 300);`);
    assert.deepEqual(script(['main.cjs']), { code: 3, stdout: '', stderr: '' });
  },

  'the process stays until a program ends'() {
    fs.writeFileSync('main.cjs', `require(${JSON.stringify(root)}).run(${JSON.stringify(fixtureFile('demo'))})
      .then(({ stdout }) => console.log(stdout.trim()))`);
    assert.deepEqual(script(['main.cjs']), { code: 0, stdout: 'hello world\n', stderr: '' });
  },
};
