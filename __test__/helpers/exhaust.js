'use strict';

// Opens a file until that fails; prints the errno and how many were open, then shows that the
// host can still open files of its own.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Guest, OUT, text } = require('./guest');

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-test-'));
fs.writeFileSync(path.join(directory, 'file'), '');
const guest = new Guest({ preopens: { '/': directory } });
let opened = 0;
let errno;
while ((errno = guest.call('path_open', 3, 0, text('file'), 0, 2n, 0n, 0, OUT)) === 0) opened++;
for (let count = 0; count < 100; count++) fs.openSync(__filename);
console.log(errno, opened);
fs.rmSync(directory, { recursive: true });
