'use strict';

// Writing to our own stdout and stderr. Not by process.stdout: that makes a pipe non-blocking,
// and the guest and others who write to the same pipe would find it so.

const fs = require('node:fs');
const tty = require('node:tty');

const RETRY_MS = 5;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

function writeSome(fd, bytes) {
  try {
    return fs.writeSync(fd, bytes);
  } catch (error) {
    // Nobody reads any more, and nobody is to be told.
    if (error.code === 'EPIPE') return bytes.length;
    // Someone else made it non-blocking, and it is full.
    if (error.code !== 'EAGAIN') throw error;
    Atomics.wait(sleeper, 0, 0, RETRY_MS);
    return 0;
  }
}

function writeAll(fd, text) {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) bytes = bytes.subarray(writeSome(fd, bytes));
}

const stream = (fd) => ({ isTTY: tty.isatty(fd), write: (text) => writeAll(fd, text) });

module.exports = { stderr: stream(2), stdout: stream(1) };
