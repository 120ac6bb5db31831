'use strict';

// The pipes between a guest and those of its stdin, stdout and stderr that are streams. They bound
// the memory that this takes: who is faster than the other waits.

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
  // By Writable: one given as both stdout and stderr gets one pipe, which keeps the order.
  #outputs = new Map();
  // Those of the settings, with descriptors in place of streams.
  #guestStdio;

  // From now on it is known if a stream fails.
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

  // `start(settings)` gives the guest its ends. It has descriptors of its own then.
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

  // All that the guest wrote was given to the Writables.
  async taken() {
    for (const { taken } of this.#outputs.values()) await taken;
  }

  // They are done with it, too.
  async delivered() {
    for (const { delivered } of this.#outputs.values()) await delivered;
  }

  // When nobody waits for the end: what is in the pipes is still given to the Writables.
  async drain() {
    this.#closeGuestEnds();
    this.guestEnded();
    await this.taken();
    this.release();
  }

  // Leaves the streams alone.
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

  // What was thrown may be anything.
  #fail(value) {
    this.#error ??= { value };
    for (const listener of [...this.#onFailure]) listener();
  }
}

module.exports = { Pipes };
