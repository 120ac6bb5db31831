'use strict';

// The commands as the scripts need them: what can be typed, and what can follow it.

const { tableOf } = require('../options.js');

// A list has room for the first sentence.
const brief = (help) => help.split('. ')[0];

// { long, names } of each option, how it is written, and its entry.
function optionsOf(command) {
  return Object.entries(tableOf(command)).map(([name, entry]) => ({
    ...entry, help: brief(entry.help), long: name, names: [`--${name}`, ...entry.short ? [`-${entry.short}`] : []],
  }));
}

// Without a command, the words are those of `wasi-rs run`.
const DEFAULT = 'run';

module.exports = { DEFAULT, optionsOf };
