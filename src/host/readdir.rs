//! Reading a directory through a stream that stays open, so that a guest with a small buffer
//! reads it in linear time.

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, DirEntry};
#[cfg(target_os = "linux")]
use rustix::fs::{Mode, OFlags};

use super::{Errno, Filetype, Result};

/// One entry of a directory.
#[derive(Debug)]
pub struct DirectoryEntry {
    entry: DirEntry,
    /// Where to go on behind it.
    pub next: u64,
    /// What it is.
    pub filetype: Filetype,
}

impl DirectoryEntry {
    /// Serial number of what the entry names.
    pub fn ino(&self) -> u64 {
        self.entry.ino()
    }

    /// The name as the host has it.
    pub fn name(&self) -> &[u8] {
        self.entry.file_name().to_bytes()
    }
}

/// An open directory and where it stands.
#[derive(Debug)]
pub struct DirectoryStream {
    dir: Dir,
    /// The cookie that goes on right here, if there is one.
    here: Option<u64>,
    /// Read, but it did not fit the guest's buffer.
    put_back: Option<DirectoryEntry>,
}

impl DirectoryStream {
    /// Makes a stream that must be sought before it is read. It has a position of its own, since
    /// other guests may have the same descriptor.
    pub fn open(directory: BorrowedFd<'_>) -> Result<Self> {
        let dir = Dir::read_from(directory).or_else(|error| match error {
            rustix::io::Errno::ACCESS => reopen(directory).and_then(Dir::new),
            error => Err(error),
        })?;
        Ok(DirectoryStream { dir, here: None, put_back: None })
    }

    /// Goes to `cookie`: 0 starts anew and sees the directory as it is now; any other is the
    /// `next` of an entry read before. `EINVAL` for one that the file system doesn't know.
    pub fn seek(&mut self, cookie: u64) -> Result<()> {
        if self.here == Some(cookie) && cookie != 0 {
            return Ok(());
        }
        self.put_back = None;
        self.here = None;
        self.go_to(cookie)?;
        self.here = Some(cookie);
        Ok(())
    }

    /// The next entry, `None` at the end.
    pub fn next_entry(&mut self) -> Result<Option<DirectoryEntry>> {
        let entry = match self.put_back.take() {
            Some(entry) => entry,
            None => match self.read()? {
                Some(entry) => entry,
                None => return Ok(None),
            },
        };
        self.here = Some(entry.next);
        Ok(Some(entry))
    }

    /// Gives back the entry read last: a guest that goes on from `cookie`, the `next` of the one
    /// before, gets it without a seek.
    pub fn put_back(&mut self, entry: DirectoryEntry, cookie: u64) {
        self.here = Some(cookie);
        self.put_back = Some(entry);
    }

    fn filetype(&self, entry: &DirEntry) -> Filetype {
        if entry.file_type() != rustix::fs::FileType::Unknown {
            return entry.file_type().into();
        }
        // Some file systems don't say.
        let stat = self.dir.fd().ok().and_then(|fd| {
            rustix::fs::statat(fd, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW).ok()
        });
        stat.map_or(Filetype::Unknown, |stat| super::Filestat::from(stat).filetype)
    }

    #[cfg(target_os = "linux")]
    fn read(&mut self) -> Result<Option<DirectoryEntry>> {
        let Some(entry) = self.dir.read().transpose()? else {
            return Ok(None);
        };
        let next = entry.offset().cast_unsigned();
        Ok(Some(DirectoryEntry { filetype: self.filetype(&entry), next, entry }))
    }

    #[cfg(target_os = "linux")]
    fn go_to(&mut self, cookie: u64) -> Result<()> {
        if cookie == 0 {
            self.dir.rewind();
            return Ok(());
        }
        Ok(self.dir.seek(i64::try_from(cookie).map_err(|_| Errno::Inval)?)?)
    }

    /// Cookies count the entries where the system has no positions to go back to.
    #[cfg(not(target_os = "linux"))]
    fn read(&mut self) -> Result<Option<DirectoryEntry>> {
        let Some(entry) = self.dir.read().transpose()? else {
            return Ok(None);
        };
        let next = self.here.unwrap_or(0) + 1;
        Ok(Some(DirectoryEntry { filetype: self.filetype(&entry), next, entry }))
    }

    #[cfg(not(target_os = "linux"))]
    fn go_to(&mut self, cookie: u64) -> Result<()> {
        self.dir.rewind();
        for _ in 0..cookie {
            self.dir.read().transpose()?.ok_or(Errno::Inval)?;
        }
        Ok(())
    }
}

/// Opens a directory again that may be read but not searched, as looking up `.` in it would be.
#[cfg(target_os = "linux")]
fn reopen(directory: BorrowedFd<'_>) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(super::directory::path_of(directory), flags, Mode::empty())
}

#[cfg(not(target_os = "linux"))]
fn reopen(_: BorrowedFd<'_>) -> rustix::io::Result<OwnedFd> {
    Err(rustix::io::Errno::ACCESS)
}
