'use strict';

// The class Worker that the hook wasi-rs/register puts in place of Node's: nothing else is different.

const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { evaluate, isOurs, posting } = require('./register/project');

const hook = ['-r', 'wasi-rs/register'];
const byImport = ['--import', 'wasi-rs/register'];
// In no flag that the program sees.
const hiddenHook = (way) => ({ env: { NODE_OPTIONS: `${way} wasi-rs/register` } });

describe('Worker', () => {
  const values = (source, flags) => evaluate(`const threads = require('node:worker_threads'); ${source}`, { flags });

  test('is one class, whoever asks', () => {
    assert.deepEqual(values(`
      const { Worker } = threads;
      const worker = new Worker('', { eval: true });
      import('node:worker_threads').then((module) => print([
        module.Worker === Worker, module.default.Worker === Worker,
        process.getBuiltinModule('worker_threads').Worker === Worker,
        worker instanceof Worker, worker.constructor === Worker,
        Object.getPrototypeOf(worker) === Worker.prototype, Object.getPrototypeOf(Worker) === require('events'),
      ]));
    `, hook), Array(7).fill(true));
  });

  test('looks as without the hook', () => {
    const source = `
      const { Worker } = threads;
      let thrown;
      try { Worker('', { eval: true }); } catch ({ name, message }) { thrown = { name, message }; }
      print([Worker.name, Worker.length, Object.keys(Worker), Object.getOwnPropertyNames(Worker.prototype),
        Object.keys(threads), thrown]);
    `;
    assert.deepEqual(values(source, hook), values(source, []));
  });

  test('can be extended', () => {
    const source = `
      class Derived extends threads.Worker {
        constructor(name) { super('${posting(isOurs)}', { eval: true, name, execArgv: [] }); }
        get own() { return true; }
      }
      const worker = new Derived('x');
      const kinds = [worker instanceof Derived, worker.constructor === Derived];
      worker.on('message', (ours) => print([ours, worker.own, ...kinds]));
    `;
    assert.deepEqual(values(source, hook), [true, true, true, true]);
    assert.deepEqual(values(source, byImport), [true, true, true, true]);
  });

  test('a module that imported it before the hook gets the hooked one', () => {
    assert.deepEqual(values(`
      import('data:text/javascript,import {Worker} from "node:worker_threads";import {WASI} from "node:wasi";' +
        'export const now = () => [Worker, WASI]').then(({ now }) => {
        const before = now();
        require('wasi-rs/register');
        const after = now();
        print([before[0] === after[0], after[0] === threads.Worker,
          before[1] === after[1], after[1] === require('wasi-rs').WASI]);
      });
    `, ['--no-warnings']), [false, true, false, true]);
  });

  test('is replaced once, however often the hook is evaluated', () => {
    assert.deepEqual(values(`
      const { Worker } = threads;
      const file = require.resolve('wasi-rs/register');
      require(file);
      delete require.cache[file];
      require(file);
      import('wasi-rs/register').then(() => print(threads.Worker === Worker));
    `, hook), true);
  });
});

// Each gives its own options; what Node makes of them must not depend on the hook.
const oddOptions = {
  'no options': '',
  'undefined': 'undefined',
  'null': 'null',
  'a number': '5',
  'a text': '"text"',
  'a symbol': 'Symbol("x")',
  'a function': '() => {}',
  'an array': '[]',
  'execArgv null': '{ execArgv: null }',
  'execArgv empty': '{ execArgv: "" }',
  'execArgv a text': '{ execArgv: "--no-warnings" }',
  'execArgv an object': '{ execArgv: { length: 0 } }',
  'execArgv true': '{ execArgv: true }',
  'execArgv with a number': '{ execArgv: [5] }',
  'execArgv with a symbol': '{ execArgv: [Symbol("x")] }',
  'execArgv with a hole': '{ execArgv: [, "--no-warnings"] }',
  'execArgv with a flag of the process': '{ execArgv: ["--no-warnings", "--expose-gc", "--title=x"] }',
  'execArgv with an unknown flag': '{ execArgv: ["--unknown"] }',
  'execArgv without an argument': '{ execArgv: ["--import"] }',
  'execArgv with more than flags': '{ execArgv: ["--no-warnings", "more", "--expose-gc"] }',
  'execArgv that throws': '{ get execArgv() { throw new Error("mine") } }',
  'env a number': '{ env: 5 }',
  'env null': '{ env: null }',
  'env with a symbol': '{ env: { A: Symbol("x") } }',
  'env that throws': '{ get env() { throw new Error("mine") } }',
  'env with bad NODE_OPTIONS': '{ env: { NODE_OPTIONS: "--expose-gc --unknown" } }',
  'argv a text': '{ argv: "x" }',
  'name a number': '{ name: 5 }',
  'limits null': '{ resourceLimits: null }',
  'limits a text': '{ resourceLimits: { maxOldGenerationSizeMb: "x" } }',
  'workerData a function': '{ workerData: () => {} }',
  'transferList a number': '{ transferList: 5 }',
  'frozen': 'Object.freeze({ execArgv: Object.freeze(["--no-warnings"]), name: "x" })',
  'inherited': 'Object.create({ execArgv: ["--no-warnings"], argv: ["x"] })',
  'without a prototype': 'Object.assign(Object.create(null), { argv: ["x"] })',
  'of a class with private fields': 'new (class { #argv = ["x"]; get argv() { return this.#argv } })()',
};
const oddFiles = ['', 'undefined', '5', '"relative"', 'new URL("http://example.org")', '"/missing.js", { eval: 1 }'];

describe('options', () => {
  // What becomes of each: an error, or the flags and arguments that the Worker sees.
  const outcomes = (flags) => evaluate(`
    const { once } = require('events');
    const { Worker } = require('worker_threads');
    const told = ({ name, code, message }) => ({ name, code, message });
    const file = require('path').resolve('seen.js');
    require('fs').writeFileSync(file, '${posting('[process.execArgv, process.argv.slice(2)]')}');
    const attempt = async (create) => {
      try {
        return await once(create(), 'message');
      } catch (error) {
        return told(error);
      }
    };
    (async () => {
      const all = [];
      ${[...Object.values(oddOptions).map((options) => `file, ${options}`), ...oddFiles]
        .map((args) => `all.push(await attempt(() => new Worker(${args})));`).join('\n')}
      print(all);
    })();
  `, flags);

  let plain;
  const names = [...Object.keys(oddOptions), ...oddFiles];
  for (const way of ['-r', '--import']) {
    test(`odd ones are taken or refused as without the hook (${way})`, () => {
      plain ??= outcomes({});
      const hooked = outcomes(hiddenHook(way));
      assert.equal(plain.length, names.length);
      names.forEach((name, index) => assert.deepEqual(hooked[index], plain[index], name));
    });
  }

  test('ports, limits, streams and arguments arrive', () => {
    assert.deepEqual(evaluate(`
      const { MessageChannel, Worker } = require('worker_threads');
      const { port1, port2 } = new MessageChannel();
      const worker = new Worker(\`
        const { resourceLimits, workerData } = require('worker_threads');
        process.stdin.on('data', (text) => workerData.postMessage(
          [text + '', resourceLimits.maxYoungGenerationSizeMb, process.argv.slice(2), process.env.A]));
      \`, { eval: true, execArgv: [], env: { A: '1' }, argv: ['x'], stdin: true,
        workerData: port2, transferList: [port2], resourceLimits: { maxYoungGenerationSizeMb: 7 } });
      worker.stdin.end('input');
      port1.once('message', (message) => { print(message); port1.close(); });
    `, { flags: hook }), ['input', 7, ['x'], '1']);
  });
});

describe('flags', () => {
  const told = 'require("worker_threads").getEnvironmentData("wasi-rs/register") ?? null';
  const seen = `[process.execArgv, process.noDeprecation === true, ${told}]`;
  // What is seen in the main thread, in its Workers and in Workers of those.
  const flagsIn = (flags, settings = {}) => evaluate(`
    const { once } = require('events');
    const { Worker } = require('worker_threads');
    const look = ${JSON.stringify(posting(seen))};
    const nested = ${JSON.stringify(`
      const { Worker, parentPort, workerData: [look, ...options] } = require('worker_threads');
      for (const option of options) {
        new Worker(look, { eval: true, ...option }).on('message', (flags) => parentPort.postMessage(flags));
      }
    `)};
    (async () => {
      const all = [${seen}];
      const options = [{}, { execArgv: [] }, { execArgv: ['--no-deprecation', '-C', 'x'] },
        { env: {} }, { env: { NODE_OPTIONS: '--no-warnings' } }];
      for (const option of options) {
        all.push((await once(new Worker(look, { eval: true, ...option }), 'message'))[0]);
        for (const inner of options) {
          const worker = new Worker(nested, { eval: true, workerData: [look, inner], ...option });
          all.push((await once(worker, 'message'))[0]);
        }
      }
      print(all);
    })();
  `, { flags, ...settings });

  for (const way of ['-r', '--import']) {
    test(`are seen and in force as without the hook (${way})`, () => {
      const flags = ['--expose-gc', '--conditions', 'x', '--max-old-space-size=512', '--no-deprecation'];
      const plain = flagsIn(flags);
      assert.equal(plain.length, 31);
      assert.deepEqual(plain[1].slice(0, 2), [plain[0][0], true]);
      assert.deepEqual(flagsIn(flags, hiddenHook(way)), plain);
    });
  }

  test('behind one of the process with its argument are in force', () => {
    const flags = ['--title', 'test', '--trace-event-categories', 'none', '--no-deprecation', ...byImport];
    const [main, worker] = flagsIn(flags);
    assert.deepEqual(worker, main);
    assert.equal(worker[1], true);
  });

  test('that NODE_OPTIONS no longer has are in force', () => {
    assert.deepEqual(evaluate(`
      delete process.env.NODE_OPTIONS;
      const { Worker } = require('worker_threads');
      new Worker('${posting(`[process.noDeprecation, ${isOurs}]`)}', { eval: true }).on('message', print);
    `, { env: { NODE_OPTIONS: '-r wasi-rs/register --no-deprecation' } }), [true, true]);
  });

  test('what the program tells its Workers is left to it', () => {
    assert.deepEqual(evaluate(`
      const { Worker, getEnvironmentData, setEnvironmentData } = require('worker_threads');
      setEnvironmentData('key', 'value');
      const source = '${posting('require("worker_threads").getEnvironmentData("key")')}';
      new Worker(source, { eval: true, execArgv: [] })
        .on('message', (value) => print([value, getEnvironmentData('wasi-rs/register') ?? null]));
    `, { flags: hook }), ['value', null]);
  });
});
