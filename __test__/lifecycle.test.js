'use strict';

// start(), initialize() and finalizeBindings(): what they take, in which order
// they look at it, and what state they leave behind, compared with node:wasi
// (on Node 20 and 22 in the arrangement of newer Nodes, see reference.js).

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const vm = require('node:vm');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { ours, sameLifecycle: same } = require('./differential/compare');
const intended = require('./differential/intended');
const { abortingSetMemory } = require('./differential/aborts');
const { symbolsOf } = require('./differential/reference');
const {
  command, exitGuest, instantiate, memory, reactor,
} = require('./differential/guest');
const { boom, values } = require('./differential/values');

const methods = ['start', 'initialize', 'finalizeBindings'];
const suited = { start: command, initialize: reactor, finalizeBindings: command };

const sharedMemory = () => new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });

// The object and what its symbols hold, after whatever was done to it.
function withState(ctx, wasi, action) {
  ctx.attempt('action', action);
  return wasi;
}

describe('the instance is', () => {
  for (const method of methods) {
    for (const [name, make] of values) {
      same(`${method}: ${name}`, (ctx) => {
        const wasi = ctx.create();
        return withState(ctx, wasi, () => wasi[method](make()));
      });
    }
    same(`${method}: absent`, (ctx) => ctx.create()[method]());
  }
});

describe('instance.exports is', () => {
  for (const method of methods) {
    for (const [name, make] of values) {
      same(`${method}: ${name}`, (ctx) => {
        const wasi = ctx.create();
        return withState(ctx, wasi, () => wasi[method]({ exports: make() }));
      });
    }
  }
});

describe('instance.exports.memory is', () => {
  class Subclass extends WebAssembly.Memory {}
  const memories = [
    ['a memory', memory], ['a shared memory', sharedMemory], ['an empty memory', () => memory(0)],
    ['a memory of another realm', () => vm.runInNewContext('new WebAssembly.Memory({ initial: 1 })')],
    ['a subclass of Memory', () => new Subclass({ initial: 1 })],
    ['a memory without prototype', () => Object.setPrototypeOf(memory(), null)],
    ['a memory with its own buffer', () => Object.defineProperty(memory(), 'buffer', { value: 5 })],
    ['a frozen memory', () => Object.freeze(memory())],
    ['an object that inherits from Memory', () => Object.create(WebAssembly.Memory.prototype)],
    ['an object that inherits from a memory', () => Object.create(memory())],
    ['a proxied memory', () => new Proxy(memory(), {})],
    ['its buffer', () => memory().buffer],
    ['a table', () => new WebAssembly.Table({ initial: 1, element: 'anyfunc' })],
    ['the class Memory', () => WebAssembly.Memory],
  ];
  for (const method of methods) {
    for (const [name, make] of [...memories, ...values]) {
      same(`${method}: ${name}`, (ctx) => {
        const wasi = ctx.create({ args: ['a', 'bc'] });
        const instance = suited[method]({ memory: make() });
        withState(ctx, wasi, () => wasi[method](instance));
        ctx.attempt('call', () => wasi.wasiImport.args_sizes_get(0, 4));
        return wasi;
      });
    }
  }
});

describe('the entry point is', () => {
  const entries = [
    ['a function that returns a value', () => () => 42],
    ['a function that looks at its call', ({ log }) => function looks(...args) {
      log.push(`this ${String(this)}, ${args.length} arguments`);
    }],
    ['async', () => async () => 5],
    ['a class', () => class Entry {}],
    ['a proxied function', ({ spy }) => spy('entry', () => {})],
    ['a function that throws an Error', () => boom],
    ...[undefined, null, 'text', 5, Symbol('kExitCode'), { code: 1 }].map((thrown) => [
      `a function that throws ${String(thrown)}`, () => () => { throw thrown; },
    ]),
    ['a function that traps', () => () => { throw new WebAssembly.RuntimeError('unreachable'); }],
  ];
  for (const [name, make] of entries) {
    same(`_start: ${name}`, (ctx) => {
      const wasi = ctx.create();
      return withState(ctx, wasi, () => wasi.start(command({ _start: make(ctx) })));
    });
    same(`_initialize: ${name}`, (ctx) => {
      const wasi = ctx.create();
      return withState(ctx, wasi, () => wasi.initialize(reactor({ _initialize: make(ctx) })));
    });
  }
  for (const [name, make] of values) {
    same(`_start: ${name}`, (ctx) => ctx.create().start(command({ _start: make() })));
    same(`_initialize: ${name}`, (ctx) => ctx.create().initialize(reactor({ _initialize: make() })));
    same(`_initialize for start(): ${name}`, (ctx) =>
      ctx.create().start(command({ _initialize: make() })));
    same(`_start for initialize(): ${name}`, (ctx) =>
      ctx.create().initialize(reactor({ _start: make() })));
  }
});

describe('missing exports:', () => {
  const instances = {
    'none': { exports: {} },
    'memory only': { exports: { memory: memory() } },
    '_start only': { exports: { _start() {} } },
    '_start and _initialize': command({ _initialize() {} }),
    '_start and _initialize, both bad': command({ _start: 1, _initialize: 2 }),
    'nothing but inherited': { exports: Object.create(command().exports) },
    'null prototype': { exports: Object.assign(Object.create(null), command().exports) },
    'frozen': Object.freeze({ exports: Object.freeze(command().exports) }),
    'the instance itself': Object.assign(command(), { exports: command() }),
  };
  for (const method of methods) {
    for (const [name, instance] of Object.entries(instances)) {
      same(`${method}: ${name}`, (ctx) => {
        const wasi = ctx.create();
        return withState(ctx, wasi, () => wasi[method](instance));
      });
    }
  }
});

describe('reads by', () => {
  for (const method of methods) {
    same(`${method}() of the instance and its exports`, ({ create, spy }) => {
      const { exports } = suited[method]();
      const instance = spy('instance', { exports: spy('exports', exports) });
      return create()[method](instance);
    });
    same(`${method}() of a bad instance`, ({ create, spy }) => create()[method](spy('instance', () => {})));
    same(`${method}() of an instance without exports`, ({ create, spy }) =>
      create()[method](spy('instance', {})));
    same(`${method}() of bad exports`, ({ create, spy }) =>
      create()[method](spy('instance', { exports: spy('exports', []) })));
    same(`${method}() of exports without memory`, ({ create, spy }) =>
      create()[method]({ exports: spy('exports', {}) }));
    same(`${method}() of the WASI object`, ({ create, spy }) =>
      spy('wasi', create())[method](suited[method]()));
    same(`${method}() of an instance when started`, ({ create, spy }) => {
      const wasi = create();
      wasi.start(command());
      return wasi[method](spy('instance', { exports: spy('exports', command().exports) }));
    });
    for (const key of ['memory', '_start', '_initialize']) {
      same(`${method}() when the getter of ${key} throws`, (ctx) => {
        const wasi = ctx.create();
        const exports = Object.defineProperty(suited[method]().exports, key, { get: boom });
        withState(ctx, wasi, () => wasi[method](ctx.spy('instance', { exports })));
        return wasi;
      });
    }
    same(`${method}() when the getter of exports throws`, (ctx) => {
      const wasi = ctx.create();
      return withState(ctx, wasi, () => wasi[method]({ get exports() { return boom(); } }));
    });
  }
  // The second read of `exports` is the one that is validated, the third is run.
  for (let reads = 0; reads < 4; reads++) {
    same(`start() of exports that turn null after ${reads} reads`, ({ create, scripted }) => {
      const script = [...Array(reads).fill(command().exports), null];
      return create().start(scripted({ exports: script }));
    });
  }
  same('getImportObject() of the WASI object', ({ create, spy }) =>
    spy('wasi', create()).getImportObject());
});

describe('options of finalizeBindings():', () => {
  const noMemory = () => ({ exports: {} });
  for (const [name, make] of values) {
    same(`${name}, memory exported`, ({ create }) => create().finalizeBindings(command(), make()));
    same(`${name}, memory not exported`, ({ create }) =>
      create().finalizeBindings(noMemory(), make()));
    same(`memory: ${name}`, ({ create }) =>
      create().finalizeBindings(command(), { memory: make() }));
  }
  same('a memory', (ctx) => {
    const wasi = ctx.create({ args: ['a'] });
    const given = memory();
    ctx.attempt('finalize', () => wasi.finalizeBindings(noMemory(), { memory: given }));
    ctx.attempt('call', () => wasi.wasiImport.args_sizes_get(0, 4));
    return [wasi, [...new Uint32Array(given.buffer, 0, 2)]];
  });
  same('a memory beside an exported one', ({ create }) => {
    const wasi = create({ args: ['a'] });
    const instance = command();
    const given = memory();
    wasi.finalizeBindings(instance, { memory: given });
    wasi.wasiImport.args_sizes_get(0, 4);
    return [given, instance.exports.memory].map(({ buffer }) => [...new Uint32Array(buffer, 0, 2)]);
  });
  same('a shared memory', ({ create }) =>
    create().finalizeBindings(noMemory(), { memory: sharedMemory() }));
  same('an array with a memory', ({ create }) =>
    create().finalizeBindings(noMemory(), Object.assign([], { memory: memory() })));
  same('a function with a memory', ({ create }) =>
    create().finalizeBindings(noMemory(), Object.assign(() => {}, { memory: memory() })));
  same('a throwing getter', ({ create }) =>
    create().finalizeBindings(command(), { get memory() { return boom(); } }));
  same('a throwing getter when started', ({ create }) => {
    const wasi = create();
    wasi.start(command());
    return wasi.finalizeBindings(command(), { get memory() { return boom(); } });
  });
  same('null when started', ({ create }) => {
    const wasi = create();
    wasi.start(command());
    return wasi.finalizeBindings(command(), null);
  });
  same('a proxy', ({ create, spy }) =>
    create().finalizeBindings(spy('instance', command()), spy('options', { memory: memory() })));
  same('a proxy without memory', ({ create, spy }) =>
    create().finalizeBindings(spy('instance', command()), spy('options', {})));
  same('a memory for no instance', ({ create }) =>
    create().finalizeBindings(undefined, { memory: memory() }));
  same('a memory for an instance without exports', ({ create }) =>
    create().finalizeBindings({}, { memory: memory() }));
  same('are no business of start()', ({ create }) =>
    create().start(noMemory(), { memory: memory() }));
});

describe('a sequence of', () => {
  const bad = {
    'no instance': () => undefined,
    'no exports': () => ({}),
    'no memory': () => ({ exports: { _start() {} } }),
    'no entry point': () => ({ exports: { memory: memory() } }),
    'both entry points': () => command({ _initialize() {} }),
    'an entry point that throws': () => ({ exports: { memory: memory(), _start: boom, _initialize: boom } }),
    'a _start that throws': () => command({ _start: boom }),
    'an _initialize that throws': () => reactor({ _initialize: boom }),
  };
  for (const first of methods) {
    for (const second of methods) {
      same(`${first}() and ${second}()`, (ctx) => {
        const wasi = ctx.create();
        ctx.attempt('first', () => wasi[first](suited[first]()));
        ctx.attempt('second', () => wasi[second](suited[second]()));
        return wasi;
      });
      for (const [name, make] of Object.entries(bad)) {
        same(`${first}() with ${name} and ${second}()`, (ctx) => {
          const wasi = ctx.create();
          ctx.attempt('first', () => wasi[first](make()));
          ctx.attempt('second', () => wasi[second](suited[second]()));
          return wasi;
        });
      }
    }
    same(`${first}() within start()`, (ctx) => {
      const wasi = ctx.create();
      const _start = () => ctx.attempt('inner', () => wasi[first](suited[first]()));
      ctx.attempt('outer', () => wasi.start(command({ _start })));
      return wasi;
    });
    same(`${first}() within the getter of exports`, (ctx) => {
      const wasi = ctx.create();
      let nested = false;
      const instance = {
        get exports() {
          if (!nested) {
            nested = true;
            ctx.attempt('inner', () => wasi[first](suited[first]()));
          }
          return command().exports;
        },
      };
      ctx.attempt('outer', () => wasi.start(instance));
      return wasi;
    });
  }
});

describe('exit code', () => {
  // 1 comes first: were the process to exit, that must not look like success.
  const codes = [1, 0, 2, 126, 255, 256, 257, 65536, 2 ** 31 - 1, -(2 ** 31), -1];
  for (const code of codes) {
    same(`${code} of a command`, (ctx) => {
      const wasi = ctx.create({ returnOnExit: true });
      return withState(ctx, wasi, () => wasi.start(exitGuest(wasi, code)));
    });
    same(`${code} of a reactor`, (ctx) => {
      const wasi = ctx.create();
      const reactorGuest = instantiate(wasi, '_initialize', 'proc_exit', [code]);
      return withState(ctx, wasi, () => wasi.initialize(reactorGuest));
    });
    same(`${code} of a call from JavaScript`, (ctx) => {
      const wasi = ctx.create();
      return withState(ctx, wasi, () => wasi.wasiImport.proc_exit(code));
    });
  }
  for (const version of ['unstable', 'preview1']) {
    same(`of an ${version} guest`, (ctx) => {
      const wasi = ctx.create({ version });
      const namespace = Object.keys(wasi.getImportObject())[0];
      const guest = instantiate(wasi, '_start', 'proc_exit', [7], namespace);
      return withState(ctx, wasi, () => wasi.start(guest));
    });
  }
  same('of a command that goes on', (ctx) => {
    const wasi = ctx.create();
    const _start = () => {
      ctx.attempt('exit', () => wasi.wasiImport.proc_exit(3));
      ctx.attempt('call', () => wasi.wasiImport.sched_yield());
      ctx.attempt('exit again', () => wasi.wasiImport.proc_exit(4));
    };
    return withState(ctx, wasi, () => wasi.start(command({ _start })));
  });
  same('before start() is what start() returns', (ctx) => {
    const wasi = ctx.create();
    ctx.attempt('exit', () => wasi.wasiImport.proc_exit(9));
    return wasi.start(command());
  });
  same('of another object is not ours', (ctx) => {
    const [wasi, other] = [ctx.create(), ctx.create()];
    ctx.attempt('start', () => wasi.start(command({ _start: () => other.wasiImport.proc_exit(5) })));
    return [wasi, other];
  });
  same('of nested commands', (ctx) => {
    const [outer, inner] = [ctx.create(), ctx.create()];
    const _start = () => {
      ctx.attempt('inner', () => inner.start(exitGuest(inner, 1)));
      outer.wasiImport.proc_exit(2);
    };
    ctx.attempt('outer', () => outer.start(command({ _start })));
    return [outer, inner];
  });
  same('wrapped in another error', (ctx) => {
    const wasi = ctx.create();
    const _start = () => {
      try {
        wasi.wasiImport.proc_exit(5);
      } catch (cause) {
        throw new Error('wrapped', { cause });
      }
    };
    return withState(ctx, wasi, () => wasi.start(command({ _start })));
  });
  same('thrown by hand', (ctx) => {
    const wasi = ctx.create();
    let exit;
    try {
      wasi.wasiImport.proc_exit(11);
    } catch (thrown) {
      exit = thrown;
    }
    return ctx.create().start(command({ _start() { throw exit; } }));
  });
  for (const [name, make] of values) {
    same(`set by hand to ${name}`, (ctx) => {
      const wasi = ctx.create();
      const value = make();
      wasi[ctx.symbolsOf(wasi).kExitCode] = value;
      return wasi.start(command()) === value;
    });
  }
});

describe('with returnOnExit false the process exits with', () => {
  const script = `
    const { WASI } = require(process.argv[1]);
    const { command, exitGuest } = require(process.argv[2]);
    const code = Number(process.argv[3]);
    const wasi = new WASI({ version: 'preview1', returnOnExit: false });
    process.on('exit', (status) => console.error('exit event', status));
    if (process.argv[4] === 'js') wasi.start(command({ _start: () => wasi.wasiImport.proc_exit(code) }));
    wasi.start(exitGuest(wasi, code));
    console.log('not reached');
  `;
  const guest = path.join(__dirname, 'differential', 'guest.js');
  const run = (id, code, from) => {
    const args = [...process.execArgv.filter((arg) => !arg.startsWith('--test')),
      '--no-warnings', '-e', script, id, guest, String(code), from];
    return spawnSync(process.execPath, args, { encoding: 'utf8' });
  };
  // -1 from JavaScript is no u32 (intended.importFunctions).
  const codes = { wasm: [0, 1, 255, 256, 300, -1], js: [0, 1, 255, 256, 300] };
  for (const from of ['wasm', 'js']) {
    for (const code of codes[from]) {
      test(`proc_exit(${code}) from ${from}`, () => {
        const [ours, theirs] = [path.join(__dirname, '..'), 'node:wasi'].map((id) => run(id, code, from));
        const outcome = ({ status, signal, stdout }) => ({ status, signal, stdout });
        assert.deepEqual(outcome(ours), outcome(theirs));
        assert.equal(ours.stderr, `exit event ${code | 0}\n`, intended.exitEvent);
      });
    }
  }
});

// What loaders such as @emnapi/wasi-threads do in a worker thread, where the
// guest's start function must not run again.
describe('a loader that sets up the object by its symbols', () => {
  same('sets kInstance and calls kSetMemory', (ctx) => {
    const wasi = ctx.create({ args: ['a'] });
    const { kInstance, kSetMemory } = ctx.symbolsOf(wasi);
    const instance = command({ memory: sharedMemory() });
    wasi[kInstance] = instance;
    ctx.attempt('kSetMemory', () => wasi[kSetMemory](instance.exports.memory));
    ctx.attempt('call', () => wasi.wasiImport.args_sizes_get(0, 4));
    ctx.attempt('start', () => wasi.start(command()));
    return wasi;
  });
  same('sets kStarted', (ctx) => {
    const wasi = ctx.create();
    const { kInstance, kSetMemory, kStarted } = ctx.symbolsOf(wasi);
    wasi[kStarted] = true;
    wasi[kInstance] = command();
    wasi[kSetMemory](memory());
    ctx.attempt('start', () => wasi.start(command()));
    return wasi;
  });
  same('resets kStarted', (ctx) => {
    const wasi = ctx.create();
    wasi.start(exitGuest(wasi, 3));
    wasi[ctx.symbolsOf(wasi).kStarted] = false;
    ctx.attempt('initialize', () => wasi.initialize(reactor()));
    return wasi;
  });
  same('swaps the memory', (ctx) => {
    const wasi = ctx.create({ args: ['a', 'b'] });
    const memories = [memory(), memory()];
    wasi.start(command({ memory: memories[0] }));
    wasi[ctx.symbolsOf(wasi).kSetMemory](memories[1]);
    ctx.attempt('call', () => wasi.wasiImport.args_sizes_get(0, 4));
    return memories.map(({ buffer }) => [...new Uint32Array(buffer, 0, 2)]);
  });
  same('takes kSetMemory out of the object', (ctx) => {
    const wasi = ctx.create();
    const setMemory = wasi[ctx.symbolsOf(wasi).kSetMemory];
    ctx.attempt('kSetMemory', () => setMemory.call(undefined, memory()));
    return wasi.wasiImport.args_sizes_get(0, 4);
  });
  for (const [name, make] of [['a memory', memory], ['a shared memory', sharedMemory], ...values]) {
    same(`calls kSetMemory with ${name}`, (ctx) => {
      const wasi = ctx.create();
      return withState(ctx, wasi, () => wasi[ctx.symbolsOf(wasi).kSetMemory](make()));
    });
  }
});

// node:wasi aborts the process on these, so there is nothing to compare with.
describe('kSetMemory calls on which node:wasi aborts:', () => {
  for (const { name, args, expected } of abortingSetMemory) {
    test(`${name}: ${expected}`, () => {
      const wasi = new ours.WASI({ version: 'preview1' });
      const setMemory = wasi[symbolsOf(wasi).kSetMemory];
      assert.throws(() => setMemory(...args()), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    });
  }
});

describe('memory', () => {
  same('that has grown since start()', (ctx) => {
    const wasi = ctx.create({ args: ['a'] });
    const grown = memory();
    wasi.start(command({ memory: grown }));
    ctx.attempt('before', () => wasi.wasiImport.args_sizes_get(65536, 65540));
    grown.grow(1);
    ctx.attempt('after', () => wasi.wasiImport.args_sizes_get(65536, 65540));
    return [...new Uint32Array(grown.buffer, 65536, 2)];
  });
  same('that grows within the guest', (ctx) => {
    const wasi = ctx.create({ args: ['a'] });
    const grown = memory();
    const _start = () => {
      grown.grow(1);
      ctx.attempt('call', () => wasi.wasiImport.args_sizes_get(65536, 65540));
    };
    return wasi.start(command({ memory: grown, _start }));
  });
  same('of no pages', (ctx) => {
    const wasi = ctx.create();
    wasi.start(command({ memory: memory(0) }));
    ctx.attempt('sizes', () => wasi.wasiImport.args_sizes_get(0, 0));
    return wasi.wasiImport.sched_yield();
  });
  same('that is shared', (ctx) => {
    const wasi = ctx.create({ args: ['abc'] });
    const shared = sharedMemory();
    wasi.start(command({ memory: shared }));
    ctx.attempt('call', () => wasi.wasiImport.args_sizes_get(0, 4));
    return [...new Uint32Array(shared.buffer, 0, 2)];
  });
});
