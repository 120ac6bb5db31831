'use strict';

// A line about what takes long: on a terminal only, and gone afterwards.

const { stderr } = require('./output.js');

const ERASE = '\r\x1b[2K';

function canErase({ isTTY }) {
  return isTTY && process.env.TERM !== 'dumb';
}

// Gives what the promise gives.
async function withProgress(text, promise, { stream = stderr, delay = 1000 } = {}) {
  if (!canErase(stream)) return promise;
  let shown = false;
  const timer = setTimeout(() => {
    shown = true;
    stream.write(text);
  }, delay);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    if (shown) stream.write(ERASE);
  }
}

module.exports = { withProgress };
