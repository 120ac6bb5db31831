'use strict';

// A Worker that has its descriptors with others: see threads.test.js.

const assert = require('node:assert/strict');
const { parentPort, workerData } = require('node:worker_threads');
const { Random } = require('../../fuzz/differential/random');
const { Calls } = require('./calls');
const { errno } = require('./preview1');
const { RECORD, meet, record, records } = require('./threads');
const { WASI } = require('../..');

const { files, index, names, operations, seed, share, tokens } = workerData;
const [STDIN, STDOUT] = [0, 1];
const calls = new Calls(new WASI({ version: 'preview1', share }));
const random = new Random(seed + index);
let number = 0;
const done = { written: 0, printed: 0, read: [], taken: [] };

// Each opens files of its own, never the same again.
function create(...numbers) {
  const fd = calls.create(`own-${index}-${number++}`);
  for (const number of numbers) assert.equal(calls.write(fd, record(index, number)), 0);
  return fd;
}

const assertContent = (fd, ...numbers) => {
  assert.deepEqual(records(calls.readAt(fd, 10 * RECORD, 0).bytes), numbers.map((number) => [index, number]));
};

const does = {
  write() {
    assert.equal(calls.write(files.written, record(index, done.written++)), 0);
  },

  print() {
    assert.equal(calls.write(STDOUT, record(index, done.printed++)), 0);
  },

  read() {
    const bytes = calls.readBytes(files.read, RECORD);
    done.read.push(...records(bytes));
    return bytes.length;
  },

  take() {
    if (done.taken.length === tokens) return;
    calls.poll(STDIN);
    done.taken.push(...records(calls.readBytes(STDIN, RECORD)));
  },

  own() {
    const fd = create(1, 2, 3);
    assert.equal(calls.tell(fd), 3 * RECORD);
    assert.equal(calls.seek(fd, RECORD), 0);
    assert.deepEqual(records(calls.readBytes(fd, RECORD)), [[index, 2]]);
    assertContent(fd, 1, 2, 3);
    assert.equal(calls.close(fd), 0);
  },

  renumber() {
    const [from, to] = [create(4), create(5, 6)];
    calls.renumber(from, to);
    assert.equal(calls.write(to, record(index, 7)), 0);
    assertContent(to, 4, 7);
    assert.equal(calls.close(to), 0);
  },

  list() {
    assert.deepEqual(calls.names(files.directory).sort(), names);
  },

  // Whatever it hits, it is what someone wrote as a whole.
  spy() {
    const result = calls.readAt(random.below(40), RECORD, 0);
    assert.ok([0, errno.BADF, errno.NOTCAPABLE].includes(result.errno), `errno ${result.errno}`);
    assert.ok(records(result.bytes));
  },
};

meet(workerData);
for (let left = operations; left > 0; left--) does[random.pick(Object.keys(does))]();
while (does.read() > 0);
while (done.taken.length < tokens) does.take();
parentPort.postMessage(done);
