'use strict';

// Runs batches of sequences on wasi-rs in the directory given, and looks after each
// batch whether anything has happened that must not.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { isDeepStrictEqual } = require('node:util');
const { WASI } = require('../..');
const { Session } = require('./execute');
const { build, tree } = require('./scene');

const [, , work] = process.argv;
const SEQUENCES_IN_A_SCENE = 8;
let scenes = 0;

fs.mkdirSync(work);
fs.mkdirSync(path.join(work, 'elsewhere'));
fs.writeFileSync(path.join(work, 'elsewhere', 'secret'), 'secret');
// Where /proc/self/cwd leads.
process.chdir(path.join(work, 'elsewhere'));

// What is outside: all but the two preopens and what stdin and stdout are.
function outside(scene) {
  const inside = ['1/2/3/4/root', '1/2/3/4/second', 'stdin', 'stdout'];
  return [tree(scene.base, inside), tree(path.join(work, 'elsewhere'))];
}

function standardStreams() {
  return [0, 1, 2].map((fd) => {
    const { dev, ino, mode, rdev } = fs.fstatSync(fd);
    return [dev, ino, mode, rdev];
  });
}

const openDescriptors = () => fs.readdirSync('/proc/self/fd').length;

function newScene() {
  const scene = build(path.join(work, String(scenes++)), {
    elsewhere: path.join(work, 'elsewhere'), magic: '/proc/self/cwd', devnull: '/dev/null',
  });
  execFileSync('mkfifo', [path.join(scene.root, 'fifo')]);
  return scene;
}

function runIn(scene, sequences) {
  const before = outside(scene);
  for (const [nth, steps] of sequences.entries()) {
    const session = new Session(WASI, scene, () => {}, { about: false });
    for (const [index, step] of steps.entries()) {
      const { thrown } = session.run(step, index);
      if (thrown !== undefined && !thrown.startsWith('Symbol')) return `${step.call} threw ${thrown}`;
    }
    // What is open is left to the collector, every other time.
    session.end(nth % 2 === 0);
  }
  return isDeepStrictEqual(outside(scene), before) ? undefined : 'something outside has changed';
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

// Whether as many descriptors are open as before, once everything is collected.
async function leaks(before) {
  for (let attempt = 0; attempt < 30; attempt++) {
    globalThis.gc();
    await turn();
    if (openDescriptors() <= before) return undefined;
  }
  return `${openDescriptors() - before} descriptors are still open`;
}

async function run(sequences) {
  const streams = standardStreams();
  const open = openDescriptors();
  const pieces = Math.ceil(sequences.length / SEQUENCES_IN_A_SCENE);
  for (let piece = 0; piece < pieces; piece++) {
    const scene = newScene();
    const part = sequences.slice(piece * SEQUENCES_IN_A_SCENE, (piece + 1) * SEQUENCES_IN_A_SCENE);
    const what = runIn(scene, part);
    fs.rmSync(scene.base, { recursive: true, force: true });
    if (what !== undefined) return { what };
  }
  const leak = await leaks(open);
  if (leak !== undefined) return { what: 'a leak', leak };
  if (!isDeepStrictEqual(standardStreams(), streams)) return { what: 'standard streams of the host have changed' };
  return {};
}

process.on('message', async (sequences) => process.send(await run(sequences)));
process.on('disconnect', () => process.exit());
process.send({});
