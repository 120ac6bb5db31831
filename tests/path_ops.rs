//! What every `path_*` function does to what a path names. How paths are resolved is in
//! `path_resolution.rs`.

mod common;

use common::ops::Open;
use common::records::Filestat;
use common::rights::{self, FD_FILESTAT_SET_SIZE, FD_READ, FD_READDIR, FD_WRITE};
use common::scenes::{content, exists, sandbox};
use common::{CLOSED, Errno, Guest, ROOT, fdflags, filetype, oflags};

#[test]
fn a_directory_is_created_once() {
    let mut guest = sandbox();
    guest.mkdir("new").unwrap();
    guest.mkdir("new/nested").unwrap();
    guest.mkdir("new/slash/").unwrap();
    assert!(guest.host("new/nested").is_dir() && guest.host("new/slash").is_dir());
    for path in ["new", "new/", "file", "file/", "to_dir", "dangling", ".", "dir/.", "dir/.."] {
        assert_eq!(guest.mkdir(path), Err(Errno::Exist), "{path}");
    }
    assert_eq!(guest.mkdir("missing/new"), Err(Errno::NoEnt));
    assert_eq!(guest.mkdir("file/new"), Err(Errno::NotDir));
}

#[test]
fn only_an_empty_directory_is_removed() {
    let mut guest = sandbox();
    for (path, errno) in [
        ("dir", Errno::NotEmpty),
        ("dir/", Errno::NotEmpty),
        ("file", Errno::NotDir),
        ("file/", Errno::NotDir),
        ("to_dir", Errno::NotDir),
        ("to_dir/", Errno::NotDir),
        ("missing", Errno::NoEnt),
        ("empty/.", Errno::Inval),
        ("dir/..", Errno::NotEmpty),
    ] {
        assert_eq!(guest.rmdir(path), Err(errno), "{path}");
    }
    guest.rmdir("empty").unwrap();
    guest.mkdir("empty").unwrap();
    guest.rmdir("empty//").unwrap();
    assert!(!exists(&guest, "empty"));
}

#[test]
fn unlink_removes_files_and_links_but_no_directories() {
    let mut guest = sandbox();
    for (path, errno) in [
        ("dir", Errno::IsDir),
        ("dir/", Errno::IsDir),
        (".", Errno::IsDir),
        ("dir/..", Errno::IsDir),
        ("file/", Errno::NotDir),
        ("to_dir/", Errno::NotDir),
        ("missing", Errno::NoEnt),
        ("missing/", Errno::NoEnt),
        ("file/x", Errno::NotDir),
    ] {
        assert_eq!(guest.unlink(path), Err(errno), "{path}");
    }
    for path in ["to_file", "to_dir", "dangling", "dir/inner", "file"] {
        guest.unlink(path).unwrap();
        assert!(!exists(&guest, path), "{path}");
    }
    assert!(exists(&guest, "dir"));
}

#[test]
fn rename_moves_files_directories_and_links() {
    let mut guest = sandbox();
    let directory = guest.open_dir("dir");
    guest.rename("file", "new").unwrap();
    assert_eq!(content(&guest, "new"), b"0123456789");
    guest.rename("dir", "moved").unwrap();
    guest.rename("to_file", "link").unwrap();
    assert_eq!(guest.readlink("link", 100).unwrap(), b"file");
    guest.rename_between((directory, b"inner"), (ROOT, b"outer")).unwrap();
    guest.rename_between((ROOT, b"new"), (directory, b"inner")).unwrap();
    assert_eq!(content(&guest, "moved/inner"), b"0123456789");
    assert_eq!(content(&guest, "outer"), b"inner");
    for gone in ["file", "dir", "to_file", "new"] {
        assert!(!exists(&guest, gone), "{gone}");
    }
}

#[test]
fn rename_replaces_what_is_of_the_same_kind() {
    let mut guest = sandbox();
    guest.rename("dir/inner", "file").unwrap();
    assert_eq!(content(&guest, "file"), b"inner");
    guest.rename("file", "to_dir").unwrap();
    assert_eq!(content(&guest, "to_dir"), b"inner");
    guest.file("empty/something", "");
    guest.rename("empty", "dir").unwrap();
    assert!(exists(&guest, "dir/something"));
    guest.rename("dangling", "to_file").unwrap();
    assert_eq!(guest.readlink("to_file", 100).unwrap(), b"nothing");
    guest.rename("to_dir", "to_dir").unwrap();
}

#[test]
fn rename_with_trailing_slashes_is_for_directories() {
    for (old, new) in [("dir/", "new"), ("dir", "new/"), ("dir/", "empty/")] {
        let mut guest = sandbox();
        guest.rename(old, new).unwrap();
        assert!(!exists(&guest, "dir"));
        assert!(guest.host(new).join("inner").is_file());
    }
    for (old, new) in [("file/", "new"), ("file", "new/"), ("file/", "new/")] {
        let mut guest = sandbox();
        assert_eq!(guest.rename(old, new), Err(Errno::NotDir), "{old} {new}");
        assert!(exists(&guest, "file") && !exists(&guest, "new"));
    }
}

#[test]
fn rename_refuses_what_makes_no_sense() {
    let mut guest = sandbox();
    for (old, new, errno) in [
        ("missing", "new", Errno::NoEnt),
        ("file", "missing/new", Errno::NoEnt),
        ("file", "empty", Errno::IsDir),
        ("dir", "file", Errno::NotDir),
        ("empty", "dir", Errno::NotEmpty),
        ("dir", "dir/inside", Errno::Inval),
        ("file/x", "new", Errno::NotDir),
        ("to_dir/", "new", Errno::NotDir),
        (".", "new", Errno::Busy),
        ("dir", ".", Errno::Busy),
        ("dir/..", "new", Errno::Busy),
    ] {
        assert_eq!(guest.rename(old, new), Err(errno), "{old} -> {new}");
    }
    assert!(exists(&guest, "file") && exists(&guest, "dir/inner") && exists(&guest, "empty"));
}

#[test]
fn an_unlinked_file_lives_on_in_its_descriptors() {
    let mut guest = sandbox();
    let fd = guest.create("file");
    guest.unlink("file").unwrap();
    assert_eq!(guest.read(fd, 4).unwrap(), b"0123");
    assert_eq!(guest.filestat(fd).unwrap().nlink, 0);
    let new = guest.create("file");
    assert_eq!(guest.filestat(new).unwrap().size, 0);
}

#[test]
fn filestat_follows_a_link_only_when_asked() {
    let mut guest = sandbox();
    let of = |guest: &Guest, path: &str| Ok(Filestat::of_host(&guest.host(path)));
    for (path, target) in [("to_file", "file"), ("to_dir", "dir")] {
        let link = guest.path_filestat(ROOT, false, path);
        assert_eq!(link, of(&guest, path));
        assert_eq!(link.unwrap().filetype, filetype::SYMBOLIC_LINK);
        assert_eq!(guest.path_filestat(ROOT, true, path), of(&guest, target));
    }
    for path in ["file", "dir", "dir/inner", "dir/", "."] {
        for follow in [false, true] {
            let stat = guest.path_filestat(ROOT, follow, path);
            assert_eq!(stat, of(&guest, path), "{path}");
        }
    }
    assert_eq!(guest.path_filestat(ROOT, false, "dangling").unwrap().size, 7);
    let dangling = guest.path_filestat(ROOT, true, "dangling");
    assert_eq!(dangling, Err(Errno::NoEnt));
    let slash = guest.path_filestat(ROOT, false, "file/");
    assert_eq!(slash, Err(Errno::NotDir));
    let slash = guest.path_filestat(ROOT, false, "to_dir/");
    assert_eq!(slash, of(&guest, "dir"));
}

#[test]
fn times_are_set_on_the_link_or_on_what_it_names() {
    let mut guest = sandbox();
    let times = |guest: &mut Guest, path: &str| {
        let stat = guest.path_filestat(ROOT, false, path).unwrap();
        (stat.atim, stat.mtim)
    };
    for (path, target) in [("to_file", "file"), ("to_dir", "dir")] {
        let before = times(&mut guest, target);
        guest.path_times(false, path, [11, 22, 5]).unwrap();
        assert_eq!(times(&mut guest, path), (11, 22));
        assert_eq!(times(&mut guest, target), before);
        guest.path_times(true, path, [33, 44, 5]).unwrap();
        assert_eq!(times(&mut guest, path).1, 22);
        assert_eq!(times(&mut guest, target), (33, 44));
    }
    guest.path_times(false, "file", [5, 6, 4]).unwrap();
    assert_eq!(times(&mut guest, "file"), (33, 6));
    guest.path_times(false, "dangling", [7, 8, 5]).unwrap();
    assert_eq!(times(&mut guest, "dangling"), (7, 8));
    let answer = guest.path_times(true, "dangling", [7, 8, 5]);
    assert_eq!(answer, Err(Errno::NoEnt));
    let answer = guest.path_times(false, "file/", [7, 8, 5]);
    assert_eq!(answer, Err(Errno::NotDir));
}

#[test]
fn open_finds_creates_and_refuses_as_asked() {
    let mut guest = sandbox();
    use oflags::{CREAT, DIRECTORY, EXCL, TRUNC};
    let mut open = |path: &str, oflags| {
        let fd = guest.open(ROOT, path, Open::with(oflags, FD_READ))?;
        guest.close(fd)
    };
    assert_eq!(open("missing", 0), Err(Errno::NoEnt));
    assert_eq!(open("missing", DIRECTORY), Err(Errno::NoEnt));
    assert_eq!(open("missing", TRUNC), Err(Errno::NoEnt));
    assert_eq!(open("missing/", 0), Err(Errno::NoEnt));
    assert_eq!(open("missing/", CREAT), Err(Errno::IsDir));
    assert_eq!(open("file", 0), Ok(()));
    assert_eq!(open("file", CREAT), Ok(()));
    assert_eq!(open("file", CREAT | EXCL), Err(Errno::Exist));
    assert_eq!(open("file", DIRECTORY), Err(Errno::NotDir));
    assert_eq!(open("file/", 0), Err(Errno::NotDir));
    assert_eq!(open("file///", 0), Err(Errno::NotDir));
    assert_eq!(open("new", CREAT | EXCL), Ok(()));
    assert_eq!(open("dir", CREAT), Err(Errno::IsDir));
    assert_eq!(open("dir", CREAT | EXCL), Err(Errno::Exist));
    assert_eq!(open("dir", TRUNC), Err(Errno::IsDir));
    for path in ["dir", "dir/", "dir///", ".", "dir/.", "dir/.."] {
        assert_eq!(open(path, 0), Ok(()), "{path}");
        assert_eq!(open(path, DIRECTORY), Ok(()), "{path}");
    }
    assert_eq!(content(&guest, "new"), b"");
    assert_eq!(content(&guest, "file"), b"0123456789");
    assert!(!exists(&guest, "missing"));
}

#[test]
fn open_does_not_follow_a_link_unless_asked() {
    let mut guest = sandbox();
    guest.link("itself", "itself");
    use oflags::{CREAT, DIRECTORY, EXCL};
    let mut open = |path: &str, oflags| {
        let fd = guest.open(ROOT, path, Open::with(oflags, FD_READ))?;
        guest.close(fd)
    };
    for path in ["to_file", "to_dir", "dangling", "itself"] {
        assert_eq!(open(path, 0), Err(Errno::Loop), "{path}");
        assert_eq!(open(path, CREAT), Err(Errno::Loop), "{path}");
        assert_eq!(open(path, CREAT | EXCL), Err(Errno::Exist), "{path}");
        assert_eq!(open(path, DIRECTORY), Err(Errno::NotDir), "{path}");
    }
    assert_eq!(open("to_dir/inner", 0), Ok(()));
    assert_eq!(open("to_dir/", 0), Ok(()));
    assert_eq!(open("to_file/", 0), Err(Errno::NotDir));
    assert!(!exists(&guest, "nothing"));
}

#[test]
fn open_follows_a_link_when_asked() {
    let mut guest = sandbox();
    guest.link("itself", "itself");
    use oflags::{CREAT, DIRECTORY, EXCL};
    let mut open = |path: &str, oflags| {
        let open = Open::with(oflags, FD_READ).following();
        let fd = guest.open(ROOT, path, open)?;
        let stat = guest.fdstat(fd)?;
        guest.close(fd).map(|()| stat.filetype)
    };
    assert_eq!(open("to_file", 0), Ok(filetype::REGULAR_FILE));
    assert_eq!(open("to_file", DIRECTORY), Err(Errno::NotDir));
    assert_eq!(open("to_dir", 0), Ok(filetype::DIRECTORY));
    assert_eq!(open("to_dir", DIRECTORY), Ok(filetype::DIRECTORY));
    assert_eq!(open("itself", 0), Err(Errno::Loop));
    assert_eq!(open("dangling", 0), Err(Errno::NoEnt));
    assert_eq!(open("dangling", CREAT | EXCL), Err(Errno::Exist));
    assert_eq!(open("dangling", CREAT), Ok(filetype::REGULAR_FILE));
    assert_eq!(content(&guest, "nothing"), b"");
}

#[test]
fn open_truncates_whatever_rights_the_file_gets() {
    for base in [0, FD_READ, FD_WRITE, FD_READ | FD_WRITE] {
        let mut guest = sandbox();
        let fd = guest.open(ROOT, "file", Open::with(oflags::TRUNC, base));
        assert_eq!(guest.fdstat(fd.unwrap()).unwrap().base, base);
        assert_eq!(content(&guest, "file"), b"");
    }
}

#[test]
fn flags_without_a_meaning_are_left_out() {
    let mut guest = sandbox();
    let [path, length] = guest.text("file");
    let arguments = [ROOT, 0xFFFE, path, length, 0xFFF0, 0, 0, 0xFFE0, 0];
    guest.call("path_open", &arguments).unwrap();
    let fd = guest.u32(0).into();
    assert_eq!(guest.fdstat(fd).unwrap().flags, 0);
    assert_eq!(content(&guest, "file"), b"0123456789");
}

#[test]
fn a_directory_opens_with_any_rights_but_those_to_write() {
    let mut guest = sandbox();
    for base in [0, FD_READ, FD_READ | FD_READDIR, rights::DIRECTORY] {
        let open = Open::with(oflags::DIRECTORY, base);
        let fd = guest.open(ROOT, "dir", open).unwrap();
        assert_eq!(guest.fdstat(fd).unwrap().base, base & rights::DIRECTORY);
    }
    for base in [FD_WRITE, FD_READ | FD_WRITE, FD_FILESTAT_SET_SIZE] {
        let answer = guest.open(ROOT, "dir", Open::with(0, base));
        assert_eq!(answer, Err(Errno::IsDir));
    }
    let flagged = Open::with(0, 0).flagged(fdflags::NONBLOCK);
    let fd = guest.open(ROOT, ".", flagged).unwrap();
    assert_eq!(guest.fdstat(fd).unwrap().flags, fdflags::NONBLOCK);
}

#[test]
fn a_fifo_opens_and_reads_without_waiting() {
    let mut guest = sandbox();
    guest.fifo("fifo");
    let reads = guest.open(ROOT, "fifo", Open::with(0, FD_READ)).unwrap();
    assert_eq!(guest.fdstat(reads).unwrap().filetype, filetype::UNKNOWN);
    assert_eq!(guest.read(reads, 4).unwrap(), b"");
    let writes = guest.open(ROOT, "fifo", Open::with(0, FD_WRITE)).unwrap();
    assert_eq!(guest.write(writes, "hello"), Ok(5));
    assert_eq!(guest.read(reads, 9).unwrap(), b"hello");
    guest.close(reads).unwrap();
    // A process that another test is starting has the other end too, for a moment.
    let broken = std::iter::repeat_with(|| {
        std::thread::sleep(std::time::Duration::from_millis(1));
        guest.write(writes, "hello")
    });
    assert_eq!(broken.take(5000).find(|answer| *answer != Ok(5)), Some(Err(Errno::Pipe)));
    guest.close(writes).unwrap();
    let answer = guest.open(ROOT, "fifo", Open::with(0, FD_WRITE));
    assert_eq!(answer, Err(Errno::Nxio));
}

#[test]
fn every_function_on_what_is_no_directory_is_enotdir() {
    let mut guest = sandbox();
    let file = guest.create("file");
    let both: [(&[u8], &[u8]); 2] = [(b"file", b"new"), (b"", b"\0")];
    for fd in [file, 0] {
        for name in ["path_create_directory", "path_remove_directory", "path_unlink_file"] {
            for path in ["x", "", "/"] {
                assert_eq!(guest.on_path(name, fd, path), Err(Errno::NotDir));
            }
        }
        let open = Open::with(oflags::CREAT, 0);
        assert_eq!(guest.open(fd, "x", open), Err(Errno::NotDir));
        assert_eq!(guest.path_filestat(fd, true, "x"), Err(Errno::NotDir));
        for (old, new) in both {
            for (one, two) in [(fd, ROOT), (ROOT, fd)] {
                let answer = guest.rename_between((one, old), (two, new));
                assert_eq!(answer, Err(Errno::NotDir));
                let answer = guest.link_between((one, old), false, (two, new));
                assert_eq!(answer, Err(Errno::NotDir));
            }
        }
        let closed = guest.rename_between((CLOSED, b"x"), (fd, b"x"));
        assert_eq!(closed, Err(Errno::Badf));
    }
}

/// On a kernel without `openat2`.
#[test]
fn all_of_this_holds_for_the_walk_in_user_space() {
    common::repeat_on_the_walk("all_of_this_holds_for_the_walk_in_user_space");
}
