'use strict';

const { registerHooks } = require('node:module');
const { pathToFileURL } = require('node:url');

const isBuiltin = (name) => name === 'node:wasi' || name === 'wasi';

// Makes `import` of the built-in module import wasi-rs.
function hookImports() {
  const ours = { url: pathToFileURL(require.resolve('../../index.js')).href, format: 'commonjs', shortCircuit: true };
  registerHooks({ resolve: (name, context, next) => (isBuiltin(name) ? ours : next(name, context)) });
}

module.exports = { hookImports };
