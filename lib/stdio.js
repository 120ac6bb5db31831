'use strict';

// Reads the options stdin, stdout and stderr.

const checks = require('./checks.js');
const { invalidType, invalidValue } = require('./errors.js');
const native = require('./native.js');

const EMPTY = new Uint8Array(0);
// Tells the addon to capture the output.
const CAPTURED = -1;
const INPUT = 'of type number or string, or an instance of Buffer, Uint8Array or stream.Readable';
const OUTPUT = 'of type number or string, or an instance of stream.Writable';
// Words of child_process.
const FOREIGN = ['pipe', 'overlapped', 'ipc'];
const WORDS = "must be 'pipe', 'inherit', 'ignore', a descriptor or a stream";

// For each option, the function that reads it and its default. Streams are returned unchanged. They
// are later replaced by pipes.
const stdio = {
  stdin: [readInput, EMPTY],
  stdout: [(value, name) => readOutput(value, name, 1), CAPTURED],
  stderr: [(value, name) => readOutput(value, name, 2), CAPTURED],
};

const isStream = (value) => typeof value === 'object' && !ArrayBuffer.isView(value);
const hasStreams = ({ stdin, stdout, stderr }) => isStream(stdin) || isStream(stdout) || isStream(stderr);

function readInput(value) {
  if (value === 'ignore') return EMPTY;
  if (value === 'inherit') return 0;
  if (typeof value === 'number') return checks.fileDescriptor(value, 'options.stdin');
  if (typeof value === 'string') return text(value);
  if (ArrayBuffer.isView(value)) return checks.bytes(value);
  return readable(value);
}

// What the words of child_process would do there is not what they would do as input.
function text(value) {
  if (!FOREIGN.includes(value)) return Buffer.from(value);
  throw invalidValue('options.stdin', 'must be the input itself, \'inherit\', \'ignore\', a descriptor or a stream. ' +
    `If the input is the word ${value}, pass it as Buffer.from('${value}')`, value);
}

// They have a descriptor and can't be used as streams, although a FileHandle has write().
const isFile = (value) => typeof value?.appendFile === 'function' || value instanceof require('./memory-file.js').MemoryFile;

const orDescriptor = (expected, value) => (isFile(value) ? `${expected}. To use this file, pass its fd` : expected);

function readable(value) {
  if (typeof value?.on !== 'function' || typeof value.pause !== 'function') {
    throw invalidType('options.stdin', orDescriptor(INPUT, value), value);
  }
  // A stream that has been read to its end is an empty input. One that was destroyed never ends.
  if (value.readable === false && !value.readableEnded) {
    throw invalidValue('options.stdin', 'must be a readable stream', value);
  }
  return value;
}

function readOutput(value, name, inherited) {
  if (value === 'pipe') return CAPTURED;
  if (value === 'inherit') return inherited;
  if (value === 'ignore') return nullDevice();
  if (typeof value === 'number') return checks.fileDescriptor(value, name);
  if (typeof value === 'string') throw invalidValue(name, WORDS, value);
  return writable(value, name);
}

function writable(value, name) {
  if (typeof value?.on !== 'function' || typeof value.write !== 'function' || typeof value.appendFile === 'function') {
    throw invalidType(name, orDescriptor(OUTPUT, value), value);
  }
  if (value.writable === false) throw invalidValue(name, 'must be a writable stream', value);
  return value;
}

// All guests share one, which is kept open.
let device;
function nullDevice() {
  device ??= native.nullDevice();
  return device;
}

module.exports = { hasStreams, isStream, stdio };
