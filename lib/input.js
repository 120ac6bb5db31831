'use strict';

// From a Readable of the user into a pipe that the guest reads from.

const { Socket } = require('node:net');
const { prematureClose } = require('./errors.js');

class Input {
  #socket;
  #readable;
  #listeners;

  // `onFailure(error)` is called if the Readable fails, or closes before its end.
  constructor(fd, readable, onFailure) {
    this.#readable = readable;
    this.#socket = new Socket({ fd, readable: false, writable: true });
    this.#listeners = {
      data: (chunk) => this.#forward(chunk, onFailure),
      end: () => this.#end(),
      error: (error) => this.#fail(error, onFailure),
      close: () => this.#fail(prematureClose('options.stdin'), onFailure),
    };
    // A guest need not read all: then this is EPIPE, and no one's fault.
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => this.release());
    this.#socket.on('drain', () => readable.resume());
    this.#start();
  }

  // Leaves the Readable as it is: it may have more to give, but not to this guest.
  release() {
    this.#socket.destroy();
    if (this.#listeners === null) return;
    this.#detach();
    this.#readable.pause();
  }

  #start() {
    if (this.#readable.readableEnded) return this.#end();
    for (const [name, listener] of Object.entries(this.#listeners)) this.#readable.on(name, listener);
    this.#readable.resume();
  }

  #forward(chunk, onFailure) {
    try {
      if (!this.#socket.write(chunk)) this.#readable.pause();
    } catch (error) {
      // It gave what is neither text nor bytes.
      this.#fail(error, onFailure);
    }
  }

  #end() {
    this.#detach();
    this.#socket.end();
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
