//! Descriptors by number, for one guest or, behind a lock, for several.

use std::sync::Arc;

use super::descriptor::Descriptor;
use super::fresh::Fresh;
use super::rights::RightsPair;
use crate::host::{Errno, Interrupt, Result};

/// A descriptor and its rights.
#[derive(Debug, Clone)]
pub(super) struct Entry<D = Descriptor> {
    pub descriptor: D,
    pub rights: RightsPair,
}

impl<D> Entry<D> {
    fn map<E>(self, change: impl FnOnce(D) -> E) -> Entry<E> {
        Entry { descriptor: change(self.descriptor), rights: self.rights }
    }
}

/// Number of a descriptor, as the guest knows it.
pub type Fd = u32;

/// How a table holds its descriptors.
pub(super) trait Hold {
    /// Takes a new one, opened by a guest that waits as `interrupt` lets it.
    fn hold(descriptor: Descriptor, interrupt: Interrupt) -> Self;
}

/// For one guest.
impl Hold for Descriptor {
    fn hold(descriptor: Descriptor, _: Interrupt) -> Self {
        descriptor
    }
}

/// For several.
impl Hold for Arc<Descriptor> {
    fn hold(descriptor: Descriptor, interrupt: Interrupt) -> Self {
        descriptor.share(interrupt)
    }
}

/// What a number stands for.
#[derive(Debug)]
pub(super) enum Slot<D> {
    Free,
    /// Becomes an entry when it is looked up.
    Fresh(Fresh),
    Open(Entry<D>),
}

/// Descriptors by number; the lowest free number is given out next.
#[derive(Debug)]
pub(super) struct FdTable<D = Descriptor> {
    slots: Vec<Slot<D>>,
    /// How many there are, and how many there may be.
    open: u32,
    max: u32,
    /// No number below is free.
    lowest_free: usize,
}

impl<D: Hold> FdTable<D> {
    /// An empty table for up to `max` descriptors.
    pub fn new(max: u32) -> Self {
        FdTable { slots: Vec::new(), open: 0, max, lowest_free: 0 }
    }

    /// How many more there may be.
    pub fn room(&self) -> usize {
        self.max.saturating_sub(self.open) as usize
    }

    /// Errors: `EMFILE` when the guest has as many as it may.
    pub fn insert(&mut self, filled: Slot<D>) -> Result<Fd> {
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

    /// Makes a number free; what it stood for is closed when the slot is dropped.
    ///
    /// Errors: `EBADF` when it is not open.
    pub fn take(&mut self, fd: Fd) -> Result<Slot<D>> {
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

    /// Moves `from` over `to`, which is given back.
    ///
    /// Errors: `EBADF` when either is not open.
    pub fn renumber(&mut self, from: Fd, to: Fd) -> Result<Slot<D>> {
        self.get(from)?;
        self.get(to)?;
        if from == to {
            return Ok(Slot::Free);
        }
        let moved = self.take(from)?;
        Ok(std::mem::replace(&mut self.slots[to as usize], moved))
    }

    /// Errors: `EBADF` when it is not open; what finding out about it gives.
    pub fn get(&mut self, fd: Fd) -> Result<&mut Entry<D>> {
        let slot = self.slots.get_mut(fd as usize).ok_or(Errno::Badf)?;
        if let Slot::Fresh(fresh) = slot {
            let (filetype, interrupt) = (fresh.filetype()?, fresh.place.interrupt());
            if let Slot::Fresh(fresh) = std::mem::replace(slot, Slot::Free) {
                let entry = fresh.into_entry(filetype);
                *slot = Slot::Open(entry.map(|descriptor| D::hold(descriptor, interrupt)));
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
    pub fn known(&self, fd: Fd) -> Result<&Entry<D>> {
        match self.slots.get(fd as usize) {
            Some(Slot::Open(entry)) => Ok(entry),
            _ => Err(Errno::Badf),
        }
    }
}

impl FdTable {
    /// The same descriptors under the same numbers, for several guests. `interrupt` ends the waits
    /// of each.
    pub fn shared(self, interrupt: Interrupt) -> FdTable<Arc<Descriptor>> {
        let FdTable { slots, open, max, lowest_free } = self;
        let shared = |slot: Slot<Descriptor>| match slot {
            Slot::Free => Slot::Free,
            Slot::Fresh(fresh) => Slot::Fresh(fresh.ended_by(interrupt)),
            Slot::Open(entry) => Slot::Open(entry.map(|descriptor| descriptor.share(interrupt))),
        };
        FdTable { slots: slots.into_iter().map(shared).collect(), open, max, lowest_free }
    }
}
