// The JavaScript side of the class, evaluated once per environment; its value is the object below.
//
// All checks and calls are in Rust. Here is what only JavaScript can do, or does faster: errors
// and methods that look like Node's own, and the function between trampoline and addon, which sees
// that memory has grown without asking anyone. Built-ins are taken now, lest a program that
// replaces global ones gets in the way.
(() => {
  'use strict';

  const { Memory, Module, Instance } = WebAssembly;
  const { entries, getOwnPropertyDescriptor, getOwnPropertyNames, hasOwn } = Object;
  const { assign, create, defineProperty, getPrototypeOf, setPrototypeOf } = Object;
  const { prototype: rootPrototype } = Object;
  const { isArray } = Array;
  const { ArrayBuffer, Uint8Array } = globalThis;
  const { apply, construct } = Reflect;
  const { captureStackTrace } = Error;
  const toString = String;
  const uncurryThis = Function.prototype.bind.bind(Function.prototype.call);
  const map = uncurryThis(Array.prototype.map);
  const bufferOf = uncurryThis(getOwnPropertyDescriptor(Memory.prototype, 'buffer').get);
  const lastIndexOf = uncurryThis(String.prototype.lastIndexOf);
  const slice = uncurryThis(String.prototype.slice);
  const includes = uncurryThis(String.prototype.includes);
  // Node 20.16; before, a version with odd characters is shown in JSON's way.
  const inspect = process.getBuiltinModule?.('node:util').inspect ?? JSON.stringify;

  const kExitCode = Symbol('kExitCode');
  const kSetMemory = Symbol('kSetMemory');
  const kStarted = Symbol('kStarted');
  const kInstance = Symbol('kInstance');
  const kBindingName = Symbol('kBindingName');

  // Errors that show their code as Node's do: in toString() and in the first line of the stack.
  const withCode = (Base) => create(Base.prototype, {
    toString: {
      configurable: true,
      writable: true,
      value() {
        return `${this.name} [${this.code}]: ${this.message}`;
      },
    },
  });
  const prototypes = new Map([Error, TypeError, RangeError].map((Base) => [Base, withCode(Base)]));

  const nodeError = (error, Base, code) => {
    setPrototypeOf(error, prototypes.get(Base));
    error.code = code;
    return error;
  };

  // The stack is put together when it is first read, with the name that the error has then.
  const showCodeInStack = (error, maker) => {
    const value = `${error.name} [${error.code}]`;
    defineProperty(error, 'name', { configurable: true, value });
    captureStackTrace(error, maker);
    void error.stack;
    delete error.name;
    return error;
  };

  const alreadyStarted = () => {
    const error = new Error('WASI instance has already started');
    nodeError(error, Error, 'ERR_WASI_ALREADY_STARTED');
    return showCodeInStack(error, alreadyStarted);
  };

  // Errors of arguments get their code before their message.
  const argumentError = (Base, code, message) => {
    const error = nodeError(new Base(), Base, code);
    defineProperty(error, 'message', { configurable: true, writable: true, value: message });
    return showCodeInStack(error, argumentError);
  };

  // What Node says of a value it refuses, by the rules of the version that runs: let one of its
  // own functions refuse it.
  const refusal = (refuse) => {
    try {
      refuse();
    } catch (error) {
      const start = lastIndexOf(toString(error?.message), RECEIVED);
      if (start < 0 || !REFUSED.includes(error.code)) throw error;
      return slice(error.message, start);
    }
    return '';
  };
  const RECEIVED = '. Received ';
  const REFUSED = ['ERR_INVALID_ARG_TYPE', 'ERR_OUT_OF_RANGE'];
  const { from: bufferFrom } = Buffer;
  const { nextTick } = process;
  const byte = Buffer.alloc(1);

  const kind = (name) => (includes(name, '.') ? 'property' : 'argument');

  const invalidType = (name, expected, value) => {
    const received =
      refusal(typeof value === 'function' ? () => bufferFrom(value) : () => nextTick(value));
    const message = `The "${name}" ${kind(name)} must be ${expected}${received}`;
    return argumentError(TypeError, 'ERR_INVALID_ARG_TYPE', message);
  };

  const outOfRange = (name, expected, value) => {
    const received = refusal(() => byte.readUInt8(value));
    const message = `The value of "${name}" is out of range. It must be ${expected}${received}`;
    return argumentError(RangeError, 'ERR_OUT_OF_RANGE', message);
  };

  const invalidValue = (name, reason, value) => {
    let shown = inspect(value);
    if (shown.length > 128) shown = `${slice(shown, 0, 128)}...`;
    const message = `The ${kind(name)} '${name}' ${reason}. Received ${shown}`;
    return argumentError(TypeError, 'ERR_INVALID_ARG_VALUE', message);
  };

  const invalidOption = (name, reason) => {
    const message = `The property '${name}' ${reason}`;
    return argumentError(TypeError, 'ERR_INVALID_ARG_VALUE', message);
  };

  // Options of run() that the class doesn't have, and misspellings of options that node:wasi doesn't
  // have or whose absence goes unnoticed.
  const mistakes = create(null);
  const ofRun = 'is an option of run(), not of the WASI class, which would run the guest without it. ' +
    'Use run(), or remove the option';
  for (const name of [
    'timeout', 'memoryLimit', 'fuel', 'signal', 'maxBuffer', 'maxStack', 'seed', 'clock', 'encoding', 'strace', 'imports',
    'compileTimeout', 'compileMemoryLimit', 'cache', 'allowPrecompiled', 'end',
  ]) mistakes[name] = ofRun;
  const misspelled = assign(create(null), {
    maxfiles: 'maxFiles', maxfile: 'maxFiles', share: 'share', preopens: 'preopens', preopen: 'preopens',
  });
  const toLowerCase = uncurryThis(String.prototype.toLowerCase);
  const isEnumerable = uncurryThis(Object.prototype.propertyIsEnumerable);

  const mistakeIn = (name) => {
    if (mistakes[name] !== undefined) return mistakes[name];
    const meant = misspelled[toLowerCase(name)];
    if (meant === undefined || meant === name) return undefined;
    return `is not a known option. Did you mean '${meant}'?`;
  };

  // The name of the first one, and what is wrong with it.
  const mistakenOption = (options) => {
    const names = getOwnPropertyNames(options);
    for (let index = 0; index < names.length; index++) {
      const name = names[index];
      const mistake = mistakeIn(name);
      if (mistake !== undefined && isEnumerable(options, name) && options[name] !== undefined) return [name, mistake];
    }
    return undefined;
  };

  const systemError = (message, code, errno, syscall, path, dest) => {
    const error = new Error(message);
    return assign(error, { errno, code, syscall }, path === undefined ? {} : { path, dest });
  };

  const invalidMemory = () => {
    const message = '"instance.exports.memory" property must be a WebAssembly.Memory object';
    return assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
  };

  // One for all WASI objects of this environment: calls don't nest. The trampoline puts the
  // arguments here, the addon reads them.
  const scratch = new Memory({ initial: 1, maximum: 1 });
  let trampoline;

  // Gives a WASI object its imports. `enter` is the addon's one entrance; it returns undefined
  // when the call is done, null when it may have failed only because it didn't know that shared
  // memory had grown, a number when the guest exits. `attach` tells it where memory is.
  const connect = (wasi, bytes, enter, attach, returnOnExit) => {
    let memory;
    let shared;
    let view = new Uint8Array(0);
    let attached = 0;

    // What is known here must never be newer than what the addon knows, even if this throws.
    const refresh = () => {
      if (memory === undefined) return;
      const buffer = bufferOf(memory);
      const current = new Uint8Array(buffer);
      attach(current, shared);
      view = current;
      attached = current.length;
    };
    const exit = (code) => {
      if (returnOnExit) wasi[kExitCode] = code;
      else process.exit(code);
      throw kExitCode;
    };
    const settle = (outcome) => {
      for (; outcome === null; outcome = enter()) {
        const before = attached;
        refresh();
        if (attached === before) return;
      }
      if (outcome !== undefined) exit(outcome);
    };
    const call = () => {
      // A view of a buffer that is detached, because memory grew, has no length. Asking the view is
      // quicker than asking the buffer.
      if (view.length === 0) refresh();
      const outcome = enter();
      if (outcome !== undefined) settle(outcome);
    };

    trampoline ??= new Module(bytes);
    const { exports } = new Instance(trampoline, { host: { scratch, call } });
    wasi[kSetMemory] = (value) => {
      try {
        bufferOf(value);
      } catch {
        throw invalidMemory();
      }
      memory = value;
      shared = !(bufferOf(value) instanceof ArrayBuffer);
      refresh();
    };
    wasi.wasiImport = { ...exports };
  };

  // What a guest and its preopens need, where Node restricts that; index.js says.
  let requireGuest;
  const restrict = (check) => {
    requireGuest = check;
  };

  // The class for everyone to see: instances are made by the class of the addon, methods have the
  // shape that methods of a JavaScript class have.
  const noOptions = create(null);
  const classOf = (Native) => {
    const WASI = wasiClass(Native);
    setPrototypeOf(WASI.prototype, Object.prototype);
    if (Symbol.dispose) {
      const value = WASI.prototype.close;
      defineProperty(WASI.prototype, Symbol.dispose, { configurable: true, writable: true, value });
    }
    return WASI;
  };
  // If a Worker was terminated while its guest waited, V8 looks for that when it next enters a
  // function of JavaScript, and calls functions such as postMessage() until then.
  const proceed = (value) => value;
  // It extends null so that only the addon makes an object.
  const wasiClass = (Native) => class WASI extends null {
    constructor(options = noOptions) {
      return construct(Native, [options], new.target);
    }

    finalizeBindings(instance, { memory = instance?.exports?.memory } = {}) {
      Native.finalizeBindings(this, instance, memory);
    }

    start(instance) {
      return proceed(Native.start(this, instance));
    }

    initialize(instance) {
      proceed(Native.initialize(this, instance));
    }

    getImportObject() {
      return { [this[kBindingName]]: this.wasiImport };
    }

    close() {
      apply(Native.prototype.close, this, []);
    }

    share() {
      return apply(Native.prototype.share, this, []);
    }
  };

  return {
    scratch: new Uint8Array(scratch.buffer),
    connect,
    classOf,
    restrict,
    nothing: () => {},

    // Errors.
    alreadyStarted,
    invalidType,
    invalidOption,
    invalidValue,
    outOfRange,
    systemError,

    // Values.
    entries,
    hasOwn,
    isArray,
    mistakenOption,
    ownNames: getOwnPropertyNames,
    // From elsewhere than Object.prototype, where anyone may have added it.
    isInherited: (object, name) => {
      let owner = getPrototypeOf(object);
      while (owner !== null && owner !== rootPrototype && !hasOwn(owner, name)) {
        owner = getPrototypeOf(owner);
      }
      return owner !== null && owner !== rootPrototype;
    },
    string: toString,
    variable: (name, value) => `${name}=${value}`,
    // Null for an array with holes. What kind of array map makes doesn't matter.
    toStrings: (values) => {
      const strings = [];
      const { length } = map(values, (value) => {
        strings[strings.length] = toString(value);
      });
      return strings.length < length ? null : strings;
    },

    // A WASI object and its symbols.
    // Gives the function by which permissions are checked, if there is one.
    initialState: (wasi, bindingName) => {
      wasi[kBindingName] = bindingName;
      return requireGuest;
    },
    finalState: (wasi) => {
      wasi[kStarted] = false;
      wasi[kExitCode] = 0;
      wasi[kInstance] = undefined;
    },
    isStarted: (wasi) => Boolean(wasi[kStarted]),
    exportsOf: (instance) => instance.exports,
    // As Node's own sources have it, for the sake of V8's messages.
    bindMemory(memory) {
      this[kSetMemory](memory);
    },
    bound(instance) {
      this[kInstance] = instance;
      this[kStarted] = true;
    },
    finalizeBindings(instance) {
      this.finalizeBindings(instance);
    },
    entryPoints() {
      const { _start, _initialize } = this[kInstance].exports;
      return [_start, _initialize];
    },
    exitCode: (wasi) => wasi[kExitCode],
    // proc_exit unwinds the guest by throwing a symbol. The end of a Worker can't be caught, here.
    run: (start) => {
      try {
        start();
      } catch (thrown) {
        if (thrown !== kExitCode) throw thrown;
      }
    },
  };
})();
//# sourceURL=wasi-rs/glue.js
