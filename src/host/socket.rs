//! Sockets, which the guest gets from the host or by accepting on one.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use bitflags::bitflags;
use rustix::net::sockopt::socket_type;
use rustix::net::{SocketAddrAny, SocketAddrUnix, SocketType};

use super::buffer::{Received, recvmsg, sendmsg};
use super::pace::{MOST, at_most, piece, total};
use super::poll::{Interest, act_now};
use super::{Buffer, Fdflags, Filetype, MAX_BUFFERS, Pace, Result, Stream};

bitflags! {
    /// How `sock_recv` receives ([preview1 `riflags`](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#riflags)).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ReceiveFlags: u16 {
        /// The data stays in the socket.
        const PEEK = 1 << 0;
        /// Wait until the buffers are full.
        const WAITALL = 1 << 1;
    }
}

/// Which directions of a connection end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// Receiving.
    Read,
    /// Sending.
    Write,
    /// Both.
    Both,
}

pub(super) fn filetype(fd: BorrowedFd<'_>) -> Result<Filetype> {
    Ok(match socket_type(fd)? {
        SocketType::DGRAM => Filetype::SocketDgram,
        _ => Filetype::SocketStream,
    })
}

/// Whether it is one of a pair without names, as `child_process` makes for `'pipe'`.
pub(super) fn is_pipe(fd: BorrowedFd<'_>) -> bool {
    let is_nameless = |address: SocketAddrAny| {
        SocketAddrUnix::try_from(address).is_ok_and(|unix| unix.path().is_none())
    };
    let own = rustix::net::getsockname(fd);
    let other = rustix::net::getpeername(fd);
    own.is_ok_and(is_nameless) && other.is_ok_and(|other| other.is_none_or(is_nameless))
}

/// More than a socket mostly holds.
const LARGE: usize = 16 << 20;

impl Stream {
    /// Accepts a connection; waits for one unless the guest asked for `NONBLOCK`.
    pub fn accept(&self, flags: Fdflags) -> Result<Stream> {
        let connection = self.when_ready(Interest::READ, |fd| self.accept_one(fd))?;
        let filetype = filetype(connection.as_fd())?;
        Ok(Stream::owned(connection, filetype, flags, self.interrupt()))
    }

    /// A socket that the host lends may wait when it must not.
    fn accept_one(&self, fd: BorrowedFd<'_>) -> Result<OwnedFd> {
        let accept = |fd: BorrowedFd<'_>| Ok(accept(fd)?);
        if self.must_poll() {
            act_now(fd, Interest::READ, self.interrupt(), accept)
        } else {
            accept(fd)
        }
    }

    /// Receives into the buffers. With `WAITALL`, a stream fills them unless it ends before.
    pub fn receive(&self, buffers: &[Buffer<'_>], flags: ReceiveFlags) -> Result<Received> {
        let mut os = self.wait_flag();
        if flags.contains(ReceiveFlags::PEEK) {
            os |= libc::MSG_PEEK;
        }
        if flags.contains(ReceiveFlags::WAITALL) {
            os |= libc::MSG_WAITALL;
        }
        let received = self.receive_once(buffers, os)?;
        if flags == ReceiveFlags::WAITALL && self.is_connection() && !self.is_nonblocking() {
            return Ok(self.receive_rest(buffers, received));
        }
        Ok(received)
    }

    fn receive_once(&self, buffers: &[Buffer<'_>], os: libc::c_int) -> Result<Received> {
        at_most(buffers, self.most_at_once(), |buffers| {
            self.when_ready(Interest::READ, |fd| recvmsg(fd, buffers, os))
        })
    }

    fn is_connection(&self) -> bool {
        self.filetype() == Filetype::SocketStream
    }

    /// A call that must end soon must not go on for as long as the other side keeps up. Messages
    /// are never cut.
    fn most_at_once(&self) -> usize {
        if self.must_poll() && self.is_connection() { LARGE } else { usize::MAX }
    }

    /// A descriptor that is non-blocking in the host does not wait for all by itself.
    fn receive_rest(&self, buffers: &[Buffer<'_>], mut received: Received) -> Received {
        let wanted = total(buffers).min(MOST);
        let mut pace = Pace::new(self.interrupt());
        while received.length < wanted {
            let rest = piece::<MAX_BUFFERS>(buffers, received.length, wanted - received.length);
            let more = self.receive_once(&rest, self.wait_flag()).map_or(0, |more| more.length);
            received.length += more;
            if more == 0 || pace.step(more).is_err() {
                break;
            }
        }
        received
    }

    /// Sends the buffers. A closed connection is `EPIPE`, never a signal.
    pub fn send(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        let os = NO_SIGNAL | self.wait_flag();
        at_most(buffers, self.most_at_once(), |buffers| {
            self.when_ready(Interest::WRITE, |fd| sendmsg(fd, buffers, os))
        })
    }

    /// The descriptor of a socket that the host lends may wait when it must not.
    fn wait_flag(&self) -> libc::c_int {
        if self.is_nonblocking() || self.must_poll() { libc::MSG_DONTWAIT } else { 0 }
    }

    /// Ends receiving, sending or both.
    pub fn shutdown(&self, how: Shutdown) -> Result<()> {
        let how = match how {
            Shutdown::Read => rustix::net::Shutdown::Read,
            Shutdown::Write => rustix::net::Shutdown::Write,
            Shutdown::Both => rustix::net::Shutdown::Both,
        };
        Ok(rustix::net::shutdown(self.as_fd(), how)?)
    }
}

#[cfg(target_os = "linux")]
const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
/// Node.js ignores SIGPIPE.
#[cfg(not(target_os = "linux"))]
const NO_SIGNAL: libc::c_int = 0;

#[cfg(target_os = "linux")]
fn accept(fd: BorrowedFd<'_>) -> rustix::io::Result<OwnedFd> {
    rustix::net::accept_with(fd, rustix::net::SocketFlags::CLOEXEC)
}

#[cfg(not(target_os = "linux"))]
fn accept(fd: BorrowedFd<'_>) -> rustix::io::Result<OwnedFd> {
    let connection = rustix::net::accept(fd)?;
    rustix::io::fcntl_setfd(&connection, rustix::io::FdFlags::CLOEXEC)?;
    Ok(connection)
}
