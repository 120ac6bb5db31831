'use strict';

// Puts modules to an oracle and tells the parent of each when it begins and what came of it:
//   node child.js results|limits <file of modules> <seed of the first> <how many of them to leave out>

const { readFileSync } = require('node:fs');
const { limits } = require('./limits');
const { results } = require('./results');

const oracles = { limits, results };

// Each is its size, as four bytes, and itself.
function* modulesOf(bytes) {
  for (let at = 0; at < bytes.length;) {
    const size = bytes.readUInt32LE(at);
    yield bytes.subarray(at + 4, at + 4 + size);
    at += 4 + size;
  }
}

async function main([purpose, file, first, left]) {
  const modules = [...modulesOf(readFileSync(file))];
  for (const [index, bytes] of [...modules.entries()].slice(Number(left))) {
    const seed = Number(first) + index;
    process.send({ begins: seed });
    process.send({ seed, ...await oracles[purpose](bytes, seed) });
  }
}

main(process.argv.slice(2)).then(() => process.disconnect());
