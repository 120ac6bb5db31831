'use strict';

// A Worker that runs one command with node:wasi. CommonJS, which starts sooner.

const { WASI } = require('node:wasi');
const { parentPort, workerData } = require('node:worker_threads');

const { module: compiled, args, stdin, stdout } = workerData;
const wasi = new WASI({ version: 'preview1', args, stdin, stdout, stderr: stdout });
const instance = new WebAssembly.Instance(compiled, wasi.getImportObject());
parentPort.postMessage('starting');
process.exitCode = wasi.start(instance);
