//! Opening a path without leaving the directory it starts from.
//!
//! Everything that takes a path ends here, once per operation: the result is a descriptor, and the
//! operation acts on it. Two ways give the same answers: the kernel's own (`openat2`), and a walk
//! component by component where the kernel lacks it.

mod walk;

use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};

use super::{Errno, Interrupt, Result};

/// How far a path may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Only to what lies beneath the directory, at every single step.
    Beneath,
    /// Anywhere, because the directory is in a preopen of the host's `/`: nothing is outside.
    Anywhere,
}

/// The answer to a path that leads outside, the same that node:wasi gives.
pub(super) const OUTSIDE: Errno = Errno::NotCapable;

/// Opens a descriptor that only stands for a file: to look at it, or to start from it.
#[cfg(target_os = "linux")]
pub(super) const HANDLE: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
pub(super) const HANDLE: OFlags = OFlags::RDONLY;

/// What a file created by a guest may be, before the umask (as `fopen` and node:wasi do).
const CREATE_MODE: Mode = Mode::from_raw_mode(0o666);

/// Opens `path`, close-on-exec.
///
/// Errors: `OUTSIDE` where the path would leave the scope; `ECANCELED` when interrupted; else what
/// the kernel says.
pub(super) fn open(
    directory: BorrowedFd<'_>,
    scope: Scope,
    path: &CStr,
    flags: OFlags,
    interrupt: Interrupt,
) -> Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC;
    match scope {
        Scope::Anywhere => Ok(rustix::fs::openat(directory, path, flags, CREATE_MODE)?),
        Scope::Beneath => open_beneath(directory, path, flags, interrupt),
    }
}

#[cfg(target_os = "linux")]
fn open_beneath(
    directory: BorrowedFd<'_>,
    path: &CStr,
    flags: OFlags,
    interrupt: Interrupt,
) -> Result<OwnedFd> {
    if !walk_is_forced()
        && let Some(answer) = open_in_kernel(directory, path, flags)
    {
        return answer;
    }
    walk::open(directory, path, flags, interrupt)
}

#[cfg(not(target_os = "linux"))]
fn open_beneath(
    directory: BorrowedFd<'_>,
    path: &CStr,
    flags: OFlags,
    interrupt: Interrupt,
) -> Result<OwnedFd> {
    walk::open(directory, path, flags, interrupt)
}

/// The kernel gives up with `EAGAIN` when directories are renamed meanwhile, see
/// [openat2(2)](https://man7.org/linux/man-pages/man2/openat2.2.html).
#[cfg(target_os = "linux")]
const ATTEMPTS: usize = 4;

/// `None` when the kernel cannot tell: it lacks the call, a seccomp filter refuses it, or
/// directories are renamed faster than it resolves.
#[cfg(target_os = "linux")]
fn open_in_kernel(
    directory: BorrowedFd<'_>,
    path: &CStr,
    flags: OFlags,
) -> Option<Result<OwnedFd>> {
    use rustix::fs::ResolveFlags;
    use rustix::io::Errno as Os;

    let mode = if flags.contains(OFlags::CREATE) { CREATE_MODE } else { Mode::empty() };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    for _ in 0..ATTEMPTS {
        match rustix::fs::openat2(directory, path, flags, mode, resolve) {
            Err(Os::AGAIN | Os::INTR) => {}
            Err(Os::NOSYS | Os::PERM) => return None,
            Err(Os::XDEV) => return Some(Err(OUTSIDE)),
            answer => return Some(answer.map_err(Errno::from)),
        }
    }
    None
}

/// Whether `WASI_RS_NO_OPENAT2` is set: lets the path tests run on the walk too.
#[cfg(target_os = "linux")]
fn walk_is_forced() -> bool {
    static FORCED: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *FORCED.get_or_init(|| std::env::var_os("WASI_RS_NO_OPENAT2").is_some())
}
