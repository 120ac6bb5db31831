'use strict';

// Options that several commands have, and what an entry of a table of options is. Parser, help and
// completion share the tables.
//
//   value     what the help calls its value; without one the option takes none
//   parse     makes the value from its text
//   short     its letter
//   multiple  all values count, in their order; otherwise the last one does
//   as        the name under which the value is kept, if it is another one
//   help      what the help says about it
//   complete  what completion offers: 'file', 'directory', or a list of words
//
// A command has its options in groups: { title: { name: entry } }.

const { duration, size } = require('./units.js');

const general = {
  help: { short: 'h', help: 'Print this help' },
  version: { short: 'V', help: 'Print the version of wasi-rs' },
};

const compiling = {
  'compile-timeout': { value: 'TIME', parse: duration, help: 'Time limit for compiling (default: 10m)' },
  'compile-memory': { value: 'SIZE', parse: size, help: 'Memory limit for compiling (default: 2GiB)' },
};

// All options of a command by name.
const tableOf = ({ groups }) => Object.assign({}, ...Object.values(groups));

module.exports = { compiling, general, tableOf };
