'use strict';

// A Worker that is in a certain call, again and again, until it is terminated: see
// threads-termination.test.js. It counts in `alive`, so that others see that it is there.

const { threadId, workerData } = require('node:worker_threads');
const { Calls } = require('./calls');
const { fixture } = require('./guest');
const { record } = require('./threads');
const { WASI } = require('../..');

const { alive, options, place } = workerData;
const newWasi = () => new WASI({ version: 'preview1', ...options });
const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
const calls = new Calls(newWasi(), memory);
const [STDIN, STDOUT] = [0, 1];
const names = calls.openDirectory('directory');
const own = calls.create(`own-${threadId}`);

const instantiate = () => {
  const imports = { ...newWasi().getImportObject(), env: { memory } };
  return new WebAssembly.Instance(fixture('probe-shared'), imports);
};
const { grow } = instantiate().exports;
const content = Buffer.alloc(512, 'x');

const places = {
  reads: () => calls.read(STDIN),
  waits: () => calls.poll(STDIN),
  // Soon nothing more fits in.
  writes: () => calls.write(STDOUT, content),
  calls: () => calls.count('args_sizes_get'),
  seeks: () => calls.seek(own, 1),
  grows: () => {
    grow(1);
    calls.tell(own);
  },
  instantiates: instantiate,
  constructs: newWasi,
  shares: () => newWasi().share(),
  'takes what is shared': () => new WASI({ version: 'preview1', share: newWasi().share() }),
  opens: () => calls.close(calls.create('opened')),
  renumbers: () => {
    const [from, to] = [calls.create('from'), calls.create('to')];
    calls.renumber(from, to);
    calls.close(to);
  },
  lists: () => calls.names(names),
  throws: () => {
    if (Atomics.load(alive, 0) > 5) throw new Error('uncaught, as asked for');
    calls.tell(own);
  },
};

// What none of this may hold up: it writes as many as it says.
const file = place === 'survives' && calls.create('survivor');
let written = 0;
places.survives = () => {
  if (Atomics.load(alive, 1) === 1) process.exit(0);
  if (calls.write(file, record(0, written++)) !== 0) throw new Error('not written');
};

for (const again = places[place]; ;) {
  Atomics.add(alive, 0, 1);
  again();
}
