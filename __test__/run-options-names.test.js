'use strict';

// Which properties are options: those of the function, by their names, if they are the object's own.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { describe, test } = require('node:test');
const path = require('node:path');
const { tempDir } = require('./helpers/guest');
const { fixture, saying } = require('./helpers/run-guests');
const { rejection } = require('./helpers/run-process');
const { compile, configure, run, WASI } = require('..');

const VALUE = 'ERR_INVALID_ARG_VALUE';
const hello = saying(1, 'hello');
const compiled = compile(hello);

// By function: what takes options, without doing anything before it has read them.
const functions = {
  'run()': (options) => run('/nowhere', options),
  'run() of a Program': async (options) => run(await compiled, options),
  'Program.run()': async (options) => (await compiled).run(options),
  'Program.instantiate()': async (options) => (await compiled).instantiate(options),
  'compile()': (options) => compile('/nowhere', options),
  'configure()': async (options) => configure(options),
};
const ofRun = ['run()', 'run() of a Program', 'Program.run()', 'Program.instantiate()'];

async function refusal(name, options) {
  const error = await rejection(functions[name](options), VALUE);
  assert.ok(error instanceof TypeError);
  assert.equal(String(error), `TypeError [${VALUE}]: ${error.message}`);
  assert.deepEqual(Object.keys(error), ['code']);
  return error.message;
}

describe('an unknown option is refused, with the name that was meant:', () => {
  const misspelled = {
    memorylimit: 'memoryLimit', memory_limit: 'memoryLimit', 'memory-limit': 'memoryLimit',
    timout: 'timeout', timeoutMs: 'timeout', Timeout: 'timeout', time: 'timeout', fule: 'fuel', maxfiles: 'maxFiles',
    arg: 'args', environment: 'env', preopen: 'preopens', stdIn: 'stdin', signl: 'signal',
  };
  for (const name of ofRun) {
    test(name, async () => {
      for (const [wrong, meant] of Object.entries(misspelled)) {
        assert.equal(await refusal(name, { [wrong]: 1 }),
          `The property 'options.${wrong}' is not a known option. Did you mean '${meant}'?`);
      }
    });
  }

  test('compile()', async () => {
    for (const [wrong, meant] of [['allowprecompiled', 'allowPrecompiled'], ['cach', 'cache'], ['Signal', 'signal']]) {
      assert.match(await refusal('compile()', { [wrong]: true }), new RegExp(`options\\.${wrong}' .* mean '${meant}'\\?$`));
    }
  });

  test('configure()', async () => {
    assert.match(await refusal('configure()', { concurency: 4 }), /mean 'concurrency'\?$/);
  });

  test('a preopen', async () => {
    for (const name of ofRun) {
      for (const [wrong, meant] of [['readOnly', 'readonly'], ['read_only', 'readonly'], ['Path', 'path']]) {
        assert.equal(await refusal(name, { preopens: { '/a': { path: '.', [wrong]: true } } }),
          `The property 'options.preopens['/a'].${wrong}' is not a known option. Did you mean '${meant}'?`);
      }
    }
  });

  test('a preopen of class WASI', () => {
    for (const wrong of ['readOnly', 'mode', 'toString']) {
      const preopens = { '/a': { path: '.', readonly: true, [wrong]: true } };
      assert.throws(() => new WASI({ version: 'preview1', preopens }), {
        name: 'TypeError', code: VALUE,
        message: `The property 'options.preopens['/a'].${wrong}' is not an option of a preopen. ` +
          "The options are 'path', 'readonly'",
      });
    }
  });

  test('all that there are, if none is like it', async () => {
    for (const name of ofRun) {
      for (const wrong of ['unlikely', 'x', '', 'constructor', '__proto__', 'a'.repeat(1e6)]) {
        const options = Object.defineProperty({}, wrong, { value: 1, enumerable: true });
        assert.match(await refusal(name, options), /is not an option of .*\. The options are 'args', 'env', .*'strace'/);
      }
    }
  });
});

describe('unknown', () => {
  test('is also what is undefined, or not enumerable', async () => {
    for (const descriptor of [{ value: undefined, enumerable: true }, { value: 5, enumerable: false }]) {
      for (const name of Object.keys(functions)) await refusal(name, Object.defineProperty({}, 'unknown', descriptor));
    }
  });

  test('is told before a value is looked at', async () => {
    for (const name of ofRun) {
      const options = { get timeout() { assert.fail('was read'); }, memorylimit: 5 };
      assert.match(await refusal(name, options), /memorylimit/);
    }
  });

  test('are not symbols, which nobody misspells', async () => {
    assert.equal((await run(hello, { [Symbol('s')]: 1 })).stdout, 'hello');
  });
});

describe('an option of another function is refused, with its name', () => {
  const compiling = ['cache', 'allowPrecompiled'];
  for (const name of ofRun.slice(1)) {
    test(`options of compile(), by ${name}`, async () => {
      for (const option of compiling) {
        assert.match(await refusal(name, { [option]: false }),
          /^The property 'options\.\w+' is an option of compile\(\), not of program\.run\(\) and program\.instantiate\(\)$/);
      }
    });
  }
  test('options of a run, by compile()', async () => {
    for (const option of ['args', 'fuel', 'strace']) {
      assert.match(await refusal('compile()', { [option]: 1 }), /is an option of program\.run\(\) and program\.instantiate\(\), not of compile\(\)$/);
    }
  });
  test('options of a preopen and of configure()', async () => {
    assert.match(await refusal('run()', { readonly: true }), /is an option of a preopen, not of run\(\)$/);
    assert.match(await refusal('run()', { concurrency: 1 }), /is an option of configure\(\), not of run\(\)$/);
    assert.match(await refusal('configure()', { timeout: 1 }), /not of configure\(\)$/);
  });
});

describe('options', () => {
  test('need not be enumerable', async () => {
    const options = Object.defineProperty({}, 'encoding', { value: 'hex' });
    assert.equal((await run(hello, options)).stdout, Buffer.from('hello').toString('hex'));
  });

  test('can be in an object without a prototype, and in an instance of a class', async () => {
    class Settings { encoding = 'hex'; unrelated() {} }
    for (const options of [Object.assign(Object.create(null), { encoding: 'hex' }), new Settings()]) {
      assert.equal((await run(hello, options)).stdout, Buffer.from('hello').toString('hex'));
    }
  });

  test('that are inherited are refused, lest a limit do nothing', async () => {
    class Limits { get timeout() { return 100; } }
    class More extends Limits {}
    for (const options of [Object.create({ timeout: 100 }), new Limits(), new More()]) {
      for (const name of ofRun) {
        assert.equal(await refusal(name, options),
          "The property 'options.timeout' is inherited, and only own properties are options");
      }
    }
    assert.match(await refusal('run()', { preopens: { '/': Object.create({ path: '.' }) } }), /\['\/'\]\.path' is inherited/);
    assert.match(await refusal('compile()', Object.create({ cache: false })), /inherited/);
    assert.match(await refusal('configure()', Object.create({ concurrency: 1 })), /inherited/);
  });

  test('that a preopen of class WASI inherits are refused, lest it be writable', () => {
    class Mount { path = '.'; get readonly() { return true; } }
    for (const mount of [new Mount(), Object.assign(Object.create({ readonly: true }), { path: '.' })]) {
      assert.throws(() => new WASI({ version: 'preview1', preopens: { '/': mount } }), {
        code: VALUE,
        message: "The property 'options.preopens['/'].readonly' is inherited, and only own properties are options",
      });
    }
  });

  test('of a preopen are read once', async (t) => {
    const read = [];
    const directory = tempDir(t);
    const preopen = {
      get path() { read.push('path'); return directory; },
      get readonly() { read.push('readonly'); return true; },
    };
    await run(hello, { preopens: { '/': preopen } });
    assert.deepEqual(read.splice(0), ['path', 'readonly']);
    new WASI({ version: 'preview1', preopens: { '/': preopen } });
    assert.deepEqual(read, ['path', 'readonly']);
  });
});

// In a process of its own, because everything in it inherits from Object.prototype. What the body uses
// is loaded before, and Node is left alone when it is done.
function inPolluted(name, value, body) {
  const script = `
    const { compile, run, configure, WASI } = require(${JSON.stringify(path.join(__dirname, '..'))});
    const name = ${JSON.stringify(name)};
    const end = (outcome) => {
      delete Object.prototype[name];
      process.stdout.write(String(outcome));
    };
    run(Buffer.from('(module)')).catch(async () => {
      Object.defineProperty(Object.prototype, name, { value: ${value}, configurable: true, writable: true });
      ${body}
    }).then(end, (error) => end(error.code ?? error));`;
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 60_000 });
}

describe('what is added to Object.prototype changes nothing', () => {
  const program = JSON.stringify(fixture('env-args'));
  const everyRun = `
    const program = await compile(${program}, { cache: false });
    const results = [
      await run(${program}), await run(${program}, {}), await run(program), await program.run(),
      await program.run({}), await program.run({ args: undefined }),
    ];
    const instance = await program.instantiate({});
    await instance.exports._start().catch(() => {});
    return JSON.stringify([...new Set([...results.map(({ stdout }) => stdout), instance.stdout])]);`;
  const plain = JSON.stringify(['arg[0]=env-args.wasm\n']);
  const values = {
    args: "['polluted']", env: "{ POLLUTED: '1' }", preopens: "{ '/': '/' }", stdin: "'polluted'", stdout: "'ignore'",
    encoding: "'hex'", maxBuffer: '1', timeout: '0.001', signal: 'AbortSignal.abort()', memoryLimit: '1', fuel: '1n',
    maxStack: '1', maxFiles: '1', clock: '-1', strace: "'yes'", cache: "'/nowhere'", allowPrecompiled: '1',
  };
  for (const [name, value] of Object.entries(values)) {
    test(name, () => assert.equal(inPolluted(name, value, everyRun), plain));
  }

  test('allowPrecompiled, of compiled code', () => {
    const body = `
      const code = await (await compile(${program}, { cache: false })).serialize();
      return run(code, { cache: false });`;
    assert.equal(inPolluted('allowPrecompiled', 'true', body), 'ERR_WASI_COMPILE');
  });

  test('readonly, path and variables', () => {
    const listing = (preopen) => `
      const { stdout } = await run(${program}, { env: { A: '1' }, preopens: { '/': ${preopen} } });
      return stdout;`;
    assert.equal(inPolluted('B', "'2'", listing("'.'")), 'arg[0]=env-args.wasm\nenv A=1\n');
    assert.equal(inPolluted('readonly', '5', listing("{ path: '.' }")), 'arg[0]=env-args.wasm\nenv A=1\n');
    assert.equal(inPolluted('path', "'.'", listing('{}')), 'ERR_INVALID_ARG_TYPE');
    assert.equal(inPolluted('path', "'/nowhere'", `
      new WASI({ version: 'preview1', preopens: { '/': new String('.') } });
      return 'made';`), 'made');
    assert.equal(inPolluted('readonly', '5', `
      new WASI({ version: 'preview1', preopens: { '/': { path: '.' } } });
      return 'made';`), 'made');
  });

  test('holes of args', () => {
    assert.equal(inPolluted('0', "'polluted'", `return run(${program}, { args: [, 'a'] });`), 'ERR_INVALID_ARG_VALUE');
  });

  test('concurrency', () => {
    assert.equal(inPolluted('concurrency', "'no number'", 'return configure({});'), 'undefined');
  });
});
