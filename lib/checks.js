'use strict';

// Checks that several options share. Each returns the value or throws the error that Node.js would.

const { isSharedArrayBuffer } = require('node:util').types;
const { invalidType, invalidValue, outOfRange } = require('./errors.js');

// Like validateObject() in Node.js, this accepts neither arrays nor functions.
function object(value, name, expected = 'of type object') {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  throw invalidType(name, expected, value);
}

function boolean(value, name) {
  if (typeof value === 'boolean') return value;
  throw invalidType(name, 'of type boolean', value);
}

function number(value, name, expected = 'of type number') {
  if (typeof value === 'number') return value;
  throw invalidType(name, expected, value);
}

const BYTES = 'of type number, in bytes (for example, 64 * 1024 * 1024)';
const MILLISECONDS = 'of type number, in milliseconds (for example, 5000)';

function integer(value, name, least, most, expected) {
  if (!Number.isInteger(number(value, name, expected))) throw outOfRange(name, 'an integer', value);
  if (value < least || value > most) throw outOfRange(name, `>= ${least} && <= ${most}`, value);
  return value;
}

// A size that can be unlimited.
function bytesOrInfinity(value, name) {
  if (number(value, name, BYTES) === Infinity) return value;
  return integer(value, name, 0, Number.MAX_SAFE_INTEGER);
}

// A time. 0 means no limit, and so does a time that is longer than any clock can count.
function milliseconds(value, name) {
  if (!(number(value, name, MILLISECONDS) >= 0)) throw outOfRange(name, '>= 0', value);
  return value > Number.MAX_SAFE_INTEGER ? 0 : value;
}

function bytesBetween(value, name, least, most) {
  return integer(value, name, least, most, BYTES);
}

function fileDescriptor(value, name) {
  return integer(value, name, 0, 2147483647);
}

function signal(value, name) {
  if (value !== null && typeof value === 'object' && 'aborted' in value) return value;
  throw invalidType(name, 'an instance of AbortSignal', value);
}

function noNull(value, name) {
  if (value.includes('\0')) throw invalidValue(name, 'must be a string without null bytes', value);
  return value;
}

// Any view, as bytes. Shared memory is copied, because other threads could write to it meanwhile.
function bytes(view) {
  const { buffer, byteOffset, byteLength } = view;
  const asBytes = view instanceof Uint8Array ? view : new Uint8Array(buffer, byteOffset, byteLength);
  return isSharedArrayBuffer(buffer) ? new Uint8Array(asBytes) : asBytes;
}

module.exports = {
  boolean, bytes, bytesBetween, bytesOrInfinity, fileDescriptor, integer, milliseconds, noNull, number, object, signal,
};
