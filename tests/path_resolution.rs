//! Where a path leads, for every function that takes one: nowhere but beneath its directory.

mod common;

use std::path::Path;

use common::ops::Open;
use common::paths::{OPERATIONS, Operation};
use common::rights::{FD_READ, FD_WRITE};
use common::{Errno, Guest, OUTSIDE, ROOT, oflags};

/// Files, directories, links that stay inside and links that don't; a secret beside it all.
fn sandbox() -> Guest {
    let guest = Guest::new();
    std::fs::write(guest.outside("secret"), "secret").unwrap();
    std::fs::create_dir(guest.outside("outside")).unwrap();
    std::fs::write(guest.outside("outside/secret"), "secret").unwrap();
    guest.file("file", "inside");
    guest.file("spare", "spare");
    guest.dir("dir");
    guest.file("dir/inner", "inner");
    guest.dir("dir/sub");
    guest.dir("empty");
    guest.link("file", "to_file");
    guest.link("dir", "to_dir");
    guest.link("..", "dir/back");
    guest.link("../../file", "dir/sub/to_file");
    guest.link("nothing", "dangling");
    guest.link("..", "up");
    guest.link("../..", "dir/up");
    guest.link("up", "chain");
    guest.link("/", "slash");
    guest.link(guest.outside("outside"), "absolute");
    guest.link("../outside", "relative");
    guest.link(guest.host(""), "itself_absolute");
    guest.link("../sandbox", "itself_relative");
    guest
}

/// What lies beside the sandbox: names, contents and times of change.
fn beside(guest: &Guest) -> Vec<(String, Vec<u8>, i128)> {
    fn visit(path: &Path, found: &mut Vec<(String, Vec<u8>, i128)>) {
        use std::os::unix::fs::MetadataExt;
        let stat = path.symlink_metadata().unwrap();
        let content = std::fs::read(path).unwrap_or_default();
        let times = i128::from(stat.mtime()) << 64 | i128::from(stat.ctime_nsec());
        found.push((path.display().to_string(), content, times));
        for entry in std::fs::read_dir(path).into_iter().flatten() {
            visit(&entry.unwrap().path(), found);
        }
    }
    let mut found = Vec::new();
    for path in ["secret", "outside"] {
        visit(&guest.outside(path), &mut found);
    }
    let entries = std::fs::read_dir(guest.outside("")).unwrap();
    found.push((String::new(), Vec::new(), entries.count() as i128));
    found.sort();
    found
}

/// Every operation on every path: the error, and nothing has changed beside the sandbox.
fn assert_all_refused(paths: &[&str], errno: Errno) {
    let mut guest = sandbox();
    let before = beside(&guest);
    for path in paths {
        for Operation { name, run, .. } in OPERATIONS {
            let answer = run(&mut guest, path.as_bytes());
            assert_eq!(answer, Err(errno), "{name} {path}");
        }
        assert_eq!(beside(&guest), before, "{path}");
    }
}

#[test]
fn every_way_to_name_something_inside_is_as_good_as_its_name() {
    for Operation { name, good, run, .. } in OPERATIONS {
        for way in [
            "",
            "./",
            ".//.///",
            "dir/../",
            "dir/sub/../../",
            "dir/sub/.././../",
            "to_dir/../",
            "to_dir/back/",
            "dir/back/dir/back/",
            "dir/back/dir/../to_dir/sub/../../",
        ] {
            let mut guest = sandbox();
            let answer = run(&mut guest, format!("{way}{good}").as_bytes());
            assert_eq!(answer, Ok(()), "{name} {way}{good}");
        }
    }
}

#[test]
fn dots_that_lead_outside_are_refused() {
    assert_all_refused(
        &[
            "../secret",
            "../new",
            "../sandbox/file",
            "../outside/secret",
            "..//outside/secret",
            "./../secret",
            "dir/../../secret",
            "dir/sub/../../../secret",
            "to_dir/../../secret",
            "dir/back/../secret",
            "../../../../../../../../etc/passwd",
            "../missing/secret",
        ],
        OUTSIDE,
    );
}

#[test]
fn a_path_that_ends_outside_with_dots_is_refused() {
    assert_all_refused(
        &["..", "../", "../.", "./..", "dir/../..", "dir/back/..", "../.."],
        OUTSIDE,
    );
}

#[test]
fn an_absolute_path_is_refused_even_if_it_would_lead_inside() {
    let guest = sandbox();
    let inside = guest.host("file");
    assert_all_refused(
        &[
            "/",
            "//",
            "/.",
            "/..",
            "/file",
            "/sandbox/file",
            "/etc/passwd",
            inside.to_str().unwrap(),
        ],
        OUTSIDE,
    );
}

#[test]
fn a_link_on_the_way_that_leads_outside_is_refused() {
    let ways = [
        "up/secret",
        "up/new",
        "dir/up/secret",
        "to_dir/up/secret",
        "chain/secret",
        "slash/etc/passwd",
        "absolute/secret",
        "absolute/new",
        "absolute/missing/new",
        "relative/secret",
        "itself_absolute/file",
        "itself_relative/file",
        "dir/back/up/sandbox/file",
    ];
    assert_all_refused(&ways, OUTSIDE);
}

#[test]
fn a_link_at_the_end_that_leads_outside_is_refused_when_followed() {
    for path in ["up", "dir/up", "chain", "slash", "absolute", "relative", "itself_absolute"] {
        for Operation { name, run, follows, .. } in OPERATIONS {
            let mut guest = sandbox();
            let before = beside(&guest);
            let answer = run(&mut guest, path.as_bytes());
            if *follows {
                assert_eq!(answer, Err(OUTSIDE), "{name} {path}");
            }
            assert_eq!(beside(&guest), before, "{name} {path}");
        }
    }
}

#[test]
fn a_link_to_a_file_outside_is_not_created_through() {
    let mut guest = sandbox();
    guest.link("../made", "make");
    guest.link(guest.outside("made"), "make_absolute");
    for path in ["make", "make_absolute"] {
        for flags in [oflags::CREAT, oflags::CREAT | oflags::TRUNC] {
            let open = Open::with(flags, FD_WRITE);
            let answer = guest.open(ROOT, path, open.following());
            assert_eq!(answer, Err(OUTSIDE), "{path}");
            assert_eq!(guest.open(ROOT, path, open), Err(Errno::Loop), "{path}");
        }
    }
    assert!(!guest.outside("made").exists());
}

/// What changes the directory says that there is a link; what looks further is held inside.
#[test]
fn a_link_that_leads_outside_and_a_slash_are_refused() {
    let named = ["create", "remove", "unlink", "link to", "rename", "symlink"];
    let mut guest = sandbox();
    let before = beside(&guest);
    for path in ["up/", "absolute/", "relative//", "slash/", "absolute/."] {
        for Operation { name, run, .. } in OPERATIONS {
            let errno = run(&mut guest, path.as_bytes()).unwrap_err();
            let creates = *name == "open, create" || *name == "open, create, follow";
            if !creates && !named.iter().any(|start| name.starts_with(start)) {
                assert_eq!(errno, OUTSIDE, "{name} {path}");
            }
        }
        assert_eq!(beside(&guest), before, "{path}");
    }
}

#[test]
fn the_link_itself_can_be_looked_at_moved_and_removed() {
    let mut guest = sandbox();
    let before = beside(&guest);
    for path in ["up", "absolute", "slash", "relative"] {
        let stat = guest.path_filestat(ROOT, false, path).unwrap();
        assert_eq!(stat.filetype, common::filetype::SYMBOLIC_LINK);
        guest.readlink(path, 100).unwrap();
        guest.path_times(false, path, [1, 2, 5]).unwrap();
        guest.hard_link(false, path, "hard").unwrap();
        guest.rename(path, "moved").unwrap();
        guest.unlink("moved").unwrap();
        guest.unlink("hard").unwrap();
    }
    assert_eq!(beside(&guest), before);
}

#[test]
fn a_directory_opened_by_the_guest_is_a_root_of_its_own() {
    let mut guest = sandbox();
    let directory = guest.open_dir("dir");
    let open = Open::with(0, FD_READ).following();
    for path in ["../file", "..", "back/file", "sub/to_file", "sub/../../file"] {
        assert_eq!(guest.open(directory, path, open), Err(OUTSIDE), "{path}");
    }
    assert_eq!(guest.open(ROOT, "dir/sub/to_file", open), Ok(5));
    assert_eq!(guest.open(directory, "sub/../inner", open), Ok(6));
}

#[test]
fn what_is_missing_or_no_directory_stops_the_path() {
    assert_all_refused(
        &["missing/x", "missing/../file", "missing/..", "dangling/x", "dangling/../file"],
        Errno::NoEnt,
    );
    assert_all_refused(
        &["file/x", "file/../file", "dir/inner/../inner", "to_file/x", "file/./x"],
        Errno::NotDir,
    );
}

#[test]
fn bad_text_is_refused_by_every_function_before_anything_is_looked_up() {
    let long = "./".repeat(2044) + "12345678";
    let huge = "x/".repeat(25_000);
    assert_eq!(long.len(), 4096);
    for (path, errno) in [
        (&b""[..], Errno::NoEnt),
        (b"\0", Errno::Inval),
        (b"file\0", Errno::Inval),
        (b"\0file", Errno::Inval),
        (b"fi\0le", Errno::Inval),
        (b"missing/\0", Errno::Inval),
        (b"\xFF", Errno::Ilseq),
        (b"file\xC3", Errno::Ilseq),
        (b"\xED\xA0\x80", Errno::Ilseq),
        (b"\xC0\xAE\xC0\xAE/secret", Errno::Ilseq),
        (b"missing/\xF8", Errno::Ilseq),
        (long.as_bytes(), Errno::NameTooLong),
        (huge.as_bytes(), Errno::NameTooLong),
    ] {
        let mut guest = sandbox();
        for Operation { name, run, .. } in OPERATIONS {
            let answer = run(&mut guest, path);
            let shown = String::from_utf8_lossy(&path[..path.len().min(20)]);
            assert_eq!(answer, Err(errno), "{name} {shown}");
        }
        let content = guest.symlink(path, "new");
        assert_eq!(content, Err(errno));
    }
}

#[test]
fn a_path_of_4095_bytes_is_good() {
    for Operation { name, good, run, .. } in OPERATIONS {
        // Slashes count, however many.
        let path = format!(".{}{good}", "/".repeat(4094 - good.len()));
        assert_eq!(path.len(), 4095);
        assert_eq!(run(&mut sandbox(), path.as_bytes()), Ok(()), "{name}");
    }
}

#[test]
fn a_name_of_255_bytes_is_good_and_a_longer_one_enametoolong() {
    let mut guest = sandbox();
    let name = "n".repeat(255);
    guest.mkdir(&name).unwrap();
    assert!(guest.names(ROOT).contains(&name));
    guest.rmdir(&name).unwrap();
    let name = "n".repeat(256);
    for path in [name.clone(), format!("{name}/x"), format!("dir/{name}")] {
        assert_all_refused(&[&path], Errno::NameTooLong);
    }
}

#[test]
fn names_are_any_unicode() {
    let mut guest = sandbox();
    for name in ["ä", "\u{1F600}", "a b", "\n", "...", "-", "\\", "e\u{301}", "\u{e9}", "*"] {
        guest.mkdir(name).unwrap();
        assert!(guest.host(name).is_dir(), "{name:?}");
    }
}

#[test]
fn links_that_never_end_are_eloop() {
    let mut guest = sandbox();
    guest.link("pong", "ping");
    guest.link("ping", "pong");
    guest.link("grows/x", "grows");
    for path in ["ping", "ping/x", "grows", "grows/y"] {
        let open = Open::with(0, FD_READ).following();
        assert_eq!(guest.open(ROOT, path, open), Err(Errno::Loop), "{path}");
        assert_eq!(guest.path_filestat(ROOT, true, path), Err(Errno::Loop));
    }
    for Operation { name, run, .. } in OPERATIONS {
        assert_eq!(run(&mut guest, b"ping/x"), Err(Errno::Loop), "{name}");
    }
}

#[test]
fn forty_links_are_followed_and_one_more_is_eloop() {
    let mut guest = sandbox();
    guest.link("file", "link 1");
    guest.link("dir", "dirs 1");
    for n in 2..=41 {
        guest.link(format!("link {}", n - 1), &format!("link {n}"));
        guest.link(format!("dirs {}", n - 1), &format!("dirs {n}"));
    }
    let open = Open::with(0, FD_READ).following();
    assert!(guest.open(ROOT, "link 40", open).is_ok());
    assert_eq!(guest.open(ROOT, "link 41", open), Err(Errno::Loop));
    assert!(guest.open(ROOT, "dirs 40/inner", open).is_ok());
    assert_eq!(guest.open(ROOT, "dirs 41/inner", open), Err(Errno::Loop));
    assert!(guest.path_filestat(ROOT, true, "dirs 20/back/link 19").is_ok());
}

/// On a kernel without `openat2`.
#[test]
fn all_of_this_holds_for_the_walk_in_user_space() {
    common::repeat_on_the_walk("all_of_this_holds_for_the_walk_in_user_space");
}
