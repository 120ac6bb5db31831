'use strict';

const fs = require('node:fs');
const os = require('node:os');

// Where to make and remove thousands of files: a file system in memory where there is one.
function workFolder() {
  const memory = '/dev/shm';
  try {
    fs.accessSync(memory, fs.constants.W_OK);
    return memory;
  } catch {
    return os.tmpdir();
  }
}

module.exports = { workFolder };
