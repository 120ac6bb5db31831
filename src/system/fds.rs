//! Calls on a descriptor.

use std::sync::Arc;

use super::rights::{Rights, RightsPair};
use super::{
    Advice, Buffer, Descriptor, Errno, Fd, Fdflags, Filestat, Filetype, Result, SetTimes, System,
    Whence,
};

/// State of a descriptor ([preview1 `fdstat`](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#fdstat)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fdstat {
    /// What it is.
    pub filetype: Filetype,
    /// Its flags.
    pub flags: Fdflags,
    /// Its rights.
    pub rights: RightsPair,
}

/// Every call gives `EBADF` for a descriptor that is not open and `ENOTCAPABLE` for one without
/// the right of the call's name, and else what the host says.
impl System {
    /// `fd_advise`. `EBADF` for a directory.
    pub fn fd_advise(&mut self, fd: Fd, offset: u64, length: u64, advice: Advice) -> Result<()> {
        self.table
            .with(fd, Rights::FD_ADVISE, |descriptor| descriptor.advise(offset, length, advice))
    }

    /// `fd_allocate`.
    pub fn fd_allocate(&mut self, fd: Fd, offset: u64, length: u64) -> Result<()> {
        self.table.with(fd, Rights::FD_ALLOCATE, |descriptor| descriptor.allocate(offset, length))
    }

    /// `fd_close`. Needs no right.
    pub fn fd_close(&mut self, fd: Fd) -> Result<()> {
        self.table.remove(fd)
    }

    /// `fd_datasync`.
    pub fn fd_datasync(&mut self, fd: Fd) -> Result<()> {
        self.table.with(fd, Rights::FD_DATASYNC, |descriptor| descriptor.datasync())
    }

    /// `fd_fdstat_get`. Needs no right.
    pub fn fd_fdstat_get(&mut self, fd: Fd) -> Result<Fdstat> {
        self.table.look_up(fd, |descriptor, rights| {
            let (filetype, flags) = (descriptor.filetype(), descriptor.flags());
            Ok(Fdstat { filetype, flags, rights })
        })
    }

    /// `fd_fdstat_set_flags`. Where a file of the host is written is its position, which appending
    /// moves: that needs the right to seek too.
    pub fn fd_fdstat_set_flags(&mut self, fd: Fd, flags: Fdflags) -> Result<()> {
        self.table.look_up(fd, |descriptor, has| {
            has.require(Rights::FD_FDSTAT_SET_FLAGS)?;
            if descriptor.would_move(flags) {
                has.require(Rights::FD_SEEK)?;
            }
            descriptor.set_flags(flags)
        })
    }

    /// `fd_fdstat_set_rights`. Rights only shrink: `ENOTCAPABLE` for one that is not there.
    pub fn fd_fdstat_set_rights(&mut self, fd: Fd, rights: RightsPair) -> Result<()> {
        self.table.restrict(fd, rights)
    }

    /// `fd_filestat_get`.
    pub fn fd_filestat_get(&mut self, fd: Fd) -> Result<Filestat> {
        self.table.with(fd, Rights::FD_FILESTAT_GET, |descriptor| descriptor.filestat())
    }

    /// `fd_filestat_set_size`.
    pub fn fd_filestat_set_size(&mut self, fd: Fd, size: u64) -> Result<()> {
        self.table.with(fd, Rights::FD_FILESTAT_SET_SIZE, |descriptor| descriptor.set_size(size))
    }

    /// `fd_filestat_set_times`.
    pub fn fd_filestat_set_times(&mut self, fd: Fd, times: SetTimes) -> Result<()> {
        self.table.with(fd, Rights::FD_FILESTAT_SET_TIMES, |descriptor| descriptor.set_times(times))
    }

    /// `fd_pread`: bytes read. Needs the right to seek too.
    pub fn fd_pread(&mut self, fd: Fd, buffers: &[Buffer<'_>], offset: u64) -> Result<usize> {
        self.table.with(fd, Rights::FD_READ | Rights::FD_SEEK, |descriptor| {
            descriptor.read_at(buffers, offset)
        })
    }

    /// `fd_pwrite`: bytes written. Needs the right to seek too.
    pub fn fd_pwrite(&mut self, fd: Fd, buffers: &[Buffer<'_>], offset: u64) -> Result<usize> {
        self.table.with(fd, Rights::FD_WRITE | Rights::FD_SEEK, |descriptor| {
            descriptor.write_at(buffers, offset)
        })
    }

    /// `fd_read`: bytes read, 0 at the end.
    pub fn fd_read(&mut self, fd: Fd, buffers: &[Buffer<'_>]) -> Result<usize> {
        self.table.with(fd, Rights::FD_READ, |descriptor| descriptor.read(buffers))
    }

    /// Whether reading may wait for someone else.
    pub fn may_wait(&mut self, fd: Fd) -> bool {
        let may_wait = |descriptor: &Descriptor, _| match descriptor {
            Descriptor::Stream(stream) => Ok(stream.may_wait()),
            _ => Ok(false),
        };
        self.table.look_up(fd, may_wait).unwrap_or(false)
    }

    /// `fd_write`: bytes written.
    pub fn fd_write(&mut self, fd: Fd, buffers: &[Buffer<'_>]) -> Result<usize> {
        self.table.with(fd, Rights::FD_WRITE, |descriptor| descriptor.write(buffers))
    }

    /// `fd_prestat_get` and `fd_prestat_dir_name`: the name of a preopen. Needs no right. `EBADF`
    /// for a descriptor that is something else, too: wasi-libc asks one after the other, perhaps
    /// after files have been opened or connections accepted, and
    /// [exits](https://github.com/WebAssembly/wasi-libc/blob/main/libc-bottom-half/sources/preopens.c)
    /// on any other error.
    pub fn preopen_name(&mut self, fd: Fd) -> Result<Arc<[u8]>> {
        self.table.look_up(fd, |descriptor, _| match descriptor {
            Descriptor::Directory(directory) => directory.preopen.clone().ok_or(Errno::Badf),
            _ => Err(Errno::Badf),
        })
    }

    /// `fd_renumber`. Needs no right; `to` must be open.
    pub fn fd_renumber(&mut self, from: Fd, to: Fd) -> Result<()> {
        self.table.renumber(from, to)
    }

    /// `fd_seek`: the new position. A seek that moves nothing needs only the right to tell. What
    /// is wrong with `whence` is said only after the descriptor has been found good.
    pub fn fd_seek(&mut self, fd: Fd, offset: i64, whence: Result<Whence>) -> Result<u64> {
        if offset == 0 && whence == Ok(Whence::Current) {
            return self.fd_tell(fd);
        }
        self.table.with(fd, Rights::FD_SEEK, |descriptor| descriptor.seek(offset, whence?))
    }

    /// `fd_sync`.
    pub fn fd_sync(&mut self, fd: Fd) -> Result<()> {
        self.table.with(fd, Rights::FD_SYNC, |descriptor| descriptor.sync())
    }

    /// `fd_tell`: the position. The right to seek
    /// [implies](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#rights) this one.
    pub fn fd_tell(&mut self, fd: Fd) -> Result<u64> {
        self.table.look_up(fd, |descriptor, rights| {
            if !rights.base.intersects(Rights::FD_TELL | Rights::FD_SEEK) {
                return Err(Errno::NotCapable);
            }
            descriptor.tell()
        })
    }
}
