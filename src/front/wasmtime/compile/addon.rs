//! Which file this code is in.
#![allow(unsafe_code)] // Asks the dynamic loader.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The file that was loaded into this process.
///
/// Errors: that it is gone, or was never a file of its own.
pub fn path() -> std::io::Result<PathBuf> {
    let mut found = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: writes to a local; the address is one of this code.
    let name = unsafe {
        if libc::dladdr(path as *const libc::c_void, found.as_mut_ptr()) == 0 {
            return Err(std::io::ErrorKind::NotFound.into());
        }
        // SAFETY: written by `dladdr`; zero is valid as well.
        found.assume_init().dli_fname
    };
    if name.is_null() {
        return Err(std::io::ErrorKind::NotFound.into());
    }
    // SAFETY: the loader's own string, which stays as long as the addon is loaded.
    let name = unsafe { CStr::from_ptr(name) };
    std::fs::canonicalize(OsStr::from_bytes(name.to_bytes()))
}
