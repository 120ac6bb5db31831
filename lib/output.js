'use strict';

// From a pipe that the guest writes to, into a Writable of the user.

const pipeEnds = require('./pipe-ends.js');
const { expectError, watch } = require('./watch.js');

class Output {
  #reader;
  #writable;
  #unwatch;
  #onFailure;
  // Chunks that the Writable has not yet said it is done with.
  #pending = 0;
  #guestHasEnded = false;
  #isTaken = false;
  #onDelivered;

  // `onFailure(error)` is called if the Writable fails.
  constructor(fd, writable, onFailure) {
    this.#writable = writable;
    this.#onFailure = onFailure;
    this.#reader = pipeEnds.reader(fd);
    // Promises: that all was given to the Writable, and that it is done with it.
    this.taken = new Promise((resolve) => this.#reader.on('close', resolve));
    this.delivered = new Promise((resolve) => (this.#onDelivered = resolve));
    try {
      this.#listen();
    } catch (error) {
      this.#reader.destroy();
      throw error;
    }
  }

  // What is left is a pipe's fill at most: that much the Writable can be given at once.
  guestEnded() {
    this.#guestHasEnded = true;
    this.#reader.resume();
  }

  // Leaves the Writable alone. If the guest is still there, it gets EPIPE.
  release() {
    this.#unwatch();
    this.#reader.destroy();
  }

  #listen() {
    this.#reader
      .on('data', (chunk) => this.#forward(chunk))
      .on('error', (error) => this.#fail(error))
      .on('close', () => {
        this.#isTaken = true;
        this.#deliver();
      });
    this.#unwatch = watch(this.#writable, { failed: (error) => this.#fail(error), closed: () => this.#stop() });
  }

  #forward(chunk) {
    this.#pending += 1;
    let isWritten = false;
    const written = (error) => {
      // A stream may call this more than once, which must count once.
      if (isWritten) return;
      isWritten = true;
      this.#written(error);
    };
    try {
      const hasRoom = this.#writable.write(chunk, written);
      if (!hasRoom && !this.#guestHasEnded) this.#reader.pause();
    } catch (error) {
      this.#fail(error);
    }
  }

  #written(error) {
    this.#pending -= 1;
    const failure = this.#failureOr(error);
    if (failure) return this.#writeFailed(failure);
    if (this.#pending > 0) return;
    this.#reader.resume();
    this.#deliver();
  }

  #failureOr(error) {
    try {
      return this.#writable.errored ?? error;
    } catch (thrown) {
      return thrown ?? error;
    }
  }

  // The event for it may come when we no longer listen, but is known by then.
  #writeFailed(error) {
    if (error.code === 'ERR_STREAM_DESTROYED') return this.#stop();
    expectError(this.#writable);
    this.#fail(error);
  }

  #deliver() {
    if (this.#isTaken && this.#pending === 0) this.#onDelivered();
  }

  // It takes no more, as a reader of a pipe may: the guest gets EPIPE.
  #stop() {
    this.#reader.destroy();
    this.#onDelivered();
  }

  #fail(error) {
    this.#stop();
    this.#onFailure(error);
  }
}

module.exports = { Output };
