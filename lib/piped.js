'use strict';

// The streams of a spawned guest: the host's ends of its pipes. Loaded lazily, with node:stream.

const { Readable, Writable } = require('node:stream');
const native = require('./native.js');
const pipeEnds = require('./pipe-ends.js');

// A stream that exists before its pipe, so that a guest whose pipe can't be opened has streams, too.
class Piped {
  #onTaken;

  #guestReads;

  constructor(guestReads) {
    this.#guestReads = guestReads;
    // Fulfilled when the host's end of the pipe is closed.
    this.taken = new Promise((resolve) => (this.#onTaken = resolve));
  }

  // Opens the pipe. Returns the guest's end.
  connect() {
    const [reader, writer] = native.pipe(this.#guestReads);
    return this.connectTo(reader, writer);
  }

  watch(end) {
    // What goes wrong also closes it.
    return end.on('error', () => {}).on('close', () => this.closed());
  }

  closed() {
    this.#onTaken();
  }
}

// When the guest has ended, the rest is kept in memory: it is at most the content of a pipe.
class PipedOutput extends Piped {
  #reader = null;
  #guestHasEnded = false;
  stream = new Readable({
    read: () => this.#reader?.resume(),
    destroy: (error, done) => {
      this.#reader?.destroy();
      done(error);
    },
  });

  connectTo(reader, writer) {
    this.#reader = this.watch(pipeEnds.reader(reader)).on('data', (chunk) => this.#push(chunk));
    return writer;
  }

  guestEnded() {
    this.#guestHasEnded = true;
    if (this.#reader === null) this.closed();
    else this.#reader.resume();
  }

  closed() {
    if (!this.stream.destroyed) this.stream.push(null);
    super.closed();
  }

  #push(chunk) {
    if (!this.stream.push(chunk) && !this.#guestHasEnded) this.#reader.pause();
  }
}

// A guest doesn't have to read everything, so the stream is then destroyed without an error event.
class PipedInput extends Piped {
  #writer = null;
  stream = new Writable({
    write: (chunk, _, done) => this.#writer.write(chunk, this.#quietly(done)),
    final: (done) => this.#writer.end(this.#quietly(done)),
    destroy: (error, done) => {
      this.#writer?.destroy();
      done(error);
    },
  });

  connectTo(reader, writer) {
    this.#writer = this.watch(pipeEnds.writer(writer));
    return reader;
  }

  guestEnded() {
    this.stream.destroy();
    if (this.#writer === null) this.closed();
  }

  closed() {
    this.stream.destroy();
    super.closed();
  }

  // A stream that is already destroyed passes an error to the callback of the write only.
  #quietly(done) {
    return (error) => {
      if (error) this.stream.destroy();
      done(error);
    };
  }
}

module.exports = { Piped, PipedInput, PipedOutput };
