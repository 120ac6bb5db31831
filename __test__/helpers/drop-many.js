'use strict';

// Makes, runs and forgets as many WASI objects as argv says; prints as JSON how many descriptors
// there were at most over those at the start, and by how much the process grew in the second half.

const fs = require('node:fs');
const os = require('node:os');
const { WASI } = require('../..');
const { fixture } = require('./guest');

const count = Number(process.argv[2]);
const hello = fixture('demo');
const out = fs.openSync('/dev/null', 'w');
const descriptors = () => fs.readdirSync('/proc/self/fd').length;

const atStart = descriptors();
let [most, half] = [0, 0];
for (let index = 0; index < count; index++) {
  const wasi = new WASI({ version: 'preview1', preopens: { '/tmp': os.tmpdir() }, stdout: out });
  wasi.start(new WebAssembly.Instance(hello, wasi.getImportObject()));
  if (index % 100 === 0) most = Math.max(most, descriptors());
  if (index === count >> 1) half = process.memoryUsage.rss();
}
console.log(JSON.stringify({ fdsOver: most - atStart, growth: process.memoryUsage.rss() - half }));
