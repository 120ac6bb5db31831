'use strict';

// The module that a command is given: a file, or "-" for standard input.

const fs = require('node:fs');
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
  const bytes = await all(process.stdin, 'standard input');
  if (bytes.length > 0) return bytes;
  throw new Error('standard input is empty. A module was expected, because its name is "-"');
}

const tooLarge = (label) => new Error(`${label} is larger than ${MOST} bytes, the limit for a module`);

async function all(stream, label) {
  const chunks = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MOST) throw tooLarge(label);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// The module's bytes, from wherever it comes. A device need not end. Files that the system makes when
// they are read have no size.
async function bytesOf({ source, label }) {
  if (typeof source !== 'string') return source;
  const stat = await fs.promises.stat(source);
  if (stat.isDirectory()) throw new Error(`${label} is a directory, not a module`);
  if (!stat.isFile() && !stat.isFIFO()) throw new Error(`${label} is neither a regular file nor a pipe`);
  if (stat.size > MOST) throw tooLarge(label);
  return stat.size > 0 ? fs.promises.readFile(source) : all(fs.createReadStream(source), label);
}

const looksLikeModule = (word) => /\.(wasm|wat|cwasm)$/.test(word);

// `argv` is the command line: an option may have taken the module as its value.
function missingModule(command, argv) {
  const at = argv.findIndex((word, index) => (
    index > 0 && looksLikeModule(word) && !word.startsWith('-') && argv[index - 1].startsWith('-')));
  const taken = at === -1 ? '' : `. '${argv[at]}' was taken as the value of ${argv[at - 1]}`;
  return new UsageError(`${command} needs a module${taken}`);
}

// Whether the guest's standard input is what is left of it: nothing.
const isFromStdin = ({ source }) => typeof source !== 'string';

module.exports = { bytesOf, isFromStdin, looksLikeModule, missingModule, moduleOf };
