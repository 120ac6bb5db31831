//! The guest's file descriptors. Whoever looks one up names the rights it needs.

use super::descriptor::{Descriptor, OpenDirectory};
use super::fresh::Fresh;
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

/// What a number stands for.
#[derive(Debug)]
enum Slot {
    Free,
    /// Becomes an entry when it is looked up.
    Fresh(Fresh),
    Open(Entry),
}

/// Descriptors by number; the lowest free number is given out next.
#[derive(Debug)]
pub(super) struct FdTable {
    slots: Vec<Slot>,
    /// How many there are, and how many there may be.
    open: u32,
    max: u32,
    /// No number below is free.
    lowest_free: usize,
}

impl FdTable {
    /// An empty table for up to `max` descriptors.
    pub fn new(max: u32) -> Self {
        FdTable { slots: Vec::new(), open: 0, max, lowest_free: 0 }
    }

    /// Errors: `EMFILE` when the guest has as many as it may.
    pub fn insert(&mut self, entry: Entry) -> Result<Fd> {
        self.insert_slot(Slot::Open(entry))
    }

    /// Errors: `EMFILE` when the guest has as many as it may.
    pub fn insert_fresh(&mut self, fresh: Fresh) -> Result<Fd> {
        self.insert_slot(Slot::Fresh(fresh))
    }

    fn insert_slot(&mut self, filled: Slot) -> Result<Fd> {
        if self.open >= self.max {
            return Err(Errno::Mfile);
        }
        let mut slot = self.lowest_free;
        while self.slots.get(slot).is_some_and(|slot| !matches!(slot, Slot::Free)) {
            slot += 1;
        }
        let fd = Fd::try_from(slot).map_err(|_| Errno::Mfile)?;
        if slot == self.slots.len() {
            self.slots.push(filled);
        } else {
            self.slots[slot] = filled;
        }
        self.lowest_free = slot + 1;
        self.open += 1;
        Ok(fd)
    }

    /// Closes a descriptor.
    ///
    /// Errors: `EBADF` when it is not open.
    pub fn remove(&mut self, fd: Fd) -> Result<()> {
        self.take(fd).map(drop)
    }

    fn take(&mut self, fd: Fd) -> Result<Slot> {
        let index = fd as usize;
        match self.slots.get_mut(index) {
            None | Some(Slot::Free) => Err(Errno::Badf),
            Some(slot) => {
                self.lowest_free = self.lowest_free.min(index);
                self.open -= 1;
                Ok(std::mem::replace(slot, Slot::Free))
            }
        }
    }

    /// Moves `from` over `to`, which is closed.
    ///
    /// Errors: `EBADF` when either is not open.
    pub fn renumber(&mut self, from: Fd, to: Fd) -> Result<()> {
        self.get(from)?;
        self.get(to)?;
        if from != to {
            self.slots[to as usize] = self.take(from)?;
        }
        Ok(())
    }

    /// Errors: `EBADF` when it is not open; what finding out about it gives.
    pub fn get(&mut self, fd: Fd) -> Result<&mut Entry> {
        let slot = self.slots.get_mut(fd as usize).ok_or(Errno::Badf)?;
        if let Slot::Fresh(fresh) = slot {
            let filetype = fresh.filetype()?;
            if let Slot::Fresh(fresh) = std::mem::replace(slot, Slot::Free) {
                *slot = Slot::Open(fresh.into_entry(filetype));
            }
        }
        match slot {
            Slot::Open(entry) => Ok(entry),
            _ => Err(Errno::Badf),
        }
    }

    /// An entry that has been looked up before.
    ///
    /// Errors: `EBADF` for any other.
    pub fn known(&self, fd: Fd) -> Result<&Entry> {
        match self.slots.get(fd as usize) {
            Some(Slot::Open(entry)) => Ok(entry),
            _ => Err(Errno::Badf),
        }
    }

    /// Errors: `EBADF`; `ENOTCAPABLE` without one of the rights.
    pub fn with(&mut self, fd: Fd, rights: Rights) -> Result<&mut Descriptor> {
        let entry = self.get(fd)?;
        entry.require(rights)?;
        Ok(&mut entry.descriptor)
    }

    /// The directory that paths start from.
    ///
    /// Errors: `EBADF`; `ENOTDIR`; `ENOTCAPABLE` without one of the rights.
    pub fn directory(&mut self, fd: Fd, rights: Rights) -> Result<&OpenDirectory> {
        self.get(fd)?.directory(rights)
    }

    /// The directories that two paths start from. Errors as for one; the first comes first.
    pub fn directories(
        &mut self,
        [first, second]: [(Fd, Rights); 2],
    ) -> Result<[&OpenDirectory; 2]> {
        self.directory(first.0, first.1)?;
        self.directory(second.0, second.1)?;
        let known = |(fd, rights)| self.known(fd)?.directory(rights);
        Ok([known(first)?, known(second)?])
    }

    /// Errors: `EBADF`; `ENOTSOCK`; `ENOTCAPABLE` without one of the rights.
    pub fn socket(&mut self, fd: Fd, rights: Rights) -> Result<&Stream> {
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

    fn directory(&self, rights: Rights) -> Result<&OpenDirectory> {
        let Descriptor::Directory(directory) = &self.descriptor else {
            return Err(Errno::NotDir);
        };
        self.require(rights)?;
        Ok(directory)
    }
}
