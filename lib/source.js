'use strict';

// Turns the argument `source` into what the addon compiles: the path of a file, or bytes.

const path = require('node:path');
const { fileURLToPath } = require('node:url');
const { isAnyArrayBuffer } = require('node:util').types;
const checks = require('./checks.js');
const { invalidType, invalidValue } = require('./errors.js');

const EXPECTED = 'of type string (a path) or an instance of URL, Buffer, TypedArray, DataView, ArrayBuffer or Response';
// The default of args[0] for a program that doesn't come from a file.
const NAMELESS = 'wasi';

// Returns { path, bytes, name }, with either a path or bytes, or a promise of it.
function sourceOf(source) {
  if (typeof source === 'string') return file(source);
  if (ArrayBuffer.isView(source)) return memory(source);
  if (source === null || typeof source !== 'object') throw invalidType('source', EXPECTED, source);
  if (isAnyArrayBuffer(source)) return memory(new Uint8Array(source));
  if (source.href !== undefined && source.protocol !== undefined) return file(fileURLToPath(source));
  if (typeof source.arrayBuffer === 'function') return response(source);
  throw invalidType('source', EXPECTED, source);
}

function file(name) {
  return { path: checks.noNull(name, 'source'), bytes: undefined, name: path.basename(name) };
}

function memory(view) {
  return { path: undefined, bytes: checks.bytes(view), name: NAMELESS };
}

// The body of an error page is not a program.
async function response(answer) {
  if (answer.ok === false) throw invalidValue('source', 'must be a response with a 2xx status', answer.status);
  return memory(new Uint8Array(await answer.arrayBuffer()));
}

module.exports = { sourceOf };
