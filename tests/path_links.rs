//! Hard and symbolic links.

mod common;

use common::scenes::{content, exists, sandbox};
use common::{Errno, ROOT, filetype};

#[test]
fn a_hard_link_is_the_same_file() {
    let mut guest = sandbox();
    guest.hard_link(false, "file", "dir/second").unwrap();
    let first = guest.path_filestat(ROOT, false, "file").unwrap();
    assert_eq!(guest.path_filestat(ROOT, false, "dir/second"), Ok(first));
    assert_eq!(first.nlink, 2);
}

#[test]
fn a_hard_link_goes_from_one_directory_to_another() {
    let mut guest = sandbox();
    let directory = guest.open_dir("dir");
    guest.link_between((directory, b"inner"), false, (ROOT, b"outer")).unwrap();
    assert_eq!(content(&guest, "outer"), b"inner");
}

#[test]
fn a_link_to_a_symbolic_link_is_to_the_link_unless_it_is_followed() {
    let mut guest = sandbox();
    for (path, new) in [("to_file", "one"), ("dangling", "two"), ("to_dir", "three")] {
        guest.hard_link(false, path, new).unwrap();
        let stat = guest.path_filestat(ROOT, false, new).unwrap();
        assert_eq!((stat.filetype, stat.nlink), (filetype::SYMBOLIC_LINK, 2));
    }
    guest.hard_link(true, "to_file", "four").unwrap();
    assert_eq!(content(&guest, "four"), b"0123456789");
    let stat = guest.path_filestat(ROOT, false, "four").unwrap();
    assert_eq!((stat.filetype, stat.nlink), (filetype::REGULAR_FILE, 2));
    let answer = guest.hard_link(true, "dangling", "five");
    assert_eq!(answer, Err(Errno::NoEnt));
}

#[test]
fn what_can_not_be_linked_is_refused() {
    let mut guest = sandbox();
    for (old, new, errno) in [
        ("file", "file", Errno::Exist),
        ("file", "dir", Errno::Exist),
        ("file", "dangling", Errno::Exist),
        ("file", "new/", Errno::NoEnt),
        ("file", "missing/new", Errno::NoEnt),
        ("file", "file/new", Errno::NotDir),
        ("missing", "new", Errno::NoEnt),
        ("file/", "new", Errno::NotDir),
        ("dir", "new", Errno::Perm),
        ("dir/", "new", Errno::Perm),
        (".", "new", Errno::Perm),
    ] {
        for follow in [false, true] {
            let answer = guest.hard_link(follow, old, new);
            assert_eq!(answer, Err(errno), "{old} -> {new}, {follow}");
        }
    }
    assert!(!exists(&guest, "new"));
}

#[test]
fn readlink_gives_as_much_of_the_content_as_fits_and_no_nul() {
    let mut guest = sandbox();
    guest.link("t".repeat(3000), "long");
    for room in 0..12 {
        let expected = &b"nothing"[..room.min(7)];
        assert_eq!(guest.readlink("dangling", room).unwrap(), expected);
    }
    assert_eq!(guest.readlink("long", 4096).unwrap(), [b't'; 3000]);
    for (path, errno) in [
        ("file", Errno::Inval),
        ("dir", Errno::Inval),
        (".", Errno::Inval),
        ("to_dir/", Errno::Inval),
        ("to_file/", Errno::NotDir),
        ("dangling/", Errno::NoEnt),
        ("missing", Errno::NoEnt),
        ("file/x", Errno::NotDir),
    ] {
        assert_eq!(guest.readlink(path, 100), Err(errno), "{path}");
    }
}

#[test]
fn a_symbolic_link_keeps_its_content_as_it_is() {
    let mut guest = sandbox();
    for content in ["file", "../../..", "a//b/./", "ä", " ", "same"] {
        guest.symlink(content, "same").unwrap();
        assert_eq!(guest.readlink("same", 100).unwrap(), content.as_bytes());
        guest.unlink("same").unwrap();
    }
}

#[test]
fn a_symbolic_link_replaces_nothing_and_can_not_end_in_a_slash() {
    let mut guest = sandbox();
    for (path, errno) in [
        ("file", Errno::Exist),
        ("dir", Errno::Exist),
        ("dir/", Errno::Exist),
        ("dangling", Errno::Exist),
        ("new/", Errno::NoEnt),
        ("file/", Errno::NotDir),
        ("missing/new", Errno::NoEnt),
        (".", Errno::Exist),
    ] {
        assert_eq!(guest.symlink("file", path), Err(errno), "{path}");
    }
    assert_eq!(guest.symlink("/file", "new"), Err(Errno::Perm));
    assert!(!exists(&guest, "new"));
}

/// On a kernel without `openat2`.
#[test]
fn all_of_this_holds_for_the_walk_in_user_space() {
    common::repeat_on_the_walk("all_of_this_holds_for_the_walk_in_user_space");
}
