'use strict';

// Turns a value into plain data that assert.deepStrictEqual can compare between
// two implementations: identities become names, and everything observable
// without running the value's own code is kept.

const { inspect, types } = require('node:util');
const intended = require('./intended');

const knownPrototypes = new Map([
  [null, 'null'],
  [Object.prototype, 'Object.prototype'],
  [Array.prototype, 'Array.prototype'],
  [Function.prototype, 'Function.prototype'],
  [WebAssembly.Memory.prototype, 'WebAssembly.Memory.prototype'],
  [WebAssembly.Instance.prototype, 'WebAssembly.Instance.prototype'],
]);

// intended.additions
const additions = new Set(['close', 'share', Symbol.dispose]);

function describePrimitive(value) {
  if (Object.is(value, -0)) return 'number -0';
  if (typeof value === 'string') return `string ${JSON.stringify(value)}`;
  return `${typeof value} ${String(value)}`;
}

function prototypeName(value, WASI) {
  const proto = Object.getPrototypeOf(value);
  if (proto === WASI.prototype) return 'WASI.prototype';
  if (knownPrototypes.has(proto)) return knownPrototypes.get(proto);
  const own = Object.getOwnPropertyDescriptor(proto, 'constructor');
  return `an object of ${own ? own.value?.name : 'no constructor'}`;
}

function flags({ writable, enumerable, configurable }) {
  return { writable, enumerable, configurable };
}

// The import object holds some forty native functions which are not compared
// one by one; that there is a function under each name is.
function isImportObject(value) {
  return Object.hasOwn(value, 'fd_write') && Object.hasOwn(value, 'proc_exit');
}

// intended.initErrors
function withoutDetail(err) {
  if (err.syscall !== 'uvwasi_init') return;
  delete err.path;
  delete err.dest;
  for (const key of ['message', 'stack']) err[key] = err[key].replace(/(UVWASI_\w+, uvwasi_init) [^]*?(?=\n    at |$)/, '$1');
}

class Describer {
  constructor(WASI) {
    this.WASI = WASI;
    this.seen = new Map();
  }

  value(value) {
    const isObject = typeof value === 'object' || typeof value === 'function';
    if (value === null || !isObject) return describePrimitive(value);
    if (value === this.WASI) return 'the class WASI';
    if (this.seen.has(value)) return `seen #${this.seen.get(value)}`;
    this.seen.set(value, this.seen.size);
    if (types.isNativeError(value)) return this.error(value);
    if (typeof value !== 'function' && isImportObject(value)) return this.importObject(value);
    return this.object(value);
  }

  object(value) {
    return {
      type: typeof value,
      prototype: prototypeName(value, this.WASI),
      tag: Object.prototype.toString.call(value),
      extensible: Object.isExtensible(value),
      properties: Reflect.ownKeys(value).filter((key) => !additions.has(key))
        .map((key) => this.property(value, key)),
    };
  }

  property(object, key) {
    const descriptor = Object.getOwnPropertyDescriptor(object, key);
    const described = [String(key), flags(descriptor)];
    if (!('value' in descriptor)) {
      return [...described, `get ${typeof descriptor.get}, set ${typeof descriptor.set}`];
    }
    if (key.description === 'kSetMemory' && typeof descriptor.value === 'function') {
      return [...described, intended.importFunctions];
    }
    return [...described, this.value(descriptor.value)];
  }

  importObject(value) {
    return {
      prototype: intended.importPrototype,
      extensible: Object.isExtensible(value),
      properties: Reflect.ownKeys(value).map((key) => this.importMember(value, key)),
    };
  }

  importMember(object, key) {
    const descriptor = Object.getOwnPropertyDescriptor(object, key);
    if (typeof descriptor.value !== 'function') return this.property(object, key);
    return [String(key), flags(descriptor), intended.importFunctions];
  }

  error(err) {
    withoutDetail(err);
    return {
      text: String(err),
      name: err.name,
      message: err.message,
      code: this.value(err.code),
      errno: this.value(err.errno),
      syscall: this.value(err.syscall),
      constructor: err.constructor.name,
      tag: Object.prototype.toString.call(err),
      is: [Error, TypeError, RangeError, WebAssembly.RuntimeError]
        .filter((type) => err instanceof type).map((type) => type.name),
      stackHeader: beforeFrames(err.stack),
      inspected: withoutBrackets(beforeFrames(inspect(err))),
      stackFlags: stackFlags(err),
      properties: Reflect.ownKeys(err).filter((key) => key !== 'stack')
        .map((key) => this.property(err, key)),
    };
  }
}

// inspect() puts an error without any frames in brackets (intended.stackFrames).
function withoutBrackets(text) {
  return text.replace(/^\[(.*)\]$/s, '$1');
}

// The header of `stack` can span lines when the message does. What follows is
// not compared (intended.stackFrames).
function beforeFrames(stack) {
  return String(stack).split('\n    at ')[0];
}

function stackFlags(err) {
  const descriptor = Object.getOwnPropertyDescriptor(err, 'stack');
  return descriptor && { ...flags(descriptor), accessor: 'get' in descriptor };
}

function describe(value, WASI) {
  return new Describer(WASI).value(value);
}

module.exports = { describe };
