//! Numbers and structs of the two ABIs. Padding between fields is left as it was.
//!
//! Sources: [preview1](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/typenames.witx),
//! [unstable](https://github.com/WebAssembly/WASI/blob/wasi-0.1/snapshot-0/witx/typenames.witx).

use super::{Region, errno};
use crate::system::{
    Advice, Clock, DirectoryEntry, Errno, Event, EventKind, Fdstat, Filestat, Filetype, Result,
    SetTime, SetTimes, Subscription, SubscriptionKind, Timestamp, Whence,
};

/// Which ABI the guest was compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// `wasi_snapshot_preview1`.
    Preview1,
    /// `wasi_unstable`, also called snapshot 0.
    Unstable,
}

/// Bytes of `fdstat`.
pub const FDSTAT_SIZE: u64 = 24;
/// Bytes of `prestat`.
pub const PRESTAT_SIZE: u64 = 8;
/// Bytes of `event`.
pub const EVENT_SIZE: usize = 32;
/// Bytes of `dirent`, without the name that follows.
pub const DIRENT_SIZE: usize = 24;

impl Version {
    /// Bytes of `filestat`.
    pub const fn filestat_size(self) -> u64 {
        match self {
            Version::Preview1 => 64,
            Version::Unstable => 56,
        }
    }

    /// Where in a `filestat` the size of the file is.
    pub const fn filestat_size_at(self) -> usize {
        match self {
            Version::Preview1 => 32,
            Version::Unstable => 24,
        }
    }

    /// Bytes of `subscription`.
    pub const fn subscription_size(self) -> usize {
        match self {
            Version::Preview1 => 48,
            Version::Unstable => 56,
        }
    }

    /// `EINVAL` for a number that is none.
    pub fn whence(self, number: u8) -> Result<Whence> {
        let order = match self {
            Version::Preview1 => [Whence::Set, Whence::Current, Whence::End],
            Version::Unstable => [Whence::Current, Whence::End, Whence::Set],
        };
        order.get(usize::from(number)).copied().ok_or(Errno::Inval)
    }

    /// Writes a `filestat`. `EOVERFLOW` where an unstable guest can't count the links.
    pub fn write_filestat(self, to: &Region<'_>, stat: &Filestat) -> Result<()> {
        let size_at = self.filestat_size_at();
        match self {
            Version::Preview1 => to.write_u64(24, stat.nlink),
            Version::Unstable => {
                to.write_u32(20, u32::try_from(stat.nlink).map_err(|_| Errno::Overflow)?);
            }
        }
        to.write_u64(0, stat.dev);
        to.write_u64(8, stat.ino);
        to.write_u8(16, filetype(stat.filetype));
        to.write_u64(size_at, stat.size);
        to.write_u64(size_at + 8, stat.atim);
        to.write_u64(size_at + 16, stat.mtim);
        to.write_u64(size_at + 24, stat.ctim);
        Ok(())
    }

    /// Reads the `subscription` at `offset`. `EINVAL` for a kind or a clock that is none.
    pub fn read_subscription(self, from: &Region<'_>, offset: usize) -> Result<Subscription> {
        let kind = match from.read_u8(offset + 8) {
            0 => self.read_clock_subscription(from, offset + 16)?,
            1 => SubscriptionKind::FdRead(from.read_u32(offset + 16)),
            2 => SubscriptionKind::FdWrite(from.read_u32(offset + 16)),
            _ => return Err(Errno::Inval),
        };
        Ok(Subscription { userdata: from.read_u64(offset), kind })
    }

    /// The unstable one starts with an identifier that nobody uses.
    fn read_clock_subscription(self, from: &Region<'_>, at: usize) -> Result<SubscriptionKind> {
        const ABSOLUTE: u16 = 1;
        let at = match self {
            Version::Preview1 => at,
            Version::Unstable => at + 8,
        };
        Ok(SubscriptionKind::Clock {
            clock: clock(from.read_u32(at))?,
            timeout: from.read_u64(at + 8),
            absolute: from.read_u16(at + 24) & ABSOLUTE != 0,
        })
    }
}

/// Number of a file type.
pub fn filetype(filetype: Filetype) -> u8 {
    match filetype {
        Filetype::Unknown => 0,
        Filetype::BlockDevice => 1,
        Filetype::CharacterDevice => 2,
        Filetype::Directory => 3,
        Filetype::RegularFile => 4,
        Filetype::SocketDgram => 5,
        Filetype::SocketStream => 6,
        Filetype::SymbolicLink => 7,
    }
}

/// `EINVAL` for a number that is none.
pub fn clock(number: u32) -> Result<Clock> {
    match number {
        0 => Ok(Clock::Realtime),
        1 => Ok(Clock::Monotonic),
        2 => Ok(Clock::ProcessCpu),
        3 => Ok(Clock::ThreadCpu),
        _ => Err(Errno::Inval),
    }
}

/// `EINVAL` for a number that is none.
pub fn advice(number: u8) -> Result<Advice> {
    match number {
        0 => Ok(Advice::Normal),
        1 => Ok(Advice::Sequential),
        2 => Ok(Advice::Random),
        3 => Ok(Advice::WillNeed),
        4 => Ok(Advice::DontNeed),
        5 => Ok(Advice::NoReuse),
        _ => Err(Errno::Inval),
    }
}

/// Which times to set, from `fstflags`. `EINVAL` for unknown flags, and where a time is to be both
/// a given one and now.
pub fn set_times(atim: Timestamp, mtim: Timestamp, fstflags: u16) -> Result<SetTimes> {
    if fstflags & !0b1111 != 0 {
        return Err(Errno::Inval);
    }
    Ok(SetTimes { atim: set_time(atim, fstflags)?, mtim: set_time(mtim, fstflags >> 2)? })
}

fn set_time(time: Timestamp, flags: u16) -> Result<SetTime> {
    match flags & 0b11 {
        0b00 => Ok(SetTime::Keep),
        0b01 => Ok(SetTime::To(time)),
        0b10 => Ok(SetTime::Now),
        _ => Err(Errno::Inval),
    }
}

/// Writes an `fdstat`.
pub fn write_fdstat(to: &Region<'_>, stat: &Fdstat) {
    to.write_u8(0, filetype(stat.filetype));
    to.write_u16(2, stat.flags.bits());
    to.write_u64(8, stat.rights.base.bits());
    to.write_u64(16, stat.rights.inheriting.bits());
}

/// Writes an `event` at `offset`.
pub fn write_event(to: &Region<'_>, offset: usize, event: &Event) {
    let (kind, nbytes, hangup) = match event.kind {
        EventKind::Clock => (0, 0, false),
        EventKind::FdRead { nbytes, hangup } => (1, nbytes, hangup),
        EventKind::FdWrite { hangup } => (2, 0, hangup),
    };
    to.write_u64(offset, event.userdata);
    to.write_u16(offset + 8, errno::number(event.error));
    to.write_u8(offset + 10, kind);
    to.write_u64(offset + 16, nbytes);
    to.write_u16(offset + 24, u16::from(hangup));
}

/// The `dirent` of an entry, up to its padding.
pub fn dirent(entry: &DirectoryEntry) -> [u8; 21] {
    let mut bytes = [0; 21];
    bytes[..8].copy_from_slice(&entry.next.to_le_bytes());
    bytes[8..16].copy_from_slice(&entry.ino().to_le_bytes());
    // No file system has names of 4 GiB.
    bytes[16..20].copy_from_slice(&(entry.name().len() as u32).to_le_bytes());
    bytes[20] = filetype(entry.filetype);
    bytes
}
