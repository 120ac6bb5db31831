'use strict';

// One maker of calls for each function, and how often it is called.

const words = require('./alphabet');
const { eventType, most, rights } = require('../../__test__/helpers/preview1');

const { BUFFER, BUFFER_2, RESULT } = words;

const number = (value) => `${value}n`;

// A pointer for a result: mostly good.
function out({ random }, size, good = RESULT) {
  if (!random.once(20)) return random.once(6) ? good + random.between(1, 9) : good;
  return random.pick(words.edgePointers(size));
}

function pathText({ random }) {
  const kind = random.below(20);
  if (kind < 8) return random.pick(words.names);
  if (kind < 12) return `${random.pick(words.directories)}/${random.pick(words.inDirectory)}`;
  if (kind < 14) return random.pick(words.inDirectory);
  if (kind < 15) return `${random.pick(words.names)}/${random.pick(words.names)}`;
  if (kind < 16) return `${random.pick(words.names)}/`;
  return random.pick(words.odd);
}

function path(plan) {
  const text = pathText(plan);
  const { random } = plan;
  if (!random.once(40)) return { path: text };
  return random.pick([
    { path: text, at: words.END - text.length - 1 },
    { path: text, at: words.END - text.length + 1 },
    { pair: [random.pick(words.edgePointers(4)), random.pick([0, 1, 4, 5])] },
    { pair: [BUFFER, random.pick([70000, 0x7fffffff])] },
    ...(plan.options.dangerous ? [{ path: text, at: words.END - text.length }, { pair: [BUFFER, -1] }] : []),
  ]);
}

const offset = ({ random }) => random.pick(random.once(12) ? words.oddOffsets : words.offsets);
const follow = ({ random }) => random.weighted([[9, 0], [10, 1], [1, 2], [1, 3]]);

function iovs({ random }, item) {
  if (random.once(40)) return { pair: [random.pick(words.edgePointers(8)), random.pick([0, 1, 2])] };
  const list = Array.from({ length: random.weighted([[1, 0], [8, 1], [4, 2], [2, 3]]) }, item);
  if (random.once(60)) list.push([random.pick(words.edgePointers(4)), random.pick([0, 1, 4])]);
  if (random.once(200)) for (let more = 0; more < 1030; more++) list.push(item());
  return { iovs: list };
}
const readInto = (plan) =>
  iovs(plan, () => [plan.random.pick([BUFFER, BUFFER + 3, BUFFER_2]), plan.random.pick(words.lengths)]);
const writeFrom = (plan) => iovs(plan, () => plan.random.pick(words.texts));

// Rights of a descriptor to open.
function wantedRights({ random }, usual) {
  const kind = random.below(12);
  if (kind < 7) return [number(usual.base), number(usual.inheriting)];
  if (kind < 9) return [number(most.directory.inheriting), number(most.directory.inheriting)];
  if (kind === 9) return [number(rights.FD_READ | rights.FD_SEEK), '0n'];
  if (kind === 10) {
    const bits = (BigInt(random.next()) & BigInt(random.next())) & most.directory.inheriting;
    return [number(bits), number(random.once(2) ? 0n : bits)];
  }
  return [random.pick(['0n', number(rights.FD_WRITE), number(1n << 28n), number(1n << 40n), '-1n']), '0n'];
}

function pathOpen(plan) {
  const { random } = plan;
  const wantsDirectory = random.once(3);
  const list = wantsDirectory ? plan.directories : plan.files;
  const oflags = wantsDirectory
    ? random.weighted([[12, 2], [4, 0], [1, 3], [1, 6], [1, 10]])
    : random.weighted([[12, 0], [6, 1], [2, 5], [3, 8], [3, 9], [1, 4], [1, 12], [1, 13], [1, 16], [1, 15]]);
  const fdflags = random.weighted([[20, 0], [5, 1], [1, 2], [2, 4], [1, 16], [1, 9], [1, 32]]);
  const fd = plan.directory();
  const name = wantsDirectory && random.once(2) ? { path: random.pick(words.directories) } : path(plan);
  const [base, inheriting] = wantedRights(plan, wantsDirectory ? most.directory : most.file);
  const args = [fd, follow(plan), name, oflags, base, inheriting, fdflags, out(plan, 4)];
  return { call: 'path_open', args, as: plan.opened(list) };
}

function close(plan) {
  const fd = plan.random.once(12) ? plan.anyDescriptor() : plan.random.once(2) ? plan.file() : plan.directory();
  // The root stays, mostly.
  if (fd === 3 && !plan.random.once(10)) return null;
  plan.closed(fd.fd);
  return { call: 'fd_close', args: [fd] };
}

function renumber(plan) {
  const [from, to] = [plan.anyDescriptor(), plan.anyDescriptor()];
  if ((to === 3 || from === 3) && !plan.random.once(10)) return null;
  return { call: 'fd_renumber', args: [from, to] };
}

function setTimes(plan, call, fd, ...name) {
  const { random } = plan;
  // The times of /dev/null are not ours to set.
  if (fd === 2) return null;
  // Flags that contradict each other make node:wasi hang, for paths.
  const { alone, dangerous } = plan.options;
  const bad = name.length === 0 || alone ? random.once(15) : dangerous && random.once(60);
  const flags = bad ? random.pick([3, 12, 15, 16, 32]) : random.pick([0, 1, 2, 4, 5, 6, 8, 9, 10, 5, 5, 65536]);
  return { call, args: [fd, ...name, random.pick(words.times), random.pick(words.times), flags] };
}

function poll(plan) {
  const { random, options } = plan;
  const subs = Array.from({ length: random.weighted([[1, 0], [8, 1], [3, 2], [2, 3]]) }, (_, index) => {
    // Two descriptors that are not open crash node:wasi.
    const most = index > 0 && !options.dangerous ? 0 : 2;
    const type = random.weighted([[6, eventType.CLOCK], [most, eventType.FD_READ], [most, eventType.FD_WRITE], [1, 3]]);
    const timeout = random.pick(['0n', '1000n', '1000000n', '2500000n']);
    // Without a clock, or with an absolute time, node:wasi may wait for ever.
    const clock = random.weighted([[6, 0], [6, 1], [1, 2], [1, 9]]);
    const absolute = options.dangerous && random.once(options.alone ? 6 : 40);
    if (type !== eventType.CLOCK) return { userdata: 10 + index, type, fd: plan.anyDescriptor() };
    return { userdata: 10 + index, type, clock: options.alone ? clock % 2 : clock, timeout, absolute };
  });
  if (!subs.some(({ type }) => type === eventType.CLOCK)) {
    subs.push({ userdata: 9, type: eventType.CLOCK, clock: 1, timeout: '1000n' });
  }
  const count = random.once(12) ? random.pick([0, 1, 5000, 1 << 27]) : subs.length;
  return { call: 'poll_oneoff', args: [{ subs }, out(plan, 32 * count, BUFFER), count, out(plan, 4)] };
}

// With node:wasi, sockets that are none end the process where they have all rights.
function socketFd(plan) {
  if (plan.options.dangerous) return plan.anyDescriptor();
  return plan.random.pick([3, 4, 50, plan.directory()]);
}

function sock(plan) {
  const { random } = plan;
  const fd = socketFd(plan);
  if (fd === 0 || fd === 1 || fd === 2 || fd.fd) if (!plan.options.dangerous) return null;
  return random.pick([
    () => {
      const results = [out(plan, 4), out(plan, 2, RESULT + 40)];
      return { call: 'sock_recv', args: [fd, readInto(plan), random.pick([0, 0, 1, 2, 4]), ...results] };
    },
    () => ({ call: 'sock_send', args: [fd, writeFrom(plan), random.pick([0, 0, 0, 1]), out(plan, 4)] }),
    () => ({ call: 'sock_accept', args: [fd, random.pick([0, 4, 1, 8]), RESULT] }),
    () => ({ call: 'sock_shutdown', args: [fd, random.pick([0, 2, 4, 255, 256])] }),
  ])();
}

// Signals that node:wasi has not, unless it may die.
const raise = ({ random, options }) =>
  ({ call: 'proc_raise', args: [options.alone ? random.below(40) : random.pick([0, 26, 29, 31, 255, 256])] });

const onFile = (call, rest) => (plan) => ({ call, args: [plan.file(), ...rest(plan)] });
const onDirectory = (call, rest) => (plan) => ({ call, args: [plan.directory(), ...rest(plan)] });
const plain = (call, args) => (plan) => ({ call, args: args(plan) });

const weighted = [
  [22, pathOpen], [4, close], [2, renumber],
  [8, onFile('fd_read', (plan) => [readInto(plan), out(plan, 4)])],
  [9, onFile('fd_write', (plan) => [writeFrom(plan), out(plan, 4)])],
  [5, onFile('fd_pread', (plan) => [readInto(plan), offset(plan), out(plan, 4)])],
  [5, onFile('fd_pwrite', (plan) => [writeFrom(plan), offset(plan), out(plan, 4)])],
  [6, onFile('fd_seek', (plan) =>
    [offset(plan), plan.random.weighted([[8, 0], [6, 1], [6, 2], [1, 3], [1, 256]]), out(plan, 8)])],
  [4, onFile('fd_tell', (plan) => [out(plan, 8)])],
  [2, onFile('fd_advise', (plan) => [offset(plan), offset(plan), plan.random.pick([0, 1, 2, 3, 4, 5, 6, 256])])],
  [2, onFile('fd_allocate', ({ random }) =>
    [random.pick(['0n', '3n', '100n', '70000n', '-1n']), random.pick(['1n', '5n', '4096n', '0n', '-1n'])])],
  [2, onFile('fd_filestat_set_size', offset2)],
  [1, plain('fd_sync', (plan) => [plan.anyDescriptor()])], [1, onFile('fd_datasync', () => [])],
  [4, plain('fd_fdstat_get', (plan) => [plan.anyDescriptor(), out(plan, 24)])],
  [2, onFile('fd_fdstat_set_flags', ({ random }) => [random.pick([0, 1, 1, 4, 5, 2, 16, 32])])],
  [2, plain('fd_fdstat_set_rights', (plan) => [plan.anyDescriptor(), ...wantedRights(plan, most.file)])],
  [4, plain('fd_filestat_get', (plan) => [plan.random.once(2) ? plan.file() : plan.anyDescriptor(), out(plan, 64)])],
  [2, (plan) => setTimes(plan, 'fd_filestat_set_times', plan.random.once(3) ? plan.anyDescriptor() : plan.file())],
  [2, plain('fd_prestat_get', (plan) => [plan.anyDescriptor(), out(plan, 8)])],
  [2, plain('fd_prestat_dir_name', (plan) =>
    [plan.anyDescriptor(), out(plan, 13), plan.random.pick([0, 5, 12, 13, 14, 100])])],
  [4, onDirectory('list', ({ random }) => [random.pick([60, 100, 300, 4096])])],
  [3, onDirectory('fd_readdir', (plan) =>
    [out(plan, 100, BUFFER), plan.random.pick([...words.lengths, 100]),
      plan.random.pick(['0n', '0n', '0n', '1n', '77n', '-1n']), out(plan, 4)])],
  [6, onDirectory('path_create_directory', (plan) => [path(plan)])],
  [5, onDirectory('path_remove_directory', (plan) => [path(plan)])],
  [7, onDirectory('path_unlink_file', (plan) => [path(plan)])],
  [8, onDirectory('path_filestat_get', (plan) => [follow(plan), path(plan), out(plan, 64)])],
  [4, (plan) => setTimes(plan, 'path_filestat_set_times', plan.directory(), follow(plan), path(plan))],
  [7, onDirectory('path_link', (plan) => [follow(plan), path(plan), plan.directory(), path(plan)])],
  [9, onDirectory('path_rename', (plan) => [path(plan), plan.directory(), path(plan)])],
  [5, onDirectory('path_readlink', (plan) =>
    [path(plan), out(plan, 100, BUFFER), plan.random.pick([100, 100, 100, 5000, 4, 2, 0]), out(plan, 4)])],
  [7, (plan) => {
    const content = plan.random.pick(plan.random.once(6) ? words.oddContents : words.contents);
    return { call: 'path_symlink', args: [{ path: content }, plan.directory(), path(plan)] };
  }],
  [3, poll], [2, sock], [1, raise],
  [1, plain('args_sizes_get', (plan) => [out(plan, 4), out(plan, 4, RESULT + 8)])],
  [1, plain('args_get', (plan) => [out(plan, 8), out(plan, 11, BUFFER)])],
  [1, plain('environ_sizes_get', (plan) => [out(plan, 4), out(plan, 4, RESULT + 8)])],
  [1, plain('environ_get', (plan) => [out(plan, 8), out(plan, 10, BUFFER)])],
  [1, plain('clock_res_get', (plan) => [plan.random.pick([0, 1, 2, 3, 4, 256]), out(plan, 8)])],
  [1, plain('clock_time_get', (plan) => [plan.random.pick([0, 1, 2, 3, 4, 256]), '0n', out(plan, 8)])],
  [1, plain('random_get', (plan) => [out(plan, 20), plan.random.pick([0, 1, 20, 1000])])],
  [1, plain('sched_yield', () => [])],
  [1, plain('proc_exit', ({ random }) => [random.pick([0, 1, 7, -1])])],
];

function offset2(plan) {
  return [plan.random.once(10) ? plan.random.pick(words.oddOffsets) : plan.random.pick(words.offsets)];
}

module.exports = { weighted };
