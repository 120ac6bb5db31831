'use strict';

// A Worker that asks.

const { parentPort } = require('node:worker_threads');
const { ask } = require('./ask');

ask().then((answer) => parentPort.postMessage(answer));
