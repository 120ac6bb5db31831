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
        let entry = self.table.with_socket(fd, Rights::SOCK_ACCEPT, |socket, has| {
            let connection = socket.accept(flags)?;
            let most = RightsPair::most_for(connection.filetype(), false);
            let inherited = RightsPair { base: has.inheriting, inheriting: has.inheriting };
            let rights = most.intersection(inherited);
            Ok(Entry { descriptor: Descriptor::Stream(connection), rights })
        })?;
        self.table.insert(entry, self.interrupt)
    }

    /// `sock_recv`.
    pub fn sock_recv(
        &mut self,
        fd: Fd,
        buffers: &[Buffer<'_>],
        flags: ReceiveFlags,
    ) -> Result<Received> {
        self.table.with_socket(fd, Rights::FD_READ, |socket, _| socket.receive(buffers, flags))
    }

    /// `sock_send`: bytes sent.
    pub fn sock_send(&mut self, fd: Fd, buffers: &[Buffer<'_>]) -> Result<usize> {
        self.table.with_socket(fd, Rights::FD_WRITE, |socket, _| socket.send(buffers))
    }

    /// `sock_shutdown`: of the directions given, perhaps none.
    pub fn sock_shutdown(&mut self, fd: Fd, how: Option<Shutdown>) -> Result<()> {
        self.table.with_socket(fd, Rights::SOCK_SHUTDOWN, |socket, _| {
            how.map_or(Ok(()), |how| socket.shutdown(how))
        })
    }
}
