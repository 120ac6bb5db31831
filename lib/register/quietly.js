'use strict';

// What an action returns, without the warnings of one type that it gives.
function quietly(silenced, action) {
  const { emitWarning } = process;
  process.emitWarning = (warning, type, ...rest) => {
    if (type !== silenced) emitWarning.call(process, warning, type, ...rest);
  };
  try {
    return action();
  } finally {
    process.emitWarning = emitWarning;
  }
}

module.exports = { quietly };
