//! The descriptors of a guest: its own, or shared with guests of other threads. Whoever looks one
//! up names the rights it needs.

use std::sync::{Arc, Mutex, Weak};

use super::descriptor::{Descriptor, OpenDirectory};
use super::fresh::Fresh;
use super::rights::{Rights, RightsPair};
use super::table::{Entry, Fd, FdTable, Slot};
use crate::host::{Errno, Interrupt, Result, Stream, lock};

/// A table that several guests have. The lock is held while a number is looked up, with one look at
/// what was just opened, never while anything is done with what it stands for, which may take any
/// time.
type Shared = Mutex<SharedTable>;

#[derive(Debug)]
struct SharedTable {
    table: FdTable<Arc<Descriptor>>,
    /// Those without a number. As long as a call of another thread uses one, it is still open, and
    /// counts: else there could be as many as may be, times the number of threads.
    closing: Vec<Weak<Descriptor>>,
}

impl SharedTable {
    /// Errors: `EMFILE` when the guests have as many as they may.
    fn insert(&mut self, slot: Slot<Arc<Descriptor>>) -> Result<Fd> {
        if self.closing.len() >= self.table.room() {
            self.closing.retain(|descriptor| descriptor.strong_count() > 0);
        }
        if self.closing.len() >= self.table.room() {
            return Err(Errno::Mfile);
        }
        self.table.insert(slot)
    }

    fn take(&mut self, fd: Fd) -> Result<Slot<Arc<Descriptor>>> {
        let taken = self.table.take(fd)?;
        self.watch(&taken);
        Ok(taken)
    }

    fn renumber(&mut self, from: Fd, to: Fd) -> Result<Slot<Arc<Descriptor>>> {
        let replaced = self.table.renumber(from, to)?;
        self.watch(&replaced);
        Ok(replaced)
    }

    fn watch(&mut self, closed: &Slot<Arc<Descriptor>>) {
        if let Slot::Open(Entry { descriptor, .. }) = closed
            && Arc::strong_count(descriptor) > 1
        {
            self.closing.push(Arc::downgrade(descriptor));
        }
    }
}

/// Descriptors that several guests have; the last that goes closes them.
#[derive(Debug, Clone)]
pub struct SharedDescriptors(Arc<Shared>);

/// Says whether there still are such descriptors, without keeping them open.
#[derive(Debug, Clone)]
pub struct WeakDescriptors(Weak<Shared>);

impl SharedDescriptors {
    /// Does not keep them open.
    pub fn downgrade(&self) -> WeakDescriptors {
        WeakDescriptors(Arc::downgrade(&self.0))
    }
}

impl WeakDescriptors {
    /// Whether a guest has them.
    pub fn is_alive(&self) -> bool {
        self.0.strong_count() > 0
    }

    /// `None` once no guest has them.
    pub fn upgrade(&self) -> Option<SharedDescriptors> {
        self.0.upgrade().map(SharedDescriptors)
    }
}

/// Where a guest's descriptors are.
#[derive(Debug)]
pub(super) enum Descriptors {
    /// Only here: nothing needs to be locked or counted.
    Own(FdTable),
    Shared(SharedDescriptors),
}

/// A descriptor to come back to, whatever happens to its number meanwhile.
#[derive(Debug)]
pub(super) enum Pinned {
    /// No other thread closes it.
    Number(Fd),
    Held(Arc<Descriptor>),
}

impl Descriptors {
    /// None, and room for up to `max`.
    pub fn new(max: u32) -> Self {
        Descriptors::Own(FdTable::new(max))
    }

    /// Lets other guests have them too. `interrupt` ends the waits of each.
    pub fn share(&mut self, interrupt: Interrupt) -> SharedDescriptors {
        let own = match self {
            Descriptors::Own(table) => std::mem::replace(table, FdTable::new(0)),
            Descriptors::Shared(shared) => return shared.clone(),
        };
        let table = SharedTable { table: own.shared(interrupt), closing: Vec::new() };
        let shared = SharedDescriptors(Arc::new(Mutex::new(table)));
        *self = Descriptors::Shared(shared.clone());
        shared
    }

    /// Errors: `EMFILE` when the guest has as many as it may.
    pub fn insert(&mut self, entry: Entry, interrupt: Interrupt) -> Result<Fd> {
        match self {
            Descriptors::Own(table) => table.insert(Slot::Open(entry)),
            Descriptors::Shared(shared) => {
                let Entry { descriptor, rights } = entry;
                let descriptor = descriptor.share(interrupt);
                lock(&shared.0).insert(Slot::Open(Entry { descriptor, rights }))
            }
        }
    }

    /// Errors: `EMFILE` when the guest has as many as it may.
    pub fn insert_fresh(&mut self, fresh: Fresh) -> Result<Fd> {
        match self {
            Descriptors::Own(table) => table.insert(Slot::Fresh(fresh)),
            Descriptors::Shared(shared) => lock(&shared.0).insert(Slot::Fresh(fresh)),
        }
    }

    /// Closes a descriptor; a call of another thread that uses it ends first.
    ///
    /// Errors: `EBADF` when it is not open.
    pub fn remove(&mut self, fd: Fd) -> Result<()> {
        match self {
            Descriptors::Own(table) => drop(table.take(fd)?),
            Descriptors::Shared(shared) => {
                let taken = lock(&shared.0).take(fd)?;
                drop(taken);
            }
        }
        Ok(())
    }

    /// Moves `from` over `to`, which is closed.
    ///
    /// Errors: `EBADF` when either is not open.
    pub fn renumber(&mut self, from: Fd, to: Fd) -> Result<()> {
        match self {
            Descriptors::Own(table) => drop(table.renumber(from, to)?),
            Descriptors::Shared(shared) => {
                let closed = lock(&shared.0).renumber(from, to)?;
                drop(closed);
            }
        }
        Ok(())
    }

    /// Hands a descriptor and its rights to `act`.
    ///
    /// Errors: `EBADF` when it is not open; what finding out about it gives; those of `act`.
    #[inline]
    pub fn look_up<T>(
        &mut self,
        fd: Fd,
        act: impl FnOnce(&Descriptor, RightsPair) -> Result<T>,
    ) -> Result<T> {
        match self {
            Descriptors::Own(table) => {
                let entry = table.get(fd)?;
                act(&entry.descriptor, entry.rights)
            }
            Descriptors::Shared(shared) => {
                let entry = shared.get(fd)?;
                act(&entry.descriptor, entry.rights)
            }
        }
    }

    /// Takes rights away.
    ///
    /// Errors: `EBADF`; `ENOTCAPABLE` for a right that is not there.
    pub fn restrict(&mut self, fd: Fd, rights: RightsPair) -> Result<()> {
        match self {
            Descriptors::Own(table) => restrict(table.get(fd)?, rights),
            Descriptors::Shared(shared) => restrict(lock(&shared.0).table.get(fd)?, rights),
        }
    }

    /// Errors: `EBADF`; `ENOTCAPABLE` without one of the rights; those of `act`.
    #[inline]
    pub fn with<T>(
        &mut self,
        fd: Fd,
        rights: Rights,
        act: impl FnOnce(&Descriptor) -> Result<T>,
    ) -> Result<T> {
        self.look_up(fd, |descriptor, has| {
            has.require(rights)?;
            act(descriptor)
        })
    }

    /// The directory that a path starts from.
    ///
    /// Errors: `EBADF`; `ENOTDIR`; `ENOTCAPABLE` without one of the rights; those of `act`.
    #[inline]
    pub fn with_directory<T>(
        &mut self,
        fd: Fd,
        rights: Rights,
        act: impl FnOnce(&OpenDirectory) -> Result<T>,
    ) -> Result<T> {
        self.look_up(fd, |descriptor, has| {
            let directory = descriptor.directory()?;
            has.require(rights)?;
            act(directory)
        })
    }

    /// The directories that two paths start from. Errors as for one; the first comes first.
    pub fn with_directories<T>(
        &mut self,
        [first, second]: [(Fd, Rights); 2],
        act: impl FnOnce(&OpenDirectory, &OpenDirectory) -> Result<T>,
    ) -> Result<T> {
        let mut pin = |(fd, needed)| {
            self.pin(fd, |descriptor, has| {
                descriptor.directory()?;
                has.require(needed)
            })
        };
        let (first, second) = (pin(first)?, pin(second)?);
        act(self.pinned(&first)?.directory()?, self.pinned(&second)?.directory()?)
    }

    /// Errors: `EBADF`; `ENOTSOCK`; `ENOTCAPABLE` without one of the rights; those of `act`.
    pub fn with_socket<T>(
        &mut self,
        fd: Fd,
        rights: Rights,
        act: impl FnOnce(&Stream, RightsPair) -> Result<T>,
    ) -> Result<T> {
        self.look_up(fd, |descriptor, has| match descriptor {
            Descriptor::Stream(stream) if stream.is_socket() => {
                has.require(rights)?;
                act(stream, has)
            }
            _ => Err(Errno::NotSock),
        })
    }

    /// Keeps a descriptor that `check` finds good.
    ///
    /// Errors: `EBADF`; those of `check`.
    pub fn pin(
        &mut self,
        fd: Fd,
        check: impl FnOnce(&Descriptor, RightsPair) -> Result<()>,
    ) -> Result<Pinned> {
        match self {
            Descriptors::Own(table) => {
                let entry = table.get(fd)?;
                check(&entry.descriptor, entry.rights).map(|()| Pinned::Number(fd))
            }
            Descriptors::Shared(shared) => {
                let entry = shared.get(fd)?;
                check(&entry.descriptor, entry.rights)?;
                Ok(Pinned::Held(entry.descriptor))
            }
        }
    }

    /// Errors: `EBADF` when this guest closed it meanwhile.
    pub fn pinned<'d>(&'d self, pinned: &'d Pinned) -> Result<&'d Descriptor> {
        match (pinned, self) {
            (Pinned::Held(descriptor), _) => Ok(descriptor),
            (Pinned::Number(fd), Descriptors::Own(table)) => Ok(&table.known(*fd)?.descriptor),
            (Pinned::Number(_), Descriptors::Shared(_)) => Err(Errno::Badf),
        }
    }
}

impl SharedDescriptors {
    /// A copy of an entry, which keeps the descriptor open.
    fn get(&self, fd: Fd) -> Result<Entry<Arc<Descriptor>>> {
        lock(&self.0).table.get(fd).map(|entry| entry.clone())
    }
}

fn restrict<D>(entry: &mut Entry<D>, rights: RightsPair) -> Result<()> {
    if !entry.rights.contains(rights) {
        return Err(Errno::NotCapable);
    }
    entry.rights = rights;
    Ok(())
}
