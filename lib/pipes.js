'use strict';

// The pipes between a guest and the streams that were passed as its stdin, stdout or stderr. They
// limit the memory that buffering takes: the faster side waits. When the guest has ended, the streams
// are ended or destroyed as stream.pipeline() would do it, unless the option `end` is false.

const { giveUpReadable, giveUpWritable } = require('./ending.js');
const { Input } = require('./input.js');
const native = require('./native.js');
const { toReadable, toWritable } = require('./node-streams.js');
const { Output } = require('./output.js');
const { Piped } = require('./piped.js');
const { isStream } = require('./stdio.js');
const { anyhow } = require('./watch.js');

const isPiped = (value) => value instanceof Piped;
const isOfUser = (value) => isStream(value) && !isPiped(value);

class Pipes {
  // The first error of a stream.
  #error;
  #onFailure = new Set();
  #guestEnds = [];
  #input = null;
  #readable;
  // By what was passed, which can be a Web stream.
  #writables = new Map();
  // Likewise. A Writable that is both stdout and stderr gets a single pipe, which keeps the order.
  #outputs = new Map();
  // The stdin, stdout and stderr of the settings, with descriptors in place of streams.
  #guestStdio = {};
  #settings;
  #hasStarted = false;
  #isOver = false;

  // From here on, failures of the streams are noticed.
  constructor(settings) {
    this.#settings = settings;
    try {
      this.#connect();
    } catch (error) {
      this.giveUp(error);
      throw error;
    }
  }

  // `start(settings)` passes the guest its ends of the pipes. After that, it has its own descriptors.
  handOver(settings, start) {
    try {
      this.#input?.start();
      this.throwIfFailed();
      const handle = start({ ...settings, ...this.#guestStdio });
      this.#hasStarted = true;
      return handle;
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
    for (const piped of this.#piped()) piped.guestEnded();
    this.#input?.stop();
    for (const output of this.#outputs.values()) output.guestEnded();
  }

  // Waits until everything that the guest wrote was passed to the Writables, or is in memory.
  async taken() {
    for (const { taken } of this.#piped()) await taken;
    for (const { taken } of this.#outputs.values()) await taken;
  }

  // For a guest that has succeeded. Waits until the Writables have processed everything, and ends the
  // streams. If a stream fails meanwhile, giveUp() is still to be called.
  async end() {
    if (!this.#outputs.has(this.#settings.stdin)) this.#giveUpInput();
    for (const { taken } of this.#piped()) await taken;
    for (const { delivered } of this.#outputs.values()) await delivered;
    if (this.hasFailed || this.#isOver) return;
    await this.#endOutputs();
    if (this.hasFailed || this.#isOver) return;
    this.#isOver = true;
    this.#giveUpInput();
    this.#input?.release();
  }

  // For a guest that has failed, or that is never started.
  giveUp(error) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#closeGuestEnds();
    for (const piped of this.#piped()) piped.guestEnded();
    if (!this.#settings.end) return this.#release();
    for (const output of this.#outputs.values()) this.#giveUpOutput(output, error);
    this.#giveUpInput(error);
    this.#input?.release();
    this.#giveUpUnconnected(error);
  }

  // For an instance. No one waits for the end.
  async close() {
    this.guestEnded();
    await this.end();
    if (this.hasFailed) this.giveUp(this.#error.value);
  }

  #connect() {
    for (const option of this.#options(isPiped)) this.#connectPiped(option);
    const { stdin } = this.#settings;
    if (isOfUser(stdin)) this.#readable = toReadable(stdin);
    for (const [name, value] of this.#outputOptions()) {
      if (!this.#writables.has(value)) this.#writables.set(value, toWritable(value, `options.${name}`));
    }
    if (this.#readable !== undefined) this.#guestStdio.stdin = this.#from(this.#readable);
    for (const [name, value] of this.#outputOptions()) this.#guestStdio[name] = this.#into(value);
  }

  // The streams of the settings of which this is true, by name.
  #options(isWanted) {
    const { stdin, stdout, stderr } = this.#settings;
    return Object.entries({ stdin, stdout, stderr }).filter(([, value]) => isWanted(value));
  }

  #outputOptions() {
    return this.#options(isOfUser).filter(([name]) => name !== 'stdin');
  }

  // Those of a spawned guest.
  #piped() {
    return this.#options(isPiped).map(([, piped]) => piped);
  }

  #connectPiped([name, piped]) {
    this.#guestStdio[name] = piped.connect();
    this.#guestEnds.push(this.#guestStdio[name]);
  }

  #from(readable) {
    const [reader, writer] = native.pipe(true);
    this.#guestEnds.push(reader);
    this.#input = new Input(writer, readable, (error) => this.#fail(error));
    return reader;
  }

  #into(value) {
    if (!this.#outputs.has(value)) this.#addOutput(value);
    return this.#outputs.get(value).guestEnd;
  }

  #addOutput(value) {
    const [reader, writer] = native.pipe(false);
    this.#guestEnds.push(writer);
    const output = new Output(reader, this.#writables.get(value), (error) => this.#fail(error));
    output.guestEnd = writer;
    this.#outputs.set(value, output);
  }

  #giveUpInput(error) {
    if (this.#settings.end) this.#input?.giveUp(error);
  }

  async #endOutputs() {
    const outputs = [...this.#outputs.values()];
    await Promise.all(outputs.map((output) => (this.#settings.end ? output.end() : output.release())));
  }

  #giveUpOutput(output, error) {
    if (this.#hasStarted) output.guestEnded();
    else output.guestNeverStarts();
    output.giveUp(error);
  }

  // After a failure of the constructor, streams are left that have no pipe yet.
  #giveUpUnconnected(error) {
    const { stdin } = this.#settings;
    if (this.#input === null && isOfUser(stdin)) {
      anyhow(() => giveUpReadable(this.#readable ?? toReadable(stdin), error));
    }
    for (const [name, value] of this.#outputOptions()) {
      if (this.#outputs.has(value)) continue;
      anyhow(() => giveUpWritable(this.#writables.get(value) ?? toWritable(value, name), error));
    }
  }

  // Detaches from the streams and leaves them as they are.
  #release() {
    this.#input?.release();
    for (const output of this.#outputs.values()) output.release();
  }

  #closeGuestEnds() {
    for (const fd of this.#guestEnds.splice(0)) native.closeGuestEnd(fd);
  }

  // A stream can fail with any value, even undefined.
  #fail(value) {
    this.#error ??= { value };
    for (const listener of [...this.#onFailure]) listener();
  }
}

module.exports = { Pipes };
