'use strict';

// Lets `using` and `await using` end objects. The first versions of Node 20 don't have the symbols.

function define(prototype, symbol, value) {
  if (symbol) Object.defineProperty(prototype, symbol, { configurable: true, writable: true, value });
}

// With the close() method of the class.
function closeByUsing({ prototype }) {
  define(prototype, Symbol.dispose, prototype.close);
}

// With `end(object)`, which returns a promise.
function endByUsing({ prototype }, end) {
  define(prototype, Symbol.asyncDispose, function dispose() {
    return end(this);
  });
}

module.exports = { closeByUsing, endByUsing };
