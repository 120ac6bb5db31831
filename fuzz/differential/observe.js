'use strict';

// What a call has written: results that can't be the same twice (times, inodes,
// random bytes) are read and taken out, everything else is compared as bytes.

const { timeClass } = require('./scene');

const BLOCK = 4096;

// The differing parts of two equally long buffers, as [address, bytes in hex].
function changes(before, after) {
  const found = [];
  for (let block = 0; block < after.length; block += BLOCK) {
    if (before.compare(after, block, block + BLOCK, block, block + BLOCK) === 0) continue;
    const end = Math.min(block + BLOCK, after.length);
    for (let at = block; at < end; at++) {
      if (before[at] === after[at]) continue;
      const from = at;
      while (at < end && before[at] !== after[at]) at++;
      found.push([from, after.toString('hex', from, at)]);
    }
  }
  return found.length > 40 ? [...found.slice(0, 40), found.length] : found;
}

const types = [
  'unknown', 'block', 'character', 'directory', 'file', 'datagram', 'stream', 'link',
];

// Each reads a result and gives [what it says, [[address, length] to leave out]].
const readers = {
  fd_filestat_get: (memory, [, at]) => filestat(memory, at >>> 0),
  path_filestat_get: (memory, [, , , , at]) => filestat(memory, at >>> 0),
  fd_fdstat_get: (memory, [, pointer]) => {
    const at = pointer >>> 0;
    return [{ flags: memory.readUInt16LE(at + 2) }, [[at + 2, 2]]];
  },
  clock_time_get: (memory, [, , at]) => [{}, [[at >>> 0, 8]]],
  random_get: (memory, [at, length]) => [{}, [[at >>> 0, length >>> 0]]],
  // What there is to read depends on the order of the entries: see `list`.
  fd_readdir: (memory, [, at, length, , used]) => [{}, [[at >>> 0, length >>> 0], [used >>> 0, 4]]],
  poll_oneoff: (memory, [, at, length, used]) => {
    const count = memory.readUInt32LE(used >>> 0);
    const events = Array.from({ length: Math.min(count, length) }, (_, index) => event(memory, (at >>> 0) + 32 * index));
    return [{ count, events }, [[at >>> 0, 32 * length], [used >>> 0, 4]]];
  },
};

function filestat(memory, at) {
  const type = types[memory[at + 16]];
  const size = memory.readBigUInt64LE(at + 32);
  const said = { type, nlink: Number(memory.readBigUInt64LE(at + 24)) };
  // Devices are those of the host.
  if (type !== 'character') said.mtim = timeClass(memory.readBigUInt64LE(at + 48));
  // Sizes of directories are the file system's business; looking at a directory or
  // a link changes its access time.
  if (type !== 'directory') said.size = String(size);
  if (type === 'file') said.atim = timeClass(memory.readBigUInt64LE(at + 40));
  return [said, [[at + 8, 8], [at + 16, 1], [at + 24, 8], [at + 32, 8], [at + 40, 24]]];
}

function event(memory, at) {
  const type = memory[at + 10];
  const said = { userdata: Number(memory.readBigUInt64LE(at)), errno: memory.readUInt16LE(at + 8), type };
  return said;
}

// The results of a call that has succeeded, read from memory. `expected` is the
// memory before it; both lose what was read.
function read(name, params, expected, memory) {
  const reader = readers[name];
  if (reader === undefined) return undefined;
  const [said, parts] = reader(memory, params);
  for (const [at, length] of parts) {
    memory.fill(0, at, at + length);
    expected.fill(0, at, at + length);
  }
  return said;
}

// Entries in the buffer of fd_readdir: { entries: [name, type], next, whole }.
function dirents(memory, at, used) {
  const entries = [];
  let next;
  for (let offset = 0; offset + 24 <= used;) {
    const length = memory.readUInt32LE(at + offset + 16);
    if (offset + 24 + length > used) break;
    const name = memory.toString('latin1', at + offset + 24, at + offset + 24 + length);
    entries.push([name, types[memory[at + offset + 20]]]);
    next = memory.readBigUInt64LE(at + offset);
    offset += 24 + length;
  }
  return { entries, next };
}

module.exports = { changes, dirents, read };
