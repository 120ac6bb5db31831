'use strict';

// Forwards a Readable of the user to the pipe from which the guest reads.

const { giveUpReadable } = require('./ending.js');
const { prematureClose } = require('./errors.js');
const pipeEnds = require('./pipe-ends.js');
const { anyhow, expectError, unlisten } = require('./watch.js');

class Input {
  #writer;
  #readable;
  #onError;
  // Null when nothing more is read from the Readable.
  #listeners;
  #isStarted = false;
  // Whether the Readable has been read to its end or given up.
  #isDone = false;

  // `onFailure(error)` is called if the Readable fails, or closes before its end. Nothing is read
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
    // A guest doesn't have to read everything. The resulting EPIPE is not an error.
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

  // Detaches from the Readable. Until then, its errors must not end the process.
  release() {
    this.stop();
    unlisten(this.#readable, { error: this.#onError });
    anyhow(() => this.#readable.errored && expectError(this.#readable));
  }

  // Destroys the Readable, unless it has been read to its end.
  giveUp(error) {
    this.stop();
    if (this.#isDone) return;
    this.#isDone = true;
    giveUpReadable(this.#readable, error);
  }

  // Stops reading, without destroying the Readable.
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
      // on() may have called the previous listener synchronously.
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
    // The stream may emit data after it was told to stop.
    if (this.#listeners === null) return;
    try {
      if (!this.#writer.write(chunk)) this.#readable.pause();
    } catch (error) {
      // The chunk was neither text nor bytes, or the stream can't be paused.
      this.#fail(error, onFailure);
    }
  }

  // Another listener for the end may have called stop() just before.
  #end() {
    if (this.#listeners === null) return;
    this.#isDone = true;
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
