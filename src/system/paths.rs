//! Calls on a path beneath a directory descriptor.

use super::rights::{Rights, RightsPair};
use super::{Errno, Fd, Fdflags, Filestat, Fresh, GuestPath, Oflags, Result, SetTimes, System};
use crate::host::OpenOptions;

/// A path from the guest. What is wrong with it is said only after the descriptor and its rights
/// have been found good.
pub type PathArgument<'b> = Result<GuestPath<'b>>;

/// What `path_open` is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Follow a symbolic link in the last component.
    pub follow: bool,
    /// Creation, truncation, directories only.
    pub oflags: Oflags,
    /// Rights of the new descriptor; those that its kind can't have are left out.
    pub rights: RightsPair,
    /// Flags of the new descriptor.
    pub fdflags: Fdflags,
}

impl Open {
    /// What the directory must allow.
    fn needed_base(&self) -> Rights {
        let mut needed = Rights::PATH_OPEN;
        needed.set(Rights::PATH_CREATE_FILE, self.oflags.contains(Oflags::CREAT));
        needed.set(Rights::PATH_FILESTAT_SET_SIZE, self.oflags.contains(Oflags::TRUNC));
        needed
    }

    /// What the directory must let its files have.
    fn needed_inheriting(&self) -> Rights {
        let mut needed = self.rights.base | self.rights.inheriting;
        if self.fdflags.contains(Fdflags::DSYNC) {
            needed |= Rights::FD_DATASYNC;
        }
        if self.fdflags.intersects(Fdflags::SYNC | Fdflags::RSYNC) {
            needed |= Rights::FD_SYNC;
        }
        needed
    }

    /// Errors: `ENOTCAPABLE` for what a directory with these rights does not allow; `EINVAL` for a
    /// directory to be created.
    fn check(&self, directory: RightsPair) -> Result<()> {
        directory.require(self.needed_base())?;
        if !directory.inheriting.contains(self.needed_inheriting()) {
            return Err(Errno::NotCapable);
        }
        if self.oflags.contains(Oflags::CREAT | Oflags::DIRECTORY) {
            return Err(Errno::Inval);
        }
        Ok(())
    }

    fn options(&self) -> OpenOptions {
        OpenOptions {
            access: self.rights.base.access(),
            oflags: self.oflags,
            fdflags: self.fdflags,
            follow: self.follow,
        }
    }
}

/// Every call gives `EBADF` for a descriptor that is not open, `ENOTDIR` for one that is no
/// directory, `ENOTCAPABLE` without the right of the call's name, the errors of
/// [`PathBuffer`](super::PathBuffer), `ENOTCAPABLE` for a path that leaves the directory, and else what the host says.
impl System {
    /// `path_create_directory`.
    pub fn path_create_directory(&mut self, fd: Fd, path: PathArgument<'_>) -> Result<()> {
        self.table.with_directory(fd, Rights::PATH_CREATE_DIRECTORY, |open| {
            open.directory.create_directory(path?)
        })
    }

    /// `path_filestat_get`.
    pub fn path_filestat_get(
        &mut self,
        fd: Fd,
        follow: bool,
        path: PathArgument<'_>,
    ) -> Result<Filestat> {
        self.table.with_directory(fd, Rights::PATH_FILESTAT_GET, |open| {
            open.directory.filestat(&path?, follow)
        })
    }

    /// `path_filestat_set_times`. Like the path, the times are judged after the descriptor.
    pub fn path_filestat_set_times(
        &mut self,
        fd: Fd,
        follow: bool,
        path: PathArgument<'_>,
        times: Result<SetTimes>,
    ) -> Result<()> {
        self.table.with_directory(fd, Rights::PATH_FILESTAT_SET_TIMES, |open| {
            open.directory.set_times(&path?, follow, times?)
        })
    }

    /// `path_link`.
    pub fn path_link(
        &mut self,
        (old_fd, follow, old_path): (Fd, bool, PathArgument<'_>),
        (new_fd, new_path): (Fd, PathArgument<'_>),
    ) -> Result<()> {
        let needed = [(old_fd, Rights::PATH_LINK_SOURCE), (new_fd, Rights::PATH_LINK_TARGET)];
        self.table.with_directories(needed, |source, target| {
            source.directory.link(old_path?, follow, &target.directory, new_path?)
        })
    }

    /// `path_open`: the lowest free number, with the rights asked for that its kind can have.
    ///
    /// Errors: `ENOTCAPABLE` when the directory lacks a right to create or truncate, or to
    /// inherit what is asked for; `EINVAL` for a directory to be created, as Linux has it from
    /// 6.4 on (a file was created before).
    pub fn path_open(&mut self, fd: Fd, path: PathArgument<'_>, open: Open) -> Result<Fd> {
        let fresh = self.table.look_up(fd, |descriptor, has| {
            let directory = &descriptor.directory()?.directory;
            open.check(has)?;
            let opened = directory.open(&path?, open.options())?;
            Ok(Fresh { fd: opened, place: directory.place(), open })
        })?;
        self.table.insert_fresh(fresh)
    }

    /// `path_readlink`: the content of a symbolic link. `EINVAL` for anything else.
    pub fn path_readlink(&mut self, fd: Fd, path: PathArgument<'_>) -> Result<Vec<u8>> {
        self.table.with_directory(fd, Rights::PATH_READLINK, |open| open.directory.readlink(path?))
    }

    /// `path_remove_directory`.
    pub fn path_remove_directory(&mut self, fd: Fd, path: PathArgument<'_>) -> Result<()> {
        self.table.with_directory(fd, Rights::PATH_REMOVE_DIRECTORY, |open| {
            open.directory.remove_directory(path?)
        })
    }

    /// `path_rename`.
    pub fn path_rename(
        &mut self,
        (old_fd, old_path): (Fd, PathArgument<'_>),
        (new_fd, new_path): (Fd, PathArgument<'_>),
    ) -> Result<()> {
        let needed = [(old_fd, Rights::PATH_RENAME_SOURCE), (new_fd, Rights::PATH_RENAME_TARGET)];
        self.table.with_directories(needed, |source, target| {
            source.directory.rename(old_path?, &target.directory, new_path?)
        })
    }

    /// `path_symlink`. `EPERM` for absolute content.
    pub fn path_symlink(
        &mut self,
        content: PathArgument<'_>,
        fd: Fd,
        path: PathArgument<'_>,
    ) -> Result<()> {
        self.table.with_directory(fd, Rights::PATH_SYMLINK, |open| {
            open.directory.symlink(&content?, path?)
        })
    }

    /// `path_unlink_file`. `EISDIR` for a directory.
    pub fn path_unlink_file(&mut self, fd: Fd, path: PathArgument<'_>) -> Result<()> {
        self.table
            .with_directory(fd, Rights::PATH_UNLINK_FILE, |open| open.directory.unlink_file(path?))
    }
}
