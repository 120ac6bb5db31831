'use strict';

// The guest's memory: growing, shared, empty, replaced; and the imports called
// from JavaScript, without a guest.

const fs = require('node:fs');
const { describe, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const assert = require('node:assert/strict');
const { WASI } = require('..');
const {
  Guest, OUT, PAGE, fixture, guestWithDirectory, iovs, pattern, pointer, text,
} = require('./helpers/guest');
const {
  errno, event, eventType, fdstat, filestat, filetype, most, oflags, subscription, u32, u64,
} = require('./helpers/preview1');

const symbol = (wasi, description) =>
  Object.getOwnPropertySymbols(wasi).find((one) => one.description === description);
const sharedMemory = (maximum = 65536) => new WebAssembly.Memory({ initial: 2, maximum, shared: true });

// Sizes of these arguments are 2 and 5.
const args = ['ab', 'c'];
function assertSizes(memory, address) {
  assert.deepEqual([...Buffer.from(memory.buffer, address, 8)], [2, 0, 0, 0, 5, 0, 0, 0]);
}

describe('memory that grows', () => {
  const ways = {
    'by the guest': (guest, pages) => guest.exports.grow(pages),
    'by the host': (guest, pages) => guest.memory.grow(pages),
  };
  for (const [way, grow] of Object.entries(ways)) {
    test(`${way}: each call sees its size`, () => {
      const guest = new Guest({ args });
      for (let pages = 2; pages < 40; pages += 3) {
        const end = pages * PAGE;
        assert.equal(guest.exports.args_sizes_get(end - 8, end - 4), 0);
        assertSizes(guest.memory, end - 8);
        assert.equal(guest.exports.args_sizes_get(end - 8, end - 3), errno.OVERFLOW);
        assert.equal(guest.exports.args_sizes_get(end, end - 4), errno.OVERFLOW);
        assert.equal(grow(guest, 3), pages);
        assert.equal(guest.exports.args_sizes_get(end - 3, end + 1), 0);
        assert.equal(guest.exports.args_sizes_get(end, end + 4), 0);
        assertSizes(guest.memory, end);
      }
    });

    test(`${way}, by nothing: the buffer is another, the memory is not`, () => {
      const guest = new Guest({ args });
      for (let i = 0; i < 3; i++) {
        assert.equal(grow(guest, 0), 2);
        assert.equal(guest.exports.args_sizes_get(2 * PAGE - 8, 2 * PAGE - 4), 0);
        assertSizes(guest.memory, 2 * PAGE - 8);
        assert.equal(guest.exports.args_sizes_get(2 * PAGE, OUT), errno.OVERFLOW);
      }
    });
  }

  test('reading and writing in the new pages', (t) => {
    const guest = guestWithDirectory(t);
    const fd = guest.open('file', { oflags: oflags.CREAT });
    for (let round = 0; round < 20; round++) {
      const from = guest.memory.buffer.byteLength;
      guest.exports.grow(2);
      // List, buffers and result all in the new pages.
      guest.write(from, Buffer.concat([u32(from + 100), u32(3), u32(from + PAGE - 1), u32(2)]));
      guest.write(from + 100, Buffer.from([round, 1, 2]));
      guest.write(from + PAGE - 1, Buffer.from([3, round]));
      assert.equal(guest.exports.fd_pwrite(fd, from, 2, 0n, from + 2 * PAGE - 4), 0);
      assert.deepEqual(guest.read(from + 2 * PAGE - 4, 4), u32(5));
      assert.deepEqual([...fs.readFileSync(guest.file('file'))], [round, 1, 2, 3, round]);
      guest.view(from + 100, 3).fill(0);
      assert.equal(guest.exports.fd_pread(fd, from, 2, 0n, from + 2 * PAGE - 4), 0);
      assert.deepEqual([...guest.read(from + 100, 3)], [round, 1, 2]);
    }
  });
});

describe('memory without pages', () => {
  test('every pointer is outside, until it grows', () => {
    const memory = new WebAssembly.Memory({ initial: 0 });
    const wasi = new WASI({ version: 'preview1', args });
    wasi.finalizeBindings({ exports: { memory } });
    const { args_sizes_get, args_get, random_get, fd_write, fd_close, sched_yield } = wasi.wasiImport;
    for (let i = 0; i < 2; i++) {
      assert.equal(args_sizes_get(0, 4), errno.OVERFLOW);
      assert.equal(args_get(0, 0), errno.OVERFLOW);
      assert.equal(random_get(0, 0), errno.OVERFLOW);
      assert.equal(fd_write(1, 0, 0, 0), errno.OVERFLOW);
    }
    assert.equal(sched_yield(), 0);
    assert.equal(fd_close(2), 0);
    memory.grow(1);
    assert.equal(args_sizes_get(PAGE - 8, PAGE - 4), 0);
    assertSizes(memory, PAGE - 8);
    assert.equal(args_sizes_get(PAGE - 7, PAGE - 3), errno.OVERFLOW);
  });

  test('shared, and grown from zero', () => {
    const memory = new WebAssembly.Memory({ initial: 0, maximum: 4, shared: true });
    const wasi = new WASI({ version: 'preview1', args });
    wasi.finalizeBindings({ exports: { memory } });
    assert.equal(wasi.wasiImport.args_sizes_get(0, 4), errno.OVERFLOW);
    memory.grow(2);
    assert.equal(wasi.wasiImport.args_sizes_get(2 * PAGE - 8, 2 * PAGE - 4), 0);
    assertSizes(memory, 2 * PAGE - 8);
  });
});

describe('shared memory', () => {
  const guestOn = (t, options) =>
    guestWithDirectory(t, { module: 'probe-shared', memory: sharedMemory(), args, ...options });

  test('is read and written by every kind of call', (t) => {
    const guest = guestOn(t);
    const A = OUT + 0x1001;
    guest.check('args_sizes_get', [OUT, OUT + 4], 0, [[OUT, u32(2)], [OUT + 4, u32(5)]]);
    guest.check('args_get', [OUT + 1, A], 0, [[OUT + 1, u32(A)], [OUT + 5, u32(A + 3)], [A, 'ab\0c\0']]);
    guest.check('path_open', [3, 0, text('größer'), oflags.CREAT, most.file.base, 0n, 0, OUT], 0, [[OUT, u32(4)]]);
    guest.check('fd_write', [4, iovs('one', '', 'two'), OUT + 3], 0, [[OUT + 3, u32(6)]]);
    guest.check('fd_seek', [4, -5n, 2, OUT], 0, [[OUT, u64(1n)]]);
    guest.check('fd_read', [4, iovs([A, 2], [A + 9, 20]), OUT], 0, [[A, 'ne'], [A + 9, 'two'], [OUT, u32(5)]]);
    guest.check('fd_fdstat_get', [4, OUT + 7], 0, fdstat(OUT + 7, filetype.REGULAR_FILE, 0, most.file));
    const stat = fs.statSync(guest.file('größer'), { bigint: true });
    guest.check('path_filestat_get', [3, 0, text('größer'), A], 0, filestat(A, stat, filetype.REGULAR_FILE));
    guest.check('path_symlink', [text('größer'), 3, text('soft')], 0);
    guest.check('path_readlink', [3, text('soft'), A, 4, OUT], 0, [
      [A, Buffer.from('größer').subarray(0, 4)], [OUT, u32(4)],
    ]);
    guest.check('poll_oneoff', [pointer(subscription({ userdata: 9, type: eventType.FD_WRITE, fd: 4 })), A, 1, OUT], 0, [
      [OUT, u32(1)], ...event(A, { userdata: 9, type: eventType.FD_WRITE }),
    ]);
    assert.equal(guest.call('random_get', A, 5001), 0);
    const expected = Buffer.from(pattern);
    guest.read(A, 5001).copy(expected, A);
    assert.notDeepEqual(guest.read(A, 16), guest.read(A + 16, 16));
    guest.assertMemory(expected, 'random_get');
  });

  test('out of bounds', (t) => {
    const guest = guestOn(t);
    guest.check('args_sizes_get', [2 * PAGE - 3, OUT], errno.OVERFLOW);
    guest.check('random_get', [2 * PAGE - 3, 4], errno.OVERFLOW);
    guest.check('random_get', [2 ** 32 - 1, 1], errno.OVERFLOW);
  });

  test('grown by this thread', (t) => {
    const guest = guestOn(t);
    for (let pages = 2; pages < 20; pages++) {
      assert.equal(pages % 2 ? guest.memory.grow(1) : guest.exports.grow(1), pages);
      const end = (pages + 1) * PAGE;
      assert.equal(guest.exports.args_sizes_get(end - 8, end - 4), 0);
      assertSizes(guest.memory, end - 8);
      assert.equal(guest.exports.args_sizes_get(end, end - 4), errno.OVERFLOW);
    }
  });

  // Grows it page by page; the first number says how many pages there are, the
  // second how many this thread may have.
  const grower = (workerData) => new Worker(`
    const { memory, pages } = require('node:worker_threads').workerData;
    for (let size = 3; size <= 64; size++) {
      for (let allowed; (allowed = Atomics.load(pages, 1)) < size;) Atomics.wait(pages, 1, allowed);
      memory.grow(1);
      Atomics.store(pages, 0, size);
      Atomics.notify(pages, 0);
    }
  `, { eval: true, workerData });

  test('grown by another thread: the next call sees it', async (t) => {
    const guest = guestOn(t);
    const pages = new Int32Array(new SharedArrayBuffer(8));
    pages.fill(2);
    const worker = grower({ memory: guest.memory, pages });
    for (let size = 3; size <= 64; size++) {
      assert.equal(guest.exports.args_sizes_get((size - 1) * PAGE, OUT), errno.OVERFLOW);
      Atomics.store(pages, 1, size);
      Atomics.notify(pages, 1);
      Atomics.wait(pages, 0, size - 1);
      const end = size * PAGE;
      assert.equal(guest.exports.args_sizes_get(end - 8, end - 4), 0, `${size} pages`);
      assertSizes(guest.memory, end - 8);
    }
    await new Promise((resolve) => { worker.on('exit', resolve); });
  });

  test('grown by another thread while this one calls', async (t) => {
    const guest = guestOn(t);
    const pages = new Int32Array(new SharedArrayBuffer(8));
    pages.set([2, 64]);
    const worker = grower({ memory: guest.memory, pages });
    const fd = guest.open('file', { oflags: oflags.CREAT });
    for (let size = 0; size < 64;) {
      size = Atomics.load(pages, 0);
      const end = size * PAGE;
      guest.write(OUT, Buffer.concat([u32(end - 8), u32(8)]));
      assert.equal(guest.exports.args_sizes_get(end - 8, end - 4), 0, `${size} pages`);
      assert.equal(guest.exports.fd_pwrite(fd, OUT, 1, 0n, OUT + 8), 0);
      assert.deepEqual([...fs.readFileSync(guest.file('file'))], [2, 0, 0, 0, 5, 0, 0, 0]);
      assert.equal(guest.exports.args_sizes_get(0xfffffff8, OUT), errno.OVERFLOW);
    }
    await new Promise((resolve) => { worker.on('exit', resolve); });
  });

  test('4 GiB of it', (t) => {
    const guest = guestOn(t);
    guest.memory.grow(65534);
    for (const address of [2 ** 31 - 4, 2 ** 31 + 3, 2 ** 32 - 8]) {
      assert.equal(guest.exports.args_sizes_get(address, address + 4), 0);
      assertSizes(guest.memory, address);
    }
  });
});

describe('another memory in place of the first', () => {
  test('through kSetMemory', () => {
    const guest = new Guest({ args });
    const set = guest.wasi[symbol(guest.wasi, 'kSetMemory')];
    for (const other of [new WebAssembly.Memory({ initial: 5 }), sharedMemory(), new WebAssembly.Memory({ initial: 1 })]) {
      guest.write(0, pattern);
      set(other);
      const end = other.buffer.byteLength;
      assert.equal(guest.exports.args_sizes_get(end - 8, end - 4), 0);
      assertSizes(other, end - 8);
      assert.equal(guest.exports.args_sizes_get(end, 0), errno.OVERFLOW);
      guest.assertMemory(pattern, 'a call on the other memory');
    }
    set(guest.memory);
    guest.check('args_sizes_get', [OUT, OUT + 4], 0, [[OUT, u32(2)], [OUT + 4, u32(5)]]);
  });

  test('what is no memory is refused and changes nothing', () => {
    const guest = new Guest({ args });
    const set = guest.wasi[symbol(guest.wasi, 'kSetMemory')];
    for (const bad of [undefined, null, 5, {}, guest.memory.buffer, Object.create(guest.memory)]) {
      assert.throws(() => set(bad), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
    guest.check('args_sizes_get', [OUT, OUT + 4], 0, [[OUT, u32(2)], [OUT + 4, u32(5)]]);
  });

  test('finalizeBindings() takes one that the guest does not export', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const wasi = new WASI({ version: 'preview1', args });
    wasi.finalizeBindings({ exports: {} }, { memory });
    assert.equal(wasi.wasiImport.args_sizes_get(8, 12), 0);
    assertSizes(memory, 8);
  });
});

describe('imports called from JavaScript', () => {
  const started = (options) => {
    const wasi = new WASI({ version: 'preview1', args, ...options });
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    wasi.finalizeBindings({ exports: { memory } });
    return { ...wasi.wasiImport, memory };
  };

  test('take numbers as the i32 they are modulo 2 ** 32', () => {
    const { args_sizes_get, memory } = started();
    memory.grow(65535);
    for (const [count, size] of [
      [2 ** 31 + 8, 2 ** 31 + 12], [-8, -4], [2 ** 32 - 16, 2 ** 32 - 12], [2 ** 32 + 64, 2 ** 32 + 68],
      [100.9, 104.1], ['200', '204'],
    ]) {
      const at = Math.trunc(((Number(count) % 2 ** 32) + 2 ** 32) % 2 ** 32);
      assert.equal(args_sizes_get(count, size), 0);
      assertSizes(memory, at);
    }
    assert.equal(args_sizes_get(2 ** 32 - 3, 0), errno.OVERFLOW);
    assert.equal(args_sizes_get(-3, 0), errno.OVERFLOW);
  });

  test('take BigInts as i64, and nothing else there', () => {
    const { clock_time_get, fd_seek, memory } = started();
    for (const precision of [0n, -1n, 2n ** 64n + 1n]) {
      assert.equal(clock_time_get(1, precision, 8), 0);
      assert.notEqual(new BigUint64Array(memory.buffer)[1], 0n);
    }
    assert.throws(() => clock_time_get(1, 0, 8), TypeError);
    assert.throws(() => clock_time_get(1), TypeError);
    assert.throws(() => clock_time_get(1n, 0n, 8), TypeError);
    assert.throws(() => fd_seek(0, 1, 0, 8), TypeError);
  });

  test('whatever is missing is 0, whatever is too much is ignored', () => {
    const { args_sizes_get, sched_yield, memory } = started();
    assert.equal(args_sizes_get(4), 0);
    assert.deepEqual([...new Uint32Array(memory.buffer, 0, 2)], [5, 2]);
    assert.equal(args_sizes_get(16, 20, 24, 28), 0);
    assertSizes(memory, 16);
    assert.equal(sched_yield(1, 2n, {}), 0);
  });

  test('need no `this`', () => {
    const { args_sizes_get, memory } = started();
    assert.equal(args_sizes_get.call(undefined, 0, 4), 0);
    assertSizes(memory, 0);
    assert.equal(Reflect.apply(args_sizes_get, new WASI({ version: 'preview1' }), [8, 12]), 0);
    assertSizes(memory, 8);
  });

  test('of several objects, in turns, do not mix', () => {
    const guests = [1, 2, 3].map((count) => {
      const guest = started({ args: Array(count).fill('x') });
      return { ...guest, count };
    });
    for (let round = 0; round < 50; round++) {
      for (const { args_sizes_get, memory, count } of guests) {
        assert.equal(args_sizes_get(8 * round, 8 * round + 4), 0);
        assert.deepEqual([...new Uint32Array(memory.buffer, 8 * round, 2)], [count, 2 * count]);
        if (round % 10 === count) memory.grow(1);
      }
    }
  });

  describe('before start():', () => {
    const notStarted = { name: 'Error', message: 'wasi.start() has not been called', code: 'ERR_WASI_NOT_STARTED' };
    const zero = (name) => require('./differential/signatures')[name].split('').map((c) => (c === 'I' ? 0n : 0));

    for (const { name } of WebAssembly.Module.imports(fixture('probe'))) {
      if (name === 'proc_exit') continue;
      test(`${name} throws`, () => {
        const { wasiImport } = new WASI({ version: 'preview1' });
        assert.throws(() => wasiImport[name](...zero(name)), notStarted);
        assert.throws(() => wasiImport[name](...zero(name)), notStarted);
      });
    }

    test('proc_exit throws too, unless it may return', () => {
      const strict = new WASI({ version: 'preview1', returnOnExit: false });
      assert.throws(() => strict.wasiImport.proc_exit(3), notStarted);
      const wasi = new WASI({ version: 'preview1' });
      assert.throws(() => wasi.wasiImport.proc_exit(3), (thrown) => thrown === symbol(wasi, 'kExitCode'));
      assert.equal(wasi[symbol(wasi, 'kExitCode')], 3);
    });

    test('a guest that calls gets the error as its own', () => {
      const wasi = new WASI({ version: 'preview1', args });
      const instance = new WebAssembly.Instance(fixture('probe'), wasi.getImportObject());
      assert.throws(() => instance.exports.args_sizes_get(0, 4), notStarted);
      wasi.initialize(instance);
      assert.equal(instance.exports.args_sizes_get(0, 4), 0);
      assertSizes(instance.exports.memory, 0);
    });
  });
});
