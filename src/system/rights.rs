//! Rights of descriptors.

use bitflags::bitflags;

use crate::host::{Access, Errno, Filetype, Result};

bitflags! {
    /// What a descriptor allows ([preview1 `rights`](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#rights)).
    ///
    /// Bits without a name are kept: asking for one is asking for too much.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Rights: u64 {
        /// `fd_datasync`.
        const FD_DATASYNC = 1 << 0;
        /// `fd_read`, `sock_recv`.
        const FD_READ = 1 << 1;
        /// `fd_seek`; implies `FD_TELL`.
        const FD_SEEK = 1 << 2;
        /// `fd_fdstat_set_flags`.
        const FD_FDSTAT_SET_FLAGS = 1 << 3;
        /// `fd_sync`.
        const FD_SYNC = 1 << 4;
        /// `fd_tell`, and `fd_seek` that moves nothing.
        const FD_TELL = 1 << 5;
        /// `fd_write`, `sock_send`.
        const FD_WRITE = 1 << 6;
        /// `fd_advise`.
        const FD_ADVISE = 1 << 7;
        /// `fd_allocate`.
        const FD_ALLOCATE = 1 << 8;
        /// `path_create_directory`.
        const PATH_CREATE_DIRECTORY = 1 << 9;
        /// `path_open` that creates.
        const PATH_CREATE_FILE = 1 << 10;
        /// `path_link` from here.
        const PATH_LINK_SOURCE = 1 << 11;
        /// `path_link` to here.
        const PATH_LINK_TARGET = 1 << 12;
        /// `path_open`.
        const PATH_OPEN = 1 << 13;
        /// `fd_readdir`.
        const FD_READDIR = 1 << 14;
        /// `path_readlink`.
        const PATH_READLINK = 1 << 15;
        /// `path_rename` from here.
        const PATH_RENAME_SOURCE = 1 << 16;
        /// `path_rename` to here.
        const PATH_RENAME_TARGET = 1 << 17;
        /// `path_filestat_get`.
        const PATH_FILESTAT_GET = 1 << 18;
        /// `path_open` that truncates.
        const PATH_FILESTAT_SET_SIZE = 1 << 19;
        /// `path_filestat_set_times`.
        const PATH_FILESTAT_SET_TIMES = 1 << 20;
        /// `fd_filestat_get`.
        const FD_FILESTAT_GET = 1 << 21;
        /// `fd_filestat_set_size`.
        const FD_FILESTAT_SET_SIZE = 1 << 22;
        /// `fd_filestat_set_times`.
        const FD_FILESTAT_SET_TIMES = 1 << 23;
        /// `path_symlink`.
        const PATH_SYMLINK = 1 << 24;
        /// `path_remove_directory`.
        const PATH_REMOVE_DIRECTORY = 1 << 25;
        /// `path_unlink_file`.
        const PATH_UNLINK_FILE = 1 << 26;
        /// `poll_oneoff` on the descriptor.
        const POLL_FD_READWRITE = 1 << 27;
        /// `sock_shutdown`.
        const SOCK_SHUTDOWN = 1 << 28;
        /// `sock_accept`.
        const SOCK_ACCEPT = 1 << 29;
    }
}

/// Rights of a descriptor, and those that what is opened through it can have at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RightsPair {
    /// Of the descriptor itself.
    pub base: Rights,
    /// Of what is opened through it.
    pub inheriting: Rights,
}

const REGULAR_FILE: Rights = Rights::FD_DATASYNC
    .union(Rights::FD_READ)
    .union(Rights::FD_SEEK)
    .union(Rights::FD_FDSTAT_SET_FLAGS)
    .union(Rights::FD_SYNC)
    .union(Rights::FD_TELL)
    .union(Rights::FD_WRITE)
    .union(Rights::FD_ADVISE)
    .union(Rights::FD_ALLOCATE)
    .union(Rights::FD_FILESTAT_GET)
    .union(Rights::FD_FILESTAT_SET_SIZE)
    .union(Rights::FD_FILESTAT_SET_TIMES)
    .union(Rights::POLL_FD_READWRITE);

const DIRECTORY: Rights = Rights::FD_FDSTAT_SET_FLAGS
    .union(Rights::FD_SYNC)
    .union(Rights::FD_ADVISE)
    .union(Rights::PATH_CREATE_DIRECTORY)
    .union(Rights::PATH_CREATE_FILE)
    .union(Rights::PATH_LINK_SOURCE)
    .union(Rights::PATH_LINK_TARGET)
    .union(Rights::PATH_OPEN)
    .union(Rights::FD_READDIR)
    .union(Rights::PATH_READLINK)
    .union(Rights::PATH_RENAME_SOURCE)
    .union(Rights::PATH_RENAME_TARGET)
    .union(Rights::PATH_FILESTAT_GET)
    .union(Rights::PATH_FILESTAT_SET_SIZE)
    .union(Rights::PATH_FILESTAT_SET_TIMES)
    .union(Rights::FD_FILESTAT_GET)
    .union(Rights::FD_FILESTAT_SET_TIMES)
    .union(Rights::PATH_SYMLINK)
    .union(Rights::PATH_REMOVE_DIRECTORY)
    .union(Rights::PATH_UNLINK_FILE)
    .union(Rights::POLL_FD_READWRITE);

/// Pipes and terminals.
const STREAM: Rights = Rights::FD_READ
    .union(Rights::FD_FDSTAT_SET_FLAGS)
    .union(Rights::FD_WRITE)
    .union(Rights::FD_FILESTAT_GET)
    .union(Rights::POLL_FD_READWRITE);

const SOCKET: Rights = STREAM.union(Rights::SOCK_SHUTDOWN).union(Rights::SOCK_ACCEPT);

impl RightsPair {
    /// The most that a descriptor of a kind can have (the same as node:wasi gives).
    pub fn most_for(filetype: Filetype, is_terminal: bool) -> Self {
        let (base, inheriting) = match filetype {
            Filetype::RegularFile => (REGULAR_FILE, Rights::empty()),
            Filetype::Directory => (DIRECTORY, DIRECTORY | REGULAR_FILE),
            Filetype::CharacterDevice if is_terminal => (STREAM, Rights::empty()),
            Filetype::CharacterDevice | Filetype::BlockDevice => (Rights::all(), Rights::all()),
            Filetype::SocketDgram | Filetype::SocketStream => (SOCKET, Rights::all()),
            Filetype::Unknown | Filetype::SymbolicLink => (STREAM, Rights::empty()),
        };
        RightsPair { base, inheriting }
    }

    /// Only the rights that reading, or writing, needs: for a standard stream that the host gives
    /// for just that, in whichever mode it has opened it. There is no position, as in a pipe; but wasi-libc takes a
    /// character device without one for a terminal. A socket that listens is read by accepting, and
    /// its connections are the guest's own.
    pub fn only(self, access: Access, filetype: Filetype) -> Self {
        let mut base = Rights::FD_FDSTAT_SET_FLAGS
            | Rights::FD_FILESTAT_GET
            | Rights::POLL_FD_READWRITE
            | Rights::FD_READ
            | Rights::FD_WRITE;
        base.set(Rights::FD_TELL, filetype == Filetype::CharacterDevice);
        let accepts = access == Access::Read
            && matches!(filetype, Filetype::SocketStream | Filetype::SocketDgram);
        base.set(Rights::SOCK_ACCEPT, accepts);
        let inheriting = if accepts { self.inheriting } else { Rights::empty() };
        RightsPair { base: self.base & base, inheriting }.opened_for(access)
    }

    /// Without what the way it was opened rules out.
    pub fn opened_for(self, access: Access) -> Self {
        let lost = match access {
            Access::Read => Rights::FD_WRITE,
            Access::Write => Rights::FD_READ,
            Access::ReadWrite => Rights::empty(),
        };
        RightsPair { base: self.base - lost, ..self }
    }

    /// Without what would change anything: for a read-only mount. The right to link from it is
    /// gone too, since the link could be written through.
    pub fn without_changes(self) -> Self {
        let changes = Rights::FD_DATASYNC
            | Rights::FD_WRITE
            | Rights::FD_ALLOCATE
            | Rights::PATH_CREATE_DIRECTORY
            | Rights::PATH_CREATE_FILE
            | Rights::PATH_LINK_SOURCE
            | Rights::PATH_LINK_TARGET
            | Rights::PATH_RENAME_SOURCE
            | Rights::PATH_RENAME_TARGET
            | Rights::PATH_FILESTAT_SET_SIZE
            | Rights::PATH_FILESTAT_SET_TIMES
            | Rights::FD_FILESTAT_SET_SIZE
            | Rights::FD_FILESTAT_SET_TIMES
            | Rights::PATH_SYMLINK
            | Rights::PATH_REMOVE_DIRECTORY
            | Rights::PATH_UNLINK_FILE;
        RightsPair { base: self.base - changes, inheriting: self.inheriting - changes }
    }

    /// Errors: `ENOTCAPABLE` without one of these rights.
    pub fn require(self, rights: Rights) -> Result<()> {
        if self.base.contains(rights) { Ok(()) } else { Err(Errno::NotCapable) }
    }

    /// What both have.
    pub fn intersection(self, other: Self) -> Self {
        RightsPair { base: self.base & other.base, inheriting: self.inheriting & other.inheriting }
    }

    /// Whether all of `other` is in this pair.
    pub fn contains(self, other: Self) -> bool {
        self.base.contains(other.base) && self.inheriting.contains(other.inheriting)
    }
}

impl Rights {
    /// How a file must be opened for these rights: reading for any that reads, writing for any
    /// that changes content.
    pub fn access(self) -> Access {
        let write = Rights::FD_DATASYNC
            | Rights::FD_WRITE
            | Rights::FD_ALLOCATE
            | Rights::FD_FILESTAT_SET_SIZE;
        match (self.intersects(Rights::FD_READ | Rights::FD_READDIR), self.intersects(write)) {
            (true, true) => Access::ReadWrite,
            (false, true) => Access::Write,
            (_, false) => Access::Read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that node:wasi reports and wasi-libc builds on.
    #[test]
    fn rights_by_kind_are_those_of_node() {
        let most = |filetype, terminal| {
            let pair = RightsPair::most_for(filetype, terminal);
            (pair.base.bits(), pair.inheriting.bits())
        };
        assert_eq!(most(Filetype::RegularFile, false), (0x8e0_01ff, 0));
        assert_eq!(most(Filetype::Directory, false), (0xfbf_fe98, 0xfff_ffff));
        assert_eq!(most(Filetype::CharacterDevice, true), (0x820_004a, 0));
        assert_eq!(most(Filetype::CharacterDevice, false), (0x3fff_ffff, 0x3fff_ffff));
        assert_eq!(most(Filetype::BlockDevice, false), (0x3fff_ffff, 0x3fff_ffff));
        assert_eq!(most(Filetype::SocketStream, false), (0x3820_004a, 0x3fff_ffff));
        assert_eq!(most(Filetype::SocketDgram, false), (0x3820_004a, 0x3fff_ffff));
    }

    #[test]
    fn access_follows_from_the_rights() {
        assert_eq!(Rights::FD_READ.access(), Access::Read);
        assert_eq!(Rights::FD_READDIR.access(), Access::Read);
        assert_eq!(Rights::empty().access(), Access::Read);
        assert_eq!(Rights::FD_ALLOCATE.access(), Access::Write);
        assert_eq!((Rights::FD_READ | Rights::FD_WRITE).access(), Access::ReadWrite);
    }
}
