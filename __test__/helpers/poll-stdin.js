'use strict';

// Polls standard input for reading, on the implementation that argv names; prints the errno and
// what is in memory of the event.

const fs = require('node:fs');
const path = require('node:path');
const { WASI } = require(process.argv[2]);
const { eventType, subscription } = require('./preview1');

const [LIST, EVENTS, COUNT] = [0, 1024, 2048];
const file = path.join(__dirname, '..', 'fixtures', 'bin', 'probe.wasm');
const wasi = new WASI({ version: 'preview1' });
const imports = { wasi_snapshot_preview1: wasi.wasiImport };
const instance = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(file)), imports);
wasi.initialize(instance);
const memory = Buffer.from(instance.exports.memory.buffer);
memory.fill(0);
memory.set(subscription({ userdata: 7n, type: eventType.FD_READ, fd: 0 }), LIST);
const errno = instance.exports.poll_oneoff(LIST, EVENTS, 1, COUNT);
console.log(errno, memory.readUInt32LE(COUNT), memory.toString('hex', EVENTS, EVENTS + 32));
