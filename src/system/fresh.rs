//! What `path_open` has opened and nobody has used yet.

use std::os::fd::{AsFd, OwnedFd};

use super::descriptor::{Descriptor, OpenDirectory};
use super::paths::Open;
use super::rights::RightsPair;
use super::table::Entry;
use crate::host::{Directory, File, Filetype, Interrupt, Place, Result, Stream};

/// A descriptor just opened. What it is costs a system call to learn, so it is asked only when it
/// is used: many files are opened only to see whether they are there, or to be made.
#[derive(Debug)]
pub(super) struct Fresh {
    pub fd: OwnedFd,
    pub place: Place,
    pub open: Open,
}

impl Fresh {
    /// The same, but `interrupt` ends calls.
    pub fn ended_by(self, interrupt: Interrupt) -> Self {
        Fresh { place: self.place.ended_by(interrupt), ..self }
    }

    /// What it is.
    pub fn filetype(&self) -> Result<Filetype> {
        crate::host::filetype(self.fd.as_fd())
    }

    /// As `filetype` says it is, with the rights asked for that such a thing can have.
    pub fn into_entry(self, filetype: Filetype) -> Entry {
        let Fresh { fd, place, open } = self;
        let descriptor = match filetype {
            Filetype::RegularFile => Descriptor::File(File::new(fd, open.fdflags, place)),
            Filetype::Directory => {
                let directory = Directory::opened(fd, place);
                Descriptor::Directory(OpenDirectory::new(directory, None, open.fdflags))
            }
            _ => Descriptor::Stream(Stream::owned(fd, filetype, open.fdflags, place.interrupt())),
        };
        let most = RightsPair::most_for(filetype, descriptor.is_terminal());
        let most = most.opened_for(open.rights.base.access());
        Entry { descriptor, rights: open.rights.intersection(most) }
    }
}
