'use strict';

// Lets `using` call the close() method of a class. The first versions of Node 20 don't have
// Symbol.dispose.
function closeByUsing({ prototype }) {
  if (!Symbol.dispose) return;
  const value = prototype.close;
  Object.defineProperty(prototype, Symbol.dispose, { configurable: true, writable: true, value });
}

module.exports = { closeByUsing };
