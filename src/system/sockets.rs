//! Calls on sockets.

use super::rights::{Rights, RightsPair};
use super::{
    Buffer, Descriptor, Entry, Fd, Fdflags, ReceiveFlags, Received, Result, Shutdown, System,
};

/// Every call gives `EBADF` for a descriptor that is not open, `ENOTSOCK` for one that is no
/// socket, `ENOTCAPABLE` without the right, and else what the host says.
impl System {
    /// `sock_accept`: descriptor of the connection, with the rights of a socket that the
    /// listening one lets it inherit.
    pub fn sock_accept(&mut self, fd: Fd, flags: Fdflags) -> Result<Fd> {
        let connection = self.table.socket(fd, Rights::SOCK_ACCEPT)?.accept(flags)?;
        let inherited = self.table.get(fd)?.rights.inheriting;
        let most = RightsPair::most_for(connection.filetype(), false);
        let rights = most.intersection(RightsPair { base: inherited, inheriting: inherited });
        self.table.insert(Entry { descriptor: Descriptor::Stream(connection), rights })
    }

    /// `sock_recv`.
    pub fn sock_recv(
        &mut self,
        fd: Fd,
        buffers: &[Buffer<'_>],
        flags: ReceiveFlags,
    ) -> Result<Received> {
        self.table.socket(fd, Rights::FD_READ)?.receive(buffers, flags)
    }

    /// `sock_send`: bytes sent.
    pub fn sock_send(&mut self, fd: Fd, buffers: &[Buffer<'_>]) -> Result<usize> {
        self.table.socket(fd, Rights::FD_WRITE)?.send(buffers)
    }

    /// `sock_shutdown`: of the directions given, perhaps none.
    pub fn sock_shutdown(&mut self, fd: Fd, how: Option<Shutdown>) -> Result<()> {
        let socket = self.table.socket(fd, Rights::SOCK_SHUTDOWN)?;
        how.map_or(Ok(()), |how| socket.shutdown(how))
    }
}
