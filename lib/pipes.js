'use strict';

// The pipes between a guest and the streams that were passed as its stdin, stdout or stderr. They
// limit the memory that buffering takes: the faster side waits.

const { Input } = require('./input.js');
const native = require('./native.js');
const { Output } = require('./output.js');
const { isStream } = require('./stdio.js');

class Pipes {
  // The first error of a stream.
  #error;
  #onFailure = new Set();
  #guestEnds = [];
  #input = null;
  // By Writable. One that is both stdout and stderr gets a single pipe, which keeps the order.
  #outputs = new Map();
  // The stdin, stdout and stderr of the settings, with descriptors in place of streams.
  #guestStdio;

  // From here on, failures of the streams are noticed.
  constructor({ stdin, stdout, stderr }) {
    try {
      this.#guestStdio = {
        stdin: isStream(stdin) ? this.#from(stdin) : stdin,
        stdout: isStream(stdout) ? this.#into(stdout) : stdout,
        stderr: isStream(stderr) ? this.#into(stderr) : stderr,
      };
    } catch (error) {
      this.release();
      throw error;
    }
  }

  // `start(settings)` passes the guest its ends of the pipes. After that, it has its own descriptors.
  handOver(settings, start) {
    try {
      this.#input?.start();
      this.throwIfFailed();
      return start({ ...settings, ...this.#guestStdio });
    } finally {
      this.#closeGuestEnds();
    }
  }

  // Calls `listener` when a stream fails.
  on(listener) {
    this.#onFailure.add(listener);
  }

  off(listener) {
    this.#onFailure.delete(listener);
  }

  get hasFailed() {
    return this.#error !== undefined;
  }

  throwIfFailed() {
    if (this.hasFailed) throw this.#error.value;
  }

  guestEnded() {
    this.#input?.stop();
    for (const output of this.#outputs.values()) output.guestEnded();
  }

  // Waits until everything that the guest wrote was passed to the Writables.
  async taken() {
    for (const { taken } of this.#outputs.values()) await taken;
  }

  // Waits until the Writables have processed it, too.
  async delivered() {
    for (const { delivered } of this.#outputs.values()) await delivered;
  }

  // For when no one waits for the end. What is left in the pipes is still passed to the Writables.
  async drain() {
    this.#closeGuestEnds();
    this.guestEnded();
    await this.taken();
    this.release();
  }

  // Detaches from the streams.
  release() {
    this.#closeGuestEnds();
    this.#input?.release();
    for (const output of this.#outputs.values()) output.release();
  }

  #from(readable) {
    const [reader, writer] = native.pipe();
    this.#guestEnds.push(reader);
    this.#input = new Input(writer, readable, (error) => this.#fail(error));
    return reader;
  }

  #into(writable) {
    if (!this.#outputs.has(writable)) this.#addOutput(writable);
    return this.#outputs.get(writable).guestEnd;
  }

  #addOutput(writable) {
    const [reader, writer] = native.pipe();
    this.#guestEnds.push(writer);
    const output = new Output(reader, writable, (error) => this.#fail(error));
    output.guestEnd = writer;
    this.#outputs.set(writable, output);
  }

  #closeGuestEnds() {
    for (const fd of this.#guestEnds.splice(0)) native.closeFd(fd);
  }

  // A stream can fail with any value, even undefined.
  #fail(value) {
    this.#error ??= { value };
    for (const listener of [...this.#onFailure]) listener();
  }
}

module.exports = { Pipes };
