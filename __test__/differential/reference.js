'use strict';

// node:wasi, for the tests of the object's life cycle.
//
// Node 20 and 22 lack finalizeBindings() (intended.olderLifecycle). There the
// class returned here puts node:wasi's own steps in the order newer Nodes have
// them. No error is made up: each one comes out of the running Node's start()
// and initialize(), called on stand-in objects that let only one step happen.

function symbolsOf(wasi) {
  const entries = Object.getOwnPropertySymbols(wasi).map((s) => [s.description, s]);
  return Object.fromEntries(entries);
}

function hasFinalizeBindings(Base) {
  return typeof Base.prototype.finalizeBindings === 'function';
}

function steps(Base) {
  const { kStarted, kSetMemory, kInstance, kExitCode } =
    symbolsOf(new Base({ version: 'preview1' }));
  const stop = Symbol('stop');
  const { start, initialize } = Base.prototype;

  // start() looks up kSetMemory right after it has validated the instance and
  // before it reads the memory.
  function validateInstance(instance) {
    const self = { get [kSetMemory]() { throw stop; } };
    try {
      start.call(self, instance);
    } catch (err) {
      if (err !== stop) throw err;
    }
  }

  function throwAlreadyStarted() {
    start.call({ [kStarted]: true });
  }

  // The part of start() and initialize() that follows the binding of memory.
  function run(method, wasi) {
    const self = {
      [kSetMemory]() {},
      get [kInstance]() { return wasi[kInstance]; },
      set [kInstance](_) {},
      get [kExitCode]() { return wasi[kExitCode]; },
    };
    return method.call(self, { exports: {} });
  }

  return {
    kStarted,
    kSetMemory,
    kInstance,
    validateInstance,
    throwAlreadyStarted,
    runStart: (wasi) => run(start, wasi),
    runInitialize: (wasi) => run(initialize, wasi),
  };
}

function withNewerLifecycle(Base) {
  const step = steps(Base);
  // Names of their own, because V8 quotes the code in some messages.
  const { kStarted, kSetMemory, kInstance } = step;
  const kEmptyObject = Object.freeze(Object.create(null));

  class WASI extends Base {
    finalizeBindings(instance, { memory = instance?.exports?.memory } = kEmptyObject) {
      if (this[kStarted]) step.throwAlreadyStarted();
      step.validateInstance(instance);
      this[kSetMemory](memory);
      this[kInstance] = instance;
      this[kStarted] = true;
    }

    start(instance) {
      this.finalizeBindings(instance);
      return step.runStart(this);
    }

    initialize(instance) {
      this.finalizeBindings(instance);
      return step.runInitialize(this);
    }

    getImportObject() {
      return Base.prototype.getImportObject.call(this);
    }
  }

  // That it is a subclass shall not show.
  Object.setPrototypeOf(WASI.prototype, Object.prototype);
  return WASI;
}

function lifecycleReference(Base) {
  return hasFinalizeBindings(Base) ? Base : withNewerLifecycle(Base);
}

module.exports = { hasFinalizeBindings, lifecycleReference, symbolsOf };
