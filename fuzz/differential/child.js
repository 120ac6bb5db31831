'use strict';

// Drives one implementation, in a process of its own: node:wasi can be made to
// crash or to hang. Started by target.js with the name of the implementation, a
// directory to work in, and a file that always says which call is next.

const fs = require('node:fs');
const path = require('node:path');
const { execute } = require('./execute');

const [, , implementation, work, progress] = process.argv;
const { WASI } = require(implementation === 'node' ? 'node:wasi' : '../..');

const note = fs.openSync(progress, 'w');
const place = Buffer.alloc(4);
function before(index) {
  place.writeInt32LE(index);
  fs.writeSync(note, place, 0, 4, 0);
}

let count = 0;
process.on('message', ({ id, steps }) => {
  before(-1);
  try {
    const answer = execute(WASI, path.join(work, String(count++)), steps, before);
    process.send({ id, ...answer });
  } catch (error) {
    process.send({ id, failure: error.stack });
  }
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
