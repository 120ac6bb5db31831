'use strict';

// Durations, sizes and counts as people write them.

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

module.exports = { count, duration, size, sizeBetween };
