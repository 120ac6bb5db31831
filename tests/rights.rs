//! Rights: every function needs its own, they only shrink, and they are inherited.

mod common;

use common::ops::Open;
use common::rights::*;
use common::valid::{VALID, sandbox};
use common::{Errno, Failure, Guest, ROOT, fdflags, oflags, rights, whence};

/// Leaves a descriptor these rights, inherited ones as they are.
fn keep(guest: &mut Guest, fd: u64, base: u64) {
    let stat = guest.fdstat(fd).unwrap();
    let arguments = [fd, stat.base & base, stat.inheriting];
    guest.call("fd_fdstat_set_rights", &arguments).unwrap();
}

fn bits(rights: u64) -> impl Iterator<Item = u64> {
    (0..64).map(|bit| 1 << bit).filter(move |bit| rights & bit != 0)
}

#[test]
fn every_function_without_one_of_its_rights_is_enotcapable_and_does_nothing() {
    for valid in VALID {
        for &(fd, needed) in valid.rights {
            for missing in bits(needed) {
                let (mut guest, arguments) = (valid.prepare)();
                keep(&mut guest, arguments[fd], !missing);
                let end = guest.try_call(valid.name, &arguments);
                let expected = Err(Failure::Errno(Errno::NotCapable));
                assert_eq!(end, expected, "{} {missing:x}", valid.name);
                assert!(!guest.host("new").exists(), "{}", valid.name);
            }
        }
    }
}

#[test]
fn every_function_with_only_its_rights_succeeds() {
    for valid in VALID {
        let (mut guest, arguments) = (valid.prepare)();
        for &(fd, needed) in valid.rights {
            keep(&mut guest, arguments[fd], needed);
        }
        let end = guest.try_call(valid.name, &arguments);
        assert_eq!(end, valid.end, "{}", valid.name);
    }
}

#[test]
fn functions_that_need_no_right_succeed_without_any() {
    let mut guest = sandbox();
    let (one, two) = (guest.create("file"), guest.create("file"));
    for fd in [one, two, ROOT] {
        guest.call("fd_fdstat_set_rights", &[fd, 0, 0]).unwrap();
    }
    let stat = guest.fdstat(one).unwrap();
    assert_eq!((stat.base, stat.inheriting), (0, 0));
    guest.call("fd_fdstat_set_rights", &[one, 0, 0]).unwrap();
    guest.call("fd_prestat_get", &[ROOT, 64]).unwrap();
    guest.call("fd_prestat_dir_name", &[ROOT, 128, 8]).unwrap();
    guest.call("fd_renumber", &[one, two]).unwrap();
    guest.close(two).unwrap();
    guest.close(ROOT).unwrap();
}

#[test]
fn rights_only_shrink() {
    let mut guest = sandbox();
    let set = |guest: &mut Guest, base, inheriting| {
        guest.call("fd_fdstat_set_rights", &[ROOT, base, inheriting])
    };
    set(&mut guest, DIRECTORY, DIRECTORY_INHERITING).unwrap();
    set(&mut guest, PATH_OPEN | FD_READDIR, FD_READ | FD_SEEK).unwrap();
    for (base, inheriting) in [
        (PATH_OPEN | FD_READDIR | PATH_READLINK, FD_READ),
        (PATH_OPEN, FD_READ | FD_WRITE),
        (DIRECTORY, DIRECTORY_INHERITING),
        (FD_READ, 0),
        (1 << 40, 0),
        (0, 1 << 63),
        (u64::MAX, u64::MAX),
    ] {
        let answer = set(&mut guest, base, inheriting);
        assert_eq!(answer, Err(Errno::NotCapable), "{base:x} {inheriting:x}");
        let stat = guest.fdstat(ROOT).unwrap();
        assert_eq!((stat.base, stat.inheriting), (PATH_OPEN | FD_READDIR, FD_READ | FD_SEEK));
    }
    set(&mut guest, PATH_OPEN, FD_READ).unwrap();
    let stat = guest.fdstat(ROOT).unwrap();
    assert_eq!((stat.base, stat.inheriting), (PATH_OPEN, FD_READ));
}

#[test]
fn a_right_given_up_is_gone_for_this_descriptor_only() {
    let mut guest = sandbox();
    let (one, two) = (guest.create("file"), guest.create("file"));
    keep(&mut guest, one, !FD_WRITE);
    assert_eq!(guest.write(one, "x"), Err(Errno::NotCapable));
    assert_eq!(guest.write(two, "x"), Ok(1));
    assert_eq!(guest.read(one, 2).unwrap(), b"x1");
}

#[test]
fn a_file_has_the_rights_it_was_opened_with_that_files_can_have() {
    let mut guest = sandbox();
    for right in bits(DIRECTORY_INHERITING) {
        let open = Open { base: right, inheriting: right, ..Open::default() };
        let fd = guest.open(ROOT, "file", open).unwrap();
        let stat = guest.fdstat(fd).unwrap();
        assert_eq!((stat.base, stat.inheriting), (right & rights::FILE, 0), "{right:x}");
        guest.close(fd).unwrap();
    }
}

#[test]
fn a_directory_has_the_rights_it_was_opened_with_that_directories_can_have() {
    let mut guest = sandbox();
    let writing = FD_DATASYNC | FD_WRITE | FD_ALLOCATE | FD_FILESTAT_SET_SIZE;
    for right in bits(DIRECTORY_INHERITING & !writing) {
        let open = Open { base: right, inheriting: right, ..Open::default() };
        let fd = guest.open(ROOT, "dir", open).unwrap();
        let stat = guest.fdstat(fd).unwrap();
        assert_eq!((stat.base, stat.inheriting), (right & DIRECTORY, right), "{right:x}");
        guest.close(fd).unwrap();
    }
}

#[test]
fn what_a_directory_does_not_let_inherit_can_not_be_asked_for() {
    let mut guest = sandbox();
    let inheriting = FD_READ | FD_SEEK | PATH_OPEN;
    guest.call("fd_fdstat_set_rights", &[ROOT, DIRECTORY, inheriting]).unwrap();
    for right in bits(!inheriting) {
        for (base, inheriting) in [(right, 0), (0, right), (right | FD_READ, FD_READ)] {
            let open = Open { base, inheriting, oflags: oflags::CREAT, ..Open::default() };
            let answer = guest.open(ROOT, "new", open);
            assert_eq!(answer, Err(Errno::NotCapable), "{right:x}");
        }
    }
    assert!(!guest.host("new").exists());
    let open = Open { base: FD_READ, inheriting, ..Open::default() };
    assert!(guest.open(ROOT, "file", open).is_ok());
}

#[test]
fn inheriting_shrinks_from_directory_to_directory() {
    let mut guest = sandbox();
    guest.file("dir/file", "inner");
    let open =
        Open { oflags: oflags::DIRECTORY, base: PATH_OPEN, inheriting: FD_READ, ..Open::default() };
    let directory = guest.open(ROOT, "dir", open).unwrap();
    let stat = guest.fdstat(directory).unwrap();
    assert_eq!((stat.base, stat.inheriting), (PATH_OPEN, FD_READ));
    let fd = guest.open(directory, "file", Open::with(0, FD_READ)).unwrap();
    assert_eq!(guest.read(fd, 9).unwrap(), b"inner");
    for base in [FD_WRITE, FD_READ | FD_SEEK, PATH_OPEN] {
        let answer = guest.open(directory, "file", Open::with(0, base));
        assert_eq!(answer, Err(Errno::NotCapable), "{base:x}");
    }
    let answer = guest.open(directory, "new", Open::with(oflags::CREAT, 0));
    assert_eq!(answer, Err(Errno::NotCapable));
    let answer = guest.on_path("path_create_directory", directory, "new");
    assert_eq!(answer, Err(Errno::NotCapable));
}

#[test]
fn creating_and_truncating_need_rights_of_the_directory_only_when_asked_for() {
    let mut guest = sandbox();
    keep(&mut guest, ROOT, PATH_OPEN);
    let open = |oflags| Open::with(oflags, FD_READ);
    assert!(guest.open(ROOT, "file", open(0)).is_ok());
    for oflags in [oflags::CREAT, oflags::TRUNC, oflags::CREAT | oflags::TRUNC] {
        let answer = guest.open(ROOT, "file", open(oflags));
        assert_eq!(answer, Err(Errno::NotCapable));
    }
    assert_eq!(std::fs::read(guest.host("file")).unwrap(), b"0123456789");
}

#[test]
fn truncating_by_open_does_not_depend_on_the_inherited_right_to_set_the_size() {
    let mut guest = sandbox();
    let inheriting = DIRECTORY_INHERITING & !FD_FILESTAT_SET_SIZE;
    guest.call("fd_fdstat_set_rights", &[ROOT, DIRECTORY, inheriting]).unwrap();
    guest.open(ROOT, "file", Open::with(oflags::TRUNC, 0)).unwrap();
    assert_eq!(std::fs::read(guest.host("file")).unwrap(), b"");
}

#[test]
fn synchronizing_flags_need_an_inherited_right_to_synchronize() {
    for (flags, needed) in
        [(fdflags::DSYNC, FD_DATASYNC), (fdflags::SYNC, FD_SYNC), (fdflags::RSYNC, FD_SYNC)]
    {
        let mut guest = sandbox();
        let open = Open::with(0, FD_READ).flagged(flags);
        guest.open(ROOT, "file", open).unwrap();
        let inheriting = DIRECTORY_INHERITING & !needed;
        guest.call("fd_fdstat_set_rights", &[ROOT, DIRECTORY, inheriting]).unwrap();
        let answer = guest.open(ROOT, "file", open);
        assert_eq!(answer, Err(Errno::NotCapable), "{flags}");
    }
}

#[test]
fn the_right_to_seek_is_also_the_right_to_tell() {
    let mut guest = sandbox();
    let fd = guest.create("file");
    keep(&mut guest, fd, FD_SEEK);
    assert_eq!(guest.seek(fd, 4, whence::SET), Ok(4));
    assert_eq!(guest.tell(fd), Ok(4));
}

#[test]
fn the_right_to_tell_is_enough_for_a_seek_that_moves_nothing() {
    let mut guest = sandbox();
    let fd = guest.create("file");
    keep(&mut guest, fd, FD_TELL);
    assert_eq!(guest.seek(fd, 0, whence::CUR), Ok(0));
    for (offset, whence) in [(1, whence::CUR), (0, whence::SET), (0, whence::END)] {
        assert_eq!(guest.seek(fd, offset, whence), Err(Errno::NotCapable));
    }
    keep(&mut guest, fd, 0);
    assert_eq!(guest.seek(fd, 0, whence::CUR), Err(Errno::NotCapable));
    assert_eq!(guest.tell(fd), Err(Errno::NotCapable));
}

#[test]
fn a_preopen_reopens_itself_with_its_own_rights() {
    let mut guest = sandbox();
    let stat = guest.fdstat(ROOT).unwrap();
    let open = Open {
        oflags: oflags::DIRECTORY,
        base: stat.base,
        inheriting: stat.inheriting,
        ..Open::default()
    };
    let fd = guest.open(ROOT, ".", open).unwrap();
    assert_eq!(guest.fdstat(fd), Ok(stat));
}

#[test]
fn creating_a_file_adds_no_rights() {
    let mut guest = sandbox();
    let open = |oflags| Open { base: DIRECTORY_INHERITING & !PATH_OPEN, oflags, ..Open::default() };
    let created = guest.open(ROOT, "new", open(oflags::CREAT)).unwrap();
    let opened = guest.open(ROOT, "new", open(0)).unwrap();
    assert_eq!(guest.fdstat(created), guest.fdstat(opened));
}

/// The descriptor and what it is come before its rights.
#[test]
fn on_a_descriptor_without_rights_the_path_is_not_looked_at() {
    let mut guest = sandbox();
    keep(&mut guest, ROOT, 0);
    for path in ["", "\0", "/", "..", "missing/x"] {
        assert_eq!(guest.mkdir(path), Err(Errno::NotCapable), "{path:?}");
        assert_eq!(guest.unlink(path), Err(Errno::NotCapable), "{path:?}");
        assert_eq!(guest.readlink(path, 9), Err(Errno::NotCapable), "{path:?}");
    }
}
