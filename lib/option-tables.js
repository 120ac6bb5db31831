'use strict';

// The options of each function.

const checks = require('./checks.js');
const { compiling, limits, limitsOfRun } = require('./compile-options.js');
const { OptionTable } = require('./option-table.js');
const { running } = require('./options.js');

module.exports = {
  compileOptions: new OptionTable('compile()', { ...compiling, ...limits, signal: [checks.signal, undefined] }),
  // For a program that is already compiled.
  programOptions: new OptionTable('program.run() and program.instantiate()', running),
  runOptions: new OptionTable('run()', { ...running, ...compiling, ...limitsOfRun }),
};
