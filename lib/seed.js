'use strict';

// Turns the option `seed` into 32 bytes, whatever its type.

const { invalidType, outOfRange } = require('./errors.js');
const checks = require('./checks.js');

const EXPECTED = 'of type number, bigint or string, or an instance of Uint8Array';

// The type is part of the seed, so that '1' and 1 are different seeds. But 1 and 1n are the same.
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
  // Loaded lazily, because few programs need it and loading takes long.
  const { createHash } = require('node:crypto');
  return createHash('sha256').update(kind).update(content).digest();
}

module.exports = { seedBytes };
