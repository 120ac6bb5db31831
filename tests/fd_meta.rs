//! What a descriptor is: state, attributes, sizes, times, numbers, preopens.

mod common;

use common::ops::Open;
use common::records::{Fdstat, Filestat};
use common::rights::{self, FD_READ, FD_SEEK, FD_WRITE};
use common::scenes::digits;
use common::{
    CLOSED, Errno, Guest, Mount, NOWHERE, ROOT, ROOT_NAME, fdflags, filetype, null, oflags,
};

#[test]
fn fdstat_tells_type_flags_and_rights() {
    let (mut guest, file) = digits();
    let stat = |guest: &mut Guest, fd| guest.fdstat(fd).unwrap();
    let expected = |filetype, base, inheriting| Fdstat { filetype, flags: 0, base, inheriting };
    assert_eq!(stat(&mut guest, file), expected(filetype::REGULAR_FILE, rights::FILE, 0));
    assert_eq!(
        stat(&mut guest, ROOT),
        expected(filetype::DIRECTORY, rights::DIRECTORY, rights::DIRECTORY_INHERITING)
    );
    assert_eq!(stat(&mut guest, 0), expected(filetype::CHARACTER_DEVICE, rights::ALL, rights::ALL));
}

#[test]
fn fdstat_of_a_pipe_has_no_position_to_seek() {
    let (reader, _writer) = std::io::pipe().unwrap();
    let mut guest = Guest::with_stdin(reader);
    let stat = guest.fdstat(0).unwrap();
    assert_eq!((stat.filetype, stat.base, stat.inheriting), (filetype::UNKNOWN, rights::STREAM, 0));
}

#[test]
fn flags_are_those_of_the_open_and_then_those_set() {
    let mut guest = Guest::new();
    for flags in 0..32 {
        let open = Open::with(oflags::CREAT, rights::FILE).flagged(flags);
        let fd = guest.open(ROOT, "file", open).unwrap();
        assert_eq!(guest.fdstat(fd).unwrap().flags, flags);
        for set in [0, 31, flags ^ 31] {
            guest.call("fd_fdstat_set_flags", &[fd, set]).unwrap();
            assert_eq!(guest.fdstat(fd).unwrap().flags, set);
            assert_eq!(guest.write(fd, "x"), Ok(1));
        }
        guest.close(fd).unwrap();
    }
}

#[test]
fn flags_without_a_meaning_are_left_out() {
    let (mut guest, fd) = digits();
    guest.call("fd_fdstat_set_flags", &[fd, 0xFFE1]).unwrap();
    assert_eq!(guest.fdstat(fd).unwrap().flags, fdflags::APPEND);
}

#[test]
fn a_lent_descriptor_keeps_its_own_flags() {
    let (reader, _writer) = std::io::pipe().unwrap();
    let host = reader.try_clone().unwrap();
    let mut guest = Guest::with_stdin(reader);
    guest.call("fd_fdstat_set_flags", &[0, fdflags::NONBLOCK]).unwrap();
    assert_eq!(guest.fdstat(0).unwrap().flags, fdflags::NONBLOCK);
    assert_eq!(guest.read(0, 1), Err(Errno::Again));
    let flags = rustix::fs::fcntl_getfl(&host).unwrap();
    assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK));
}

#[test]
fn filestat_is_what_the_host_says() {
    let (mut guest, fd) = digits();
    guest.hard_link(false, "file", "second").unwrap();
    let expected = Filestat::of_host(&guest.host("file"));
    assert_eq!((expected.nlink, expected.size), (2, 10));
    assert_eq!(guest.filestat(fd), Ok(expected));
    let expected = Filestat::of_host(&guest.host(""));
    assert_eq!(guest.filestat(ROOT), Ok(expected));
    assert_eq!(guest.filestat(0).unwrap().filetype, filetype::CHARACTER_DEVICE);
}

#[test]
fn filestat_has_its_fields_where_preview1_has_them() {
    let (mut guest, fd) = digits();
    guest.call("fd_filestat_get", &[fd, 64]).unwrap();
    let stat = Filestat::of_host(&guest.host("file"));
    let words = [stat.nlink, stat.size, stat.atim, stat.mtim, stat.ctim];
    let mut bytes = [stat.dev, stat.ino].map(u64::to_le_bytes).concat();
    bytes.extend(b"\x04\xEE\xEE\xEE\xEE\xEE\xEE\xEE");
    bytes.extend(words.map(u64::to_le_bytes).concat());
    assert_eq!(guest.bytes(64, 64), bytes);
}

#[test]
fn fdstat_has_its_fields_where_preview1_has_them() {
    let mut guest = Guest::new();
    let open = Open {
        oflags: oflags::CREAT,
        base: FD_READ | FD_SEEK,
        fdflags: fdflags::APPEND | fdflags::SYNC,
        ..Open::default()
    };
    let fd = guest.open(ROOT, "file", open).unwrap();
    guest.call("fd_fdstat_get", &[fd, 64]).unwrap();
    assert_eq!(
        guest.bytes(64, 24),
        b"\x04\xEE\x11\0\xEE\xEE\xEE\xEE\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    );
}

#[test]
fn times_are_set_to_the_nanosecond_kept_or_now() {
    let (mut guest, fd) = digits();
    let set = |guest: &mut Guest, atim: u64, mtim: u64, flags| {
        guest.call("fd_filestat_set_times", &[fd, atim, mtim, flags])?;
        guest.filestat(fd).map(|stat| (stat.atim, stat.mtim))
    };
    let first = (1_234_567_890_123_456_789, 987_654_321_987_654_321);
    assert_eq!(set(&mut guest, first.0, first.1, 0b0101), Ok(first));
    assert_eq!(set(&mut guest, 5, 6, 0), Ok(first));
    assert_eq!(set(&mut guest, 5, 6, 0b0100), Ok((first.0, 6)));
    assert_eq!(set(&mut guest, 7, 8, 0b0001), Ok((7, 6)));
    let (atim, mtim) = set(&mut guest, 0, 0, 0b0010).unwrap();
    assert!(atim > first.0 && mtim == 6);
    let (atim, mtim) = set(&mut guest, 0, 0, 0b1000).unwrap();
    assert!(atim > first.0 && mtim >= atim);
    let (atim, mtim) = set(&mut guest, 3, 0, 0b1001).unwrap();
    assert!(atim == 3 && mtim > first.0);
    assert_eq!(set(&mut guest, 0, 0, 0b0101), Ok((0, 0)));
    assert_eq!(guest.filestat(fd).unwrap().size, 10);
}

#[test]
fn contradicting_or_unknown_time_flags_are_einval() {
    let (mut guest, fd) = digits();
    let before = guest.filestat(fd).unwrap();
    for flags in (0..64).chain([0x8000, 0xFFFF]) {
        let bad = flags & 3 == 3 || flags & 12 == 12 || flags > 15;
        if bad {
            let answer = guest.call("fd_filestat_set_times", &[fd, 1, 1, flags]);
            assert_eq!(answer, Err(Errno::Inval), "{flags}");
            let answer = guest.path_times(true, "file", [1, 1, flags]);
            assert_eq!(answer, Err(Errno::Inval), "{flags}");
        }
    }
    assert_eq!(guest.filestat(fd), Ok(before));
}

#[test]
fn times_of_a_directory_can_be_set() {
    let mut guest = Guest::new();
    guest.call("fd_filestat_set_times", &[ROOT, 11, 22, 0b0101]).unwrap();
    let stat = guest.filestat(ROOT).unwrap();
    assert_eq!((stat.atim, stat.mtim), (11, 22));
}

#[test]
fn a_file_shrinks_and_grows_with_zeros() {
    let (mut guest, fd) = digits();
    guest.seek(fd, 8, 0).unwrap();
    guest.call("fd_filestat_set_size", &[fd, 4]).unwrap();
    assert_eq!(guest.tell(fd), Ok(8));
    assert_eq!(guest.pread(fd, 10, 0).unwrap(), b"0123");
    guest.call("fd_filestat_set_size", &[fd, 6]).unwrap();
    assert_eq!(guest.pread(fd, 10, 0).unwrap(), b"0123\0\0");
    let far = (1 << 32) + 1;
    guest.call("fd_filestat_set_size", &[fd, far]).unwrap();
    assert_eq!(guest.filestat(fd).unwrap().size, far);
}

#[test]
fn a_size_from_two_to_the_63_on_is_einval() {
    let (mut guest, fd) = digits();
    for size in [1 << 63, u64::MAX] {
        let answer = guest.call("fd_filestat_set_size", &[fd, size]);
        assert_eq!(answer, Err(Errno::Inval));
    }
    assert_eq!(guest.filestat(fd).unwrap().size, 10);
}

#[test]
fn allocate_grows_and_never_shrinks() {
    let mut guest = Guest::new();
    let fd = guest.create("file");
    for (offset, length, size) in [(0, 100, 100), (10, 10, 100), (90, 20, 110), (110, 1, 111)] {
        guest.call("fd_allocate", &[fd, offset, length]).unwrap();
        assert_eq!(guest.filestat(fd).unwrap().size, size);
    }
    for (offset, length) in [(0, 0), (1 << 63, 1), (0, 1 << 63), (u64::MAX, 1)] {
        let answer = guest.call("fd_allocate", &[fd, offset, length]);
        assert_eq!(answer, Err(Errno::Inval), "{offset} {length}");
    }
    assert_eq!(guest.filestat(fd).unwrap().size, 111);
    let answer = guest.call("fd_allocate", &[ROOT, 0, 1]);
    assert_eq!(answer, Err(Errno::NotCapable));
}

#[test]
fn advice_changes_nothing_and_must_be_known() {
    let (mut guest, fd) = digits();
    for advice in 0..6 {
        guest.call("fd_advise", &[fd, 10, 50, advice]).unwrap();
        guest.call("fd_advise", &[fd, 0, 0, advice]).unwrap();
    }
    assert_eq!(guest.filestat(fd).unwrap().size, 10);
    for (offset, length, advice) in [(0, 0, 6), (0, 0, 255), (1 << 63, 1, 0), (0, 1 << 63, 0)] {
        let answer = guest.call("fd_advise", &[fd, offset, length, advice]);
        assert_eq!(answer, Err(Errno::Inval), "{offset} {length} {advice}");
    }
    assert_eq!(guest.call("fd_advise", &[ROOT, 0, 0, 4]), Err(Errno::Badf));
}

#[test]
fn files_and_directories_can_be_synced_but_only_files_datasynced() {
    let (mut guest, fd) = digits();
    assert_eq!(guest.call("fd_sync", &[fd]), Ok(()));
    assert_eq!(guest.call("fd_datasync", &[fd]), Ok(()));
    assert_eq!(guest.call("fd_sync", &[ROOT]), Ok(()));
    assert_eq!(guest.call("fd_datasync", &[ROOT]), Err(Errno::NotCapable));
}

#[test]
fn close_frees_the_number_for_the_next() {
    let (mut guest, fd) = digits();
    let next = guest.create("file");
    assert_eq!((fd, next), (4, 5));
    guest.close(fd).unwrap();
    assert_eq!(guest.close(fd), Err(Errno::Badf));
    assert_eq!(guest.fdstat(fd), Err(Errno::Badf));
    assert_eq!(guest.create("file"), fd);
    guest.close(1).unwrap();
    guest.close(0).unwrap();
    assert_eq!(guest.create("file"), 0);
    assert_eq!(guest.create("file"), 1);
    assert_eq!(guest.create("file"), 6);
}

#[test]
fn closing_a_preopen_leaves_what_was_opened_through_it() {
    let mut guest = Guest::new();
    guest.dir("dir");
    guest.file("dir/file", "hello");
    let directory = guest.open_dir("dir");
    guest.close(ROOT).unwrap();
    assert_eq!(guest.fdstat(ROOT), Err(Errno::Badf));
    assert_eq!(guest.call("fd_prestat_get", &[ROOT, 64]), Err(Errno::Badf));
    let fd = guest.open(directory, "file", Open::with(0, FD_READ));
    assert_eq!(guest.read(fd.unwrap(), 9).unwrap(), b"hello");
}

#[test]
fn closing_a_standard_stream_leaves_the_host_s() {
    use std::io::Read;
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut host = writer.try_clone().unwrap();
    let mut guest = Guest::with_stdio([null(), writer.into(), null()]);
    guest.close(1).unwrap();
    assert_eq!(guest.fdstat(1), Err(Errno::Badf));
    drop(guest);
    std::io::Write::write_all(&mut host, b"x").unwrap();
    reader.read_exact(&mut [0]).unwrap();
}

#[test]
fn renumber_moves_a_descriptor_over_another() {
    let (mut guest, fd) = digits();
    guest.seek(fd, 3, 0).unwrap();
    let open = Open::with(oflags::CREAT, FD_WRITE);
    let other = guest.open(ROOT, "other", open).unwrap();
    let stat = guest.fdstat(fd).unwrap();
    guest.call("fd_renumber", &[fd, other]).unwrap();
    assert_eq!(guest.close(fd), Err(Errno::Badf));
    assert_eq!(guest.fdstat(other), Ok(stat));
    assert_eq!(guest.read(other, 2).unwrap(), b"34");
    assert_eq!(guest.create("file"), fd);
}

#[test]
fn renumber_onto_itself_is_fine_for_what_is_open() {
    let (mut guest, fd) = digits();
    let stat = guest.fdstat(fd);
    guest.call("fd_renumber", &[fd, fd]).unwrap();
    assert_eq!(guest.fdstat(fd), stat);
    let answer = guest.call("fd_renumber", &[CLOSED, CLOSED]);
    assert_eq!(answer, Err(Errno::Badf));
}

#[test]
fn renumber_needs_both_to_be_open() {
    let (mut guest, fd) = digits();
    for (from, to) in [(fd, CLOSED), (CLOSED, fd), (fd, 5), (fd, NOWHERE)] {
        let answer = guest.call("fd_renumber", &[from, to]);
        assert_eq!(answer, Err(Errno::Badf), "{from} {to}");
        assert_eq!(guest.read(fd, 0), Ok(Vec::new()));
    }
}

#[test]
fn renumber_onto_a_preopen_or_a_standard_stream_replaces_it() {
    let (mut guest, fd) = digits();
    let stat = guest.filestat(fd);
    guest.call("fd_renumber", &[fd, ROOT]).unwrap();
    assert_eq!(guest.filestat(ROOT), stat);
    assert_eq!(guest.call("fd_prestat_get", &[ROOT, 64]), Err(Errno::Badf));
    guest.call("fd_renumber", &[ROOT, 0]).unwrap();
    assert_eq!(guest.read(0, 2).unwrap(), b"01");
    guest.close(0).unwrap();
    assert_eq!(guest.fdstat(0), Err(Errno::Badf));
}

#[test]
fn a_preopen_that_moves_stays_one() {
    let (mut guest, fd) = digits();
    guest.call("fd_renumber", &[ROOT, fd]).unwrap();
    guest.call("fd_prestat_get", &[fd, 64]).unwrap();
    assert_eq!(guest.u32(68), ROOT_NAME.len() as u32);
}

#[test]
fn prestat_tells_the_length_of_the_name_and_dir_name_the_name() {
    let mut guest = Guest::new();
    guest.call("fd_prestat_get", &[ROOT, 64]).unwrap();
    assert_eq!(guest.bytes(64, 9), b"\0\xEE\xEE\xEE\x08\0\0\0\xEE");
    guest.call("fd_prestat_dir_name", &[ROOT, 128, 8]).unwrap();
    assert_eq!(guest.bytes(128, 9), b"/sandbox\xEE");
    guest.call("fd_prestat_dir_name", &[ROOT, 256, 9]).unwrap();
    assert_eq!(guest.bytes(256, 9), b"/sandbox\xEE");
}

#[test]
fn a_name_that_does_not_fit_is_enametoolong() {
    let mut guest = Guest::new();
    for length in 0..8 {
        let answer = guest.call("fd_prestat_dir_name", &[ROOT, 64, length]);
        assert_eq!(answer, Err(Errno::NameTooLong), "{length}");
    }
}

#[test]
fn names_of_preopens_are_kept_as_they_are() {
    let mut guest = Guest::new();
    for (fd, name) in (4..).zip(["", "/", "a/../b//", ".", "ä\u{1F600}"]) {
        let host = guest.host("");
        guest.system.preopen(name.into(), &host, Mount::ReadWrite).unwrap();
        guest.call("fd_prestat_get", &[fd, 64]).unwrap();
        assert_eq!(guest.u32(68), name.len() as u32);
        let room = name.len() as u64;
        guest.call("fd_prestat_dir_name", &[fd, 128, room]).unwrap();
        assert_eq!(guest.bytes(128, name.len()), name.as_bytes());
    }
    assert_eq!(guest.call("fd_prestat_get", &[9, 64]), Err(Errno::Badf));
}

#[test]
fn what_is_no_preopen_has_no_name() {
    let (mut guest, file) = digits();
    guest.dir("dir");
    let directory = guest.open_dir("dir");
    for fd in [0, file, directory] {
        assert_eq!(guest.call("fd_prestat_get", &[fd, 64]), Err(Errno::Badf));
        let answer = guest.call("fd_prestat_dir_name", &[fd, 64, 100]);
        assert_eq!(answer, Err(Errno::Badf));
    }
}
