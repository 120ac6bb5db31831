'use strict';

// Which flags of a thread a Worker can be given. A Worker that is given none inherits them all; one
// that is given some has those only, and Node refuses it if one of them concerns the whole process.

const { Worker } = require('node:worker_threads');

// Node refuses this one, so that no Worker comes of asking.
const UNKNOWN = '--wasi-rs-unknown-flag';

function concernsProcess(flag) {
  try {
    new Worker('', { eval: true, execArgv: [UNKNOWN, flag] });
  } catch ({ message }) {
    return message.endsWith(`${UNKNOWN}, ${flag}`);
  }
}

// What is left out is in force in every thread anyway.
function workerFlags(flags) {
  let leftOut = false;
  return flags.filter((flag) => {
    const isValue = !flag.startsWith('-');
    leftOut = isValue ? leftOut : concernsProcess(flag);
    return !leftOut;
  });
}

module.exports = { workerFlags };
