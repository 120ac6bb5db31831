'use strict';

// Numbers and struct layouts of wasi_snapshot_preview1, as the tests need them.

const errno = {
  SUCCESS: 0, AGAIN: 6, BADF: 8, EXIST: 20, FBIG: 22, ILSEQ: 25, INVAL: 28, ISDIR: 31, LOOP: 32, MFILE: 33, MSGSIZE: 35,
  NAMETOOLONG: 37, NOENT: 44, NOSYS: 52, NOTCONN: 53, NOTDIR: 54, NOTEMPTY: 55, NOTSOCK: 57,
  NOTSUP: 58, NXIO: 60, OVERFLOW: 61, PERM: 63, PIPE: 64, SPIPE: 70, NOTCAPABLE: 76,
};

// What a path that leads out of its directory gives, the same as in node:wasi.
const OUTSIDE = errno.NOTCAPABLE;

const filetype = {
  UNKNOWN: 0, BLOCK_DEVICE: 1, CHARACTER_DEVICE: 2, DIRECTORY: 3, REGULAR_FILE: 4,
  SOCKET_DGRAM: 5, SOCKET_STREAM: 6, SYMBOLIC_LINK: 7,
};

const fdflags = { APPEND: 1, DSYNC: 2, NONBLOCK: 4, RSYNC: 8, SYNC: 16 };
const oflags = { CREAT: 1, DIRECTORY: 2, EXCL: 4, TRUNC: 8 };
const fstflags = { ATIM: 1, ATIM_NOW: 2, MTIM: 4, MTIM_NOW: 8 };
const FOLLOW = 1;

const names = [
  'FD_DATASYNC', 'FD_READ', 'FD_SEEK', 'FD_FDSTAT_SET_FLAGS', 'FD_SYNC', 'FD_TELL', 'FD_WRITE',
  'FD_ADVISE', 'FD_ALLOCATE', 'PATH_CREATE_DIRECTORY', 'PATH_CREATE_FILE', 'PATH_LINK_SOURCE',
  'PATH_LINK_TARGET', 'PATH_OPEN', 'FD_READDIR', 'PATH_READLINK', 'PATH_RENAME_SOURCE',
  'PATH_RENAME_TARGET', 'PATH_FILESTAT_GET', 'PATH_FILESTAT_SET_SIZE', 'PATH_FILESTAT_SET_TIMES',
  'FD_FILESTAT_GET', 'FD_FILESTAT_SET_SIZE', 'FD_FILESTAT_SET_TIMES', 'PATH_SYMLINK',
  'PATH_REMOVE_DIRECTORY', 'PATH_UNLINK_FILE', 'POLL_FD_READWRITE', 'SOCK_SHUTDOWN', 'SOCK_ACCEPT',
];
const rights = Object.fromEntries(names.map((name, bit) => [name, 1n << BigInt(bit)]));

// What descriptors of a kind have at most.
const most = {
  file: { base: 0x8e001ffn, inheriting: 0n },
  directory: { base: 0xfbffe98n, inheriting: 0xfffffffn },
  device: { base: 0x3fffffffn, inheriting: 0x3fffffffn },
  pipe: { base: 0x820004an, inheriting: 0n },
  socket: { base: 0x3820004an, inheriting: 0x3fffffffn },
};

function number(size, method) {
  return (value) => {
    const bytes = Buffer.alloc(size);
    bytes[method](value);
    return bytes;
  };
}
const u8 = number(1, 'writeUInt8');
const u16 = number(2, 'writeUInt16LE');
const u32 = number(4, 'writeUInt32LE');
const u64 = number(8, 'writeBigUInt64LE');

// Each of these gives the writes that make up a struct at an address: pairs of
// address and bytes, without the padding between the fields.

function filestat(at, stat, type) {
  return [
    [at, u64(stat.dev)], [at + 8, u64(stat.ino)], [at + 16, u8(type)], [at + 24, u64(stat.nlink)],
    [at + 32, u64(stat.size)], [at + 40, u64(stat.atimeNs)], [at + 48, u64(stat.mtimeNs)],
    [at + 56, u64(stat.ctimeNs)],
  ];
}

function fdstat(at, type, flags, { base, inheriting }) {
  return [[at, u8(type)], [at + 2, u16(flags)], [at + 8, u64(base)], [at + 16, u64(inheriting)]];
}

const eventType = { CLOCK: 0, FD_READ: 1, FD_WRITE: 2 };

function event(at, { userdata, error = 0, type, nbytes = 0, flags = 0 }) {
  return [
    [at, u64(BigInt(userdata))], [at + 8, u16(error)], [at + 10, u8(type)],
    [at + 16, u64(BigInt(nbytes))], [at + 24, u16(flags)],
  ];
}

// A subscription as bytes. For a clock: clock, timeout, absolute; else: fd.
function subscription({ userdata, type, fd = 0, clock = 0, timeout = 0n, absolute = false }) {
  const bytes = Buffer.alloc(48);
  bytes.writeBigUInt64LE(BigInt(userdata), 0);
  bytes.writeUInt8(type, 8);
  bytes.writeUInt32LE(type === eventType.CLOCK ? clock : fd, 16);
  bytes.writeBigUInt64LE(BigInt(timeout), 24);
  bytes.writeUInt16LE(absolute ? 1 : 0, 40);
  return bytes;
}

module.exports = {
  FOLLOW, OUTSIDE, errno, event, eventType, fdflags, fdstat, filestat, filetype, fstflags, most, oflags,
  rights, subscription, u16, u32, u64, u8,
};
