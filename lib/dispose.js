'use strict';

// Makes `using` close what has a method close(). Symbol.dispose is missing in the first versions of
// Node 20.
function closeByUsing({ prototype }) {
  if (!Symbol.dispose) return;
  const value = prototype.close;
  Object.defineProperty(prototype, Symbol.dispose, { configurable: true, writable: true, value });
}

module.exports = { closeByUsing };
