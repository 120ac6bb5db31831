'use strict';

// From a Readable of the user into a pipe that the guest reads from.

const { prematureClose } = require('./errors.js');
const pipeEnds = require('./pipe-ends.js');
const { anyhow, expectError, unlisten } = require('./watch.js');

class Input {
  #writer;
  #readable;
  #onError;
  // Null once no more is taken.
  #listeners;
  #isStarted = false;

  // `onFailure(error)` is called if the Readable fails, or closes before its end. Nothing is taken
  // from it before start().
  constructor(fd, readable, onFailure) {
    this.#readable = readable;
    this.#writer = pipeEnds.writer(fd);
    this.#onError = (error) => this.#fail(error, onFailure);
    this.#listeners = {
      data: (chunk) => this.#forward(chunk, onFailure),
      end: () => this.#end(),
      close: () => this.#fail(prematureClose('options.stdin'), onFailure),
    };
    // A guest need not read all: then this is EPIPE, and no one's fault.
    this.#writer.on('error', () => {});
    this.#writer.on('close', () => this.stop());
    this.#writer.on('drain', () => this.#resume(onFailure));
    try {
      this.#listen();
    } catch (error) {
      this.release();
      throw error;
    }
  }

  start() {
    if (this.#listeners === null) return;
    this.#isStarted = true;
    this.#readable.on('data', this.#listeners.data);
    if (this.#listeners !== null) this.#readable.resume();
  }

  // Leaves the Readable alone. Until then, an error of it must not end the process.
  release() {
    this.stop();
    unlisten(this.#readable, { error: this.#onError });
    anyhow(() => this.#readable.errored && expectError(this.#readable));
  }

  // Leaves the Readable as it is: it may have more to give, but not to this guest.
  stop() {
    this.#writer.destroy();
    if (this.#listeners === null) return;
    this.#detach();
    if (this.#isStarted) anyhow(() => this.#readable.pause());
  }

  #listen() {
    this.#readable.on('error', this.#onError);
    if (this.#readable.readableEnded) return this.#end();
    for (const name of ['end', 'close']) {
      // The listener before may have been called at once.
      if (this.#listeners !== null) this.#readable.on(name, this.#listeners[name]);
    }
  }

  #resume(onFailure) {
    try {
      this.#readable.resume();
    } catch (error) {
      this.#fail(error, onFailure);
    }
  }

  #forward(chunk, onFailure) {
    // The stream may go on after it was told to stop.
    if (this.#listeners === null) return;
    try {
      if (!this.#writer.write(chunk)) this.#readable.pause();
    } catch (error) {
      // It gave what is neither text nor bytes, or can't be paused.
      this.#fail(error, onFailure);
    }
  }

  // Another who listens for the end may have stopped it just now.
  #end() {
    if (this.#listeners === null) return;
    this.#detach();
    this.#writer.end();
  }

  #fail(error, onFailure) {
    if (this.#listeners === null) return;
    this.stop();
    onFailure(error);
  }

  #detach() {
    const listeners = this.#listeners;
    this.#listeners = null;
    unlisten(this.#readable, listeners);
  }
}

module.exports = { Input };
