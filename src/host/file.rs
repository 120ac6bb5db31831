//! Regular files that the guest opened. No one else has the descriptor, so its position is kept
//! here: seeking and telling need no system call.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

use rustix::fs::OFlags;

use super::allocate::allocate;
use super::buffer::{preadv, pwritev, retry_on_intr, writev};
use super::pace::in_pieces;
use super::types::signed;
use super::{
    Advice, AtomicFdflags, Buffer, Errno, Fdflags, Filestat, Filetype, Interrupt, Place, Result,
    SetTimes, Whence, lock,
};

const SYNCHRONIZED: Fdflags = Fdflags::DSYNC.union(Fdflags::RSYNC).union(Fdflags::SYNC);

/// A regular file opened by the guest.
#[derive(Debug)]
pub struct File {
    fd: OwnedFd,
    position: Position,
    flags: AtomicFdflags,
    /// The kernel synchronizes as these flags say, because the file was opened so.
    opened_with: Fdflags,
    /// Where it was opened.
    place: Place,
    /// Held by who moves the position, if several threads have the file.
    moving: Option<Mutex<()>>,
}

/// In bytes from the start, below 2^63. `None` after appending: where the end was, the kernel
/// knows, whose own position is there.
#[derive(Debug)]
struct Position(AtomicU64);

impl Position {
    const UNKNOWN: u64 = u64::MAX;

    fn get(&self) -> Option<u64> {
        Some(self.0.load(Relaxed)).filter(|&position| position != Self::UNKNOWN)
    }

    fn set(&self, position: Option<u64>) {
        self.0.store(position.unwrap_or(Self::UNKNOWN), Relaxed);
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl File {
    /// A file just opened with `flags` through a directory of this place.
    pub fn new(fd: OwnedFd, flags: Fdflags, place: Place) -> Self {
        let (position, current) = (Position(AtomicU64::new(0)), AtomicFdflags::new(flags));
        File { fd, position, flags: current, opened_with: flags, place, moving: None }
    }

    /// From now on several threads may use it at once, and `interrupt` ends the calls of each. What
    /// moves the position happens one after the other, as [POSIX asks](https://pubs.opengroup.org/onlinepubs/9799919799/functions/V2_chap02.html#tag_16_09_07).
    pub fn share(&mut self, interrupt: Interrupt) {
        self.place = self.place.ended_by(interrupt);
        self.moving.get_or_insert_default();
    }

    fn moving(&self) -> Option<MutexGuard<'_, ()>> {
        self.moving.as_ref().map(lock)
    }

    /// Flags as the guest set them.
    pub fn flags(&self) -> Fdflags {
        self.flags.get()
    }

    /// Sets the flags. Linux can't change synchronization of an open file: where a flag was added,
    /// writes are followed by a sync.
    pub fn set_flags(&self, flags: Fdflags) -> Result<()> {
        let _moving = self.moving();
        if flags.contains(Fdflags::APPEND) != self.flags().contains(Fdflags::APPEND) {
            let mut os = OFlags::NONBLOCK;
            os.set(OFlags::APPEND, flags.contains(Fdflags::APPEND));
            rustix::fs::fcntl_setfl(&self.fd, os)?;
        }
        self.flags.set(flags);
        Ok(())
    }

    /// Reads from the position on and moves it.
    pub fn read(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        let _moving = self.moving();
        let position = self.position()?;
        let length = self.read_at(buffers, position)?;
        self.position.set(Some(position + length as u64));
        Ok(length)
    }

    /// Writes from the position on, or at the end when appending, and moves it.
    pub fn write(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        let _moving = self.moving();
        if self.flags().contains(Fdflags::APPEND) {
            return self.append(buffers);
        }
        let position = self.position()?;
        let length = self.write_at(buffers, position)?;
        self.position.set(Some(position + length as u64));
        Ok(length)
    }

    fn append(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        let length = in_pieces(buffers, self.place.interrupt(), |piece, _| {
            retry_on_intr(|| writev(self.as_fd(), piece))
        })?;
        self.position.set(None);
        self.synchronize_if_asked()?;
        Ok(length)
    }

    /// Reads at `offset`; the position stays. `EINVAL` from 2^63 up.
    pub fn read_at(&self, buffers: &[Buffer<'_>], offset: u64) -> Result<usize> {
        signed(offset)?;
        in_pieces(buffers, self.place.interrupt(), |piece, done| {
            let offset = signed(offset + done as u64)?;
            retry_on_intr(|| preadv(self.as_fd(), piece, offset))
        })
    }

    /// Writes at `offset`; the position stays. `EINVAL` from 2^63 up. While appending, Linux
    /// [writes at the end](https://man7.org/linux/man-pages/man2/pwrite.2.html#BUGS) all the same.
    pub fn write_at(&self, buffers: &[Buffer<'_>], offset: u64) -> Result<usize> {
        signed(offset)?;
        let length = in_pieces(buffers, self.place.interrupt(), |piece, done| {
            let offset = signed(offset + done as u64)?;
            retry_on_intr(|| pwritev(self.as_fd(), piece, offset))
        })?;
        self.synchronize_if_asked()?;
        Ok(length)
    }

    fn synchronize_if_asked(&self) -> Result<()> {
        let missing = (self.flags() & SYNCHRONIZED).difference(self.opened_with);
        if missing.is_empty() {
            return Ok(());
        }
        if missing == Fdflags::DSYNC { self.datasync() } else { self.sync() }
    }

    /// Moves the position. `EINVAL` where that would be negative or from 2^63 up.
    pub fn seek(&self, offset: i64, whence: Whence) -> Result<u64> {
        let _moving = self.moving();
        let base = match whence {
            Whence::Set => 0,
            Whence::Current => self.position()?,
            Whence::End => self.filestat()?.size,
        };
        let position = base.checked_add_signed(offset).ok_or(Errno::Inval)?;
        signed(position)?;
        self.position.set(Some(position));
        Ok(position)
    }

    /// Current position.
    pub fn tell(&self) -> Result<u64> {
        let _moving = self.moving();
        self.position()
    }

    fn position(&self) -> Result<u64> {
        if let Some(position) = self.position.get() {
            return Ok(position);
        }
        let position = rustix::fs::tell(&self.fd)?;
        self.position.set(Some(position));
        Ok(position)
    }

    /// Bytes between the position and the end.
    pub fn bytes_to_read(&self) -> u64 {
        let size = self.filestat().map_or(0, |stat| stat.size);
        self.position.get().map_or(0, |position| size.saturating_sub(position))
    }

    /// Announces how a region will be used.
    pub fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        advise(self.as_fd(), offset, length, advice, self.place.interrupt())
    }

    /// Makes sure that the region exists and has storage; the file never shrinks. If it fails, the
    /// file is as before.
    pub fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        allocate(self.as_fd(), offset, length, self.place.interrupt())
    }

    /// Writes data and attributes to storage.
    pub fn sync(&self) -> Result<()> {
        sync(self.as_fd())
    }

    /// Writes data to storage.
    pub fn datasync(&self) -> Result<()> {
        datasync(self.as_fd())
    }

    /// Attributes.
    pub fn filestat(&self) -> Result<Filestat> {
        filestat(self.as_fd())
    }

    /// Cuts the file or grows it with zeros. `EINVAL` from 2^63 up.
    pub fn set_size(&self, size: u64) -> Result<()> {
        set_size(self.as_fd(), size, self.place.interrupt())
    }

    /// Sets access and modification time.
    pub fn set_times(&self, times: SetTimes) -> Result<()> {
        self.place.mount().check_writable()?;
        set_times(self.as_fd(), times)
    }
}

/// What a descriptor stands for.
pub fn filetype(fd: BorrowedFd<'_>) -> Result<Filetype> {
    Ok(filestat(fd)?.filetype)
}

pub(super) fn filestat(fd: BorrowedFd<'_>) -> Result<Filestat> {
    Ok(rustix::fs::fstat(fd)?.into())
}

/// Giving back what a file has takes the kernel some time: the end goes first, step by step, so
/// that `interrupt` can end it. Each step leaves a file that has been cut.
pub(super) fn set_size(fd: BorrowedFd<'_>, size: u64, interrupt: Interrupt) -> Result<()> {
    signed(size)?;
    if interrupt.is_possible() {
        let mut end = filestat(fd)?.size;
        let step = step_within(end.saturating_sub(size));
        while end.saturating_sub(size) > step {
            end -= step;
            cut(fd, end)?;
            interrupt.check()?;
        }
    }
    cut(fd, size)
}

fn cut(fd: BorrowedFd<'_>, size: u64) -> Result<()> {
    retry_on_intr(|| Ok(rustix::fs::ftruncate(fd, size)?))
}

/// How many bytes the kernel drops or reserves at once: as many as take it some milliseconds, but
/// there are some thousand steps at most, since a file of any size may hold next to nothing.
pub(super) fn step_within(length: u64) -> u64 {
    (length >> 12).max(32 << 20).next_multiple_of(1 << 20)
}

pub(super) fn set_times(fd: BorrowedFd<'_>, times: SetTimes) -> Result<()> {
    Ok(rustix::fs::futimens(fd, &times.timestamps())?)
}

pub(super) fn sync(fd: BorrowedFd<'_>) -> Result<()> {
    retry_on_intr(|| Ok(rustix::fs::fsync(fd)?))
}

#[cfg(target_os = "linux")]
pub(super) fn datasync(fd: BorrowedFd<'_>) -> Result<()> {
    retry_on_intr(|| Ok(rustix::fs::fdatasync(fd)?))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn datasync(fd: BorrowedFd<'_>) -> Result<()> {
    sync(fd)
}

/// Dropping what is cached takes time and goes step by step, so that `interrupt` can end it.
#[cfg(target_os = "linux")]
pub(super) fn advise(
    fd: BorrowedFd<'_>,
    mut offset: u64,
    mut length: u64,
    advice: Advice,
    interrupt: Interrupt,
) -> Result<()> {
    signed(offset)?;
    signed(length)?;
    if advice == Advice::DontNeed && interrupt.is_possible() {
        let end = filestat(fd)?.size.saturating_sub(offset);
        let mut rest = if length == 0 { end } else { length.min(end) };
        let step = step_within(rest);
        while rest > step {
            advise_at_once(fd, offset, step, advice)?;
            // A length of 0 is all there is.
            (offset, rest, length) = (offset + step, rest - step, length.saturating_sub(step));
            interrupt.check()?;
        }
    }
    advise_at_once(fd, offset, length, advice)
}

#[cfg(target_os = "linux")]
fn advise_at_once(fd: BorrowedFd<'_>, offset: u64, length: u64, advice: Advice) -> Result<()> {
    use rustix::fs::Advice as Os;
    let advice = match advice {
        Advice::Normal => Os::Normal,
        Advice::Sequential => Os::Sequential,
        Advice::Random => Os::Random,
        Advice::WillNeed => Os::WillNeed,
        Advice::DontNeed => Os::DontNeed,
        Advice::NoReuse => Os::NoReuse,
    };
    Ok(rustix::fs::fadvise(fd, offset, std::num::NonZeroU64::new(length), advice)?)
}

/// Advice binds to nothing: a system without it may ignore it.
#[cfg(not(target_os = "linux"))]
pub(super) fn advise(
    _: BorrowedFd<'_>,
    offset: u64,
    length: u64,
    _: Advice,
    _: Interrupt,
) -> Result<()> {
    signed(offset)?;
    signed(length)?;
    Ok(())
}
