'use strict';

// The class SyncInstance, which instantiateSync() returns, and runSync().

const { closeByUsing } = require('./dispose.js');
const { invalidValue } = require('./errors.js');
const { custom, showState } = require('./inspect.js');
const native = require('./native.js');
const { decoded, outcomeError, resultOf } = require('./outcome.js');
const { requireGuest } = require('./permission.js');
const { listed } = require('./settings.js');
const { isStream } = require('./stdio.js');
const { SyncGuest } = require('./sync-guest.js');

class SyncInstance {
  #guest;
  #encoding;
  #isClosed = false;

  constructor(guest, { encoding }) {
    this.#guest = guest;
    this.#encoding = encoding;
    this.exports = guest.exports;
    this.memory = guest.memory;
  }

  get stdout() {
    return decoded(this.#guest.output().stdout, this.#encoding);
  }

  get stderr() {
    return decoded(this.#guest.output().stderr, this.#encoding);
  }

  close() {
    this.#isClosed = true;
    native.close(this.#guest.handle);
  }

  [custom](depth, options) {
    return showState(this, () => ({ exports: Object.keys(this.exports), closed: this.#isClosed }), depth, options);
  }
}

closeByUsing(SyncInstance);

// Streams need the event loop, which waits for the guest.
function prepare(settings) {
  for (const name of ['stdin', 'stdout', 'stderr']) {
    if (isStream(settings[name])) {
      throw invalidValue(`options.${name}`, "can't be a stream, because a synchronous call blocks the event loop. " +
        'Use run() or instantiate(), or pass a descriptor', settings[name]);
    }
  }
  requireGuest(settings.preopens);
}

function instantiateSync(program, settings) {
  prepare(settings);
  const guest = new SyncGuest(program, settings);
  const outcome = guest.start(native.instantiateSync);
  if (outcome.failure !== null) throw outcomeError(outcome, { ...settings, host: guest });
  return new SyncInstance(guest, settings);
}

function runSync(program, settings) {
  prepare(settings);
  if (settings.imports === null && settings.signal === undefined) {
    return resultOf(native.runSync(program, listed(settings)), settings);
  }
  const guest = new SyncGuest(program, settings);
  return resultOf(guest.start(native.runSync), { ...settings, host: guest });
}

module.exports = { instantiateSync, runSync };
