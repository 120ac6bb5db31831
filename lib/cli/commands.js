'use strict';

// The commands, by name. Each is an object:
//
//   summary       what the overview says about it
//   usage         what may follow its name, a list of lines
//   about         the first paragraph of its help
//   groups        its options, see options.js
//   notes         more lines for its help, if any
//   interspersed  whether options may follow operands
//   complete      what completion offers for the first operand: 'file', or a list of words
//   run(values, operands, { argv, commands })  does it, and gives the exit code

const commands = {
  run: require('./run.js').command,
  compile: require('./compile.js').command,
  inspect: require('./inspect.js').command,
  completion: require('./completion.js').command,
};

module.exports = { commands };
