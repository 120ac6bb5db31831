'use strict';

// Determines which flags of a thread can be passed to a Worker. A Worker without flags of its own
// inherits those of its parent. A Worker with flags has only these, and Node.js refuses flags that
// concern the whole process.

const { Worker } = require('node:worker_threads');

// Node.js refuses this flag, so no Worker is started by trying.
const UNKNOWN = '--wasi-rs-unknown-flag';

function concernsProcess(flag) {
  try {
    new Worker('', { eval: true, execArgv: [UNKNOWN, flag] });
  } catch ({ message }) {
    return message.endsWith(`${UNKNOWN}, ${flag}`);
  }
}

// The flags that are left out apply to every thread anyway.
function workerFlags(flags) {
  let leftOut = false;
  return flags.filter((flag) => {
    const isValue = !flag.startsWith('-');
    leftOut = isValue ? leftOut : concernsProcess(flag);
    return !leftOut;
  });
}

module.exports = { workerFlags };
