//! Everything that is neither a regular file of the guest nor a directory: standard streams that
//! the host lent, pipes, terminals, devices, sockets. Its position, if any, is the kernel's.
#![allow(unsafe_code)] // Borrows descriptors that belong to the host.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

use rustix::fs::OFlags;

use super::allocate::allocate;
use super::buffer::{preadv, pwritev, readv, readv_now, retry_on_intr, writev, writev_now};
use super::pace::{MOST, in_pieces, piece, total};
use super::poll::{self, Interest};
use super::terminal::is_terminal;
use super::types::signed;
use super::{
    Advice, AtomicFdflags, Buffer, Errno, Fdflags, Filestat, Filetype, Interrupt, Pace, Result,
    SetTimes, Whence, file,
};

/// Whose descriptor it is.
#[derive(Debug)]
enum StreamFd {
    /// Opened for the guest, closed with the stream.
    Owned(OwnedFd),
    /// Lent by the host: never closed, its status flags never changed.
    Lent(RawFd),
}

impl AsFd for StreamFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            StreamFd::Owned(fd) => fd.as_fd(),
            // SAFETY: not negative, which `lent` looks at first. If the host closes it later, calls give EBADF, or reach what the
            // host put in its place, as they do for child_process and node:wasi.
            StreamFd::Lent(fd) => unsafe { BorrowedFd::borrow_raw(*fd) },
        }
    }
}

/// A descriptor of its own for what `fd` stands for, close-on-exec.
///
/// Errors: `EBADF`, `EMFILE`.
pub fn duplicate(fd: RawFd) -> Result<OwnedFd> {
    if fd < 0 {
        return Err(Errno::Badf);
    }
    // SAFETY: not negative; the system looks whether it is open.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, libc::STDERR_FILENO + 1)?)
}

/// What takes everything and keeps nothing, close-on-exec.
pub fn null_device() -> Result<OwnedFd> {
    Ok(std::fs::OpenOptions::new().write(true).open("/dev/null")?.into())
}

/// A pipe: its reading and its writing end, close-on-exec.
pub fn pipe() -> Result<[OwnedFd; 2]> {
    let (reader, writer) = std::io::pipe()?;
    Ok([reader.into(), writer.into()])
}

/// Closes a descriptor. One that is not open is left at that.
///
/// # Safety
///
/// The descriptor is the caller's, and nobody uses its number from now on.
pub unsafe fn close(fd: RawFd) {
    // SAFETY: promised by the caller.
    unsafe { rustix::io::close(fd) };
}

/// A pipe is ready for writing when this much fits (`PIPE_BUF` of Linux).
const WRITABLE_WITHOUT_WAITING: usize = 4096;
const BUFFERS_OF_PIECE: usize = 16;

/// A stream and the flags that the guest sees, which may differ from those of the host.
#[derive(Debug)]
pub struct Stream {
    fd: StreamFd,
    filetype: Filetype,
    terminal: bool,
    flags: AtomicFdflags,
    interrupt: Interrupt,
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Stream {
    /// A stream that the host lends, with the flags it has there. Whether it is non-blocking there
    /// is nothing to the guest: its reads and writes wait. A pipe that Node has made out of sockets
    /// for a child process is a pipe: shut down, it would be so for the whole process.
    ///
    /// Errors: `EBADF` when no such descriptor is open; `EINVAL` for one that is no file of any
    /// kind (an epoll instance, for example).
    pub fn lent(fd: RawFd, interrupt: Interrupt) -> Result<Self> {
        if fd < 0 {
            return Err(Errno::Badf);
        }
        Stream::inherited(StreamFd::Lent(fd), fd <= libc::STDERR_FILENO, interrupt)
    }

    /// A copy of a descriptor that the host gives away; the rest is as for one that is lent.
    pub fn given(fd: OwnedFd, interrupt: Interrupt) -> Result<Self> {
        Stream::inherited(StreamFd::Owned(fd), true, interrupt)
    }

    fn inherited(fd: StreamFd, is_standard: bool, interrupt: Interrupt) -> Result<Self> {
        let filetype = filetype(fd.as_fd())?;
        let os = rustix::fs::fcntl_getfl(&fd)?;
        let mut flags = Fdflags::empty();
        flags.set(Fdflags::APPEND, os.contains(OFlags::APPEND));
        flags.set(Fdflags::DSYNC, os.contains(OFlags::DSYNC));
        flags.set(Fdflags::SYNC, os.contains(OFlags::SYNC));
        let mut stream = Stream::new(fd, filetype, flags, interrupt);
        if is_standard && stream.is_socket() && super::socket::is_pipe(stream.as_fd()) {
            stream.filetype = Filetype::Unknown;
        }
        Ok(stream)
    }

    /// A stream opened for the guest, of this type.
    pub fn owned(fd: OwnedFd, filetype: Filetype, flags: Fdflags, interrupt: Interrupt) -> Self {
        Stream::new(StreamFd::Owned(fd), filetype, flags, interrupt)
    }

    fn new(fd: StreamFd, filetype: Filetype, flags: Fdflags, interrupt: Interrupt) -> Self {
        let terminal = filetype == Filetype::CharacterDevice && is_terminal(fd.as_fd());
        Stream { fd, filetype, terminal, flags: AtomicFdflags::new(flags), interrupt }
    }

    /// What it is.
    pub fn filetype(&self) -> Filetype {
        self.filetype
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether it is a socket of any kind.
    pub fn is_socket(&self) -> bool {
        matches!(self.filetype, Filetype::SocketDgram | Filetype::SocketStream)
    }

    /// Whether reading may wait for someone else.
    pub fn may_wait(&self) -> bool {
        !matches!(self.filetype, Filetype::RegularFile | Filetype::Directory)
    }

    /// Whether a transfer must not be left to wait by itself, since it could not be interrupted.
    pub(super) fn must_poll(&self) -> bool {
        self.interrupt.is_possible() && self.may_wait()
    }

    pub(super) fn interrupt(&self) -> Interrupt {
        self.interrupt
    }

    pub(super) fn is_nonblocking(&self) -> bool {
        self.flags().contains(Fdflags::NONBLOCK)
    }

    /// Flags as the guest set them.
    pub fn flags(&self) -> Fdflags {
        self.flags.get()
    }

    /// Sets the flags, for this guest only: the descriptor itself may be the host's.
    pub fn set_flags(&self, flags: Fdflags) {
        self.flags.set(flags);
    }

    /// From now on, this ends its waits.
    pub fn set_interrupt(&mut self, interrupt: Interrupt) {
        self.interrupt = interrupt;
    }

    /// Reads what there is; waits for some unless the guest asked for `NONBLOCK`.
    pub fn read(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        in_pieces(buffers, self.interrupt, |piece, done| match self.must_poll() {
            // Only the first piece is waited for: what there was has been read.
            true if done > 0 => retry_on_intr(|| readv_now(self.as_fd(), piece, self.interrupt)),
            true => self.when_ready(Interest::READ, |fd| readv_now(fd, piece, self.interrupt)),
            false => self.when_ready(Interest::READ, |fd| readv(fd, piece)),
        })
    }

    /// Writes at the stream's own position, or at the end of a file when appending.
    pub fn write(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        if self.flags().contains(Fdflags::APPEND) && self.filetype == Filetype::RegularFile {
            rustix::fs::seek(self, rustix::fs::SeekFrom::End(0))?;
        }
        if buffers.iter().all(Buffer::is_empty) {
            self.when_ready(Interest::WRITE, |fd| writev(fd, buffers))
        } else if self.is_nonblocking() {
            self.write_piece(buffers, 0)
        } else if self.must_poll() {
            self.write_in_pieces(buffers)
        } else {
            in_pieces(buffers, self.interrupt, |piece, _| {
                self.when_ready(Interest::WRITE, |fd| writev(fd, piece))
            })
        }
    }

    /// Writes all, as a descriptor that waits does: programs rely on it. What has been written
    /// before an error, or an interrupt, counts.
    fn write_in_pieces(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        let length = total(buffers).min(MOST);
        let (mut written, mut pace) = (0, Pace::new(self.interrupt));
        while written < length && pace.step(WRITABLE_WITHOUT_WAITING).is_ok() {
            match self.write_piece(buffers, written) {
                Ok(some) => written += some,
                Err(error) if written == 0 => return Err(error),
                Err(_) => break,
            }
        }
        Ok(written)
    }

    /// Writes only what surely fits: the descriptor itself may be one that waits.
    fn write_piece(&self, buffers: &[Buffer<'_>], skip: usize) -> Result<usize> {
        let piece = piece::<BUFFERS_OF_PIECE>(buffers, skip, WRITABLE_WITHOUT_WAITING);
        if self.must_poll() {
            return self.when_ready(Interest::WRITE, |fd| writev_now(fd, &piece, self.interrupt));
        }
        self.when_ready(Interest::WRITE, |fd| writev(fd, &piece))
    }

    /// Reads at `offset`. `ESPIPE` where there are no offsets.
    pub fn read_at(&self, buffers: &[Buffer<'_>], offset: u64) -> Result<usize> {
        signed(offset)?;
        in_pieces(buffers, self.interrupt, |piece, done| {
            let offset = signed(offset + done as u64)?;
            retry_on_intr(|| preadv(self.as_fd(), piece, offset))
        })
    }

    /// Writes at `offset`. `ESPIPE` where there are no offsets.
    pub fn write_at(&self, buffers: &[Buffer<'_>], offset: u64) -> Result<usize> {
        signed(offset)?;
        in_pieces(buffers, self.interrupt, |piece, done| {
            let offset = signed(offset + done as u64)?;
            retry_on_intr(|| pwritev(self.as_fd(), piece, offset))
        })
    }

    /// Runs `transfer` as the guest's `NONBLOCK` says, whatever the descriptor's own mode is.
    pub(super) fn when_ready<T>(
        &self,
        interest: Interest,
        mut transfer: impl FnMut(BorrowedFd<'_>) -> Result<T>,
    ) -> Result<T> {
        let nonblocking = self.is_nonblocking();
        if nonblocking && !poll::is_ready(self.as_fd(), interest)? {
            return Err(Errno::Again);
        }
        if !nonblocking && self.must_poll() {
            poll::wait(self.as_fd(), interest, self.interrupt)?;
        }
        loop {
            match retry_on_intr(|| transfer(self.as_fd())) {
                Err(Errno::Again) if !nonblocking => {
                    poll::wait(self.as_fd(), interest, self.interrupt)?;
                }
                result => return result,
            }
        }
    }

    /// Moves the position. `ESPIPE` where there is none.
    pub fn seek(&self, offset: i64, whence: Whence) -> Result<u64> {
        use rustix::fs::SeekFrom;
        let target = match whence {
            Whence::Set => SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::Inval)?),
            Whence::Current => SeekFrom::Current(offset),
            Whence::End => SeekFrom::End(offset),
        };
        Ok(rustix::fs::seek(self, target)?)
    }

    /// Announces how a region will be used.
    pub fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        file::advise(self.as_fd(), offset, length, advice, self.interrupt)
    }

    /// Makes sure that a region of a file exists.
    pub fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        allocate(self.as_fd(), offset, length, self.interrupt)
    }

    /// Writes data and attributes to storage.
    pub fn sync(&self) -> Result<()> {
        file::sync(self.as_fd())
    }

    /// Writes data to storage.
    pub fn datasync(&self) -> Result<()> {
        file::datasync(self.as_fd())
    }

    /// Attributes, with the kind of socket told apart.
    pub fn filestat(&self) -> Result<Filestat> {
        Ok(Filestat { filetype: self.filetype, ..file::filestat(self.as_fd())? })
    }

    /// Cuts a file or grows it with zeros.
    pub fn set_size(&self, size: u64) -> Result<()> {
        file::set_size(self.as_fd(), size, self.interrupt)
    }

    /// Sets access and modification time.
    pub fn set_times(&self, times: SetTimes) -> Result<()> {
        file::set_times(self.as_fd(), times)
    }
}

fn filetype(fd: BorrowedFd<'_>) -> Result<Filetype> {
    let mode = rustix::fs::fstat(fd)?.st_mode;
    match rustix::fs::FileType::from_raw_mode(mode) {
        rustix::fs::FileType::Unknown => Err(Errno::Inval),
        rustix::fs::FileType::Socket => super::socket::filetype(fd),
        kind => Ok(kind.into()),
    }
}
