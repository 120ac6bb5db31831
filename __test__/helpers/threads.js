'use strict';

// Workers that do something together: for those who start them and for themselves.

const fs = require('node:fs');
const path = require('node:path');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');

// Starts `count` of a file in this folder. Each is told its index and gives one message;
// all messages come once all Workers have ended.
function startAll(count, file, data) {
  const meeting = new Int32Array(new SharedArrayBuffer(4));
  const workers = Array.from({ length: count }, (_, index) =>
    new Worker(path.join(__dirname, file), { workerData: { ...data, index, count, meeting } }));
  const results = workers.map(async (worker) => {
    const [[message]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
    return message;
  });
  // If one fails, the others might wait for it.
  return Promise.all(results).catch(async (error) => {
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw error;
  });
}

// Waits, in a Worker, until all have come here, so that they do what follows at once.
function meet({ meeting, count }) {
  Atomics.add(meeting, 0, 1);
  Atomics.notify(meeting, 0);
  for (;;) {
    const here = Atomics.load(meeting, 0);
    if (here === count) return;
    Atomics.wait(meeting, 0, here);
  }
}

const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

// How many descriptors this process has.
const openFds = () => fs.readdirSync('/proc/self/fd').length;

// Waits until there are as few again: a Worker that has ended closes some a little later.
async function until(fds) {
  const deadline = Date.now() + 60_000;
  while (openFds() > fds && Date.now() < deadline) await sleep(5);
  return openFds();
}

// What nothing else in a file looks like: who wrote it and as which of his.
const RECORD = 16;

function record(writer, number) {
  const bytes = Buffer.alloc(RECORD);
  new Uint32Array(bytes.buffer, bytes.byteOffset, 4).set([writer, number, ~writer, ~number]);
  return bytes;
}

// All in `bytes`, as [writer, number]; undefined if there is anything else.
function records(bytes) {
  const list = [];
  for (let at = 0; at < bytes.length; at += RECORD) {
    const [writer, number] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
    if (!record(writer, number).equals(bytes.subarray(at, at + RECORD))) return undefined;
    list.push([writer, number]);
  }
  return list;
}

// A round takes seconds; npm run test:threads asks for more.
const rounds = Number(process.env.WASI_RS_THREADS_ROUNDS ?? 1);

module.exports = { RECORD, meet, openFds, record, records, rounds, sleep, startAll, until };
