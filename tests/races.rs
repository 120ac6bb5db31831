//! Every operation on a path while the host exchanges a component of it for a link to the outside:
//! nothing outside ever changes, and the guest learns nothing about it.
//!
//! `WASI_RS_RACE_SECONDS` is how long each family races; `scripts/race.mjs` gives it time.

mod common;
mod race;

use race::{operations, race};

#[test]
fn open() {
    race("open", operations::OPEN);
}

#[test]
fn stat() {
    race("stat", operations::STAT);
}

#[test]
fn unlink() {
    race("unlink", operations::UNLINK);
}

#[test]
fn rename() {
    race("rename", operations::RENAME);
}

#[test]
fn mkdir() {
    race("mkdir", operations::MKDIR);
}

#[test]
fn rmdir() {
    race("rmdir", operations::RMDIR);
}

#[test]
fn link() {
    race("link", operations::LINK);
}

#[test]
fn readlink() {
    race("readlink", operations::READLINK);
}

#[test]
fn symlink() {
    race("symlink", operations::SYMLINK);
}

#[test]
fn set_times() {
    race("set_times", operations::SET_TIMES);
}

#[test]
fn readdir() {
    race("readdir", operations::READDIR);
}

/// On a kernel without `openat2`.
#[test]
fn all_of_this_holds_for_the_walk_in_user_space() {
    common::repeat_on_the_walk("all_of_this_holds_for_the_walk_in_user_space");
}
