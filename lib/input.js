'use strict';

// From a Readable of the user into a pipe that the guest reads from.

const { prematureClose } = require('./errors.js');
const pipeEnds = require('./pipe-ends.js');

class Input {
  #writer;
  #readable;
  #listeners;
  #isStarted = false;

  // `onFailure(error)` is called if the Readable fails, or closes before its end. Nothing is taken
  // from it before start().
  constructor(fd, readable, onFailure) {
    this.#readable = readable;
    this.#writer = pipeEnds.writer(fd);
    this.#listeners = {
      data: (chunk) => this.#forward(chunk, onFailure),
      end: () => this.#end(),
      error: (error) => this.#fail(error, onFailure),
      close: () => this.#fail(prematureClose('options.stdin'), onFailure),
    };
    // A guest need not read all: then this is EPIPE, and no one's fault.
    this.#writer.on('error', () => {});
    this.#writer.on('close', () => this.release());
    this.#writer.on('drain', () => readable.resume());
    this.#listen();
  }

  start() {
    if (this.#listeners === null) return;
    this.#isStarted = true;
    this.#readable.on('data', this.#listeners.data).resume();
  }

  // Leaves the Readable as it is: it may have more to give, but not to this guest.
  release() {
    this.#writer.destroy();
    if (this.#listeners === null) return;
    this.#detach();
    if (this.#isStarted) this.#readable.pause();
  }

  #listen() {
    if (this.#readable.readableEnded) return this.#end();
    for (const name of ['end', 'error', 'close']) this.#readable.on(name, this.#listeners[name]);
  }

  #forward(chunk, onFailure) {
    try {
      if (!this.#writer.write(chunk)) this.#readable.pause();
    } catch (error) {
      // It gave what is neither text nor bytes.
      this.#fail(error, onFailure);
    }
  }

  #end() {
    this.#detach();
    this.#writer.end();
  }

  #fail(error, onFailure) {
    this.release();
    onFailure(error);
  }

  #detach() {
    for (const [name, listener] of Object.entries(this.#listeners)) this.#readable.off(name, listener);
    this.#listeners = null;
  }
}

module.exports = { Input };
