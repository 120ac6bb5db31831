'use strict';

// What the exports of a guest are for the host, other than functions.

const { GuestGlobal } = require('./guest-global.js');
const { GuestMemory } = require('./guest-memory.js');

// Undefined for tables and tags, which can't be reached.
function reach(guest, { name, kind }, Memory = GuestMemory) {
  if (kind === 'memory') return new Memory(guest, name);
  if (kind === 'global') return new GuestGlobal(guest, name);
  return undefined;
}

// The exports of an instance. `call(name, index)` makes a function; the index counts exported functions.
function exportsOf(guest, { exports }, call, Memory = GuestMemory) {
  const members = Object.create(null);
  let index = 0;
  for (const item of exports) {
    const member = item.kind === 'function' ? call(item.name, index++) : reach(guest, item, Memory);
    if (member !== undefined) members[item.name] = member;
  }
  return Object.freeze(members);
}

// The memory of a guest, which may be one of its exports.
function memoryOf(guest, description, Memory, members) {
  const name = memoryNameOf(description);
  if (name === null) return new Memory(guest, null);
  return name === undefined ? undefined : members[name];
}

// The export that is the memory of a guest: the one that WASI uses, or else the only one. Null if the
// memory is only imported, undefined if there is none.
function memoryNameOf({ imports, exports }) {
  const names = exports.filter(({ kind }) => kind === 'memory').map(({ name }) => name);
  if (names.includes('memory') || names.length === 1) return names.includes('memory') ? 'memory' : names[0];
  return imports.some(({ kind }) => kind === 'memory') ? null : undefined;
}

module.exports = { exportsOf, memoryNameOf, memoryOf, reach };
