'use strict';

// The same in Bun, with its own streams: those of node:fs would each hold one of the few threads
// that Bun has for files, until the guest does something. They work on a copy of the descriptor.

const fs = require('node:fs');
const { Readable, Writable } = require('node:stream');

function reader(fd) {
  return Readable.fromWeb(Bun.file(fd).stream()).on('close', () => fs.closeSync(fd));
}

function writer(fd) {
  const sink = Bun.file(fd).writer();
  return new Writable({
    write(chunk, _, done) {
      write(sink, chunk).then(() => done(), done);
    },
    destroy(error, done) {
      const close = () => fs.close(fd, () => done(error));
      end(sink).then(close, close);
    },
  });
}

// Either of the two may fail, now or later.
async function write(sink, chunk) {
  await sink.write(chunk);
  await sink.flush();
}

const end = async (sink) => sink.end();

module.exports = { reader, writer };
