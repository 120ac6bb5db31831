'use strict';

// Ends a child process that goes when its channel does.
function stop(child) {
  return new Promise((resolve) => {
    child.once('exit', resolve);
    child.disconnect();
  });
}

module.exports = { stop };
