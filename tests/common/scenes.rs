//! Sandboxes that several test files start from, and looks at them from the host.

use super::Guest;

/// Content of a file in the sandbox.
pub fn content(guest: &Guest, path: &str) -> Vec<u8> {
    std::fs::read(guest.host(path)).unwrap()
}

/// Whether there is anything by this name in the sandbox.
pub fn exists(guest: &Guest, path: &str) -> bool {
    guest.host(path).symlink_metadata().is_ok()
}

/// A file, a directory with a file in it, an empty one, links to each, and one to nothing.
pub fn sandbox() -> Guest {
    let guest = Guest::new();
    guest.file("file", "0123456789");
    guest.dir("dir");
    guest.file("dir/inner", "inner");
    guest.dir("empty");
    guest.link("file", "to_file");
    guest.link("dir", "to_dir");
    guest.link("nothing", "dangling");
    guest
}

/// A guest and a file of the digits, open for everything.
pub fn digits() -> (Guest, u64) {
    let mut guest = Guest::new();
    guest.file("file", "0123456789");
    let fd = guest.create("file");
    (guest, fd)
}
