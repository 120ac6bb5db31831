'use strict';

// Every pointer parameter of every function: it may point anywhere, and where
// the region behind it does not lie within memory the call is EOVERFLOW and has
// neither written nor done anything.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const assert = require('node:assert/strict');
const { Guest, OUT, PAGE, fixture, guestWithDirectory, iovs } = require('./helpers/guest');
const { errno, oflags, rights, subscription, u32 } = require('./helpers/preview1');

const FILE = 4;
const BUFFER = OUT + 0x4000;
const out = (size, { varies = false } = {}) => ({ size, varies });
const given = (content) => ({ size: content.length, content: Buffer.from(content) });
const counted = (content) => [given(content), Buffer.byteLength(content)];
const vector = [given(Buffer.concat([u32(BUFFER), u32(4)])), 1];
const all = rights.FD_READ | rights.FD_WRITE;

// Parameters of a call that succeeds.
const calls = {
  args_get: [out(4, { varies: true }), out(3)],
  args_sizes_get: [out(4), out(4)],
  environ_get: [out(4, { varies: true }), out(4)],
  environ_sizes_get: [out(4), out(4)],
  clock_res_get: [0, out(8)],
  clock_time_get: [0, 0n, out(8, { varies: true })],
  fd_fdstat_get: [3, out(24)],
  fd_filestat_get: [FILE, out(64, { varies: true })],
  fd_pread: [FILE, ...vector, 0n, out(4)],
  fd_prestat_dir_name: [3, out(1), 1],
  fd_prestat_get: [3, out(8)],
  fd_pwrite: [FILE, ...vector, 0n, out(4)],
  fd_read: [FILE, ...vector, out(4)],
  fd_readdir: [3, out(200, { varies: true }), 200, 0n, out(4)],
  fd_seek: [FILE, 2n, 0, out(8)],
  fd_tell: [FILE, out(8)],
  fd_write: [FILE, ...vector, out(4)],
  path_create_directory: [3, ...counted('new')],
  path_filestat_get: [3, 0, ...counted('file'), out(64, { varies: true })],
  path_filestat_set_times: [3, 0, ...counted('file'), 1n, 1n, 5],
  path_link: [3, 0, ...counted('file'), 3, ...counted('new')],
  path_open: [3, 0, ...counted('new'), oflags.CREAT, all, 0n, 0, out(4)],
  path_readlink: [3, ...counted('soft'), out(4), 4, out(4)],
  path_remove_directory: [3, ...counted('dir')],
  path_rename: [3, ...counted('file'), 3, ...counted('new')],
  path_symlink: [...counted('file'), 3, ...counted('new')],
  path_unlink_file: [3, ...counted('file')],
  poll_oneoff: [given(subscription({ userdata: 5, type: 0 })), out(32), 1, out(4)],
  random_get: [out(8, { varies: true }), 8],
};
// These need a socket to succeed; bounds are checked before that is noticed.
const socketCalls = {
  sock_accept: [0, 0, out(4)],
  sock_recv: [0, ...vector, 0, out(4), out(2)],
  sock_send: [0, ...vector, 0, out(4)],
};
const withoutPointers = [
  'fd_advise', 'fd_allocate', 'fd_close', 'fd_datasync', 'fd_fdstat_set_flags',
  'fd_fdstat_set_rights', 'fd_filestat_set_size', 'fd_filestat_set_times', 'fd_renumber', 'fd_sync',
  'proc_exit', 'proc_raise', 'sched_yield', 'sock_shutdown',
];

const isPointer = (parameter) => typeof parameter === 'object';
const pointersOf = (parameters) =>
  parameters.flatMap((parameter, index) => (isPointer(parameter) ? [index] : []));

function fillDirectory(directory) {
  for (const name of fs.readdirSync(directory)) fs.rmSync(path.join(directory, name), { recursive: true });
  fs.writeFileSync(path.join(directory, 'file'), 'content');
  fs.symlinkSync('file', path.join(directory, 'soft'));
  fs.mkdirSync(path.join(directory, 'dir'));
}

// What the guest could have changed.
function tree(directory) {
  return fs.readdirSync(directory).sort().map((name) => {
    const { mode, size, nlink, mtimeNs } = fs.lstatSync(path.join(directory, name), { bigint: true });
    return { name, mode, size, nlink, mtimeNs };
  });
}

// Regions lie apart from each other, except the one that is put elsewhere.
function place(parameters, moved, address) {
  return parameters.map((parameter, index) => {
    if (!isPointer(parameter)) return parameter;
    return index === moved ? address : OUT + 256 * (index + 1);
  });
}

function putInputs(guest, parameters, placed) {
  const size = guest.memory.buffer.byteLength;
  parameters.forEach((parameter, index) => {
    if (!isPointer(parameter) || !parameter.content) return;
    if (placed[index] + parameter.size <= size) guest.write(placed[index], parameter.content);
  });
}

function newGuest(t) {
  const guest = guestWithDirectory(t, { args: ['ab'], env: { A: 'b' } });
  fillDirectory(guest.directory);
  assert.equal(guest.open('file'), FILE);
  return guest;
}

test('the tables name every function', () => {
  const names = [...Object.keys(calls), ...Object.keys(socketCalls), ...withoutPointers];
  const imports = WebAssembly.Module.imports(fixture('probe')).map(({ name }) => name);
  assert.deepEqual(names.sort(), imports.sort());
});

describe('out of bounds is EOVERFLOW and does nothing:', () => {
  const end = 2 * PAGE;
  for (const [name, parameters] of Object.entries({ ...calls, ...socketCalls })) {
    for (const index of pointersOf(parameters)) {
      test(`${name}, parameter ${index}`, (t) => {
        const guest = newGuest(t);
        const before = tree(guest.directory);
        const { size } = parameters[index];
        for (const address of [
          end - size + 1, end, end + 1, 0x7fffffff, 0x80000000, 2 ** 32 - size, 0xffffffff,
        ]) {
          const placed = place(parameters, index, address);
          putInputs(guest, parameters, placed);
          const expected = guest.read(0, end);
          assert.equal(guest.exports[name](...placed), errno.OVERFLOW, `at ${address}`);
          guest.assertMemory(expected, name);
        }
        assert.deepEqual(tree(guest.directory), before);
        guest.check('fd_tell', [FILE, OUT], 0, [[OUT, Buffer.alloc(8)]]);
        guest.check('fd_tell', [FILE + 1, OUT], errno.BADF);
      });
    }
  }
});

describe('a length that leads out of bounds is EOVERFLOW and does nothing:', () => {
  // Which parameters are lengths and counts; 0x20000000 iovecs are 2 ** 32 bytes.
  const lengths = {
    fd_pread: [2], fd_prestat_dir_name: [2], fd_pwrite: [2], fd_read: [2], fd_readdir: [2],
    fd_write: [2], path_create_directory: [2], path_filestat_get: [3], path_filestat_set_times: [3],
    path_link: [3, 6], path_open: [3], path_readlink: [2, 4], path_remove_directory: [2],
    path_rename: [2, 5], path_symlink: [1, 4], path_unlink_file: [2], poll_oneoff: [2],
    random_get: [1], sock_recv: [2], sock_send: [2],
  };
  for (const [name, indices] of Object.entries(lengths)) {
    for (const index of indices) {
      test(`${name}, parameter ${index}`, (t) => {
        const guest = newGuest(t);
        const before = tree(guest.directory);
        const parameters = calls[name] ?? socketCalls[name];
        const placed = place(parameters);
        for (const length of [2 * PAGE, 0x20000000, 0x7fffffff, 0x80000000, 0xffffffff]) {
          placed[index] = length;
          putInputs(guest, parameters, placed);
          const expected = guest.read(0, 2 * PAGE);
          assert.equal(guest.exports[name](...placed), errno.OVERFLOW, `length ${length}`);
          guest.assertMemory(expected, name);
        }
        assert.deepEqual(tree(guest.directory), before);
      });
    }
  }
});

describe('one bad iovec among good ones is EOVERFLOW and nothing is moved:', () => {
  const end = 2 * PAGE;
  const fds = { fd_read: [], fd_write: [], fd_pread: [0n], fd_pwrite: [0n], sock_recv: [0], sock_send: [0] };
  for (const [name, between] of Object.entries(fds)) {
    test(name, (t) => {
      const guest = newGuest(t);
      const fd = name.startsWith('sock') ? 0 : FILE;
      const results = name === 'sock_recv' ? [OUT, OUT + 8] : [OUT];
      for (const bad of [
        [end - 3, 4], [end, 0], [end, 1], [0xffffffff, 0], [0xffffffff, 1], [0x80000000, 4],
        [0, 0xffffffff], [OUT, 0xffffffff], [OUT, PAGE + 1],
      ]) {
        for (const list of [[bad], [bad, [BUFFER, 4]], [[BUFFER, 4], bad], [[BUFFER, 4], bad, [BUFFER, 4]]]) {
          guest.check(name, [fd, iovs(...list), ...between, ...results], errno.OVERFLOW);
        }
      }
      // Behind the first 1024, which is what the kernel takes at once.
      const many = [...Array.from({ length: 1500 }, () => [BUFFER, 1]), [end, 1]];
      guest.check(name, [fd, iovs(...many), ...between, ...results],
        name.startsWith('sock') ? errno.MSGSIZE : errno.OVERFLOW);
      assert.equal(fs.readFileSync(guest.file('file'), 'utf8'), 'content');
      guest.check('fd_tell', [FILE, OUT], 0, [[OUT, Buffer.alloc(8)]]);
    });
  }
});

describe('the same result wherever the pointer points:', () => {
  const end = 65536 * PAGE;
  let guest;

  // One guest for all, because its memory has 4 GiB; hardly any of it is touched.
  before(() => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'wasi-rs-test-'));
    guest = new Guest({ preopens: { '/': directory }, args: ['ab'], env: { A: 'b' } });
    guest.directory = directory;
    assert.equal(guest.exports.grow(65536 - 2), 2);
    assert.equal(guest.memory.buffer.byteLength, end);
  });
  after(() => fs.rmSync(guest.directory, { recursive: true }));

  function run(name, parameters, moved, address) {
    for (const fd of [FILE, FILE + 1]) guest.exports.fd_close(fd);
    fillDirectory(guest.directory);
    assert.equal(guest.open('file'), FILE);
    const placed = place(parameters, moved, address);
    const regions = parameters.flatMap((parameter, index) => {
      if (!isPointer(parameter)) return [];
      const from = Math.max(0, placed[index] - 16);
      return [{ from, to: Math.min(end, placed[index] + parameter.size + 16), ...parameter }];
    });
    for (const { from, to } of regions) guest.view(from, to - from).fill(0xee);
    guest.view(BUFFER - 16, 36).fill(0xee);
    putInputs(guest, parameters, placed);
    const result = guest.exports[name](...placed);
    return {
      result,
      buffer: guest.read(BUFFER - 16, 36).toString('hex'),
      regions: regions.map(({ from, to, size, varies }, i) => {
        const at = placed[pointersOf(parameters)[i]];
        return {
          before: guest.read(from, at - from).every((byte) => byte === 0xee),
          bytes: varies || guest.read(at, size).toString('hex'),
          after: guest.read(at + size, to - at - size).every((byte) => byte === 0xee),
        };
      }),
      names: fs.readdirSync(guest.directory).sort(),
    };
  }

  for (const [name, parameters] of Object.entries(calls)) {
    for (const index of pointersOf(parameters)) {
      test(`${name}, parameter ${index}`, () => {
        const { size } = parameters[index];
        const expected = run(name, parameters);
        assert.equal(expected.result, 0);
        for (const address of [
          0, 1, 3 * PAGE - 1, 2 ** 31 - 1, 2 ** 31 + 1, 3 * 2 ** 30 - 2, end - size - 1, end - size,
        ]) {
          assert.deepEqual(run(name, parameters, index, address), expected, `at ${address}`);
        }
      });
    }
  }
});
