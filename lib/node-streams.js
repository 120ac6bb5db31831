'use strict';

// Turns what can be passed as stdin, stdout and stderr into streams of Node.js. Loaded lazily, with
// node:stream.

const { Readable, Writable } = require('node:stream');
const { invalidValue } = require('./errors.js');

// Streams may be in any state by now, which is not a mistake in the code of the caller: a client may
// have disconnected, for example.
function toReadable(value) {
  if (typeof value.on === 'function') return checkedReadable(value);
  if (typeof value.getReader !== 'function') return Readable.from(value);
  return Readable.fromWeb(unlocked(value, 'options.stdin'));
}

function toWritable(value, name) {
  if (typeof value.on === 'function') return checkedWritable(value, name);
  return Writable.fromWeb(unlocked(value, name));
}

// A stream that has been read to its end is an empty input. One that was destroyed never ends.
function checkedReadable(stream) {
  if (stream.readable !== false || stream.readableEnded) return stream;
  throw invalidValue('options.stdin', 'must be a readable stream', stream);
}

function checkedWritable(stream, name) {
  if (stream.writable !== false) return stream;
  const advice = stream.writableEnded ? '. To use a stream for several guests, set options.end to false' : '';
  throw invalidValue(name, `must be a writable stream${advice}`, stream);
}

function unlocked(stream, name) {
  if (stream.locked) throw invalidValue(name, 'must not be locked to a reader or a writer', stream);
  return stream;
}

module.exports = { toReadable, toWritable };
