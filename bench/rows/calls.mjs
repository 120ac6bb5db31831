// Rows about calls on descriptors and on nothing at all.
//
// A row: name, what its floor runs (see floor/main.rs), what of the fixture it needs, how it is
// repeated (see lib/measure.mjs) and `prepare`, which gives the loop to time. `check` runs after each
// sample, outside of the time, and sees that the calls did what the row says.

import { RESULT } from '../lib/guest.mjs';

const sizeName = (size) => (size >= 1024 && size !== 4096 ? `${size / 1024}K` : `${size}`);

const simple = (name, args, floor) => ({
  name,
  floor,
  prepare: ({ guest }) => ({ run: guest('loops').loop(name, args) }),
});

const random = (size) => ({
  name: `random_get-${sizeName(size)}`,
  floor: ['random', size],
  prepare({ guest }) {
    const loops = guest('loops');
    return { run: loops.loop('random_get', [loops.reserve(size), size]) };
  },
});

// A call on the file of 1 MiB; `args` are those behind the descriptor.
const onFile = (name, args, floor) => ({
  name,
  floor,
  prepare({ guest }) {
    const loops = guest('loops');
    return { run: loops.loop(name, [loops.open('file'), ...args]) };
  },
});

function checkCount(guest, size) {
  const count = guest.u32(RESULT);
  if (count !== size) throw new Error(`${count} bytes instead of ${size}`);
}

const positioned = (name, size, floor) => ({
  name: `${name}-${sizeName(size)}`,
  floor: [floor, size],
  prepare({ guest }) {
    const loops = guest('loops');
    const fd = loops.open(name === 'fd_pwrite' ? 'out' : 'file');
    return {
      run: loops.loop(name, [fd, loops.iovec(size), 1, 0n, RESULT]),
      check: () => checkCount(loops, size),
    };
  },
});

const sequential = (name, sequence, file) => ({
  name: `${name}-4096`,
  floor: [sequence],
  needs: ['sequential'],
  prepare({ guest }) {
    const sequences = guest('sequences');
    return { run: sequences.sequence(sequence, sequences.open(file), sequences.iovec(4096)) };
  },
});

const sizes = [1, 4096, 65536];

const shared = (name, args) => ({
  name: `shared-${name}`,
  prepare: ({ guest }) => ({ run: guest('loops-shared').loop(name, args) }),
});

// Each sample needs a fresh memory; a few hundred pages are enough, growing is slow.
const growing = (name, sequence) => ({
  name,
  n: 300,
  samples: 5,
  prepare({ guest }) {
    let sequences;
    return {
      before() {
        sequences = guest('sequences');
      },
      run: (n) => sequences.sequence(sequence)(n),
    };
  },
});

export const callRows = [
  simple('sched_yield', [], ['sched_yield']),
  simple('clock_time_get', [1, 1n, RESULT], ['clock']),
  simple('args_sizes_get', [RESULT, RESULT + 4]),
  simple('environ_sizes_get', [RESULT, RESULT + 4]),
  ...[16, 65536].map(random),
  onFile('fd_fdstat_get', [RESULT], ['fdstat']),
  onFile('fd_seek', [4096n, 0, RESULT], ['seek']),
  onFile('fd_tell', [RESULT], ['tell']),
  ...sizes.map((size) => positioned('fd_pread', size, 'pread')),
  ...sizes.map((size) => positioned('fd_pwrite', size, 'pwrite')),
  sequential('fd_read', 'read', 'sequential'),
  sequential('fd_write', 'write', 'out'),
  onFile('fd_filestat_get', [RESULT], ['fstat']),
];

export const memoryRows = [
  growing('grow+call', 'grow_call'),
  growing('grow-alone', 'grow_alone'),
  shared('args_sizes_get', [RESULT, RESULT + 4]),
  shared('clock_time_get', [1, 1n, RESULT]),
];
