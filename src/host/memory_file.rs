//! Files in memory that the host lends to guests as standard streams, and reads back.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use super::buffer::{preadv, pwritev, retry_on_intr};
use super::types::signed;
use super::{Buffer, Errno, Filestat, Interrupt, Result, file};

/// An empty file without a name, close-on-exec, closed when dropped.
///
/// Others know its number, and may have closed it: node:wasi does when its guest asks. It is never
/// taken for whatever has the number then.
#[derive(Debug)]
pub struct MemoryFile {
    /// `None` only while it is dropped.
    fd: Option<OwnedFd>,
    /// Device and inode.
    identity: (u64, u64),
}

/// A system call that reads or writes at an offset.
type Transfer = fn(BorrowedFd<'_>, &[Buffer<'_>], i64) -> Result<usize>;

impl MemoryFile {
    /// Errors: `EMFILE`, `ENFILE`, `ENOMEM`; where there are no files in memory, those of a
    /// temporary file.
    pub fn new() -> Result<Self> {
        let fd = open()?;
        let identity = identity(&file::filestat(fd.as_fd())?);
        Ok(MemoryFile { fd: Some(fd), identity })
    }

    /// The number to lend.
    pub fn number(&self) -> RawFd {
        self.fd().as_raw_fd()
    }

    /// Bytes. `EBADF` if someone else has closed it.
    pub fn size(&self) -> Result<u64> {
        let stat = file::filestat(self.fd())?;
        if identity(&stat) == self.identity { Ok(stat.size) } else { Err(Errno::Badf) }
    }

    /// Reads from the start, wherever the position is: bytes read, fewer than there is room for
    /// only at the end. `EBADF` if someone else has closed it.
    pub fn read(&self, buffer: Buffer<'_>) -> Result<usize> {
        self.transfer(buffer, preadv)
    }

    /// Writes over the start, wherever the position is. `EBADF` if someone else has closed it.
    pub fn write(&self, buffer: Buffer<'_>) -> Result<usize> {
        self.transfer(buffer, pwritev)
    }

    fn transfer(&self, buffer: Buffer<'_>, transfer: Transfer) -> Result<usize> {
        self.size()?;
        let mut done = 0;
        while done < buffer.len() {
            let (rest, offset) = ([buffer.without_first(done)], signed(done as u64)?);
            match retry_on_intr(|| transfer(self.fd(), &rest, offset))? {
                0 => break,
                some => done += some,
            }
        }
        Ok(done)
    }

    /// Removes all content and puts the position, which all have in common, at the start. `EBADF`
    /// if someone else has closed it.
    pub fn clear(&self) -> Result<()> {
        self.size()?;
        file::set_size(self.fd(), 0, Interrupt::NEVER)?;
        rustix::fs::seek(self.fd(), rustix::fs::SeekFrom::Start(0))?;
        Ok(())
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_ref().expect("there until it is dropped").as_fd()
    }
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        if self.size().is_err() {
            std::mem::forget(self.fd.take());
        }
    }
}

fn identity(stat: &Filestat) -> (u64, u64) {
    (stat.dev, stat.ino)
}

/// A file without a name, in memory where the system has that. Close-on-exec.
///
/// Errors: as `MemoryFile::new`.
pub fn anonymous() -> Result<OwnedFd> {
    open()
}

/// Nobody needs to execute it. Linux before 6.3 does not know how to say so.
#[cfg(target_os = "linux")]
fn open() -> Result<OwnedFd> {
    use rustix::fs::{MemfdFlags, memfd_create};
    let create = |flags| memfd_create("wasi-rs", MemfdFlags::CLOEXEC | flags);
    match create(MemfdFlags::NOEXEC_SEAL) {
        Err(rustix::io::Errno::INVAL) => reopened(create(MemfdFlags::empty())?),
        created => reopened(created?),
    }
}

/// The same file, opened as others are: threads that write to what `memfd_create` gives can do so at
/// one position, so that what the first has written is lost. As it is where there is no `/proc`.
#[cfg(target_os = "linux")]
fn reopened(created: OwnedFd) -> Result<OwnedFd> {
    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno as Os;
    let path = format!("/proc/self/fd/{}", created.as_raw_fd());
    match rustix::fs::open(path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()) {
        Err(error @ (Os::MFILE | Os::NFILE)) => Err(error.into()),
        opened => Ok(opened.unwrap_or(created)),
    }
}

#[cfg(not(target_os = "linux"))]
fn open() -> Result<OwnedFd> {
    Ok(tempfile::tempfile()?.into())
}
