//! The words that every layer shares: what a file is, how it is opened, what is known of it.

use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

use bitflags::bitflags;

use super::{Errno, Result};

/// Kind of a file ([preview1 `filetype`](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#filetype)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filetype {
    /// Anything that the others don't name, a FIFO among them.
    Unknown,
    /// Block device.
    BlockDevice,
    /// Character device, a terminal among them.
    CharacterDevice,
    /// Directory.
    Directory,
    /// Regular file.
    RegularFile,
    /// Datagram socket.
    SocketDgram,
    /// Stream socket.
    SocketStream,
    /// Symbolic link.
    SymbolicLink,
}

impl From<rustix::fs::FileType> for Filetype {
    fn from(kind: rustix::fs::FileType) -> Self {
        use rustix::fs::FileType as Os;
        match kind {
            Os::RegularFile => Filetype::RegularFile,
            Os::Directory => Filetype::Directory,
            Os::Symlink => Filetype::SymbolicLink,
            Os::CharacterDevice => Filetype::CharacterDevice,
            Os::BlockDevice => Filetype::BlockDevice,
            Os::Socket => Filetype::SocketStream,
            _ => Filetype::Unknown,
        }
    }
}

bitflags! {
    /// Flags of a descriptor ([preview1 `fdflags`](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#fdflags)).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Fdflags: u16 {
        /// Data is appended to the file's end.
        const APPEND = 1 << 0;
        /// Data is written to storage before a write returns.
        const DSYNC = 1 << 1;
        /// Calls that would wait give `EAGAIN`.
        const NONBLOCK = 1 << 2;
        /// Reads are as well synchronized as writes.
        const RSYNC = 1 << 3;
        /// Data and metadata are written to storage before a write returns.
        const SYNC = 1 << 4;
    }
}

/// Flags that any thread may change; each change stands by itself.
#[derive(Debug)]
pub struct AtomicFdflags(AtomicU16);

impl AtomicFdflags {
    /// At first these.
    pub fn new(flags: Fdflags) -> Self {
        AtomicFdflags(AtomicU16::new(flags.bits()))
    }

    /// Now.
    pub fn get(&self) -> Fdflags {
        Fdflags::from_bits_retain(self.0.load(Relaxed))
    }

    /// From now on these.
    pub fn set(&self, flags: Fdflags) {
        self.0.store(flags.bits(), Relaxed);
    }
}

bitflags! {
    /// How `path_open` opens ([preview1 `oflags`](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#oflags)).
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Oflags: u16 {
        /// Create the file if it does not exist.
        const CREAT = 1 << 0;
        /// Fail if it is not a directory.
        const DIRECTORY = 1 << 1;
        /// Fail if it exists.
        const EXCL = 1 << 2;
        /// Truncate it to size 0.
        const TRUNC = 1 << 3;
    }
}

/// What may be done with the content of a file that is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read only; also what a directory is opened with.
    Read,
    /// Write only.
    Write,
    /// Both.
    ReadWrite,
}

/// Nanoseconds since the epoch of the clock meant.
pub type Timestamp = u64;

/// Attributes of a file ([preview1 `filestat`](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#filestat)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filestat {
    /// Device that holds the file.
    pub dev: u64,
    /// Serial number on that device.
    pub ino: u64,
    /// Kind.
    pub filetype: Filetype,
    /// Number of hard links.
    pub nlink: u64,
    /// Size in bytes; for a symbolic link, the length of its content.
    pub size: u64,
    /// Last access.
    pub atim: Timestamp,
    /// Last change of the data.
    pub mtim: Timestamp,
    /// Last change of the attributes.
    pub ctim: Timestamp,
}

impl From<rustix::fs::Stat> for Filestat {
    // The widths of these fields differ between platforms.
    #[allow(clippy::unnecessary_cast)]
    fn from(stat: rustix::fs::Stat) -> Self {
        let kind = rustix::fs::FileType::from_raw_mode(stat.st_mode);
        Filestat {
            dev: stat.st_dev as u64,
            ino: stat.st_ino as u64,
            filetype: kind.into(),
            nlink: stat.st_nlink as u64,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            atim: timestamp(stat.st_atime as i64, stat.st_atime_nsec as i64),
            mtim: timestamp(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            ctim: timestamp(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }
}

/// Preview1 counts from the epoch in unsigned nanoseconds: what lies before it is 0, what lies
/// after the year 2554 is the largest value.
pub(super) fn timestamp(seconds: i64, nanoseconds: i64) -> Timestamp {
    let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
    Timestamp::try_from(total.max(0)).unwrap_or(Timestamp::MAX)
}

/// What a file time is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetTime {
    /// It stays.
    Keep,
    /// The time of the call.
    Now,
    /// Nanoseconds since the epoch.
    To(Timestamp),
}

impl SetTime {
    pub(super) fn timespec(self) -> rustix::fs::Timespec {
        match self {
            SetTime::Keep => {
                rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT as _ }
            }
            SetTime::Now => rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW as _ },
            SetTime::To(time) => rustix::fs::Timespec {
                tv_sec: (time / 1_000_000_000) as _,
                tv_nsec: (time % 1_000_000_000) as _,
            },
        }
    }
}

/// Access and modification time to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetTimes {
    /// Last access.
    pub atim: SetTime,
    /// Last change of the data.
    pub mtim: SetTime,
}

impl SetTimes {
    pub(super) fn timestamps(self) -> rustix::fs::Timestamps {
        rustix::fs::Timestamps {
            last_access: self.atim.timespec(),
            last_modification: self.mtim.timespec(),
        }
    }
}

/// Where `fd_seek` counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whence {
    /// The start of the file.
    Set,
    /// The current position.
    Current,
    /// The end of the file.
    End,
}

/// Intended use of a file region ([preview1 `advice`](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#advice)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Nothing special.
    Normal,
    /// From lower to higher offsets.
    Sequential,
    /// In any order.
    Random,
    /// Soon.
    WillNeed,
    /// Not soon.
    DontNeed,
    /// Once.
    NoReuse,
}

/// An offset or a length as the kernel takes it, `EINVAL` from 2^63 up.
pub(super) fn signed(value: u64) -> Result<i64> {
    i64::try_from(value).map_err(|_| Errno::Inval)
}
