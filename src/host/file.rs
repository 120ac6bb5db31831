//! Regular files that the guest opened. No one else has the descriptor, so its position is kept
//! here: seeking and telling need no system call.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FallocateFlags, OFlags};

use super::buffer::{preadv, pwritev, retry_on_intr, writev};
use super::types::signed;
use super::{Advice, Buffer, Errno, Fdflags, Filestat, Filetype, Mount, Result, SetTimes, Whence};

const SYNCHRONIZED: Fdflags = Fdflags::DSYNC.union(Fdflags::RSYNC).union(Fdflags::SYNC);

/// A regular file opened by the guest.
#[derive(Debug)]
pub struct File {
    fd: OwnedFd,
    /// In bytes from the start, below 2^63. `None` after appending: where the end was, the kernel
    /// knows, whose own position is there.
    position: Option<u64>,
    flags: Fdflags,
    /// The kernel synchronizes as these flags say, because the file was opened so.
    opened_with: Fdflags,
    mount: Mount,
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl File {
    /// A file just opened with `flags` through a directory of this mount.
    pub fn new(fd: OwnedFd, flags: Fdflags, mount: Mount) -> Self {
        File { fd, position: Some(0), flags, opened_with: flags, mount }
    }

    /// Flags as the guest set them.
    pub fn flags(&self) -> Fdflags {
        self.flags
    }

    /// Sets the flags. Linux can't change synchronization of an open file: where a flag was added,
    /// writes are followed by a sync.
    pub fn set_flags(&mut self, flags: Fdflags) -> Result<()> {
        if flags.contains(Fdflags::APPEND) != self.flags.contains(Fdflags::APPEND) {
            let mut os = OFlags::NONBLOCK;
            os.set(OFlags::APPEND, flags.contains(Fdflags::APPEND));
            rustix::fs::fcntl_setfl(&self.fd, os)?;
        }
        self.flags = flags;
        Ok(())
    }

    /// Reads from the position on and moves it.
    pub fn read(&mut self, buffers: &[Buffer<'_>]) -> Result<usize> {
        let position = self.tell()?;
        let length = self.read_at(buffers, position)?;
        self.position = Some(position + length as u64);
        Ok(length)
    }

    /// Writes from the position on, or at the end when appending, and moves it.
    pub fn write(&mut self, buffers: &[Buffer<'_>]) -> Result<usize> {
        if self.flags.contains(Fdflags::APPEND) {
            return self.append(buffers);
        }
        let position = self.tell()?;
        let length = self.write_at(buffers, position)?;
        self.position = Some(position + length as u64);
        Ok(length)
    }

    fn append(&mut self, buffers: &[Buffer<'_>]) -> Result<usize> {
        let length = retry_on_intr(|| writev(self.as_fd(), buffers))?;
        self.position = None;
        self.synchronize_if_asked()?;
        Ok(length)
    }

    /// Reads at `offset`; the position stays. `EINVAL` from 2^63 up.
    pub fn read_at(&self, buffers: &[Buffer<'_>], offset: u64) -> Result<usize> {
        let offset = signed(offset)?;
        retry_on_intr(|| preadv(self.as_fd(), buffers, offset))
    }

    /// Writes at `offset`; the position stays. `EINVAL` from 2^63 up. While appending, Linux
    /// [writes at the end](https://man7.org/linux/man-pages/man2/pwrite.2.html#BUGS) all the same.
    pub fn write_at(&self, buffers: &[Buffer<'_>], offset: u64) -> Result<usize> {
        let offset = signed(offset)?;
        let length = retry_on_intr(|| pwritev(self.as_fd(), buffers, offset))?;
        self.synchronize_if_asked()?;
        Ok(length)
    }

    fn synchronize_if_asked(&self) -> Result<()> {
        let missing = (self.flags & SYNCHRONIZED).difference(self.opened_with);
        if missing.is_empty() {
            return Ok(());
        }
        if missing == Fdflags::DSYNC { self.datasync() } else { self.sync() }
    }

    /// Moves the position. `EINVAL` where that would be negative or from 2^63 up.
    pub fn seek(&mut self, offset: i64, whence: Whence) -> Result<u64> {
        let base = match whence {
            Whence::Set => 0,
            Whence::Current => self.tell()?,
            Whence::End => self.filestat()?.size,
        };
        let position = base.checked_add_signed(offset).ok_or(Errno::Inval)?;
        signed(position)?;
        self.position = Some(position);
        Ok(position)
    }

    /// Current position.
    pub fn tell(&mut self) -> Result<u64> {
        match self.position {
            Some(position) => Ok(position),
            None => Ok(*self.position.insert(rustix::fs::tell(&self.fd)?)),
        }
    }

    /// Bytes between the position and the end.
    pub fn bytes_to_read(&self) -> u64 {
        let size = self.filestat().map_or(0, |stat| stat.size);
        self.position.map_or(0, |position| size.saturating_sub(position))
    }

    /// Announces how a region will be used.
    pub fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        advise(self.as_fd(), offset, length, advice)
    }

    /// Makes sure that the region exists and has storage; the file never shrinks.
    pub fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        allocate(self.as_fd(), offset, length)
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
        set_size(self.as_fd(), size)
    }

    /// Sets access and modification time.
    pub fn set_times(&self, times: SetTimes) -> Result<()> {
        self.mount.check_writable()?;
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

pub(super) fn allocate(fd: BorrowedFd<'_>, offset: u64, length: u64) -> Result<()> {
    signed(offset)?;
    signed(length)?;
    retry_on_intr(|| Ok(rustix::fs::fallocate(fd, FallocateFlags::empty(), offset, length)?))
}

pub(super) fn set_size(fd: BorrowedFd<'_>, size: u64) -> Result<()> {
    signed(size)?;
    retry_on_intr(|| Ok(rustix::fs::ftruncate(fd, size)?))
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

#[cfg(target_os = "linux")]
pub(super) fn advise(fd: BorrowedFd<'_>, offset: u64, length: u64, advice: Advice) -> Result<()> {
    use rustix::fs::Advice as Os;
    let advice = match advice {
        Advice::Normal => Os::Normal,
        Advice::Sequential => Os::Sequential,
        Advice::Random => Os::Random,
        Advice::WillNeed => Os::WillNeed,
        Advice::DontNeed => Os::DontNeed,
        Advice::NoReuse => Os::NoReuse,
    };
    signed(offset)?;
    signed(length)?;
    Ok(rustix::fs::fadvise(fd, offset, std::num::NonZeroU64::new(length), advice)?)
}

/// Advice binds to nothing: a system without it may ignore it.
#[cfg(not(target_os = "linux"))]
pub(super) fn advise(_: BorrowedFd<'_>, offset: u64, length: u64, _: Advice) -> Result<()> {
    signed(offset)?;
    signed(length)?;
    Ok(())
}
