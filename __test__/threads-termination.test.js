'use strict';

// Workers that end wherever they are: nothing of them stays, nothing else ends. More of it:
// npm run test:threads.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { promisify } = require('node:util');
const { Random } = require('../fuzz/differential/random');
const { tempDir } = require('./helpers/guest');
const { openFds, records, rounds, sleep, until } = require('./helpers/threads');
const { Host, hasBeen } = require('./helpers/threads-host');

// As in threads-end.js.
const places = [
  'reads', 'waits', 'writes', 'calls', 'seeks', 'grows', 'instantiates', 'constructs', 'shares',
  'takes what is shared', 'opens', 'renumbers', 'lists',
];
const AT_ONCE = 3;
const kinds = ['own', 'shared'];

// In its place, a little after it came there.
async function terminateInPlace(host, place, random) {
  const state = host.start({ place });
  await hasBeen(state, 1 + random.below(50) * Number(!['reads', 'waits', 'writes'].includes(place)));
  await sleep(random.below(8));
  assert.equal(await state.worker.terminate(), 1);
  assert.equal(state.error, undefined);
}

// While it loads, makes its first objects, or already is in its place.
async function terminateAtAnyTime(host, place, random) {
  const state = host.start({ place });
  await sleep(random.below(100));
  await state.worker.terminate(); // 0 or 1: Node's matter
  assert.equal(state.error, undefined);
}

async function throwInPlace(host, place) {
  const state = host.start({ place });
  assert.equal(await state.exited, 1);
  assert.equal(state.error.message, 'uncaught, as asked for');
}

// Some at once.
async function runAll(ends) {
  const left = [...ends];
  const runSome = async () => {
    while (left.length > 0) await left.pop()();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runSome));
}

// A Worker that is there all the time has written what it says.
async function assertSurvives(t, host, directory, meanwhile) {
  const survivor = host.start({ place: 'survives' });
  t.after(() => survivor.worker.terminate());
  await hasBeen(survivor, 1);
  await meanwhile();
  await hasBeen(survivor, Atomics.load(survivor.alive, 0) + 10);
  Atomics.store(survivor.alive, 1, 1);
  assert.equal(await survivor.exited, 0);
  const written = records(fs.readFileSync(path.join(directory, 'root', 'survivor')));
  assert.equal(written.length, Atomics.load(survivor.alive, 0) - 1);
  assert.ok(written.every(([, number], index) => number === index));
}

function assertWorks({ calls }) {
  const fd = calls.create('afterwards');
  assert.equal(calls.write(fd, 'it works'), 0);
  assert.equal(calls.readAt(fd, 100, 0).bytes.toString(), 'it works');
  assert.equal(calls.close(fd), 0);
  assert.equal(calls.names(calls.openDirectory('directory')).length, 60);
}

for (const kind of kinds) {
  describe(`with ${kind} descriptors`, () => {
    const runs = [
      ...places.map((place) => [place, terminateInPlace]),
      ...places.map((place) => [place, terminateAtAnyTime]),
      ['throws', throwInPlace],
    ];

    test('Workers end anywhere, and all else goes on', async (t) => {
      const fds = openFds();
      const directory = tempDir(t);
      const host = new Host(directory, kind === 'shared');
      const random = new Random(2026);
      const ends = Array.from({ length: rounds }, () => runs).flat()
        .map(([place, end]) => () => end(host, place, random));
      await assertSurvives(t, host, directory, () => runAll(ends));
      assertWorks(host);
      host.close();
      assert.equal(await until(fds), fds);
    });

    test('the process exits while Workers are anywhere', async (t) => {
      const directory = tempDir(t);
      const run = async (number, some) => {
        const inside = path.join(directory, `${number}`);
        fs.mkdirSync(inside);
        const args = [path.join(__dirname, 'helpers', 'threads-host.js'), kind, inside, ...some];
        const error = { code: 7, signal: null, stdout: '', stderr: '' };
        await assert.rejects(promisify(execFile)(process.execPath, args), error);
      };
      for (let number = 0; number < 2 * rounds; number++) {
        await run(2 * number, places.slice(0, 7));
        await run(2 * number + 1, places.slice(7));
      }
    });
  });
}
