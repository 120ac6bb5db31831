'use strict';

// A Worker with several guests over the memory of all: see threads.test.js.

const assert = require('node:assert/strict');
const { parentPort, workerData } = require('node:worker_threads');
const { Calls, SIZE } = require('./calls');
const { meet } = require('./threads');
const { WASI } = require('../..');

const { directory, guest, guests, index, memory, turns, turnSize } = workerData;

function newGuest(_, position) {
  const id = index * guests + position;
  const wasi = new WASI({ version: 'preview1', preopens: { '/': directory } });
  const fd = new Calls(wasi, memory, (id + 1) * SIZE).create(`${id}`);
  const { turn } = new WebAssembly.Instance(guest, { wasi_snapshot_preview1: wasi.wasiImport, env: { memory } }).exports;
  return { id, fd, turn };
}

const NO_PAGE = -1;
const all = Array.from({ length: guests }, newGuest);
meet(workerData);
const skipped = [];
for (let number = 0; number < turns; number++) {
  for (const { id, fd, turn } of all) {
    const result = turn(fd, id * turns + number, BigInt(number * turnSize));
    if (result === NO_PAGE) skipped.push({ id, number });
    else assert.equal(result, 0, `turn ${number} of guest ${id} failed`);
  }
}
parentPort.postMessage(skipped);
