'use strict';

// Runs an action and returns its result, but suppresses its warnings of one type.
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
