'use strict';

// A Worker that runs a module as a command: `workerData` has the module, the
// options of the constructor and, for a guest that shares it, the memory. It
// says 'started' before and the exit code after.

const { parentPort, workerData } = require('node:worker_threads');
const { WASI } = require('../..');

const { module: guest, options, memory } = workerData;
const wasi = new WASI({ version: 'preview1', ...options });
const instance = new WebAssembly.Instance(guest, { ...wasi.getImportObject(), env: { memory } });
parentPort.postMessage('started');
wasi.finalizeBindings(instance, { memory: memory ?? instance.exports.memory });
const { kExitCode } = Object.fromEntries(
  Object.getOwnPropertySymbols(wasi).map((symbol) => [symbol.description, symbol]));
try {
  instance.exports._start();
} catch (error) {
  if (error !== kExitCode) throw error;
}
parentPort.postMessage(wasi[kExitCode]);
