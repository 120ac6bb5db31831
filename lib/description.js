'use strict';

// What a compiled program imports and exports. The addon describes it when it is first asked for.

const native = require('./native.js');

const descriptions = new WeakMap();

function describe(handle) {
  if (!descriptions.has(handle)) descriptions.set(handle, frozen(native.describe(handle)));
  return descriptions.get(handle);
}

function frozen({ imports, exports, size }) {
  return {
    imports: Object.freeze(imports.map(({ module, name, kind }) => Object.freeze({ module, name, kind }))),
    exports: Object.freeze(exports.map(frozenExport)),
    size,
  };
}

function frozenExport(description) {
  Object.freeze(description.parameters);
  Object.freeze(description.results);
  return Object.freeze(description);
}

module.exports = { describe };
