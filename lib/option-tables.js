'use strict';

// The options of each function.

const checks = require('./checks.js');
const { compiling, limits, limitsOfRun } = require('./compile-options.js');
const { OptionTable } = require('./option-table.js');
const { running } = require('./options.js');
const { pipedStdio } = require('./stdio.js');

// Nothing that a spawned guest writes is captured.
const { encoding, maxBuffer, ...spawning } = { ...running, ...pipedStdio };

module.exports = {
  // What the addon needs to know, although nothing is captured.
  uncaptured: Object.freeze({ encoding: 'utf8', maxBuffer: 0 }),
  compileOptions: new OptionTable('compile()', { ...compiling, ...limits, signal: [checks.signal, undefined] }),
  // For a program that is already compiled.
  programOptions: new OptionTable('program.run() and program.instantiate()', running),
  programSpawnOptions: new OptionTable('program.spawn()', spawning),
  runOptions: new OptionTable('run()', { ...running, ...compiling, ...limitsOfRun }),
  spawnOptions: new OptionTable('spawn()', { ...spawning, ...compiling, ...limitsOfRun }),
};
