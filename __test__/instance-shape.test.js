'use strict';

// The class, its instances and the members of wasiImport as seen from
// JavaScript, compared with node:wasi, and what wasi-rs does where it means to
// differ (differential/intended.js).

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { node, ours, outcome, same, sameLifecycle } = require('./differential/compare');
const { hasFinalizeBindings } = require('./differential/reference');
const intended = require('./differential/intended');
const signatures = require('./differential/signatures');
const { command, exitGuest, instantiate, memory, reactor } = require('./differential/guest');
const { boom, values } = require('./differential/values');

const members = Object.keys(signatures);
const options = { version: 'preview1' };

function descriptors(object) {
  return Reflect.ownKeys(object).map((key) => {
    const { value, ...flags } = Object.getOwnPropertyDescriptor(object, key);
    const shape = typeof value === 'function' ? [value.name, value.length] : typeof value;
    return [String(key), flags, shape];
  });
}

// Own properties of a function, by name: V8 fixes their order for classes only.
function ownShape(fn) {
  return Object.fromEntries(descriptors(fn).map(([key, ...rest]) => [key, rest]));
}

// Only whether: the message of the error quotes the source (intended.sourceText).
function isConstructor(fn) {
  try {
    Reflect.construct(Object, [], fn);
    return true;
  } catch (err) {
    assert.ok(err instanceof TypeError);
    return false;
  }
}

describe('the class', () => {
  same('has a name and a length', ({ WASI }) => [typeof WASI, WASI.name, WASI.length]);
  same('has own properties', ({ WASI }) => ownShape(WASI));
  same('is a plain function object', ({ WASI }) =>
    [Object.getPrototypeOf(WASI) === Function.prototype, Object.prototype.toString.call(WASI)]);
  same('has a prototype object', ({ WASI }) => [
    Object.getPrototypeOf(WASI.prototype) === Object.prototype,
    WASI.prototype.constructor === WASI, Object.isExtensible(WASI.prototype),
  ]);
  sameLifecycle('has prototype methods', ({ WASI }) =>
    ['constructor', 'finalizeBindings', 'start', 'initialize', 'getImportObject'].map((key) => {
      const { value, ...flags } = Object.getOwnPropertyDescriptor(WASI.prototype, key);
      return [key, flags, value.name, value.length];
    }));
  same('cannot be called', ({ WASI }) => WASI(options));
  same('cannot be called without options', ({ WASI }) => WASI());
  same('cannot be called as a method', ({ WASI }) => WASI.call({}, options));
  same('cannot be applied to an instance', ({ WASI, create }) => WASI.apply(create(), [options]));
  same('does not read options when called', ({ WASI, spy }) => WASI(spy('options', options)));
  for (const method of ['start', 'initialize', 'finalizeBindings', 'getImportObject']) {
    sameLifecycle(`${method}() is no constructor`, ({ WASI }) => isConstructor(WASI.prototype[method]));
    sameLifecycle(`${method}() has own properties`, ({ WASI }) => ownShape(WASI.prototype[method]));
  }
  test('has the prototype members of the newest Node in its order, then its own', () => {
    assert.deepEqual(Reflect.ownKeys(ours.WASI.prototype),
      ['constructor', 'finalizeBindings', 'start', 'initialize', 'getImportObject', 'close', 'share', Symbol.dispose]);
  });
  test('is what the module exports, and then what node:wasi does not have', () => {
    assert.deepEqual(Object.keys(ours), [...Object.keys(node), 'compile', 'run', 'spawn', 'configure', 'MemoryFile']);
  });
});

describe('an instance', () => {
  for (const version of ['preview1', 'unstable']) {
    for (const returnOnExit of [true, false, undefined]) {
      same(`of ${version} with returnOnExit ${returnOnExit}`, ({ WASI }) => {
        const wasi = new WASI({ version, returnOnExit });
        return [wasi, descriptors(wasi).map(([key, flags]) => [key, flags])];
      });
    }
  }
  sameLifecycle('after start()', (ctx) => {
    const wasi = ctx.create();
    wasi.start(command());
    return wasi;
  });
  sameLifecycle('after initialize()', (ctx) => {
    const wasi = ctx.create();
    wasi.initialize(reactor());
    return wasi;
  });
  sameLifecycle('after a command exited', (ctx) => {
    const wasi = ctx.create();
    wasi.start(exitGuest(wasi, 42));
    return wasi;
  });
  same('does not share symbol values', ({ create }) => {
    const [a, b] = [create(), create()];
    return Reflect.ownKeys(a).map((key) => [String(key), a[key] === b[key]]);
  });
  same('shares its symbols', ({ create }) => {
    const [a, b] = [create(), create()].map(Object.getOwnPropertySymbols);
    return a.map((symbol, i) => symbol === b[i]);
  });
  same('has symbols that are not registered', ({ create }) =>
    Object.getOwnPropertySymbols(create()).map((symbol) => Symbol.keyFor(symbol)));
  same('is an instance of the class', ({ WASI, create }) =>
    [create() instanceof WASI, create().constructor === WASI, String(create())]);
  same('does not share members', ({ create }) => {
    const [a, b] = [create(), create()];
    return Object.keys(a.wasiImport).map((key) => a.wasiImport[key] === b.wasiImport[key]);
  });
  same('can be extended, and its properties be deleted', ({ create }) => {
    const wasi = create();
    wasi.extra = 1;
    return [delete wasi.wasiImport, Reflect.ownKeys(wasi).map(String)];
  });
  same('enumerates', ({ create }) => {
    const keys = [];
    for (const key in create()) keys.push(key);
    return [keys, Object.keys({ ...create() })];
  });
  same('has independent arguments', ({ create }) => {
    const guests = [create({ args: ['a'] }), create({ args: ['b', 'c'] }), create()];
    return guests.map((wasi) => {
      const exports = command().exports;
      wasi.start({ exports });
      wasi.wasiImport.args_sizes_get(0, 4);
      return [...new Uint32Array(exports.memory.buffer, 0, 2)];
    });
  });
});

describe('getImportObject()', () => {
  for (const version of ['preview1', 'unstable']) {
    same(`of ${version}`, ({ create }) => create({ version }).getImportObject());
  }
  same('is a new object each time', ({ create }) => {
    const wasi = create();
    const [a, b] = [wasi.getImportObject(), wasi.getImportObject()];
    const [key] = Object.keys(a);
    return [a === b, a[key] === b[key], a[key] === wasi.wasiImport];
  });
  same('takes arguments and ignores them', ({ create }) => create().getImportObject('x', {}));
  same('has what was put into wasiImport', ({ create }) => {
    const wasi = create();
    wasi.wasiImport.random_get = 'replaced';
    wasi.wasiImport.more = 5;
    delete wasi.wasiImport.sched_yield;
    return wasi.getImportObject();
  });
  same('has a replaced wasiImport', ({ create }) => {
    const wasi = create();
    wasi.wasiImport = { own: 1 };
    return wasi.getImportObject();
  });
  same('after start()', ({ create }) => {
    const wasi = create();
    wasi.start(command());
    return wasi.getImportObject();
  });
  for (const [name, make] of values) {
    same(`when kBindingName is ${name}`, ({ create, symbolsOf }) => {
      const wasi = create();
      wasi[symbolsOf(wasi).kBindingName] = make();
      return wasi.getImportObject();
    });
  }
});

describe('a method called on', () => {
  const receivers = {
    'undefined': () => undefined,
    'null': () => null,
    'a number': () => 5,
    'a string': () => 'text',
    'an object': () => ({}),
    'a null prototype object': () => Object.create(null),
    'an array': () => [],
    'a function': () => () => {},
    'the class': ({ WASI }) => WASI,
    'the prototype': ({ WASI }) => WASI.prototype,
    'an object that inherits from the prototype': ({ WASI }) => Object.create(WASI.prototype),
    'an object that inherits from an instance': ({ create }) => Object.create(create()),
    'a proxied instance': ({ create }) => new Proxy(create(), {}),
    'a copy of an instance': ({ create }) => Object.assign({}, create()),
    'a copy of an instance with methods': ({ WASI, create }) =>
      Object.assign(Object.create(WASI.prototype), create()),
    'an object with finalizeBindings()': () => ({ finalizeBindings() {} }),
    'a frozen instance': ({ create }) => Object.freeze(create()),
    'a sealed instance': ({ create }) => Object.seal(create()),
    'an instance without its wasiImport': ({ create }) => {
      const wasi = create();
      delete wasi.wasiImport;
      return wasi;
    },
    'an instance without its symbols': ({ create }) => {
      const wasi = create();
      for (const symbol of Object.getOwnPropertySymbols(wasi)) delete wasi[symbol];
      return wasi;
    },
  };
  for (const [name, make] of Object.entries(receivers)) {
    for (const method of ['start', 'finalizeBindings', 'getImportObject']) {
      sameLifecycle(`${name}: ${method}()`, (ctx) => {
        const receiver = make(ctx);
        ctx.attempt('call', () => ctx.WASI.prototype[method].call(receiver, command()));
        return receiver;
      });
    }
    sameLifecycle(`${name}: initialize()`, (ctx) => {
      const receiver = make(ctx);
      ctx.attempt('call', () => ctx.WASI.prototype.initialize.call(receiver, reactor()));
      return receiver;
    });
  }
  sameLifecycle('a frozen instance whose guest exits', (ctx) => {
    const wasi = Object.freeze(ctx.create());
    return wasi.wasiImport.proc_exit(3);
  });
});

describe('a symbol property set by hand:', () => {
  for (const [name, make] of values) {
    sameLifecycle(`kStarted ${name}`, ({ create, symbolsOf }) => {
      const wasi = create();
      wasi[symbolsOf(wasi).kStarted] = make();
      return wasi.start(command());
    });
    sameLifecycle(`kSetMemory ${name}`, ({ create, symbolsOf }) => {
      const wasi = create();
      wasi[symbolsOf(wasi).kSetMemory] = make();
      return wasi.start(command());
    });
  }
  sameLifecycle('kSetMemory is called as a method', (ctx) => {
    const wasi = ctx.create();
    const { kSetMemory } = ctx.symbolsOf(wasi);
    const given = memory();
    wasi[kSetMemory] = function setMemory(...args) {
      ctx.log.push(this === wasi, args.length, args[0] === given);
    };
    ctx.attempt('start', () => wasi.start(command({ memory: given })));
    return wasi.wasiImport.sched_yield();
  });
  sameLifecycle('kInstance is what start() runs', (ctx) => {
    const wasi = ctx.create();
    const { kInstance } = ctx.symbolsOf(wasi);
    const other = command({ _start: () => ctx.log.push('other') });
    Object.defineProperty(wasi, kInstance, { get: () => other, set() {} });
    return wasi.start(command({ _start: () => ctx.log.push('given') }));
  });
  sameLifecycle('kExitCode as an accessor', (ctx) => {
    const wasi = ctx.create();
    const { kExitCode } = ctx.symbolsOf(wasi);
    const set = (value) => ctx.log.push(`set ${value}`);
    Object.defineProperty(wasi, kExitCode, { get: () => 'got', set });
    return wasi.start(exitGuest(wasi, 3));
  });
});

describe('a subclass', () => {
  sameLifecycle('with fields', ({ WASI }) => {
    class Sub extends WASI {
      field = Reflect.ownKeys(this).map(String);
      constructor() { super(options); this.after = 1; }
    }
    const wasi = new Sub();
    return [wasi.field, Reflect.ownKeys(wasi).map(String), wasi instanceof WASI, wasi.constructor === Sub,
      wasi.start(exitGuest(wasi, 4))];
  });
  sameLifecycle('without a constructor', ({ WASI }) => {
    class Sub extends WASI {}
    return [Sub.name, Sub.length, new Sub(options).start(command())];
  });
  sameLifecycle('that calls super with bad options', ({ WASI }) => {
    class Sub extends WASI { constructor() { super({}); } }
    return new Sub();
  });
  sameLifecycle('that overrides getImportObject()', ({ WASI }) => {
    class Sub extends WASI {
      getImportObject() { return { ...super.getImportObject(), env: {} }; }
    }
    return new Sub(options).getImportObject();
  });
  sameLifecycle('that overrides finalizeBindings()', ({ WASI, log }) => {
    class Sub extends WASI {
      finalizeBindings(...args) {
        log.push(`finalizeBindings of ${args.length}`);
        return super.finalizeBindings(...args);
      }
    }
    return [new Sub(options).start(command()), new Sub(options).initialize(reactor())];
  });
  sameLifecycle('whose finalizeBindings() chooses the instance', ({ WASI, log }) => {
    class Sub extends WASI {
      finalizeBindings() {
        super.finalizeBindings(command({ _start: () => log.push('chosen') }));
      }
    }
    return new Sub(options).start('ignored');
  });
  sameLifecycle('whose finalizeBindings() does nothing', ({ WASI }) => {
    class Sub extends WASI { finalizeBindings() {} }
    return new Sub(options).start(command());
  });
  sameLifecycle('whose finalizeBindings() throws', (ctx) => {
    class Sub extends ctx.WASI { finalizeBindings() { boom(); } }
    const wasi = new Sub(options);
    ctx.attempt('start', () => wasi.start(command()));
    return wasi[ctx.symbolsOf(wasi).kStarted];
  });
  sameLifecycle('that overrides start()', ({ WASI }) => {
    class Sub extends WASI { start(instance) { return super.start(instance) + 100; } }
    const wasi = new Sub(options);
    return wasi.start(exitGuest(wasi, 5));
  });
  sameLifecycle('written the old way', ({ WASI }) => {
    function Sub() { return Reflect.construct(WASI, [options], Sub); }
    Object.setPrototypeOf(Sub.prototype, WASI.prototype);
    const wasi = new Sub();
    return [wasi instanceof Sub, wasi.start(exitGuest(wasi, 6))];
  });
  sameLifecycle('with a private field', ({ WASI }) => {
    class Sub extends WASI { #hidden = 7; get hidden() { return this.#hidden; } }
    return new Sub(options).hidden;
  });
  sameLifecycle('with an own finalizeBindings property', (ctx) => {
    const wasi = ctx.create();
    wasi.finalizeBindings = (...args) => ctx.log.push(`own, ${args.length}`);
    return wasi.start(command());
  });
});

describe('Reflect.construct() with', () => {
  same('another class as newTarget', ({ WASI }) => {
    const made = Reflect.construct(WASI, [options], Map);
    return [made instanceof Map, made instanceof WASI, Reflect.ownKeys(made).map(String)];
  });
  same('Array as newTarget', ({ WASI }) => Array.isArray(Reflect.construct(WASI, [options], Array)));
  same('a newTarget without a prototype object', ({ WASI }) => {
    function NewTarget() {}
    NewTarget.prototype = null;
    const made = Reflect.construct(WASI, [options], NewTarget);
    return Object.getPrototypeOf(made) === Object.prototype;
  });
  same('a newTarget that is observed', ({ WASI, spy }) => {
    Reflect.construct(WASI, [spy('options', options)], spy('newTarget', WASI));
  });
  same('a newTarget whose prototype throws', ({ WASI }) => {
    const newTarget = Object.defineProperty(function f() {}.bind(), 'prototype', { get: boom });
    return Reflect.construct(WASI, [options], newTarget);
  });
  same('a newTarget that is no constructor', ({ WASI }) => {
    try {
      return Reflect.construct(WASI, [options], () => {});
    } catch (err) {
      return err.constructor.name;
    }
  });
  same('no options', ({ WASI }) => Reflect.construct(WASI, []));
});

function callArguments(member, value) {
  return [...signatures[member]].map((type) => (type === 'I' ? BigInt(value) : value));
}

describe('a member of wasiImport', () => {
  // Descriptor 99 is not open, so nothing is done to those of the process.
  // Addresses of 99 are within memory, 2**32-1 is not.
  const lists = { args: ['a'], env: { A: 'b' } };
  const oneOfAKind = {
    fd_renumber: [99, 98], // intended.renumber
    poll_oneoff: [0, 4096, 0, 8192],
    proc_exit: [99],
  };
  for (const member of members) {
    same(`${member}() before start()`, ({ create }) =>
      create().wasiImport[member](...callArguments(member, 99)));
    same(`${member}() on a descriptor that is not open`, ({ create }) => {
      const wasi = create(lists);
      wasi.start(command());
      return wasi.wasiImport[member](...(oneOfAKind[member] ?? callArguments(member, 99)));
    });
    same(`${member}() with arguments out of bounds`, ({ create }) => {
      const wasi = create(lists);
      wasi.start(command());
      const oneOfAKind = { fd_renumber: [2 ** 32 - 1, 2 ** 32 - 2], proc_exit: [7] };
      const args = oneOfAKind[member] ?? callArguments(member, 2 ** 32 - 1);
      return wasi.wasiImport[member](...args);
    });
    same(`${member}() taken out of its object`, ({ create }) => {
      const { [member]: bare } = create().wasiImport;
      return bare(...callArguments(member, 99));
    });
    // node:wasi's own proc_exit is one, being a JavaScript function.
    if (member !== 'proc_exit') {
      same(`${member}() is no constructor`, ({ create }) => isConstructor(create().wasiImport[member]));
    }
  }
  same('replaced is what the guest calls', ({ create, log }) => {
    const wasi = create();
    wasi.wasiImport.random_get = (...args) => { log.push(args); return 77; };
    const guest = instantiate(wasi, '_start', 'random_get', [16, 32]);
    wasi.start(guest);
    return new Uint32Array(guest.exports.memory.buffer, 0, 1)[0];
  });
  same('replaced after instantiation is not what the guest calls', ({ create }) => {
    const wasi = create({ args: ['a'] });
    const guest = instantiate(wasi, '_start', 'args_sizes_get', [16, 20]);
    wasi.wasiImport.args_sizes_get = boom;
    wasi.start(guest);
    return [...new Uint32Array(guest.exports.memory.buffer, 0, 6)];
  });
  same('wrapped is called through', ({ create, log }) => {
    const wasi = create({ args: ['a', 'b'] });
    const { args_sizes_get: original } = wasi.wasiImport;
    wasi.wasiImport.args_sizes_get = (...args) => { log.push(args.length); return original(...args); };
    const guest = instantiate(wasi, '_start', 'args_sizes_get', [16, 20]);
    wasi.start(guest);
    return [...new Uint32Array(guest.exports.memory.buffer, 0, 6)];
  });
  same('that throws ends start()', ({ create }) => {
    const wasi = create();
    wasi.wasiImport.random_get = boom;
    return wasi.start(instantiate(wasi, '_start', 'random_get', [0, 4]));
  });
});

describe('intended difference:', () => {
  test(intended.experimentalWarning, () => {
    const execArgv = process.execArgv.filter((arg) => arg.startsWith('--expose'));
    const script = 'const { WASI } = require(process.argv[1]); new WASI({ version: "preview1" })';
    const { stderr, status } = spawnSync(process.execPath,
      [...execArgv, '-e', script, path.join(__dirname, '..')],
      { encoding: 'utf8', env: { ...process.env, NODE_NO_WARNINGS: '', NODE_OPTIONS: '' } });
    assert.equal(status, 0);
    assert.doesNotMatch(stderr, /WASI is an experimental/);
  });

  describe(intended.importFunctions, () => {
    const started = () => {
      const wasi = new ours.WASI(options);
      wasi.start(command());
      return wasi.wasiImport;
    };
    for (const member of members) {
      test(`${member}() has the length of its signature`, () => {
        assert.equal(started()[member].length, signatures[member].length);
      });
    }
    const EBADF = 8;
    for (const fd of ['99', 99.9, { valueOf: () => 99 }, [99], 2 ** 32 + 99, -1, NaN + 99 || 99]) {
      test(`fd_sync(${String(fd)}) converts its argument`, () => {
        assert.equal(started().fd_sync(fd), EBADF);
      });
    }
    test('a surplus argument is ignored', () => assert.equal(started().fd_sync(99, 'more'), EBADF));
    for (const bad of [1n, Symbol('s'), Object.create(null)]) {
      test(`an i32 cannot be a ${typeof bad}`, () => {
        assert.throws(() => started().fd_sync(bad), TypeError);
      });
    }
    for (const bad of [5, undefined, null, Symbol('s')]) {
      test(`an i64 cannot be ${String(bad)}`, () => {
        assert.throws(() => started().fd_seek(99, bad, 0, 0), TypeError);
      });
    }
  });

  for (const member of ['args_get', 'environ_get']) {
    test(`${member}: ${intended.emptyList}`, () => {
      const wasi = new ours.WASI(options);
      wasi.start(command());
      assert.equal(wasi.wasiImport[member](0, 8), 0);
    });
  }

  test(intended.renumber, () => {
    const EBADF = 8;
    const wasi = new ours.WASI(options);
    wasi.start(command());
    assert.equal(wasi.wasiImport.fd_renumber(99, 99), EBADF);
    assert.equal(wasi.wasiImport.fd_renumber(1, 1), 0);
  });

  test(intended.importPrototype, () => {
    const { wasiImport } = new ours.WASI(options);
    assert.equal(Object.getPrototypeOf(wasiImport), Object.prototype);
  });

  describe(intended.olderLifecycle, () => {
    test('finalizeBindings() is there on this Node', () => {
      assert.ok(hasFinalizeBindings(ours.WASI));
    });
    test('a failed start() leaves the object startable', () => {
      const wasi = new ours.WASI(options);
      assert.ok('thrown' in outcome(ours.WASI, () => wasi.start({ exports: {} })));
      assert.equal(wasi.start(exitGuest(wasi, 12)), 12);
    });
  });
});
