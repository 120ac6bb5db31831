// The JavaScript side of the class, evaluated once per environment; its value is the object below.
//
// All checks and calls are in Rust. Here is what only JavaScript can do, or does faster: errors
// made like Node's own, and the function between trampoline and addon, which sees that memory has
// grown without asking anyone. Built-ins are taken now, so that nobody can change them later.
(() => {
  'use strict';

  const { Memory, Module, Instance } = WebAssembly;
  const { entries, getOwnPropertyDescriptor, create, defineProperty, setPrototypeOf } = Object;
  const { captureStackTrace } = Error;
  const uncurryThis = Function.prototype.bind.bind(Function.prototype.call);
  const map = uncurryThis(Array.prototype.map);
  const bufferOf = uncurryThis(getOwnPropertyDescriptor(Memory.prototype, 'buffer').get);
  const endsOf = uncurryThis(String.prototype.lastIndexOf);
  const from = uncurryThis(String.prototype.slice);
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

  const nodeError = (Base, code, message) => {
    const error = setPrototypeOf(new Base(), prototypes.get(Base));
    error.code = code;
    defineProperty(error, 'message', { configurable: true, writable: true, value: message });
    // The stack is put together when it is first read, with the name that the error has then.
    defineProperty(error, 'name', { configurable: true, value: `${error.name} [${code}]` });
    captureStackTrace(error, nodeError);
    void error.stack;
    delete error.name;
    return error;
  };

  // What Node says of a value it refuses, by the rules of the version that runs: let one of its
  // own functions refuse it.
  const refusal = (refuse) => {
    try {
      refuse();
    } catch (error) {
      const start = endsOf(error?.message ?? '', '. Received ');
      if (start < 0 || !/^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/.test(error.code)) throw error;
      return from(error.message, start + '. Received '.length);
    }
    return '';
  };
  const { hrtime } = process;
  const queue = queueMicrotask;
  const byte = Buffer.alloc(1);
  const receivedType = (value) =>
    refusal(typeof value === 'function' ? () => hrtime(value) : () => queue(value));
  const receivedNumber = (value) => refusal(() => byte.readUInt8(value));

  const systemError = (code, errno, syscall) => {
    const error = new Error(`${code}, ${syscall}`);
    return Object.assign(error, { errno, code, syscall });
  };

  const invalidMemory = () => {
    const message = '"instance.exports.memory" property must be a WebAssembly.Memory object';
    return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
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
    let buffer = new ArrayBuffer(0);

    const refresh = () => {
      if (memory === undefined) return;
      buffer = bufferOf(memory);
      attach(new Uint8Array(buffer, 0, 0), buffer.byteLength, !(buffer instanceof ArrayBuffer));
    };
    const exit = (code) => {
      if (returnOnExit) wasi[kExitCode] = code;
      else process.exit(code);
      throw kExitCode;
    };
    const settle = (outcome) => {
      if (outcome !== null) exit(outcome);
      const { byteLength } = buffer;
      refresh();
      if (buffer.byteLength !== byteLength) call();
    };
    const call = () => {
      // A buffer that is detached, because memory grew, has no length.
      if (buffer.byteLength === 0) refresh();
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
      refresh();
    };
    wasi.wasiImport = { ...exports };
  };

  return {
    kExitCode,
    kSetMemory,
    kStarted,
    kInstance,
    kBindingName,
    Error,
    TypeError,
    RangeError,
    scratch: new Uint8Array(scratch.buffer),
    connect,
    entries,
    inspect,
    nodeError,
    receivedNumber,
    receivedType,
    string: String,
    systemError,
    typeError: (message) => new TypeError(message),
    toStrings: (values) => map(values, String),
    variable: (name, value) => `${name}=${value}`,
    memoryOf: (instance, options = {}) => {
      const { memory } = options;
      return memory === undefined ? instance?.exports?.memory : memory;
    },
  };
})();
//# sourceURL=wasi-rs/glue.js
