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
  if (source.href !== undefined && source.protocol !== undefined) return file(pathOf(source));
  if (typeof source.arrayBuffer === 'function') return response(source);
  throw invalidType('source', EXPECTED, source);
}

const FETCH = 'Fetch it and pass the response: run(await fetch(url))';

function pathOf(url) {
  try {
    return fileURLToPath(url);
  } catch (error) {
    if (error.code === 'ERR_INVALID_URL_SCHEME') error.message += `. ${FETCH}`;
    throw error;
  }
}

// What is mistaken for a path, each with what to do.
const mistaken = [
  [/^data:[^,]*,/i, `must be a path, not a data: URL. ${FETCH}`],
  [/^https?:\/\//i, `must be a path, not the address of a website. ${FETCH}`],
  [/^file:\/\//i, 'must be a path, or a URL object: new URL(source)'],
  [/^\(\s*(?:module|component)\b[^]*\)\s*$/, 'must be a path, not WebAssembly itself. Pass text as Buffer.from(source)'],
];

// Skips white space and comments of the text format at the start.
function withoutComments(text) {
  const comment = /(?:\s|;;.*|\(;[^]*?;\))/y;
  let start = 0;
  while (comment.test(text)) start = comment.lastIndex;
  return text.slice(start);
}

function file(name) {
  const start = withoutComments(name);
  const [, reason] = mistaken.find(([pattern]) => pattern.test(start)) ?? [];
  if (reason !== undefined) throw invalidValue('source', reason, name);
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
