'use strict';

// The option `seed`: whatever it is, 32 bytes of it.

const { invalidType, outOfRange } = require('./errors.js');
const checks = require('./checks.js');

const EXPECTED = 'of type number, bigint or string, or an instance of Uint8Array';

// Kinds are told apart, so that '1' and 1 are not the same seed; 1 and 1n are.
function canonical(seed) {
  switch (typeof seed) {
    case 'bigint': return ['number:', String(seed)];
    case 'string': return ['string:', seed];
    case 'number':
      if (!Number.isFinite(seed)) throw outOfRange('options.seed', 'a finite number', seed);
      return ['number:', String(seed)];
    default:
      if (ArrayBuffer.isView(seed)) return ['bytes:', checks.bytes(seed)];
      throw invalidType('options.seed', EXPECTED, seed);
  }
}

function seedBytes(seed) {
  const [kind, content] = canonical(seed);
  // Few programs need it, and it takes long to load.
  const { createHash } = require('node:crypto');
  return createHash('sha256').update(kind).update(content).digest();
}

module.exports = { seedBytes };
