//! What is said when a guest can't have a directory or a stream that it was to get. Both fronts say
//! the same: first what `node:wasi` says, then more.

use std::path::{Path, PathBuf};

use crate::system::Errno;

/// As `node:wasi` calls what fails.
pub const SYSCALL: &str = "uvwasi_init";

/// As `error.code`.
pub fn code(error: Errno) -> String {
    format!("UVWASI_{}", error.name())
}

/// All that `node:wasi` says.
fn base(error: Errno) -> String {
    format!("{}, {SYSCALL}", code(error))
}

const TOO_MANY: &str = "too many open descriptors, see options.maxFiles";

/// Of neither a directory nor a certain stream.
pub fn message(error: Errno) -> String {
    match error {
        Errno::Mfile => format!("{}: {TOO_MANY}", base(error)),
        _ => base(error),
    }
}

/// Of a directory: a path of the host, and what the guest would call it. In the form that errors of
/// `node:fs` about two paths have.
pub fn preopen(error: Errno, path: &str, name: &str) -> String {
    let reason = match error {
        Errno::NoEnt => "no such directory",
        Errno::NotDir => "not a directory",
        Errno::Acces | Errno::Perm => "permission denied",
        Errno::Mfile => TOO_MANY,
        _ => "it can't be opened",
    };
    let said = base(error);
    let swapped = if error == Errno::NoEnt && look_swapped(path, name) { SWAPPED } else { "" };
    format!(
        "{said} '{path}' -> '{name}': {reason}. Check options.preopens['{name}']{}{swapped}",
        where_is(path)
    )
}

const SWAPPED: &str = ". Keys are paths of the guest, values are paths on the host";

/// Whether the path of the host, which is missing, may be meant as the one of the guest.
fn look_swapped(path: &str, name: &str) -> bool {
    !matches!(name, "/" | ".") && Path::new(path).is_absolute() && Path::new(name).is_dir()
}

/// What a relative path means.
pub fn where_is(path: &str) -> String {
    let absolute = match std::env::current_dir() {
        Ok(here) if !path.is_empty() && Path::new(path).is_relative() => here.join(path),
        _ => return String::new(),
    };
    // Without the dots that mean nothing.
    let absolute: PathBuf = absolute.components().collect();
    format!(", which resolves to '{}'", absolute.display())
}

/// Of a standard stream by its name.
pub fn stream(error: Errno, name: &str, fd: i32) -> String {
    let reason = match error {
        Errno::Badf => "is not open",
        _ => "can't be used",
    };
    format!("{} options.{name}: descriptor {fd} {reason}", base(error))
}
