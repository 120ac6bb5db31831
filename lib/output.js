'use strict';

// Forwards the pipe to which the guest writes to a Writable of the user.

const pipeEnds = require('./pipe-ends.js');
const { expectError, watch } = require('./watch.js');

class Output {
  #reader;
  #writable;
  #unwatch;
  #onFailure;
  // The number of chunks that the Writable has not finished processing.
  #pending = 0;
  #guestHasEnded = false;
  #isTaken = false;
  #onDelivered;

  // `onFailure(error)` is called if the Writable fails.
  constructor(fd, writable, onFailure) {
    this.#writable = writable;
    this.#onFailure = onFailure;
    this.#reader = pipeEnds.reader(fd);
    // Promises that everything was passed to the Writable, and that the Writable has processed it.
    this.taken = new Promise((resolve) => this.#reader.on('close', resolve));
    this.delivered = new Promise((resolve) => (this.#onDelivered = resolve));
    try {
      this.#listen();
    } catch (error) {
      this.#reader.destroy();
      throw error;
    }
  }

  // At most the content of a pipe is left, so backpressure can be ignored.
  guestEnded() {
    this.#guestHasEnded = true;
    this.#reader.resume();
  }

  // Detaches from the Writable. If the guest still runs, it gets EPIPE.
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
      // Ignore it if a stream calls this more than once.
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

  // The error event may be emitted after we have stopped listening. It must not end the process.
  #writeFailed(error) {
    if (error.code === 'ERR_STREAM_DESTROYED') return this.#stop();
    expectError(this.#writable);
    this.#fail(error);
  }

  #deliver() {
    if (this.#isTaken && this.#pending === 0) this.#onDelivered();
  }

  // The Writable accepts nothing more. The guest gets EPIPE, as for a pipe that no one reads.
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
