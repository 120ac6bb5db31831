'use strict';

// A Worker whose own Worker asks.

const { Worker, parentPort, workerData } = require('node:worker_threads');

new Worker(`${__dirname}/worker.js`, workerData).on('message', (answer) => parentPort.postMessage(answer));
