'use strict';

// Makes errors that look like those of Node.js, and errors from the failures that the addon reports.

const { constants } = require('node:buffer');
const { inspect } = require('node:util');

const { defineProperty } = Object;

function toStringWithCode() {
  return `${this.name} [${this.code}]: ${this.message}`;
}

// Like an error of Node.js, this one shows its code in its stack and as a string, but not in its
// name. The stack begins at the caller of `maker`.
function codedError(Base, code, message, maker) {
  const error = new Base(message);
  defineProperty(error, 'name', { configurable: true, value: `${error.name} [${code}]` });
  Error.captureStackTrace(error, maker);
  // The stack is formatted when it is first read, with the name that the error has at that time.
  void error.stack;
  delete error.name;
  defineProperty(error, 'toString', { configurable: true, writable: true, value: toStringWithCode });
  error.code = code;
  return error;
}

const kindOf = (name) => (name.includes('.') ? 'property' : 'argument');

// How this version of Node.js describes a value of the wrong type. To find out, pass the value to a
// function of Node.js that rejects it.
function received(value) {
  try {
    if (typeof value === 'function') Buffer.from(value);
    else process.nextTick(value);
  } catch ({ message }) {
    return message.slice(message.lastIndexOf('. Received '));
  }
  return '';
}

function invalidType(name, expected, value) {
  const message = `The "${name}" ${kindOf(name)} must be ${expected}${received(value)}`;
  return codedError(TypeError, 'ERR_INVALID_ARG_TYPE', message, invalidType);
}

function invalidValue(name, reason, value) {
  const shown = inspect(value);
  const short = shown.length > 128 ? `${shown.slice(0, 128)}...` : shown;
  const message = `The ${kindOf(name)} '${name}' ${reason}. Received ${short}`;
  return codedError(TypeError, 'ERR_INVALID_ARG_VALUE', message, invalidValue);
}

// For a property that is not an option. The caller expects it to have an effect.
function invalidOption(name, reason) {
  return codedError(TypeError, 'ERR_INVALID_ARG_VALUE', `The property '${name}' ${reason}`, invalidOption);
}

function outOfRange(name, expected, value) {
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${inspect(value)}`;
  return codedError(RangeError, 'ERR_OUT_OF_RANGE', message, outOfRange);
}

function invalidState(reason) {
  return codedError(Error, 'ERR_INVALID_STATE', `Invalid state: ${reason}`, invalidState);
}

function fileTooLarge(size) {
  const message = `File size (${size}) is greater than 2 GiB`;
  return codedError(RangeError, 'ERR_FS_FILE_TOO_LARGE', message, fileTooLarge);
}

function stringTooLong() {
  const most = `0x${constants.MAX_STRING_LENGTH.toString(16)}`;
  const message = `Cannot create a string longer than ${most} characters`;
  return codedError(Error, 'ERR_STRING_TOO_LONG', message, stringTooLong);
}

function prematureClose(name) {
  const message = `The stream passed as "${name}" closed before it ended`;
  return codedError(Error, 'ERR_STREAM_PREMATURE_CLOSE', message, prematureClose);
}

function untransferable() {
  const message = 'The memory of a guest can\'t be transferred to another ArrayBuffer. To copy it, use memory.read()';
  return codedError(TypeError, 'ERR_INVALID_STATE', message, untransferable);
}

// If guest and host call each other, each message has the one of the error before it.
const LONGEST_REASON = 1000;

// Whatever was thrown, reading it must not throw.
function reasonOf(cause) {
  try {
    const reason = typeof cause?.message === 'string' ? cause.message : inspect(cause);
    return reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON)}...` : reason;
  } catch {
    return 'an object that can\'t be shown';
  }
}

function invalidReturn(path, cause) {
  const message = `The host function ${path} returned a value that can't be converted to its result: ${reasonOf(cause)}`;
  return Object.assign(codedError(TypeError, 'ERR_INVALID_RETURN_VALUE', message, invalidReturn), { cause });
}

// The same error as in Node's permission model, without the code in the stack.
function accessDenied(permission, flag, resource = '') {
  const error = new Error(`Access to this API has been restricted. Use ${flag} to manage permissions.`);
  Error.captureStackTrace(error, accessDenied);
  return Object.assign(error, { code: 'ERR_ACCESS_DENIED', permission, resource });
}

// Node.js doesn't export its own AbortError.
class AbortError extends Error {
  constructor(reason) {
    super('The operation was aborted', reason === undefined ? undefined : { cause: reason });
    this.code = 'ABORT_ERR';
    this.name = 'AbortError';
  }
}

// Makes an error from a failure that the addon reports: { code, message, ...more }. As in Node.js,
// system errors don't show their code in the stack.
function failureError({ code, message, ...more }, reason) {
  if (code === 'ABORT_ERR') return new AbortError(reason);
  const error = code.startsWith('ERR_')
    ? codedError(Error, code, message, failureError)
    : Object.assign(new Error(message), { code });
  return Object.assign(error, more);
}

module.exports = {
  AbortError, accessDenied, failureError, fileTooLarge, invalidOption, invalidReturn, invalidState, invalidType, invalidValue,
  outOfRange, prematureClose, reasonOf, stringTooLong, untransferable,
};
