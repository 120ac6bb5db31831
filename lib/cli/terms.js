'use strict';

// What the API says, in terms of the command line.

const flags = {
  'options.timeout': '--timeout',
  'options.memoryLimit': '--max-memory',
  'options.fuel': '--fuel',
  'options.maxStack': '--max-stack',
  'options.maxFiles': '--max-files',
  'allowPrecompiled': '--allow-precompiled',
  'Use instantiate() to call': 'Use --invoke to call',
  "which run() and compile() don't support": "which the command doesn't support",
};

const inCommandTerms = (message) => Object.entries(flags)
  .reduce((text, [term, flag]) => text.replaceAll(term, flag), message);

module.exports = { inCommandTerms };
