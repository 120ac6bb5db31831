'use strict';

// What the API says, in terms of the command line.

const NO_IMPORTS = 'The command has no option for it. In JavaScript';

const flags = {
  'options.timeout': '--timeout',
  'options.memoryLimit': '--max-memory',
  'options.fuel': '--fuel',
  'options.maxStack': '--max-stack',
  'options.maxFiles': '--max-files',
  'allowPrecompiled': '--allow-precompiled',
  'Use instantiate() to call': 'Use --invoke to call',
  'Pass the function in options.imports': `${NO_IMPORTS}, pass the function to run() or instantiate() in options.imports`,
  'Pass the value in options.imports': `${NO_IMPORTS}, pass the value to run() or instantiate() in options.imports`,
  'Pass them in options.imports': `${NO_IMPORTS}, pass them to run() or instantiate() in options.imports`,
  'or pass the function in options.imports': 'or, in JavaScript, pass the function to run() in options.imports',
  "which run() and compile() don't support": "which the command doesn't support",
};

const inCommandTerms = (message) => Object.entries(flags)
  .reduce((text, [term, flag]) => text.replaceAll(term, flag), message);

module.exports = { inCommandTerms };
