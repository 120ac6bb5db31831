'use strict';

// Runs attacks, one after the other, in a process that may not survive them:
// `node child.js JSON`. Descriptor 3 gets one line of JSON when an attack begins
// and one when it has ended.

const fs = require('node:fs');
const path = require('node:path');

const { implementation, ids, root } = JSON.parse(process.argv[2]);
const specifier = implementation === 'node' ? 'node:wasi' : path.resolve(__dirname, '../../..');
const { WASI } = require(specifier);
const { byId } = require('./catalog');
const { Scene } = require('./scene');

const REPORT = 3;
const report = (message) => fs.writeSync(REPORT, `${JSON.stringify(message)}\n`);

async function attempt(attack, base) {
  const scene = new Scene(WASI, base, specifier);
  try {
    return { outcome: await attack.run(scene) };
  } catch (error) {
    return { outcome: 'broken', detail: error.stack };
  } finally {
    scene.end();
  }
}

async function main() {
  for (const [index, id] of ids.entries()) {
    report({ id });
    report({ id, ...await attempt(byId.get(id), fs.mkdtempSync(path.join(root, `${index}-`))) });
  }
  // Nothing that an attack left behind may keep this process.
  process.exit(0);
}

main();
