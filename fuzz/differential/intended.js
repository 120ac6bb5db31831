'use strict';

// Where wasi-rs answers otherwise than node:wasi on purpose: each rule has a name,
// the reason, and a predicate that holds for such a difference only. It gets the
// call (`call`, `args`) and the results, which besides what the call has shown
// (errno, thrown, said, wrote) say what it was about: the `kinds` of its directory
// descriptors, whether one is `stale` (no longer where it was opened), and of each
// path what facts.js finds.

const path = require('node:path');
const { errno } = require('../../__test__/helpers/preview1');
const { END } = require('./alphabet');

const NOBUFS = 42;
const NODEV = 43;
// Of Linux; and the length from which node:wasi may find a path too long.
const PATH_MAX = 4096;
const NAME_MAX = 255;
const ALMOST = 4000;
const anyPath = (ours, test) => (ours.paths ?? []).some(test);
const answers = (result, ...numbers) => numbers.includes(result.errno);
const isPathCall = (call) => call.startsWith('path_');
const major = Number(process.versions.node.split('.')[0]);

// The parameters that are i32.
function integers(args) {
  return args.flatMap((arg) => (typeof arg === 'number' ? [arg] : arg.pair ?? []));
}

// fdflags out of the flags of open(2) on Linux: APPEND and NONBLOCK.
const ofHost = (flags) => ((flags & 0x400) === 0 ? 0 : 1) | ((flags & 0x800) === 0 ? 0 : 4);

const rules = [
  {
    name: 'numbers from 2 ** 31 on',
    reason: 'node:wasi takes them for negative, and refuses them, on Node 24 and newer',
    applies: ({ args, node }) => major >= 24 && answers(node, errno.INVAL) && integers(args).some((value) => value < 0),
  },
  {
    name: 'a path that leads outside, by any step',
    reason: 'the sandbox; node:wasi checks the text of a path only',
    applies: ({ call, ours }) =>
      isPathCall(call) && answers(ours, errno.NOTCAPABLE) && anyPath(ours, (path) => path.escapes),
  },
  {
    name: 'a link at the end, not followed',
    reason: 'without SYMLINK_FOLLOW a link is not to be followed',
    applies: ({ call, ours, args }) => call === 'path_open' && ours.paths?.[0].lastIsLink && !ours.paths[0].follow &&
      answers(ours, errno.LOOP, (args[3] & 2) === 0 ? errno.LOOP : errno.NOTDIR),
  },
  {
    name: '"." or ".." behind what is no directory',
    reason: 'POSIX: each component is looked up; node:wasi cuts "name/.." and "/." out of the text',
    applies: ({ call, ours }) => isPathCall(call) && anyPath(ours, (path) => path.cutsOther),
  },
  {
    name: 'a directory moved or removed while open',
    reason: 'a descriptor stands for the directory, not for its path',
    applies: ({ node, ours }) => node.stale === true || ours.stale === true,
  },
  {
    name: 'back to a directory that was opened by a link',
    reason: 'it is inside; node:wasi remembers its path with a slash more',
    applies: ({ call, node, ours }) => isPathCall(call) && answers(node, errno.NOTCAPABLE) &&
      !answers(ours, errno.NOTCAPABLE) && anyPath(ours, ({ text, leaves }) => !leaves && isDirectoryItself(text)),
  },
  {
    name: 'an empty path',
    reason: 'POSIX: ENOENT',
    applies: ({ call, node, ours }) => isPathCall(call) && answers(node, errno.INVAL) && answers(ours, errno.NOENT) &&
      (anyPath(ours, ({ text }) => text === '') || ours.content === ''),
  },
  {
    name: 'a path that ends with a NUL',
    reason: 'no file is called so; node:wasi cuts the path there',
    applies: ({ call, ours }) => isPathCall(call) && answers(ours, errno.INVAL) &&
      (anyPath(ours, ({ text }) => text.endsWith('\0')) || ours.content?.endsWith('\0')),
  },
  {
    name: 'a path that is not UTF-8',
    reason: 'a string of WASI is Unicode',
    applies: ({ call, ours }) => isPathCall(call) && answers(ours, errno.ILSEQ) &&
      [...(ours.paths ?? []).map(({ text }) => text), ours.content ?? ''].some((text) => !isUtf8(text)),
  },
  {
    name: 'a path from what is no directory',
    reason: 'POSIX: ENOTDIR; node:wasi takes devices for directories called <stderr> in the current one',
    applies: ({ call, node, ours }) => (isPathCall(call) || ['fd_readdir', 'list'].includes(call)) &&
      answers(ours, errno.NOTDIR) && (node.errno > 0 || ours.kinds.includes('stdio')) &&
      ours.kinds.some((kind) => kind !== 'directory' && kind !== 'closed'),
  },
  {
    name: '"." or ".." as the last component',
    reason: 'POSIX: such a name can be neither made nor removed; node:wasi cuts it off the text',
    applies: ({ call, ours }) =>
      ['path_create_directory', 'path_remove_directory', 'path_rename', 'path_link', 'path_symlink', 'path_unlink_file']
        .includes(call) && ours.errno > 0 && anyPath(ours, (path) => path.endsInDots),
  },
  {
    name: 'what a symbolic link says',
    reason: 'it is data; following it is what is checked',
    applies: ({ call, node, ours }) => call === 'path_symlink' && answers(node, errno.NOTCAPABLE) &&
      ours.content.split('/').includes('..'),
  },
  {
    name: 'a link read into a short buffer',
    reason: 'readlink(2) cuts, and writes no NUL',
    applies: ({ call, node, ours }) => call === 'path_readlink' && answers(node, NOBUFS) && answers(ours, 0),
  },
  {
    name: 'a NUL behind what a link says',
    reason: 'it is no part of the text',
    applies: ({ call, node, ours }) => call === 'path_readlink' && answers(node, 0) && answers(ours, 0) &&
      sameBut(node.wrote, ours.wrote),
  },
  {
    name: 'the name of what is no preopen',
    reason: 'wasi-libc exits on anything but EBADF',
    applies: ({ call, node, ours }) =>
      call === 'fd_prestat_get' && answers(node, errno.INVAL) && answers(ours, errno.BADF),
  },
  {
    name: 'the name of a preopen in a short buffer',
    reason: 'the conformance suite asks for ENAMETOOLONG',
    applies: ({ call, node, ours }) =>
      call === 'fd_prestat_dir_name' && answers(node, NOBUFS) && answers(ours, errno.NAMETOOLONG),
  },
  {
    name: 'flags of a descriptor',
    reason: 'those of WASI, not those of open(2); SYNC and DSYNC are remembered',
    applies: ({ call, node, ours }) => call === 'fd_fdstat_get' && answers(node, 0) && answers(ours, 0) &&
      JSON.stringify(node.wrote) === JSON.stringify(ours.wrote) && ofHost(node.said.flags) === (ours.said.flags & 5),
  },
  {
    name: 'flags of standard streams',
    reason: 'they are the host\'s: for the guest only',
    applies: ({ call, ours, node }) => ['fd_fdstat_get', 'fd_fdstat_set_flags'].includes(call) && ours.kind === 'stdio' &&
      answers(node, 0) && answers(ours, 0),
  },
  {
    name: 'advice or storage from beyond 2 ** 63, or of nothing',
    reason: 'posix_fallocate(3), posix_fadvise(2): EINVAL; nothing is that large',
    applies: ({ call, args, ours }) => ['fd_advise', 'fd_allocate'].includes(call) &&
      answers(ours, errno.INVAL, errno.FBIG) && (args.slice(1, 3).some((arg) => beyond(arg)) || args[2] === '0n'),
  },
  {
    name: 'renumbering what is not open onto itself',
    reason: 'it is not open',
    applies: ({ call, node, ours }) => call === 'fd_renumber' && answers(node, 0) && answers(ours, errno.BADF),
  },
  {
    name: 'telling with the right to seek, seeking nowhere with the right to tell',
    reason: 'witx: the one implies the other',
    applies: ({ call, node, ours, args }) => answers(node, errno.NOTCAPABLE) &&
      (call === 'fd_tell' || (call === 'fd_seek' && args[1] === '0n' && args[2] === 1)) && !answers(ours, errno.NOTCAPABLE),
  },
  {
    name: 'waiting',
    reason: 'see the README: files are ready, bad descriptors are events, all clocks that are due are told',
    applies: ({ call, args, node, ours }) => call === 'poll_oneoff' && waitsForOther(args[0].subs, node, ours),
  },
  {
    name: 'resolution of the clock of a thread',
    reason: 'node:wasi gives the time instead',
    applies: ({ call, args, node, ours }) =>
      call === 'clock_res_get' && args[0] === 3 && answers(node, 0) && answers(ours, 0),
  },
  {
    name: 'sockets that are none',
    reason: 'ENOTSOCK; sock_recv knows its flags, and sock_shutdown both sides',
    applies: ({ call, node, ours }) => call.startsWith('sock_') && answers(ours, errno.NOTSOCK) &&
      answers(node, errno.NOTCAPABLE, ['sock_recv', 'sock_shutdown'].includes(call) ? errno.NOTSUP : errno.NOTCAPABLE),
  },
  {
    name: 'flags that sock_recv gives, at the end of memory',
    reason: 'witx: roflags are 16 bits wide, not 32',
    applies: ({ call, args, node, ours }) => call === 'sock_recv' && answers(node, errno.OVERFLOW) &&
      answers(ours, errno.NOTSOCK, errno.BADF) && [END - 3, END - 2].includes(args[4]),
  },
  {
    name: 'a message of more than 1024 buffers',
    reason: 'EMSGSIZE, as sendmsg(2)',
    applies: ({ call, args, node, ours }) => ['sock_recv', 'sock_send'].includes(call) && answers(ours, errno.MSGSIZE) &&
      node.errno > 0 && args[1].iovs?.length > 1024,
  },
  {
    name: 'flags of sock_recv and sock_shutdown that node:wasi lacks',
    reason: 'they are good ones, so the descriptor is judged',
    applies: ({ call, args, node, ours }) => answers(node, errno.NOTSUP) && answers(ours, errno.BADF) &&
      ((call === 'sock_recv' && args[2] <= 3) || (call === 'sock_shutdown' && args[1] <= 3)),
  },
  {
    name: 'a link to be made where a file or a loop is, with a slash at the end',
    reason: 'POSIX: ENOTDIR, ELOOP; Linux says only that it exists',
    applies: ({ call, node, ours }) => call === 'path_symlink' && ours.paths?.[0].endsInSlash &&
      answers(node, errno.EXIST) && answers(ours, errno.NOTDIR, errno.LOOP),
  },
  {
    name: 'a path of 4096 bytes or more',
    reason: 'Linux: ENAMETOOLONG; node:wasi looks at what is left once "." and ".." are cut out',
    applies: ({ call, ours }) => isPathCall(call) && answers(ours, errno.NAMETOOLONG) &&
      anyPath(ours, ({ text }) => text.length >= PATH_MAX),
  },
  {
    name: 'a path of almost 4096 bytes',
    reason: 'it is short enough for Linux; node:wasi puts the path of the directory before it',
    applies: ({ call, node, ours }) => isPathCall(call) && answers(node, errno.NAMETOOLONG) &&
      anyPath(ours, ({ text }) => text.length >= ALMOST && text.length < PATH_MAX),
  },
  {
    name: 'both paths wrong',
    reason: 'which of the errors is told is not specified',
    applies: ({ call, node, ours }) => ['path_link', 'path_rename', 'path_symlink'].includes(call) && node.errno > 0 &&
      ours.errno > 0 && ours.paths !== undefined && isWrongSource({ call, ours }) && isWrongTarget({ call, ours }),
  },
  {
    name: 'creating and asking for a directory',
    reason: 'Linux: EINVAL, before the path is looked at',
    applies: ({ call, args, ours }) => call === 'path_open' && (args[3] & 3) === 3 && answers(ours, errno.INVAL),
  },
  {
    name: 'creating where a link is',
    reason: 'POSIX: with O_CREAT and O_EXCL, a link is there, wherever it leads',
    applies: ({ call, args, ours }) => call === 'path_open' && (args[3] & 5) === 5 && ours.paths?.[0].lastIsLink &&
      answers(ours, errno.EXIST),
  },
  {
    name: 'creating a file by a name with a slash at the end',
    reason: 'Linux: EISDIR, whatever is there; node:wasi follows the links itself first',
    applies: ({ call, args, node, ours }) => call === 'path_open' && (args[3] & 1) === 1 &&
      ours.paths?.[0].endsInSlash && ours.paths[0].follow &&
      answers(node, errno.NOTDIR, errno.LOOP) && answers(ours, errno.ISDIR),
  },
  {
    name: 'seeking beyond the largest file',
    reason: 'up to 2 ** 63 it is a place; lseek(2) refuses it on file systems that hold less (ext4, not tmpfs)',
    applies: ({ call, args, node, ours }) => call === 'fd_seek' && BigInt(args[1].slice(0, -1)) >= 2n ** 43n &&
      answers(node, errno.INVAL) && answers(ours, 0),
  },
  {
    name: 'entries from the last cookie on',
    reason: 'no entry has it: seekdir(3) fails',
    applies: ({ call, args, node, ours }) =>
      call === 'fd_readdir' && args[3] === '-1n' && answers(node, 0) && answers(ours, errno.INVAL),
  },
  {
    name: 'reading or writing beyond 2 ** 63 what may not be',
    reason: 'the descriptor and its rights are judged first',
    applies: ({ call, args, node, ours }) => ['fd_pread', 'fd_pwrite'].includes(call) && beyond(args[2]) &&
      answers(node, errno.INVAL) && answers(ours, errno.BADF, errno.NOTCAPABLE),
  },
  {
    name: 'storage of a device',
    reason: 'posix_fallocate(3): ENODEV',
    applies: ({ call, node, ours }) => call === 'fd_allocate' && ours.kind === 'stdio' && answers(node, errno.INVAL) &&
      answers(ours, NODEV),
  },
];

// Where wasi-rs without openat2 may answer otherwise than with it.
const walkRules = [
  {
    name: 'waiting for several clocks',
    reason: 'how many are due depends on how long the machine takes',
    applies: ({ call, args, node, ours }) => call === 'poll_oneoff' && answers(node, 0) && answers(ours, 0) &&
      args[0].subs.filter(({ type }) => type === 0).length > 1,
  },
];

const beyond = (arg) => typeof arg === 'string' && BigInt(arg.slice(0, -1)) < 0n;
const latin1 = (text) => Buffer.from(text, 'latin1');

function isUtf8(text) {
  return latin1(text).equals(Buffer.from(latin1(text).toString()));
}

// Whether a path is another name of the directory that it starts from, as text.
function isDirectoryItself(text) {
  return ['.', './'].includes(path.posix.normalize(text));
}

// Whether node:wasi has written a NUL and, but for that, the same.
function sameBut(node, ours) {
  const single = ([at, hex]) => [...Buffer.from(hex, 'hex')].map((byte, index) => [at + index, byte]);
  const bytes = (list) => new Map(list.flatMap(single));
  const [there, here] = [bytes(node), bytes(ours)];
  const more = [...there].filter(([at]) => !here.has(at));
  return more.length === 1 && more[0][1] === 0 && [...here].every(([at, byte]) => there.get(at) === byte);
}

// Whether a path is wrong to link, to move, and to be made: it is refused, or leads nowhere.
function isWrong(found) {
  const { text, missing, early, kind, lastIsLink, follow } = found;
  if (text === '' || text.includes('\0') || text.startsWith('/') || !isUtf8(text) || found.endsInDots) return true;
  if (text.length >= PATH_MAX || text.split('/').some((name) => name.length > NAME_MAX)) return true;
  if (lastIsLink && !follow) return false;
  return found.leaves || found.escapes || found.loops || (early && (missing || kind === 'file'));
}

// What a link can't say; what can't be linked, or moved.
function isWrongSource({ call, ours }) {
  if (call === 'path_symlink') {
    const { content } = ours;
    return content === '' || content.includes('\0') || content.length >= PATH_MAX || !isUtf8(content);
  }
  const [found] = ours.paths;
  if (isWrong(found)) return true;
  if (found.lastIsLink && !found.follow) return false;
  return found.missing || (call === 'path_link' && found.kind === 'directory');
}

// Where no link can be made, and nothing moved to.
function isWrongTarget({ call, ours }) {
  const found = ours.paths.at(-1);
  if (isWrong(found)) return true;
  if (call === 'path_rename') return found.missing && found.endsInSlash;
  return !found.missing || found.lastIsLink || found.endsInSlash;
}

// What node:wasi makes of subscriptions otherwise. It takes clocks that there are not,
// fails as a whole for a file or a right that lacks, passes over descriptors that are
// not open, and tells of one clock only.
function waitsForOther(subs, node, ours) {
  if (answers(ours, errno.INVAL)) return subs.some(({ type, clock }) => type > 2 || (type === 0 && clock > 3));
  if (!answers(ours, 0)) return false;
  const { events } = ours.said;
  if (!answers(node, 0)) {
    return answers(node, errno.PERM, errno.NOTCAPABLE) && subs.some(({ type }) => type !== 0) &&
      events.some(({ type }) => type !== 0);
  }
  return events.some(({ type, errno: error }) => type !== 0 && error > 0) ||
    (subs.filter(({ type }) => type === 0).length > 1 && events.length >= node.said.count);
}

module.exports = { rules, walkRules };
