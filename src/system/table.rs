//! The guest's file descriptors. Whoever looks one up names the rights it needs.

use super::descriptor::{Descriptor, OpenDirectory};
use super::rights::{Rights, RightsPair};
use crate::host::{Errno, Result, Stream};

/// A descriptor and its rights.
#[derive(Debug)]
pub(super) struct Entry {
    pub descriptor: Descriptor,
    pub rights: RightsPair,
}

/// Number of a descriptor, as the guest knows it.
pub type Fd = u32;

/// Descriptors by number; the lowest free number is given out next.
#[derive(Debug)]
pub(super) struct FdTable {
    entries: Vec<Option<Entry>>,
    /// How many there are, and how many there may be.
    open: u32,
    max: u32,
    /// No number below is free.
    lowest_free: usize,
}

impl FdTable {
    /// An empty table for up to `max` descriptors.
    pub fn new(max: u32) -> Self {
        FdTable { entries: Vec::new(), open: 0, max, lowest_free: 0 }
    }

    /// Errors: `EMFILE` when the guest has as many as it may.
    pub fn insert(&mut self, entry: Entry) -> Result<Fd> {
        if self.open >= self.max {
            return Err(Errno::Mfile);
        }
        let mut slot = self.lowest_free;
        while self.entries.get(slot).is_some_and(Option::is_some) {
            slot += 1;
        }
        let fd = Fd::try_from(slot).map_err(|_| Errno::Mfile)?;
        if slot == self.entries.len() {
            self.entries.push(None);
        }
        self.entries[slot] = Some(entry);
        self.lowest_free = slot + 1;
        self.open += 1;
        Ok(fd)
    }

    /// Errors: `EBADF` when it is not open.
    pub fn remove(&mut self, fd: Fd) -> Result<Entry> {
        let slot = usize::try_from(fd).map_err(|_| Errno::Badf)?;
        let entry = self.entries.get_mut(slot).and_then(Option::take).ok_or(Errno::Badf)?;
        self.lowest_free = self.lowest_free.min(slot);
        self.open -= 1;
        Ok(entry)
    }

    /// Moves `from` over `to`, which is closed.
    ///
    /// Errors: `EBADF` when either is not open.
    pub fn renumber(&mut self, from: Fd, to: Fd) -> Result<()> {
        self.get(to)?;
        if from == to {
            return Ok(());
        }
        let moved = self.remove(from)?;
        *self.get_mut(to)? = moved;
        Ok(())
    }

    pub fn get(&self, fd: Fd) -> Result<&Entry> {
        let slot = usize::try_from(fd).map_err(|_| Errno::Badf)?;
        self.entries.get(slot).and_then(Option::as_ref).ok_or(Errno::Badf)
    }

    pub fn get_mut(&mut self, fd: Fd) -> Result<&mut Entry> {
        let slot = usize::try_from(fd).map_err(|_| Errno::Badf)?;
        self.entries.get_mut(slot).and_then(Option::as_mut).ok_or(Errno::Badf)
    }

    /// Errors: `EBADF`; `ENOTCAPABLE` without one of the rights.
    pub fn with(&self, fd: Fd, rights: Rights) -> Result<&Descriptor> {
        let entry = self.get(fd)?;
        entry.require(rights)?;
        Ok(&entry.descriptor)
    }

    /// Errors: `EBADF`; `ENOTCAPABLE` without one of the rights.
    pub fn with_mut(&mut self, fd: Fd, rights: Rights) -> Result<&mut Descriptor> {
        let entry = self.get_mut(fd)?;
        entry.require(rights)?;
        Ok(&mut entry.descriptor)
    }

    /// The directory that paths start from.
    ///
    /// Errors: `EBADF`; `ENOTDIR`; `ENOTCAPABLE` without one of the rights.
    pub fn directory(&self, fd: Fd, rights: Rights) -> Result<&OpenDirectory> {
        let entry = self.get(fd)?;
        let Descriptor::Directory(directory) = &entry.descriptor else {
            return Err(Errno::NotDir);
        };
        entry.require(rights)?;
        Ok(directory)
    }

    /// Errors: `EBADF`; `ENOTSOCK`; `ENOTCAPABLE` without one of the rights.
    pub fn socket(&self, fd: Fd, rights: Rights) -> Result<&Stream> {
        let entry = self.get(fd)?;
        match &entry.descriptor {
            Descriptor::Stream(stream) if stream.is_socket() => {
                entry.require(rights)?;
                Ok(stream)
            }
            _ => Err(Errno::NotSock),
        }
    }
}

impl Entry {
    fn require(&self, rights: Rights) -> Result<()> {
        if self.rights.base.contains(rights) { Ok(()) } else { Err(Errno::NotCapable) }
    }
}
