'use strict';

// How many guests run at once: configure(), and the environment variable that sets the default.

const checks = require('./checks.js');
const native = require('./native.js');
const { OptionTable } = require('./option-table.js');

const MOST = 1024;

const table = new OptionTable('configure()', {
  concurrency: [(value, name) => checks.integer(value, name, 1, MOST), undefined],
});

function configure(options) {
  const { concurrency } = table.read(options);
  if (concurrency !== undefined) native.configure(concurrency);
}

// Invalid values are ignored, because the person who runs the program may not be its author. The
// setting applies to the whole process, so a Worker that starts later must not overwrite it.
function configureByEnvironment(text) {
  const concurrency = Number(text);
  const isFine = Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= MOST;
  if (isFine && require('node:worker_threads').isMainThread) native.configure(concurrency);
}

if (process.env.WASI_RS_CONCURRENCY) configureByEnvironment(process.env.WASI_RS_CONCURRENCY);

module.exports = { configure };
