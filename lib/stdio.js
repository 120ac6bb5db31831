'use strict';

// Reads the options stdin, stdout and stderr.

const checks = require('./checks.js');
const { invalidType, invalidValue } = require('./errors.js');
const native = require('./native.js');

const EMPTY = new Uint8Array(0);
// Tells the addon to capture the output.
const CAPTURED = -1;
// A stream of a spawned guest. It counts as a stream.
const PIPED = Object.freeze({});
const INPUT = 'of type number or string, an instance of Buffer, Uint8Array, stream.Readable or ReadableStream, ' +
  'or an async iterable';
const OUTPUT = 'of type number or string, or an instance of stream.Writable or WritableStream';
// Words of child_process.
const FOREIGN = ['pipe', 'overlapped', 'ipc'];
const SPAWN = 'To write to a guest that runs, use spawn(). ';
const WORDS = "must be 'pipe', 'inherit', 'ignore', a descriptor or a stream";

// For each option, the function that reads it and its default. Streams and iterables are returned
// unchanged. They are later replaced by pipes.
const stdio = {
  stdin: [readInput, EMPTY],
  stdout: [(value, name) => readOutput(value, name, 1), CAPTURED],
  stderr: [(value, name) => readOutput(value, name, 2), CAPTURED],
};

// The same for spawn().
const pipedStdio = {
  stdin: [(value) => (value === 'pipe' ? PIPED : readInput(value)), PIPED],
  stdout: [(value, name) => (value === 'pipe' ? PIPED : readOutput(value, name, 1)), PIPED],
  stderr: [(value, name) => (value === 'pipe' ? PIPED : readOutput(value, name, 2)), PIPED],
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
    `${value === 'pipe' ? SPAWN : ''}If the input is the word ${value}, pass it as Buffer.from('${value}')`, value);
}

// They have a descriptor and can't be used as streams, although a FileHandle has write().
const isFile = (value) => typeof value?.appendFile === 'function' || value instanceof require('./memory-file.js').MemoryFile;

const orDescriptor = (expected, value) => (isFile(value) ? `${expected}. To use this file, pass its fd` : expected);

function readable(value) {
  if (isNodeStream(value, 'pause') || typeof value?.getReader === 'function' || isIterable(value)) return value;
  throw invalidType('options.stdin', orDescriptor(INPUT, value), value);
}

const isNodeStream = (value, method) => typeof value?.on === 'function' && typeof value[method] === 'function';

// An array is more likely to be a value of child_process.
function isIterable(value) {
  if (typeof value !== 'object' || Array.isArray(value) || isFile(value)) return false;
  return [Symbol.asyncIterator, Symbol.iterator].some((name) => typeof value?.[name] === 'function');
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
  const isStream = isNodeStream(value, 'write') || typeof value?.getWriter === 'function';
  if (isStream && typeof value.appendFile !== 'function') return value;
  throw invalidType(name, orDescriptor(OUTPUT, value), value);
}

// All guests share one, which is kept open.
let device;
function nullDevice() {
  device ??= native.nullDevice();
  return device;
}

module.exports = { PIPED, hasStreams, isStream, pipedStdio, stdio };
