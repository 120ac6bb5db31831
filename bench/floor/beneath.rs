//! What a sandbox has to ask the kernel for where a path has several parts or may be a link: an
//! open that does not lead out of the directory, and the status of what was opened so.

use super::{close, fstatat, openat, Status};
use std::ffi::{c_int, CStr};

#[cfg(target_os = "linux")]
extern "C" {
    fn syscall(number: std::ffi::c_long, ...) -> std::ffi::c_long;
}

#[cfg(target_os = "linux")]
const NO_FOLLOW: c_int = 0x100;
#[cfg(not(target_os = "linux"))]
const NO_FOLLOW: c_int = 0x20;

/// The status of what the path itself names, which for a path of one part cannot be elsewhere.
pub fn status_of_name(directory: c_int, path: &CStr, status: &mut Status) -> c_int {
    // SAFETY: the path ends with NUL, and the status has room for one.
    unsafe { fstatat(directory, path.as_ptr(), status, NO_FOLLOW) }
}

/// The status of what the path leads to, wherever it passes.
pub fn status(directory: c_int, path: &CStr, status: &mut Status) -> c_int {
    let fd = open(directory, path, system::PATH_ONLY);
    if fd < 0 {
        return fd;
    }
    // SAFETY: the descriptor was opened just now.
    status_of_open(fd, status) | unsafe { close(fd) }
}

/// The status of a descriptor.
pub fn status_of_open(fd: c_int, status: &mut Status) -> c_int {
    // SAFETY: the status has room for one.
    unsafe { descriptor::fstat(fd, status) }
}

/// The function of glibc makes another call than its name says, `newfstatat`, which takes longer.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod descriptor {
    use super::{syscall, Status};
    use std::ffi::{c_int, c_long};

    const FSTAT: c_long = if cfg!(target_arch = "x86_64") { 5 } else { 80 };

    pub unsafe fn fstat(fd: c_int, status: *mut Status) -> c_int {
        syscall(FSTAT, fd, status) as c_int
    }
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod descriptor {
    use super::Status;
    use std::ffi::c_int;

    extern "C" {
        pub fn fstat(fd: c_int, status: *mut Status) -> c_int;
    }
}

/// Opens for reading, or with other flags, and closes on exec.
pub fn open(directory: c_int, path: &CStr, flags: c_int) -> c_int {
    system::open(directory, path, flags | super::flags::CLOSE_ON_EXEC)
}

/// Wherever the path leads.
pub fn without_rules(directory: c_int, path: &CStr, flags: c_int) -> c_int {
    // SAFETY: the path ends with NUL.
    unsafe { openat(directory, path.as_ptr(), flags) }
}

#[cfg(target_os = "linux")]
mod system {
    use super::syscall;
    use std::ffi::{c_int, c_long, CStr};
    use std::io::{Error, ErrorKind};

    /// `O_PATH`.
    pub const PATH_ONLY: c_int = 0o10000000;

    /// The same number on all architectures.
    const OPENAT2: c_long = 437;
    const NO_MAGIC_LINKS: u64 = 2;
    const BENEATH: u64 = 8;

    #[repr(C)]
    struct How {
        flags: u64,
        mode: u64,
        resolve: u64,
    }

    /// `openat2`, for which neither std nor every libc has a function.
    pub fn open(directory: c_int, path: &CStr, flags: c_int) -> c_int {
        let how = How { flags: flags as u64, mode: 0, resolve: BENEATH | NO_MAGIC_LINKS };
        // SAFETY: the path ends with NUL, and the last argument is the size of the one before.
        let fd = unsafe { syscall(OPENAT2, directory, path.as_ptr(), &how, size_of::<How>()) };
        if fd < 0 && is_refused() {
            return super::without_rules(directory, path, flags);
        }
        fd as c_int
    }

    /// Kernels before 5.6 don't have the call, and some containers don't let it pass.
    fn is_refused() -> bool {
        let kind = Error::last_os_error().kind();
        matches!(kind, ErrorKind::Unsupported | ErrorKind::PermissionDenied)
    }
}

/// Elsewhere there is no call that does all of it, so that this floor is lower than it could be.
#[cfg(not(target_os = "linux"))]
mod system {
    pub const PATH_ONLY: std::ffi::c_int = 0;

    pub use super::without_rules as open;
}
