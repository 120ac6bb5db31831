// Rows about paths, directories and waiting. The form of a row is described in calls.mjs.

import { NOENT } from '../lib/errno.mjs';
import { DIRECTORY, RESULT, rights } from '../lib/guest.mjs';

const FOLLOW = 1;

export const PLACES = { flat: 'file', deep: 'a/b/c/file', missing: 'missing', symlink: 'link' };
export const FIFO = 'fifo';
const SUBSCRIPTION = 48;
const EVENT = 32;
const FDS = 100;

const stat = (kind) => ({
  name: `path_filestat_get-${kind}`,
  floor: ['stat', PLACES[kind], kind],
  prepare({ guest }) {
    const loops = guest('loops');
    const flags = kind === 'symlink' ? FOLLOW : 0;
    const args = [DIRECTORY, flags, ...loops.text(PLACES[kind]), RESULT];
    return { run: loops.loop('path_filestat_get', args, kind === 'missing' ? NOENT : 0) };
  },
});

const openClose = (kind) => ({
  name: `open+close-${kind}`,
  floor: ['open', PLACES[kind]],
  prepare({ guest }) {
    const sequences = guest('sequences');
    return { run: sequences.sequence('open_close', DIRECTORY, ...sequences.text(PLACES[kind]), rights.readOnly) };
  },
});

const openMissing = {
  name: 'open-missing',
  floor: ['open-missing', PLACES.missing],
  prepare({ guest }) {
    const loops = guest('loops');
    const args = [DIRECTORY, 0, ...loops.text(PLACES.missing), 0, rights.readOnly, 0n, 0, RESULT];
    return { run: loops.loop('path_open', args, NOENT) };
  },
};

const entries = (name, sequence, floor, { paths, tail = [], per } = {}) => ({
  name,
  floor: [floor],
  per,
  prepare({ guest }) {
    const sequences = guest('sequences');
    const names = paths.flatMap((path) => sequences.text(path));
    return { run: sequences.sequence(sequence, DIRECTORY, ...names, ...tail) };
  },
});

const readlink = {
  name: 'readlink',
  floor: ['readlink', PLACES.symlink],
  prepare({ guest }) {
    const loops = guest('loops');
    const args = [DIRECTORY, ...loops.text(PLACES.symlink), loops.reserve(256), 256, RESULT];
    return { run: loops.loop('path_readlink', args) };
  },
};

const readdir = (count, size, repetition) => ({
  name: `readdir-${count}`,
  floor: ['readdir', `dir${count}`],
  needs: [`dir${count}`],
  ...repetition,
  prepare({ guest }) {
    const sequences = guest('sequences');
    const fd = sequences.open(`dir${count}`, {
      base: rights.directory, inheriting: rights.inheriting, oflags: 2,
    });
    return {
      run: sequences.sequence('readdir', fd, sequences.reserve(size), size),
      check() {
        // The directory itself and its parent may be among them: node:wasi leaves them out.
        const seen = sequences.exports.entries.value;
        if (seen !== count && seen !== count + 2) throw new Error(`${seen} entries instead of ${count}`);
      },
    };
  },
});

export const pathRows = [
  ...Object.keys(PLACES).map(stat),
  openClose('flat'),
  openClose('deep'),
  openMissing,
  entries('create+unlink', 'create_unlink', 'create', { paths: ['new-file'], tail: [rights.file] }),
  entries('mkdir+rmdir', 'mkdir_rmdir', 'mkdir', { paths: ['new-directory'] }),
  // The loop renames there and back.
  entries('rename', 'rename', 'rename', { paths: ['out', 'renamed'], per: 2 }),
  entries('rename-deep', 'rename', 'rename-deep', { paths: ['a/b/c/file', 'a/b/c/renamed'], per: 2 }),
  readlink,
  readdir(2000, 4096),
  // node:wasi reads the whole directory again in every call, so that one pass takes seconds.
  readdir(100000, 32768, { n: 1, samples: 1, rounds: 2 }),
];

// Subscriptions of poll_oneoff: an array of [tag, fields], where fields are those behind the tag.
function poll(guest, subscriptions) {
  const bytes = Buffer.alloc(subscriptions.length * SUBSCRIPTION);
  subscriptions.forEach((write, index) => write(bytes.subarray(index * SUBSCRIPTION)));
  const events = guest.reserve(subscriptions.length * EVENT);
  return {
    run: guest.loop('poll_oneoff', [guest.place(bytes), events, subscriptions.length, RESULT]),
    check() {
      const count = guest.u32(RESULT);
      if (count !== subscriptions.length) throw new Error(`${count} events instead of ${subscriptions.length}`);
      for (let index = 0; index < count; index += 1) {
        const errno = guest.u16(events + index * EVENT + 8);
        if (errno !== 0) throw new Error(`event ${index} has errno ${errno}`);
      }
    },
  };
}

const monotonicClock = (nanoseconds) => (bytes) => {
  bytes.writeUInt32LE(1, 16);
  bytes.writeBigUInt64LE(nanoseconds, 24);
};

const writable = (fd) => (bytes) => {
  bytes.writeUInt8(2, 8);
  bytes.writeUInt32LE(fd, 16);
};

const pollClock = (name, milliseconds, repetition) => ({
  name,
  floor: ['poll-clock', milliseconds],
  ...repetition,
  prepare: ({ guest }) => poll(guest('loops'), [monotonicClock(BigInt(milliseconds) * 1_000_000n)]),
});

export const pollRows = [
  pollClock('poll-clock-0', 0),
  pollClock('poll-clock-1ms', 1, { n: 20, samples: 3 }),
  {
    name: `poll-${FDS}-fds`,
    floor: ['poll-fds', FIFO, FDS],
    needs: ['fifo'],
    prepare({ guest }) {
      const loops = guest('loops');
      // Open for both directions, a FIFO waits for nobody and always has room.
      const fds = Array.from({ length: FDS }, () => loops.open(FIFO, { base: rights.pipe }));
      return poll(loops, fds.map(writable));
    },
  },
];
