'use strict';

// Durations, sizes, counts and the like, as people write them.

const { LATEST } = require('../clock.js');

const milliseconds = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 };

// As in coreutils: KB is 1000 bytes, KiB and K are 1024.
const bytes = { '': 1, b: 1 };
for (const [index, letter] of [...'kmgt'].entries()) {
  bytes[`${letter}b`] = 1000 ** (index + 1);
  bytes[letter] = bytes[`${letter}ib`] = 1024 ** (index + 1);
}

// 1.1 * 1000 is a little more than 1100.
const withoutNoise = (number) => Number(number.toFixed(3));

// A decimal number and a unit, as one number, rounded up.
function measure(text, units, expected) {
  const [, number, unit] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit?.toLowerCase() ?? ' ') ? units[unit.toLowerCase()] : NaN;
  const value = Math.ceil(withoutNoise(Number(number) * factor));
  if (!Number.isSafeInteger(value) || value === 0) throw new Error(expected);
  return value;
}

// Milliseconds. The unit is required: `timeout 5` of the shell means seconds, `timeout: 5` of
// JavaScript milliseconds, and nobody should have to guess.
const duration = (text) => measure(text, milliseconds, 'a time with its unit is expected, such as 500ms, 5s or 2m');

// Bytes.
const size = (text) => measure(text, bytes, 'a size above 0 is expected, such as 65536, 64KiB or 1GiB');

function sizeBetween(least, most, expected) {
  return (text) => {
    const value = size(text);
    if (value < least || value > most) throw new Error(expected);
    return value;
  };
}

// A positive integer of 64 bits.
function count(text) {
  const value = /^\d+$/.test(text) ? BigInt(text) : 0n;
  if (value > 0n && value < 1n << 64n) return value;
  throw new Error('a positive integer is expected');
}

function countUpTo(most) {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : 0;
    if (value > 0 && value <= most) return value;
    throw new Error(`an integer from 1 to ${most} is expected`);
  };
}

const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/i;

// Date.parse() takes February 30 to be March 2.
const isDay = (text) => new Date(text.slice(0, 10)).toISOString().startsWith(text.slice(0, 10));

function parseDate(text) {
  const value = Date.parse(text);
  return value >= 0 && isDay(text) ? value : NaN;
}

// A point in time, in milliseconds since 1970. A time zone is required: a clock that is to be
// reproducible must not depend on where the machine is.
function time(text) {
  const value = ISO.test(text) ? parseDate(text) : /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (value >= 0 && value <= LATEST) return value;
  throw new Error('a date from 1970 to 2262 such as 2030-01-31 or 2030-01-31T12:00:00Z, ' +
    'or milliseconds since 1970, is expected');
}

// A number where the text is one, as in JavaScript: 1 and '1' are different seeds there.
function seed(text) {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  const number = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN;
  return Number.isFinite(number) ? number : text;
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB'];

function showSize(size) {
  const unit = UNITS.findIndex((_, index) => size < 1024 ** (index + 1) || index === UNITS.length - 1);
  return `${Number((size / 1024 ** unit).toFixed(1))} ${UNITS[unit]}`;
}

function showDuration(time) {
  return time < 1000 ? `${Number(time.toPrecision(3))} ms` : `${(time / 1000).toFixed(2)} s`;
}

module.exports = { count, countUpTo, duration, seed, showDuration, showSize, size, sizeBetween, time };
