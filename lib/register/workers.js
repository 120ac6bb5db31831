'use strict';

// Loads the hook in Workers, too. It would be missing in a Worker that has flags of its own or an
// environment with a different NODE_OPTIONS, in a Worker with `eval` if the hook was loaded by
// `--import`, and in all Workers if the program itself loaded it. Therefore `Worker` puts the hook in
// front of their flags. A Worker that certainly has the hook inherits its flags as usual, because
// flags from a configuration file can't be passed on.

const workerThreads = require('node:worker_threads');
const { workerFlags } = require('./worker-flags.js');

const { Worker, getEnvironmentData, setEnvironmentData } = workerThreads;

// The key under which a thread tells the hook in a Worker which process.execArgv the program there
// should see. Undefined stands for the flags that were passed to the Worker.
const TOLD = 'wasi-rs/register';

function hideHook(added) {
  const told = getEnvironmentData(TOLD);
  if (told === undefined) return;
  setEnvironmentData(TOLD, undefined);
  process.execArgv = told.execArgv ?? process.execArgv.slice(added.length);
}

// `inheritable` says whether a Worker that inherits the flags of this thread has the hook.
function hookWorkers(file, inheritable) {
  const hook = ['--require', file];
  hideHook(hook);
  const own = Array.from(process.execArgv, String);
  let passable;

  function flagsFor(execArgv, env) {
    if (Array.isArray(execArgv)) return [...hook, ...execArgv];
    // Node.js throws an error for it.
    if (execArgv) return execArgv;
    const inherits = typeof env !== 'object' || env === null;
    return inherits && inheritable ? undefined : [...hook, ...(passable ??= workerFlags(own))];
  }

  function construct(target, [filename, options = {}, ...rest], newTarget) {
    // Node.js throws an error for null, but wouldn't for the object that replaces it.
    if (options === null) return Reflect.construct(target, [filename, options], newTarget);
    const { execArgv, env } = options;
    setEnvironmentData(TOLD, { execArgv: execArgv ? undefined : own });
    try {
      const hooked = withFlags(options, flagsFor(execArgv, env));
      return Reflect.construct(target, [filename, hooked, ...rest], newTarget);
    } finally {
      setEnvironmentData(TOLD, undefined);
    }
  }

  workerThreads.Worker = new Proxy(Worker, { construct });
  Worker.prototype.constructor = workerThreads.Worker;
}

// All other options are read from the original object: some may be inherited, or getters.
function withFlags(options, execArgv) {
  return new Proxy({}, { get: (_, name) => (name === 'execArgv' ? execArgv : options[name]) });
}

module.exports = { hookWorkers };
