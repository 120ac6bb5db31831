'use strict';

// Opens as many files as argv says and polls all of them for reading and for writing; prints the
// errno and how many events there were.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Guest, OUT, PAGE } = require('./guest');
const { u8, u32 } = require('./preview1');

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-test-'));
fs.writeFileSync(path.join(directory, 'file'), 'x');
const guest = new Guest({ preopens: { '/': directory }, maxFiles: 90 });
const fds = Array.from({ length: Number(process.argv[2]) }, () => guest.open('file'));
guest.exports.grow(4);
fds.flatMap((fd) => [[1, fd], [2, fd]]).forEach(([type, fd], index) => {
  const at = 2 * PAGE + index * 48;
  guest.write(at + 8, u8(type));
  guest.write(at + 16, u32(fd));
});
console.log(guest.exports.poll_oneoff(2 * PAGE, 4 * PAGE, fds.length * 2, OUT), guest.u32(OUT));
fs.rmSync(directory, { recursive: true });
