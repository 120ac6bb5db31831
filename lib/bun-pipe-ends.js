'use strict';

// The ends of a pipe as streams in Bun (see pipe-ends.js). They are made from Bun's own streams: a
// stream of node:fs would occupy one of the few threads that Bun has for files until the guest reads
// or writes. Bun's streams work on a copy of the descriptor.

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

// Both calls can fail, synchronously or later.
async function write(sink, chunk) {
  await sink.write(chunk);
  await sink.flush();
}

const end = async (sink) => sink.end();

module.exports = { reader, writer };
