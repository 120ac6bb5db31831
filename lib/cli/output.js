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

const stream = (fd, write) => ({ isTTY: tty.isatty(fd), write: (text) => write(fd, text) });

// For remarks and messages. If they can't be written, the exit code still says what happened.
function tryToWriteAll(fd, text) {
  try {
    writeAll(fd, text);
  } catch {
    // There is no other place to say so.
  }
}

module.exports = { stderr: stream(2, tryToWriteAll), stdout: stream(1, writeAll) };
