'use strict';

// What --verbose prints to stderr: where the code comes from, and what the program used.

const { stderr } = require('./output.js');
const { showDuration, showSize } = require('./units.js');
const { visible } = require('./visible.js');

const say = (text) => stderr.write(`wasi-rs: ${visible(text)}\n`);

// By the origin of the code.
const loaded = {
  precompiled: 'is precompiled, and was loaded in',
  cache: 'was loaded from the cache in',
  process: 'was compiled in this process in',
  child: 'was compiled in a child process in',
  v8: 'was compiled by V8 in',
};

function sayLoaded({ label }, size, origin, time) {
  say(`${label} (${showSize(size)}) ${loaded[origin]} ${showDuration(time)}`);
}

// Code that counts fuel is separate, and made when it is first run.
function sayPrepared({ label }, origin, time) {
  say(`${label}, with code that counts fuel, ${loaded[origin]} about ${showDuration(time)}`);
}

// `what` it did, and what there is of a result. The engine need not know the memory, nor fuel.
function sayUsage(what, { duration, memoryPeak, fuelUsed }) {
  const used = [];
  if (memoryPeak !== undefined) used.push(`at most ${showSize(memoryPeak)} of memory`);
  if (fuelUsed !== undefined && fuelUsed !== null) used.push(`${fuelUsed} units of fuel`);
  say(`${what} after ${showDuration(duration)}${used.length ? ` and used ${used.join(' and ')}` : ''}`);
}

module.exports = { sayLoaded, sayPrepared, sayUsage };
