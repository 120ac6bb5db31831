//! What a file descriptor of the guest stands for.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex};

use crate::host::{
    Advice, AtomicFdflags, Buffer, Channel, Directory, DirectoryStream, Errno, Fdflags, File,
    Filestat, Filetype, Interrupt, Result, SetTimes, Stream, Whence,
};

/// What is behind an fd. A file system in memory would be further variants.
#[derive(Debug)]
pub enum Descriptor {
    /// Regular file that the guest opened.
    File(File),
    /// Directory, preopened or opened by the guest.
    Directory(OpenDirectory),
    /// Anything else: standard streams, pipes, terminals, devices, sockets.
    Stream(Stream),
    /// Standard stream in memory of the host.
    Channel(Channel),
}

/// A directory the guest holds open.
#[derive(Debug)]
pub struct OpenDirectory {
    pub(super) directory: Directory,
    /// Name the guest knows a preopen by.
    pub(super) preopen: Option<Arc<[u8]>>,
    pub(super) flags: AtomicFdflags,
    /// Made when the guest first reads the entries.
    pub(super) stream: Mutex<Option<DirectoryStream>>,
}

impl OpenDirectory {
    pub(super) fn new(directory: Directory, preopen: Option<Vec<u8>>, flags: Fdflags) -> Self {
        let preopen = preopen.map(Arc::from);
        OpenDirectory {
            directory,
            preopen,
            flags: AtomicFdflags::new(flags),
            stream: Mutex::default(),
        }
    }
}

/// Reading, writing and seeking a directory makes no sense; its rights don't allow it either.
const NO_CONTENT: Errno = Errno::IsDir;
/// What a pipe answers to whoever wants to be somewhere in it.
const NO_POSITION: Errno = Errno::Spipe;
/// What a pipe answers to whoever wants it stored.
const NO_STORAGE: Errno = Errno::Inval;

impl Descriptor {
    /// From now on several threads may use it at once, and `interrupt` ends the calls of each.
    pub(super) fn share(mut self, interrupt: Interrupt) -> Arc<Self> {
        match &mut self {
            Descriptor::File(file) => file.share(interrupt),
            Descriptor::Stream(stream) => stream.set_interrupt(interrupt),
            Descriptor::Channel(channel) => channel.set_interrupt(interrupt),
            Descriptor::Directory(open) => open.directory.set_interrupt(interrupt),
        }
        Arc::new(self)
    }

    /// Errors: `ENOTDIR` for anything else.
    pub(super) fn directory(&self) -> Result<&OpenDirectory> {
        match self {
            Descriptor::Directory(directory) => Ok(directory),
            _ => Err(Errno::NotDir),
        }
    }

    /// `None` for what only this process knows, which is always ready.
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Descriptor::File(file) => Some(file.as_fd()),
            Descriptor::Directory(directory) => Some(directory.directory.as_fd()),
            Descriptor::Stream(stream) => Some(stream.as_fd()),
            Descriptor::Channel(_) => None,
        }
    }

    pub(super) fn filetype(&self) -> Filetype {
        match self {
            Descriptor::File(_) => Filetype::RegularFile,
            Descriptor::Directory(_) => Filetype::Directory,
            Descriptor::Stream(stream) => stream.filetype(),
            Descriptor::Channel(_) => Filetype::Unknown,
        }
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Descriptor::Stream(stream) if stream.is_terminal())
    }

    pub(super) fn flags(&self) -> Fdflags {
        match self {
            Descriptor::File(file) => file.flags(),
            Descriptor::Directory(directory) => directory.flags.get(),
            Descriptor::Stream(stream) => stream.flags(),
            Descriptor::Channel(channel) => channel.flags(),
        }
    }

    /// Whether these flags change where a file of the host is written.
    pub(super) fn would_move(&self, flags: Fdflags) -> bool {
        let is_file =
            matches!(self, Descriptor::Stream(_)) && self.filetype() == Filetype::RegularFile;
        is_file && (self.flags() ^ flags).contains(Fdflags::APPEND)
    }

    pub(super) fn set_flags(&self, flags: Fdflags) -> Result<()> {
        match self {
            Descriptor::File(file) => file.set_flags(flags)?,
            Descriptor::Directory(directory) => directory.flags.set(flags),
            Descriptor::Stream(stream) => stream.set_flags(flags),
            Descriptor::Channel(channel) => channel.set_flags(flags),
        }
        Ok(())
    }

    pub(super) fn read(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        match self {
            Descriptor::File(file) => file.read(buffers),
            Descriptor::Stream(stream) => stream.read(buffers),
            Descriptor::Channel(channel) => channel.read(buffers),
            Descriptor::Directory(_) => Err(NO_CONTENT),
        }
    }

    pub(super) fn write(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        match self {
            Descriptor::File(file) => file.write(buffers),
            Descriptor::Stream(stream) => stream.write(buffers),
            Descriptor::Channel(channel) => channel.write(buffers),
            Descriptor::Directory(_) => Err(NO_CONTENT),
        }
    }

    pub(super) fn read_at(&self, buffers: &[Buffer<'_>], offset: u64) -> Result<usize> {
        match self {
            Descriptor::File(file) => file.read_at(buffers, offset),
            Descriptor::Stream(stream) => stream.read_at(buffers, offset),
            Descriptor::Channel(_) => Err(NO_POSITION),
            Descriptor::Directory(_) => Err(NO_CONTENT),
        }
    }

    pub(super) fn write_at(&self, buffers: &[Buffer<'_>], offset: u64) -> Result<usize> {
        match self {
            Descriptor::File(file) => file.write_at(buffers, offset),
            Descriptor::Stream(stream) => stream.write_at(buffers, offset),
            Descriptor::Channel(_) => Err(NO_POSITION),
            Descriptor::Directory(_) => Err(NO_CONTENT),
        }
    }

    pub(super) fn seek(&self, offset: i64, whence: Whence) -> Result<u64> {
        match self {
            Descriptor::File(file) => file.seek(offset, whence),
            Descriptor::Stream(stream) => stream.seek(offset, whence),
            Descriptor::Channel(_) => Err(NO_POSITION),
            Descriptor::Directory(_) => Err(NO_CONTENT),
        }
    }

    pub(super) fn tell(&self) -> Result<u64> {
        match self {
            Descriptor::File(file) => file.tell(),
            Descriptor::Stream(stream) => stream.seek(0, Whence::Current),
            Descriptor::Channel(_) => Err(NO_POSITION),
            Descriptor::Directory(_) => Err(NO_CONTENT),
        }
    }

    pub(super) fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        match self {
            Descriptor::File(file) => file.advise(offset, length, advice),
            Descriptor::Stream(stream) => stream.advise(offset, length, advice),
            Descriptor::Channel(_) => Err(NO_POSITION),
            Descriptor::Directory(_) => Err(Errno::Badf),
        }
    }

    pub(super) fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        match self {
            Descriptor::File(file) => file.allocate(offset, length),
            Descriptor::Stream(stream) => stream.allocate(offset, length),
            Descriptor::Channel(_) => Err(NO_POSITION),
            Descriptor::Directory(_) => Err(NO_CONTENT),
        }
    }

    pub(super) fn sync(&self) -> Result<()> {
        match self {
            Descriptor::File(file) => file.sync(),
            Descriptor::Stream(stream) => stream.sync(),
            Descriptor::Channel(_) => Err(NO_STORAGE),
            Descriptor::Directory(directory) => directory.directory.sync(),
        }
    }

    pub(super) fn datasync(&self) -> Result<()> {
        match self {
            Descriptor::File(file) => file.datasync(),
            Descriptor::Stream(stream) => stream.datasync(),
            Descriptor::Channel(_) => Err(NO_STORAGE),
            Descriptor::Directory(directory) => directory.directory.sync(),
        }
    }

    pub(super) fn filestat(&self) -> Result<Filestat> {
        match self {
            Descriptor::File(file) => file.filestat(),
            Descriptor::Stream(stream) => stream.filestat(),
            Descriptor::Channel(channel) => Ok(channel.filestat()),
            Descriptor::Directory(directory) => directory.directory.own_filestat(),
        }
    }

    pub(super) fn set_size(&self, size: u64) -> Result<()> {
        match self {
            Descriptor::File(file) => file.set_size(size),
            Descriptor::Stream(stream) => stream.set_size(size),
            Descriptor::Channel(_) => Err(NO_STORAGE),
            Descriptor::Directory(_) => Err(NO_CONTENT),
        }
    }

    pub(super) fn set_times(&self, times: SetTimes) -> Result<()> {
        match self {
            Descriptor::File(file) => file.set_times(times),
            Descriptor::Stream(stream) => stream.set_times(times),
            Descriptor::Channel(_) => Err(NO_STORAGE),
            Descriptor::Directory(directory) => directory.directory.set_own_times(times),
        }
    }
}
