'use strict';

// Loaded with -r before everything else, in Workers too: appends a line of JSON to the file
// WASI_COMPAT_WITNESS for every object of the class, ours or that of Node.js, that is given an
// instance. The packages themselves are not changed.

const { appendFileSync } = require('node:fs');
const { threadId } = require('node:worker_threads');

const { WASI_COMPAT_WITNESS: file } = process.env;
const seen = new WeakSet();

function note(implementation, wasi, { exports }) {
  // One of these methods may call another one.
  if (seen.has(wasi)) return;
  seen.add(wasi);
  const shared = exports.memory.buffer instanceof SharedArrayBuffer;
  appendFileSync(file, `${JSON.stringify({ implementation, thread: threadId, shared })}\n`);
}

function observe({ prototype }, implementation) {
  // Node 20 has no finalizeBindings().
  for (const name of ['start', 'initialize', 'finalizeBindings'].filter((key) => key in prototype)) {
    const method = prototype[name];
    prototype[name] = function observed(instance, ...rest) {
      note(implementation, this, instance);
      return method.call(this, instance, ...rest);
    };
  }
}

// Before the hook is loaded, which puts our class in the place of the other.
observe(require('node:wasi').WASI, 'node:wasi');
observe(require('../..').WASI, 'wasi-rs');
