//! Every function that takes a path, in every way that resolves differently.

use super::ops::Open;
use super::rights::{FD_READ, FD_WRITE};
use super::{Answer, Guest, ROOT, oflags};

pub struct Operation {
    pub name: &'static str,
    /// Something in the sandbox that it succeeds on.
    pub good: &'static str,
    /// Whether it follows a link at the end of the path.
    pub follows: bool,
    pub run: fn(&mut Guest, &[u8]) -> Answer,
}

macro_rules! operations {
    ($($name:literal $good:literal $follows:literal $run:expr,)*) => {
        pub const OPERATIONS: &[Operation] = &[
            $(Operation { name: $name, good: $good, follows: $follows, run: $run },)*
        ];
    };
}

operations! {
    "create_directory" "new" false |guest, path| guest.mkdir(path),
    "remove_directory" "empty" false |guest, path| guest.rmdir(path),
    "unlink_file" "file" false |guest, path| guest.unlink(path),
    "filestat_get" "file" false |guest, path| guest.path_filestat(ROOT, false, path).map(drop),
    "filestat_get, follow" "file" true
        |guest, path| guest.path_filestat(ROOT, true, path).map(drop),
    "filestat_set_times" "file" false |guest, path| guest.path_times(false, path, [1, 2, 5]),
    "filestat_set_times, follow" "file" true
        |guest, path| guest.path_times(true, path, [1, 2, 5]),
    "link from" "file" false |guest, path| guest.hard_link(false, path, "hard"),
    "link from, follow" "file" true |guest, path| guest.hard_link(true, path, "hard"),
    "link to" "new" false |guest, path| guest.hard_link(false, "spare", path),
    "rename from" "file" false |guest, path| guest.rename(path, "renamed"),
    "rename to" "new" false |guest, path| guest.rename("spare", path),
    "symlink" "new" false |guest, path| guest.symlink("spare", path),
    "readlink" "to_file" false |guest, path| guest.readlink(path, 100).map(drop),
    "open" "file" false |guest, path| open(guest, path, Open::with(0, FD_READ)),
    "open a directory" "dir" false
        |guest, path| open(guest, path, Open::with(oflags::DIRECTORY, FD_READ)),
    "open, truncate" "file" false
        |guest, path| open(guest, path, Open::with(oflags::TRUNC, FD_WRITE)),
    "open, create" "new" false
        |guest, path| open(guest, path, Open::with(oflags::CREAT, FD_WRITE)),
    "open, follow" "file" true
        |guest, path| open(guest, path, Open::with(0, FD_READ).following()),
    "open, create, follow" "new" true
        |guest, path| open(guest, path, Open::with(oflags::CREAT, FD_WRITE).following()),
}

fn open(guest: &mut Guest, path: &[u8], open: Open) -> Answer {
    let fd = guest.open(ROOT, path, open)?;
    guest.close(fd)
}
