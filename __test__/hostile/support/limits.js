'use strict';

// What attacks are asked to keep to, and how they may end.

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const TIMEOUT = 'ERR_WASI_TIMEOUT';
const MEMORY = 'ERR_WASI_MEMORY_LIMIT';
const TRAP = 'ERR_WASI_TRAP';
const RESOLVED = 'resolved';

// How compiling may end without a program.
const REFUSED = ['ERR_WASI_COMPILE', 'ERR_WASI_COMPILE_TIMEOUT', 'ERR_WASI_COMPILE_MEMORY_LIMIT'];

// The same before the attack proper.
const NOT_COMPILED = REFUSED.map((code) => `compile ${code}`);

const LIMITED = { timeout: 100, memoryLimit: 256 * MIB };
const WIDE = { timeout: 100, memoryLimit: 5 * GIB };

// A way to attack by run(), which is to be ended by its timeout.
const running = (name, module, more = {}) => ({ name, ask: 'run', module, options: LIMITED, allowed: [TIMEOUT], ...more });

module.exports = { GIB, LIMITED, MEMORY, MIB, NOT_COMPILED, REFUSED, RESOLVED, TIMEOUT, TRAP, WIDE, running };
