'use strict';

// The module that a command is given: a file, or "-" for standard input.

const path = require('node:path');
const { UsageError } = require('./failures.js');

const MOST = 1024 ** 3;

// { source, label, name }: what compile() takes, what messages call it, and what it calls itself,
// which is for bytes as it is with run().
async function moduleOf(operand) {
  if (operand !== '-') return { source: operand, label: operand, name: path.basename(operand) };
  return { source: await standardInput(), label: 'standard input', name: 'wasi' };
}

async function standardInput() {
  if (process.stdin.isTTY) {
    throw new UsageError('"-" reads the module from standard input, which is a terminal. ' +
      'Redirect it: wasi-rs - < app.wasm');
  }
  const chunks = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += chunk.length;
    if (size > MOST) throw new Error(`the module on standard input is larger than ${MOST} bytes`);
    chunks.push(chunk);
  }
  if (size > 0) return Buffer.concat(chunks);
  throw new Error('standard input is empty. A module was expected, because its name is "-"');
}

// Whether the guest's standard input is what is left of it: nothing.
const isFromStdin = ({ source }) => typeof source !== 'string';

module.exports = { isFromStdin, moduleOf };
