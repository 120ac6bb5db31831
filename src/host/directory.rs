//! Operations on the entries of a directory that is held open.
//!
//! Each resolves its path once (`resolve::open`): to the object itself, or to the directory that
//! holds its last component, which then names an entry of that very directory.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

#[cfg(target_os = "linux")]
use rustix::fs::CWD;
use rustix::fs::{AtFlags, Mode, OFlags};

use super::resolve::{self, HANDLE, OUTSIDE, Scope};
use super::{
    Access, Errno, Fdflags, Filestat, GuestPath, Interrupt, Mount, Oflags, Result, SetTimes, file,
    shared,
};

/// A directory, how far paths from it may lead, and whether anything in it may be changed.
#[derive(Debug)]
pub struct Directory {
    /// Of a preopen, perhaps shared with other guests: its position is never used.
    fd: Arc<OwnedFd>,
    place: Place,
}

/// What holds for a directory and for all that is opened through it.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    scope: Scope,
    mount: Mount,
    interrupt: Interrupt,
}

impl Place {
    /// Whether it may be changed.
    pub fn mount(self) -> Mount {
        self.mount
    }

    /// What ends calls on what is opened here.
    pub fn interrupt(self) -> Interrupt {
        self.interrupt
    }

    /// The same, but `interrupt` ends calls.
    pub fn ended_by(self, interrupt: Interrupt) -> Self {
        Place { interrupt, ..self }
    }
}

/// How a path is opened.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions {
    /// What may be done with the content.
    pub access: Access,
    /// Creation, truncation, directories only.
    pub oflags: Oflags,
    /// Append and synchronization.
    pub fdflags: Fdflags,
    /// Follow a symbolic link in the last component.
    pub follow: bool,
}

/// The directory that holds the last component of a path.
enum Parent<'d> {
    Same(BorrowedFd<'d>),
    Opened(OwnedFd),
}

impl AsFd for Parent<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Parent::Same(fd) => *fd,
            Parent::Opened(fd) => fd.as_fd(),
        }
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Directory {
    /// Opens a directory of the host by the host's own path, unsandboxed: only for preopens.
    ///
    /// Errors: `ENOENT`, `ENOTDIR`, `EACCES` and what else `open(2)` gives.
    pub fn open_unchecked(
        path: &std::path::Path,
        mount: Mount,
        interrupt: Interrupt,
    ) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let real = std::fs::canonicalize(path)?;
        let fd = rustix::fs::open(&real, flags, Mode::empty())?;
        let is_root = real == std::path::Path::new("/");
        let scope = if is_root { Scope::Anywhere } else { Scope::Beneath };
        Ok(Directory { fd: shared::directory(fd), place: Place { scope, mount, interrupt } })
    }

    /// What holds for all that `open` opens.
    pub fn place(&self) -> Place {
        self.place
    }

    /// From now on, `interrupt` ends calls.
    pub fn set_interrupt(&mut self, interrupt: Interrupt) {
        self.place = self.place.ended_by(interrupt);
    }

    /// A directory that `open` opened beneath one with this place.
    pub fn opened(fd: OwnedFd, place: Place) -> Self {
        Directory { fd: Arc::new(fd), place }
    }

    /// Opens a file or a directory. A FIFO or a device is opened without waiting for its other
    /// end and never becomes the terminal of the process.
    pub fn open(&self, path: &GuestPath<'_>, options: OpenOptions) -> Result<OwnedFd> {
        if options.changes() {
            self.place.mount.check_writable()?;
        }
        self.resolve(path.as_c_str(), options.flags())
    }

    fn resolve(&self, path: &CStr, flags: OFlags) -> Result<OwnedFd> {
        let Place { scope, interrupt, .. } = self.place;
        resolve::open(self.as_fd(), scope, path, flags, interrupt)
    }

    /// Attributes of what the path names.
    pub fn filestat(&self, path: &GuestPath<'_>, follow: bool) -> Result<Filestat> {
        if path.is_plain_name() {
            let flags = AtFlags::SYMLINK_NOFOLLOW;
            let stat = Filestat::from(rustix::fs::statat(self, path.as_c_str(), flags)?);
            if !follow || stat.filetype != super::Filetype::SymbolicLink {
                return Ok(stat);
            }
        }
        Ok(rustix::fs::fstat(self.handle(path, follow)?)?.into())
    }

    /// Attributes of the directory itself.
    pub fn own_filestat(&self) -> Result<Filestat> {
        file::filestat(self.as_fd())
    }

    /// Sets access and modification time of the directory itself.
    pub fn set_own_times(&self, times: SetTimes) -> Result<()> {
        self.place.mount.check_writable()?;
        file::set_times(self.as_fd(), times)
    }

    /// Writes the directory itself to storage.
    pub fn sync(&self) -> Result<()> {
        file::sync(self.as_fd())
    }

    /// Sets access and modification time of what the path names.
    #[cfg(target_os = "linux")]
    pub fn set_times(&self, path: &GuestPath<'_>, follow: bool, times: SetTimes) -> Result<()> {
        self.place.mount.check_writable()?;
        let handle = self.handle(path, follow)?;
        let times = times.timestamps();
        match rustix::fs::utimensat(&handle, c"", &times, AtFlags::EMPTY_PATH) {
            // Before Linux 5.8.
            Err(rustix::io::Errno::INVAL) => {
                let no_flags = AtFlags::empty();
                Ok(rustix::fs::utimensat(CWD, path_of(handle.as_fd()), &times, no_flags)?)
            }
            result => Ok(result?),
        }
    }

    /// Sets access and modification time.
    #[cfg(not(target_os = "linux"))]
    pub fn set_times(&self, path: &GuestPath<'_>, follow: bool, times: SetTimes) -> Result<()> {
        self.place.mount.check_writable()?;
        Ok(rustix::fs::futimens(self.handle(path, follow)?, &times.timestamps())?)
    }

    /// Creates a directory.
    pub fn create_directory(&self, mut path: GuestPath<'_>) -> Result<()> {
        self.place.mount.check_writable()?;
        let (parent, name) = self.parent(&mut path)?;
        Ok(rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o777))?)
    }

    /// Removes an empty directory.
    pub fn remove_directory(&self, mut path: GuestPath<'_>) -> Result<()> {
        self.place.mount.check_writable()?;
        let (parent, name) = self.parent(&mut path)?;
        Ok(rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR)?)
    }

    /// Removes anything but a directory.
    pub fn unlink_file(&self, mut path: GuestPath<'_>) -> Result<()> {
        self.place.mount.check_writable()?;
        let (parent, name) = self.parent(&mut path)?;
        Ok(rustix::fs::unlinkat(parent, name, AtFlags::empty())?)
    }

    /// Renames a file or directory, replacing what is there.
    pub fn rename(
        &self,
        mut from: GuestPath<'_>,
        target: &Directory,
        mut to: GuestPath<'_>,
    ) -> Result<()> {
        self.place.mount.check_writable()?;
        target.place.mount.check_writable()?;
        let (from_directory, from_name) = self.split(&mut from)?;
        let from_parent = self.open_parent(from_directory)?;
        let (to_directory, to_name) = target.split(&mut to)?;
        let to_parent = target.parent_beside(to_directory, (self, from_directory, &from_parent))?;
        Ok(rustix::fs::renameat(&from_parent, from_name, &to_parent, to_name)?)
    }

    /// Creates a hard link to a file: to a symbolic link itself unless it is to be followed.
    ///
    /// Errors: `EPERM` for a directory.
    pub fn link(
        &self,
        mut old: GuestPath<'_>,
        follow: bool,
        target: &Directory,
        mut new: GuestPath<'_>,
    ) -> Result<()> {
        // A link out of a read-only mount could be written through.
        self.place.mount.check_writable()?;
        target.place.mount.check_writable()?;
        let (new_directory, new_name) = target.split(&mut new)?;
        let new_parent = target.open_parent(new_directory)?;
        if follow {
            return link_handle(self.handle(&old, true)?, new_parent, new_name);
        }
        if old.ends_like_directory() {
            // The kernel would follow a link here, and a directory can't be linked.
            return self.handle(&old, true).and(Err(Errno::Perm));
        }
        let (old_directory, old_name) = self.split(&mut old)?;
        let old_parent = self.parent_beside(old_directory, (target, new_directory, &new_parent))?;
        Ok(rustix::fs::linkat(&old_parent, old_name, &new_parent, new_name, AtFlags::empty())?)
    }

    /// Creates a symbolic link. Its content is data: whoever follows it is held inside.
    ///
    /// Errors: `EPERM` for an absolute target, which could never be followed; `ENOTDIR` for a path
    /// that ends in a slash where a file is, of which the kernel says only that it exists.
    pub fn symlink(&self, content: &GuestPath<'_>, mut path: GuestPath<'_>) -> Result<()> {
        if content.is_absolute() && self.place.scope == Scope::Beneath {
            return Err(Errno::Perm);
        }
        self.place.mount.check_writable()?;
        if path.ends_like_directory() {
            match self.handle(&path, true) {
                Err(Errno::NoEnt) => {}
                exists => return exists.and(Err(Errno::Exist)),
            }
        }
        let (parent, name) = self.parent(&mut path)?;
        Ok(rustix::fs::symlinkat(content.as_c_str(), parent, name)?)
    }

    /// Content of a symbolic link.
    ///
    /// Errors: `EINVAL` for anything else.
    pub fn readlink(&self, mut path: GuestPath<'_>) -> Result<Vec<u8>> {
        if path.ends_like_directory() {
            return self.handle(&path, true).and(Err(Errno::Inval));
        }
        let (parent, name) = self.parent(&mut path)?;
        Ok(rustix::fs::readlinkat(parent, name, Vec::new())?.into_bytes())
    }

    /// A descriptor that stands for the object the path names.
    fn handle(&self, path: &GuestPath<'_>, follow: bool) -> Result<OwnedFd> {
        let follow = if follow { OFlags::empty() } else { OFlags::NOFOLLOW };
        self.resolve(path.as_c_str(), HANDLE | follow)
    }

    /// The directory that holds the last component, and that component.
    fn parent<'p>(&self, path: &'p mut GuestPath<'_>) -> Result<(Parent<'_>, &'p CStr)> {
        let (directory, name) = self.split(path)?;
        Ok((self.open_parent(directory)?, name))
    }

    /// The path of that directory, unless it is this one, and the last component.
    fn split<'p>(&self, path: &'p mut GuestPath<'_>) -> Result<(Option<&'p CStr>, &'p CStr)> {
        if path.is_absolute() && self.place.scope == Scope::Beneath {
            return Err(OUTSIDE);
        }
        if path.ends_in_dot_dot() {
            // The kernel has an answer for each call, but it must not be about what is outside.
            self.handle(path, true)?;
        }
        Ok(path.split_last())
    }

    fn open_parent(&self, path: Option<&CStr>) -> Result<Parent<'_>> {
        match path {
            None => Ok(Parent::Same(self.as_fd())),
            Some(path) => self.resolve(path, HANDLE | OFlags::DIRECTORY).map(Parent::Opened),
        }
    }

    /// The same, after that of another path has been opened: it is resolved once if both are one.
    fn parent_beside<'d>(
        &'d self,
        path: Option<&CStr>,
        (other, other_path, parent): (&Directory, Option<&CStr>, &'d Parent<'_>),
    ) -> Result<Parent<'d>> {
        if std::ptr::eq(self, other) && path == other_path {
            return Ok(Parent::Same(parent.as_fd()));
        }
        self.open_parent(path)
    }
}

/// A path by which the kernel finds what a handle stands for, a symbolic link itself too: see
/// [proc_pid_fd(5)](https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html).
#[cfg(target_os = "linux")]
pub(super) fn path_of(handle: BorrowedFd<'_>) -> String {
    format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&handle))
}

/// Links what a handle stands for; by the handle alone, only the privileged may.
#[cfg(target_os = "linux")]
fn link_handle(handle: OwnedFd, parent: Parent<'_>, name: &CStr) -> Result<()> {
    let path = path_of(handle.as_fd());
    Ok(rustix::fs::linkat(CWD, path, parent, name, AtFlags::SYMLINK_FOLLOW)?)
}

/// Nothing to name a handle by here.
#[cfg(not(target_os = "linux"))]
fn link_handle(_: OwnedFd, _: Parent<'_>, _: &CStr) -> Result<()> {
    Err(Errno::NotSup)
}

impl OpenOptions {
    /// Whether opening, or what it is opened for, changes anything.
    fn changes(self) -> bool {
        self.access != Access::Read || self.oflags.intersects(Oflags::CREAT | Oflags::TRUNC)
    }

    fn flags(self) -> OFlags {
        // Opening a FIFO must not wait for its other end; see `Stream` for reads that wait.
        let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        flags |= match self.access {
            Access::Read => OFlags::RDONLY,
            Access::Write => OFlags::WRONLY,
            Access::ReadWrite => OFlags::RDWR,
        };
        flags.set(OFlags::NOFOLLOW, !self.follow);
        flags.set(OFlags::CREATE, self.oflags.contains(Oflags::CREAT));
        flags.set(OFlags::DIRECTORY, self.oflags.contains(Oflags::DIRECTORY));
        flags.set(OFlags::EXCL, self.oflags.contains(Oflags::EXCL));
        flags.set(OFlags::TRUNC, self.oflags.contains(Oflags::TRUNC));
        flags.set(OFlags::APPEND, self.fdflags.contains(Fdflags::APPEND));
        flags.set(OFlags::DSYNC, self.fdflags.contains(Fdflags::DSYNC));
        flags.set(OFlags::SYNC, self.fdflags.intersects(Fdflags::SYNC | Fdflags::RSYNC));
        flags
    }
}
