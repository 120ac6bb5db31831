'use strict';

// Forwards the pipe to which the guest writes to a Writable of the user.

const { end, giveUpWritable } = require('./ending.js');
const pipeEnds = require('./pipe-ends.js');
const { Watch, expectError } = require('./watch.js');

class Output {
  #reader;
  #writable;
  #watch;
  #onFailure;
  // The number of chunks that the Writable has not finished processing.
  #pending = 0;
  #guestHasEnded = false;
  #isTaken = false;
  #isDelivered = false;
  #onDelivered;
  #stopFinishing = () => {};

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

  // For a guest that is never started.
  guestNeverStarts() {
    this.#stop();
  }

  // For a guest that has succeeded, when everything has been delivered: ends the Writable, unless
  // other guests still write to it, and waits until it has finished.
  async end() {
    if (this.#watch.isShared) return this.release();
    if (this.#watch.failure !== undefined) return this.#destroy();
    await this.#finish();
    this.release();
  }

  // For a guest that has failed: lets the Writable process what the guest wrote, and destroys it.
  async giveUp(error) {
    if (!this.#isDelivered) await this.delivered;
    this.#watch.guestFailed(error);
    this.#destroy();
  }

  // Detaches from the Writable. If the guest still runs, it gets EPIPE.
  release() {
    this.#stopFinishing();
    this.#watch.stop();
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
    this.#watch = new Watch(this.#writable, { failed: (error) => this.#fail(error), closed: () => this.#stop() });
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
    if (this.#isTaken && this.#pending === 0) this.#setDelivered();
  }

  #setDelivered() {
    this.#isDelivered = true;
    this.#onDelivered();
  }

  // The Writable accepts nothing more. The guest gets EPIPE, as for a pipe that no one reads.
  #stop() {
    this.#reader.destroy();
    this.#setDelivered();
  }

  async #finish() {
    try {
      await new Promise((resolve, reject) => {
        this.#stopFinishing = end(this.#writable, (error) => (error ? reject(error) : resolve()));
      });
    } catch (error) {
      this.#fail(error);
    }
  }

  #destroy() {
    this.release();
    giveUpWritable(this.#writable, this.#watch.failure.error);
  }

  #fail(error) {
    this.#stop();
    this.#onFailure(error);
  }
}

module.exports = { Output };
