'use strict';

// Errors that look like Node's own, and those made from what the addon says.

const { constants } = require('node:buffer');
const { inspect } = require('node:util');

const { defineProperty } = Object;

function toStringWithCode() {
  return `${this.name} [${this.code}]: ${this.message}`;
}

// Like Node's, such an error shows its code in its stack and as a string, but not in its name.
// `maker` is the function above which the stack begins.
function codedError(Base, code, message, maker) {
  const error = new Base(message);
  defineProperty(error, 'name', { configurable: true, value: `${error.name} [${code}]` });
  Error.captureStackTrace(error, maker);
  // It is put together when it is first read, with the name that the error has then.
  void error.stack;
  delete error.name;
  defineProperty(error, 'toString', { configurable: true, writable: true, value: toStringWithCode });
  error.code = code;
  return error;
}

const kindOf = (name) => (name.includes('.') ? 'property' : 'argument');

// What Node says of a value of the wrong type, by the rules of the version that runs: let one of
// its own functions refuse it.
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

// For a property that is not an option: whoever passed it believes that it does something.
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

// The same error as that of Node's permission model, without the code in the stack.
function accessDenied(permission, flag, resource = '') {
  const error = new Error(`Access to this API has been restricted. Use ${flag} to manage permissions.`);
  Error.captureStackTrace(error, accessDenied);
  return Object.assign(error, { code: 'ERR_ACCESS_DENIED', permission, resource });
}

// Node's own class is not to be had.
class AbortError extends Error {
  constructor(reason) {
    super('The operation was aborted', reason === undefined ? undefined : { cause: reason });
    this.code = 'ABORT_ERR';
    this.name = 'AbortError';
  }
}

// What the addon calls a failure: { code, message, ...more }. Errors of the system have no code in
// their stacks, as in Node.
function failureError({ code, message, ...more }, reason) {
  if (code === 'ABORT_ERR') return new AbortError(reason);
  const error = code.startsWith('ERR_')
    ? codedError(Error, code, message, failureError)
    : Object.assign(new Error(message), { code });
  return Object.assign(error, more);
}

module.exports = {
  AbortError, accessDenied, failureError, fileTooLarge, invalidOption, invalidState, invalidType, invalidValue,
  outOfRange, prematureClose, stringTooLong,
};
