'use strict';

// The option `clock`: nanoseconds since 1970 at which the guest's clocks start.

const { isDate } = require('node:util').types;
const { invalidType, outOfRange } = require('./errors.js');

// In 2262 nanoseconds since 1970 no longer fit into 63 bits.
const LATEST = 9223372036854;

// Whole milliseconds and the rest apart: together they are more than a number holds exactly.
function clockStart(clock) {
  const time = isDate(clock) ? clock.getTime() : clock;
  if (typeof time !== 'number') throw invalidType('options.clock', 'of type number or an instance of Date', clock);
  if (!(time >= 0 && time <= LATEST)) throw outOfRange('options.clock', `>= 0 && <= ${LATEST}`, clock);
  const whole = Math.floor(time);
  return BigInt(whole) * 1000000n + BigInt(Math.floor((time - whole) * 1e6));
}

module.exports = { LATEST, clockStart };
