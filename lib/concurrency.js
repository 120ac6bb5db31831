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

// An invalid value is only a warning, because the person who runs the program may not be its author.
// The setting applies to the whole process, so a thread that starts later must not overwrite it.
function configureByEnvironment(text) {
  const concurrency = Number(text);
  const isValid = Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= MOST;
  const isFirst = native.configureFirst(isValid ? concurrency : 0);
  if (isFirst && !isValid) process.emitWarning(`WASI_RS_CONCURRENCY is ignored. It must be an integer from 1 to ${MOST}. Received '${text}'`);
}

if (process.env.WASI_RS_CONCURRENCY) configureByEnvironment(process.env.WASI_RS_CONCURRENCY);

module.exports = { configure };
