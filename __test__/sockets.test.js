'use strict';

// sock_recv, sock_send, sock_shutdown and sock_accept, on sockets that the host
// lends as standard streams. What is at the other end is the host's, which
// reads and writes it directly: while the guest runs, no event loop does.

const { execFileSync } = require('node:child_process');
const dgram = require('node:dgram');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const { describe, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const assert = require('node:assert/strict');
const { OUT, PAGE, guestWithDirectory, guestWithFile, iovs, tempDir } = require('./helpers/guest');
const {
  errno, event, eventType, fdflags, fdstat, filetype, most, rights, subscription, u16, u32,
} = require('./helpers/preview1');

const A = OUT + 0x1000;
const B = OUT + 0x2001;
const PEEK = 1;
const WAITALL = 2;
const TRUNCATED = 1;
const [RD, WR] = [1, 2];

// Two ends of a connection: descriptors of the host.
async function pair(t, { tcp = false } = {}) {
  const server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
  server.listen(tcp ? { port: 0, host: '127.0.0.1' } : `${tempDir(t)}/socket`);
  await once(server, 'listening');
  const address = server.address();
  const client = net.connect({ ...(tcp ? address : { path: address }), host: '127.0.0.1', allowHalfOpen: true });
  client.pause();
  const [socket] = await once(server, 'connection');
  const workers = [];
  t.after(async () => {
    // Their descriptor may be another's once it is closed.
    await Promise.all(workers);
    client.destroy();
    socket.destroy();
    server.close();
  });
  return { host: client._handle.fd, lent: socket._handle.fd, workers };
}

// `writeLater` writes from another thread, while this one is blocked.
async function guestWithSocket(t, options) {
  const { host, lent, workers } = await pair(t, options);
  const writeLater = (...texts) => {
    const worker = new Worker(`
      const { host, texts } = require('node:worker_threads').workerData;
      const wait = new Int32Array(new SharedArrayBuffer(4));
      for (const text of texts) {
        Atomics.wait(wait, 0, 0, 30);
        require('node:fs').writeSync(host, text);
      }
    `, { eval: true, workerData: { host, texts } });
    workers.push(once(worker, 'exit'));
  };
  return { host, writeLater, guest: guestWithDirectory(t, { stdin: lent }) };
}

function readHost(fd) {
  const buffer = Buffer.alloc(1000);
  return buffer.subarray(0, fs.readSync(fd, buffer)).toString();
}

const received = (length, flags = 0) => [[OUT, u32(length)], [OUT + 9, u16(flags)]];

for (const [kind, options] of [['unix', { tcp: false }], ['TCP', { tcp: true }]]) {
  describe(`${kind} sockets`, () => {
    test('are of a type of their own', async (t) => {
      const { guest } = await guestWithSocket(t, options);
      guest.check('fd_fdstat_get', [0, OUT], 0, fdstat(OUT, filetype.SOCKET_STREAM, 0, most.socket));
      assert.equal(guest.call('fd_filestat_get', 0, OUT), 0);
      assert.equal(guest.view(OUT + 16, 1)[0], filetype.SOCKET_STREAM);
    });

    test('sock_recv fills several buffers', async (t) => {
      const { guest, host } = await guestWithSocket(t, options);
      fs.writeSync(host, 'hello world');
      guest.check('sock_recv', [0, iovs([A, 3], [B, 0], [B, 4]), 0, OUT, OUT + 9], 0, [
        [A, 'hel'], [B, 'lo w'], ...received(7),
      ]);
      guest.check('sock_recv', [0, iovs([A, 3], [B, 100]), 0, OUT, OUT + 9], 0, [
        [A, 'orl'], [B, 'd'], ...received(4),
      ]);
    });

    test('sock_recv with PEEK leaves the data', async (t) => {
      const { guest, host } = await guestWithSocket(t, options);
      fs.writeSync(host, 'twice');
      for (const flags of [PEEK, PEEK, 0]) {
        guest.check('sock_recv', [0, iovs([A, 2], [B, 9]), flags, OUT, OUT + 9], 0, [
          [A, 'tw'], [B, 'ice'], ...received(5),
        ]);
      }
    });

    test('sock_recv waits for data', async (t) => {
      const { guest, writeLater } = await guestWithSocket(t, options);
      writeLater('late');
      guest.check('sock_recv', [0, iovs([A, 9]), 0, OUT, OUT + 9], 0, [[A, 'late'], ...received(4)]);
    });

    test('sock_recv with WAITALL waits until the buffers are full', async (t) => {
      const { guest, writeLater } = await guestWithSocket(t, options);
      writeLater('one', 'two', 'three');
      guest.check('sock_recv', [0, iovs([A, 4], [B, 5]), WAITALL, OUT, OUT + 9], 0, [
        [A, 'onet'], [B, 'wothr'], ...received(9),
      ]);
      guest.check('sock_recv', [0, iovs([A, 4]), 0, OUT, OUT + 9], 0, [[A, 'ee'], ...received(2)]);
    });

    test('fd_read waits for data', async (t) => {
      const { guest, writeLater } = await guestWithSocket(t, options);
      writeLater('late');
      guest.check('fd_read', [0, iovs([A, 2], [B, 9]), OUT], 0, [[A, 'la'], [B, 'te'], [OUT, u32(4)]]);
    });

    test('NONBLOCK does not wait, on either way', async (t) => {
      const { guest, host } = await guestWithSocket(t, options);
      guest.check('fd_fdstat_set_flags', [0, fdflags.NONBLOCK], 0);
      guest.check('sock_recv', [0, iovs([A, 9]), 0, OUT, OUT + 9], errno.AGAIN);
      guest.check('fd_read', [0, iovs([A, 9]), OUT], errno.AGAIN);
      while (guest.call('sock_send', 0, iovs([0, PAGE]), 0, OUT) === 0);
      guest.check('sock_send', [0, iovs([0, PAGE]), 0, OUT], errno.AGAIN);
      fs.writeSync(host, 'x');
      guest.check('sock_recv', [0, iovs([A, 9]), 0, OUT, OUT + 9], 0, [[A, 'x'], ...received(1)]);
    });

    test('sock_send sends several buffers, fd_write too', async (t) => {
      const { guest, host } = await guestWithSocket(t, options);
      guest.check('sock_send', [0, iovs('hello ', '', 'world'), 0, OUT + 1], 0, [[OUT + 1, u32(11)]]);
      assert.equal(readHost(host), 'hello world');
      guest.check('fd_write', [0, iovs('a', 'b'), OUT], 0, [[OUT, u32(2)]]);
      assert.equal(readHost(host), 'ab');
    });

    test('a large sock_send waits for the reader', async (t) => {
      const { guest, host } = await guestWithSocket(t, options);
      assert.equal(guest.exports.grow(200), 2);
      const total = 150 * PAGE;
      const counts = new Int32Array(new SharedArrayBuffer(8));
      const worker = new Worker(`
        const { host, total, counts } = require('node:worker_threads').workerData;
        const buffer = Buffer.alloc(100_000);
        const wait = new Int32Array(new SharedArrayBuffer(4));
        Atomics.wait(wait, 0, 0, 30);
        while (counts[0] < total) {
          try {
            counts[0] += require('node:fs').readSync(host, buffer);
          } catch (error) {
            if (error.code !== 'EAGAIN') throw error;
            Atomics.wait(wait, 0, 0, 1);
          }
        }
      `, { eval: true, workerData: { host, total, counts } });
      for (let sent = 0; sent < total;) {
        assert.equal(guest.call('sock_send', 0, iovs([2 * PAGE, total - sent]), 0, OUT), 0);
        sent += guest.u32(OUT);
      }
      await once(worker, 'exit');
      assert.equal(counts[0], total);
    });

    test('sock_shutdown of the write side ends the stream', async (t) => {
      const { guest, host } = await guestWithSocket(t, options);
      guest.check('sock_send', [0, iovs('last'), 0, OUT], 0, [[OUT, u32(4)]]);
      guest.check('sock_shutdown', [0, WR], 0);
      assert.equal(readHost(host), 'last');
      assert.equal(readHost(host), '');
      guest.check('sock_send', [0, iovs('x'), 0, OUT], errno.PIPE);
      guest.check('fd_write', [0, iovs('x'), OUT], errno.PIPE);
      fs.writeSync(host, 'still');
      guest.check('sock_recv', [0, iovs([A, 9]), 0, OUT, OUT + 9], 0, [[A, 'still'], ...received(5)]);
    });

    test('sock_shutdown of the read side, and of both', async (t) => {
      const { guest, host } = await guestWithSocket(t, options);
      guest.check('sock_shutdown', [0, RD], 0);
      guest.check('sock_recv', [0, iovs([A, 9]), 0, OUT, OUT + 9], 0, received(0));
      guest.check('sock_shutdown', [0, RD | WR], 0);
      assert.equal(readHost(host), '');
    });

    test('poll_oneoff', async (t) => {
      const { guest, host } = await guestWithSocket(t, options);
      const poll = (list, events) => guest.check('poll_oneoff', [
        (place) => [place(Buffer.concat(list.map(subscription)))], A, list.length, OUT,
      ], 0, [[OUT, u32(events.length)], ...events.flatMap((one, i) => event(A + 32 * i, one))]);
      const read = { userdata: 1, type: eventType.FD_READ, fd: 0 };
      const write = { userdata: 2, type: eventType.FD_WRITE, fd: 0 };
      poll([read, write], [{ userdata: 2, type: eventType.FD_WRITE }]);
      fs.writeSync(host, 'abc');
      poll([read, write], [{ userdata: 1, type: eventType.FD_READ, nbytes: 3 }, { userdata: 2, type: eventType.FD_WRITE }]);
    });

    test('errors', async (t) => {
      const { guest } = await guestWithSocket(t, options);
      guest.check('sock_recv', [0, OUT, 0, 0, OUT, OUT + 9], errno.INVAL);
      guest.check('sock_send', [0, OUT, 0, 0, OUT], errno.INVAL);
      guest.check('sock_send', [0, iovs('x'), 1, OUT], errno.INVAL);
      for (const flags of [4, 8, 0x8000]) {
        guest.check('sock_recv', [0, iovs([A, 1]), flags, OUT, OUT + 9], errno.NOTSUP);
      }
      for (const how of [4, 7, 255]) guest.check('sock_shutdown', [0, how], errno.NOTSUP);
      guest.check('sock_shutdown', [0, 0], 0);
      for (const flags of [1, 2, 8, 16]) guest.check('sock_accept', [0, flags, OUT], errno.NOTSUP);
      guest.check('sock_accept', [0, 0, OUT], errno.INVAL);
      for (const name of ['fd_seek', 'fd_tell']) {
        guest.check(name, [0, ...(name === 'fd_seek' ? [0n, 0] : []), OUT], errno.NOTCAPABLE);
      }
    });

    test('need their rights', async (t) => {
      const { guest } = await guestWithSocket(t, options);
      guest.check('fd_fdstat_set_rights', [0, rights.FD_FDSTAT_SET_FLAGS, 0n], 0);
      guest.check('sock_recv', [0, iovs([A, 1]), 0, OUT, OUT + 9], errno.NOTCAPABLE);
      guest.check('sock_send', [0, iovs('x'), 0, OUT], errno.NOTCAPABLE);
      guest.check('sock_shutdown', [0, WR], errno.NOTCAPABLE);
      guest.check('sock_accept', [0, 0, OUT], errno.NOTCAPABLE);
    });
  });
}

describe('sock_accept', () => {
  async function listening(t) {
    const server = net.createServer().listen(`${tempDir(t)}/socket`);
    await once(server, 'listening');
    t.after(() => server.close());
    const guest = guestWithDirectory(t, { stdin: server._handle.fd });
    // Connecting to a path is done when connect() returns.
    const connect = () => {
      const client = net.connect({ path: server.address() });
      client.pause();
      t.after(() => client.destroy());
      return client._handle.fd;
    };
    return { guest, connect, server };
  }

  test('accepts connections that wait', async (t) => {
    const { guest, connect } = await listening(t);
    const clients = [connect(), connect()];
    guest.check('sock_accept', [0, 0, OUT + 1], 0, [[OUT + 1, u32(4)]]);
    guest.check('sock_accept', [0, fdflags.NONBLOCK, OUT], 0, [[OUT, u32(5)]]);
    guest.check('fd_fdstat_get', [4, OUT], 0, fdstat(OUT, filetype.SOCKET_STREAM, 0, most.socket));
    guest.check('fd_fdstat_get', [5, OUT], 0,
      fdstat(OUT, filetype.SOCKET_STREAM, fdflags.NONBLOCK, most.socket));
    clients.forEach((client, index) => {
      fs.writeSync(client, `to ${index}`);
      guest.check('sock_recv', [4 + index, iovs([A, 9]), 0, OUT, OUT + 9], 0, [
        [A, `to ${index}`], ...received(4),
      ]);
      guest.check('sock_send', [4 + index, iovs('answer'), 0, OUT], 0, [[OUT, u32(6)]]);
      assert.equal(readHost(client), 'answer');
    });
    guest.check('sock_recv', [5, iovs([A, 9]), 0, OUT, OUT + 9], errno.AGAIN);
    guest.check('fd_close', [4], 0);
    assert.equal(readHost(clients[0]), '');
  });

  test('does not wait when the listening one is NONBLOCK', async (t) => {
    const { guest, connect } = await listening(t);
    guest.check('fd_fdstat_set_flags', [0, fdflags.NONBLOCK], 0);
    guest.check('sock_accept', [0, 0, OUT], errno.AGAIN);
    connect();
    guest.check('sock_accept', [0, 0, OUT], 0, [[OUT, u32(4)]]);
  });

  test('waits for a connection', async (t) => {
    const { guest, server } = await listening(t);
    const worker = new Worker(`
      const { workerData: path } = require('node:worker_threads');
      setTimeout(() => require('node:net').connect({ path }).end('from the Worker'), 30);
    `, { eval: true, workerData: server.address() });
    guest.check('sock_accept', [0, 0, OUT], 0, [[OUT, u32(4)]]);
    guest.check('sock_recv', [4, iovs([A, 99]), WAITALL, OUT, OUT + 9], 0, [
      [A, 'from the Worker'], ...received(15),
    ]);
    guest.check('fd_close', [4], 0);
    await once(worker, 'exit');
  });

  test('a listening socket cannot be received from', async (t) => {
    const { guest } = await listening(t);
    guest.check('sock_recv', [0, iovs([A, 9]), 0, OUT, OUT + 9], errno.INVAL);
  });
});

test('a datagram that is longer than the buffers is truncated, and says so', async (t) => {
  const [receiver, sender] = [dgram.createSocket('udp4'), dgram.createSocket('udp4')];
  t.after(() => [receiver, sender].forEach((socket) => socket.close()));
  receiver.bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  sender.connect(receiver.address().port, '127.0.0.1');
  await once(sender, 'connect');
  const fdOf = (socket) => {
    const state = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol');
    return socket[state].handle.fd;
  };
  const guest = guestWithDirectory(t, { stdin: fdOf(receiver) });
  guest.check('fd_fdstat_get', [0, OUT], 0, fdstat(OUT, filetype.SOCKET_DGRAM, 0, most.socket));
  for (const message of ['a longer message', 'short', 'exact..', 'next']) fs.writeSync(fdOf(sender), message);
  const receive = (flags, ...writes) =>
    guest.check('sock_recv', [0, iovs([A, 3], [B, 4]), flags, OUT, OUT + 9], 0, writes);
  receive(PEEK, [A, 'a l'], [B, 'onge'], ...received(7, TRUNCATED));
  receive(0, [A, 'a l'], [B, 'onge'], ...received(7, TRUNCATED));
  receive(0, [A, 'sho'], [B, 'rt'], ...received(5));
  receive(0, [A, 'exa'], [B, 'ct..'], ...received(7));
  receive(WAITALL, [A, 'nex'], [B, 't'], ...received(4));
});

describe('what is no socket', () => {
  const calls = (fd) => [
    ['sock_recv', [fd, iovs([A, 1]), 0, OUT, OUT + 9]], ['sock_send', [fd, iovs('x'), 0, OUT]],
    ['sock_shutdown', [fd, WR]], ['sock_accept', [fd, 0, OUT]],
  ];
  test('is ENOTSOCK: files, directories, devices, pipes', (t) => {
    const fifo = `${tempDir(t)}/fifo`;
    execFileSync('mkfifo', [fifo]);
    const [device, pipe] = ['/dev/null', fifo].map((name) => fs.openSync(name, 'r+'));
    t.after(() => [device, pipe].forEach((fd) => fs.closeSync(fd)));
    const guest = guestWithFile(t, { stdin: device, stdout: pipe });
    for (const fd of [0, 1, 3, 4, 5]) {
      for (const [name, args] of calls(fd)) guest.check(name, args, errno.NOTSOCK);
    }
  });

  test('is EBADF when it is not open', (t) => {
    const guest = guestWithFile(t);
    for (const [name, args] of calls(99)) guest.check(name, args, errno.BADF);
  });
});
