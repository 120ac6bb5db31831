'use strict';

// A Worker that runs guests and tells what came of them.

const { parentPort, workerData } = require('node:worker_threads');
const { PassThrough } = require('node:stream');
const { run } = require('../..');

const { source, options, withStreams } = workerData;

async function main() {
  const streams = withStreams ? { stdin: new PassThrough().end('text'), stdout: new PassThrough().resume() } : {};
  const result = await run(source, { ...options, ...streams });
  parentPort.postMessage(result);
}

process.on('warning', (warning) => parentPort.postMessage(warning));
main().catch((error) => parentPort.postMessage(error));
parentPort.postMessage('started');
