//! Storage for a region of a file: all of it, or none.

use std::os::fd::BorrowedFd;

use rustix::fs::FallocateFlags;

use super::buffer::retry_on_intr;
use super::types::signed;
use super::{Errno, Interrupt, Result};

/// Makes sure that the region exists and has storage; the file never shrinks.
///
/// Errors: what the system says; `ECANCELED` when interrupted. The file has the size and the content
/// that it had, then, and gives back the storage that it took. An earlier reservation for a part of
/// the region may go with it. Storage behind the end can only be given back by truncating the file to
/// its size: what another process appends at that very moment is lost.
pub(super) fn allocate(
    fd: BorrowedFd<'_>,
    offset: u64,
    length: u64,
    interrupt: Interrupt,
) -> Result<()> {
    signed(offset)?;
    signed(length)?;
    os::allocate(fd, offset, length, interrupt)
}

fn fallocate(fd: BorrowedFd<'_>, flags: FallocateFlags, range: std::ops::Range<u64>) -> Result<()> {
    let length = range.end - range.start;
    retry_on_intr(|| Ok(rustix::fs::fallocate(fd, flags, range.start, length)?))
}

#[cfg(target_os = "linux")]
mod os {
    use std::ops::Range;
    use std::os::fd::{AsFd, BorrowedFd};

    use rustix::fs::{FallocateFlags, FileType, Mode, OFlags, SeekFrom, fstat, fstatvfs, seek};
    use rustix::process::{Resource, getrlimit};

    use super::{Errno, Interrupt, Result, fallocate};
    use crate::host::directory::path_of;
    use crate::host::file::step_within;

    const AT_ONCE: FallocateFlags = FallocateFlags::empty();
    const KEEP_SIZE: FallocateFlags = FallocateFlags::KEEP_SIZE;

    /// In steps, so that it can be interrupted, and without growing the file before all is there:
    /// who appends meanwhile does so at the end that was, and nothing of it is taken back.
    pub(super) fn allocate(
        fd: BorrowedFd<'_>,
        offset: u64,
        length: u64,
        interrupt: Interrupt,
    ) -> Result<()> {
        let region = offset..offset + length;
        let stat = fstat(fd)?;
        let is_file = FileType::from_raw_mode(stat.st_mode).is_file();
        if !is_file || region.is_empty() || i64::try_from(region.end).is_err() {
            // This can't succeed; the system call reports why.
            return fallocate(fd, AT_ONCE, region);
        }
        let size = stat.st_size.cast_unsigned();
        check_limits(fd, &region, size, used(&stat))?;
        let mut taken =
            Taken { ranges: Vec::new(), used: used(&stat), block: stat.st_blksize as u64 };
        match taken.take(fd, &region, interrupt).and_then(|()| grow(fd, &region, size)) {
            // Some file systems know no other way.
            Err(Errno::NotSup) if taken.ranges.is_empty() => fallocate(fd, AT_ONCE, region),
            Err(error) => {
                taken.give_back(fd);
                Err(error)
            }
            Ok(()) => Ok(()),
        }
    }

    fn used(stat: &rustix::fs::Stat) -> u64 {
        stat.st_blocks as u64 * 512
    }

    fn grow(fd: BorrowedFd<'_>, region: &Range<u64>, size: u64) -> Result<()> {
        if region.end <= size {
            return Ok(());
        }
        fallocate(fd, AT_ONCE, region.end - 1..region.end)
    }

    /// What can't succeed must not fill the file system first.
    ///
    /// Errors: `EFBIG` for what the process may not have (the system would send a signal, too);
    /// `ENOSPC` for more than is free.
    fn check_limits(fd: BorrowedFd<'_>, region: &Range<u64>, size: u64, used: u64) -> Result<()> {
        let limit = getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX);
        if region.end > size && region.end > limit {
            return Err(Errno::Fbig);
        }
        let length = region.end - region.start;
        let Ok(system) = fstatvfs(fd) else { return Ok(()) };
        let free = system.f_bfree.saturating_mul(system.f_frsize);
        // Some file systems report no size.
        if system.f_blocks > 0 && length.saturating_sub(used) > free {
            return Err(Errno::NoSpc);
        }
        Ok(())
    }

    /// Where the file has more storage than before.
    struct Taken {
        ranges: Vec<Range<u64>>,
        /// Bytes of storage that the file has now.
        used: u64,
        block: u64,
    }

    impl Taken {
        fn take(
            &mut self,
            fd: BorrowedFd<'_>,
            region: &Range<u64>,
            interrupt: Interrupt,
        ) -> Result<()> {
            let length = region.end - region.start;
            let step = if interrupt.is_possible() { step_within(length) } else { length };
            let mut start = region.start;
            while start < region.end {
                // Steps don't share a page, which tmpfs would take for written.
                let end = region.end.min((start / step + 1) * step);
                let result = fallocate(fd, KEEP_SIZE, start..end);
                self.note(fd, start..end)?;
                result?;
                if end < region.end {
                    interrupt.check()?;
                }
                start = end;
            }
            Ok(())
        }

        /// A call that fails may have taken some.
        fn note(&mut self, fd: BorrowedFd<'_>, range: Range<u64>) -> Result<()> {
            let used = used(&fstat(fd)?);
            if used > std::mem::replace(&mut self.used, used) {
                let start = range.start - range.start % self.block;
                let end = range.end.next_multiple_of(self.block);
                match self.ranges.last_mut() {
                    Some(last) if last.end >= start => last.end = end,
                    _ => self.ranges.push(start..end),
                }
            }
            Ok(())
        }

        /// As far as the system lets it; what could not be had is what the guest is told.
        fn give_back(&self, fd: BorrowedFd<'_>) {
            let Ok(stat) = fstat(fd) else { return };
            let size = stat.st_size.cast_unsigned();
            if self.ranges.iter().any(|range| range.end > size) {
                // What lies beyond the end goes.
                let _ = rustix::fs::ftruncate(fd, size);
            }
            for range in &self.ranges {
                let _ = punch_holes(fd, range.start..range.end.min(size));
            }
        }
    }

    /// What has been written meanwhile is no hole. By a descriptor of its own, since looking for
    /// holes moves the position.
    fn punch_holes(fd: BorrowedFd<'_>, range: Range<u64>) -> rustix::io::Result<()> {
        let own = rustix::fs::open(path_of(fd), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut at = range.start;
        while at < range.end {
            let hole = seek(&own, SeekFrom::Hole(at))?;
            let data = seek(&own, SeekFrom::Data(hole)).unwrap_or(range.end).min(range.end);
            if hole < data {
                let _ = fallocate(fd.as_fd(), FallocateFlags::PUNCH_HOLE | KEEP_SIZE, hole..data);
            }
            at = data.max(hole);
        }
        Ok(())
    }
}

/// The system has it all or nothing, but for the size.
#[cfg(not(target_os = "linux"))]
mod os {
    use std::os::fd::BorrowedFd;

    use rustix::fs::FallocateFlags;

    use super::{Errno, Interrupt, Result, fallocate};
    use crate::host::file;

    pub(super) fn allocate(
        fd: BorrowedFd<'_>,
        offset: u64,
        length: u64,
        _: Interrupt,
    ) -> Result<()> {
        let size = file::filestat(fd)?.size;
        let end = offset.checked_add(length).ok_or(Errno::Fbig)?;
        if length > 0 && end <= size {
            // macOS can only reserve what comes behind the end, and would cut the file.
            return Ok(());
        }
        fallocate(fd, FallocateFlags::empty(), offset..end).inspect_err(|_| {
            if file::filestat(fd).is_ok_and(|stat| stat.size > size) {
                let _ = rustix::fs::ftruncate(fd, size);
            }
        })
    }
}
