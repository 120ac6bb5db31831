'use strict';

// Hooks Workers. One that is given flags, or an environment with another NODE_OPTIONS, would not
// have the hook; nor one with `eval` if the hook came by `--import`; nor any if the program itself
// loaded it. So `Worker` adds it to their flags, before all others. Those that have it for sure
// inherit their flags as ever, because some cannot be passed on: those of a configuration file.

const workerThreads = require('node:worker_threads');
const { workerFlags } = require('./worker-flags.js');

const { Worker, getEnvironmentData, setEnvironmentData } = workerThreads;

// What a thread tells the hook in a Worker that it starts: which process.execArgv is to be seen
// there, undefined for the flags that the Worker was given.
const TOLD = 'wasi-rs/register';

function hideHook(added) {
  const told = getEnvironmentData(TOLD);
  if (told === undefined) return;
  setEnvironmentData(TOLD, undefined);
  process.execArgv = told.execArgv ?? process.execArgv.slice(added.length);
}

// `inheritable` says that who inherits the flags of this thread has the hook.
function hookWorkers(file, inheritable) {
  const hook = ['--require', file];
  hideHook(hook);
  const own = Array.from(process.execArgv, String);
  let passable;

  function flagsFor(execArgv, env) {
    if (Array.isArray(execArgv)) return [...hook, ...execArgv];
    // Node refuses it.
    if (execArgv) return execArgv;
    const inherits = typeof env !== 'object' || env === null;
    return inherits && inheritable ? undefined : [...hook, ...(passable ??= workerFlags(own))];
  }

  function construct(target, [filename, options = {}, ...rest], newTarget) {
    // Node refuses it, but would not refuse what stands for it.
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

// All other options are read where they are: some may be inherited, or getters.
function withFlags(options, execArgv) {
  return new Proxy({}, { get: (_, name) => (name === 'execArgv' ? execArgv : options[name]) });
}

module.exports = { hookWorkers };
