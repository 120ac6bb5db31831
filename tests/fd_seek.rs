//! The position of a file: seeking, telling, appending.

mod common;

use common::ops::Open;
use common::rights;
use common::scenes::{content, digits};
use common::whence::{CUR, END, SET};
use common::{Errno, Guest, ROOT, fdflags, oflags};

#[test]
fn seek_counts_from_the_start_the_position_and_the_end() {
    let (mut guest, fd) = digits();
    assert_eq!(guest.tell(fd), Ok(0));
    assert_eq!(guest.seek(fd, 4, SET), Ok(4));
    assert_eq!(guest.seek(fd, -1, CUR), Ok(3));
    assert_eq!(guest.seek(fd, 0, CUR), Ok(3));
    assert_eq!(guest.seek(fd, -2, END), Ok(8));
    assert_eq!(guest.seek(fd, 100, END), Ok(110));
    assert_eq!(guest.tell(fd), Ok(110));
    assert_eq!(guest.read(fd, 1).unwrap(), b"");
    assert_eq!(guest.seek(fd, 0, SET), Ok(0));
    assert_eq!(guest.seek(fd, i64::MAX, SET), Ok(i64::MAX as u64));
}

#[test]
fn a_seek_to_nowhere_is_einval_and_moves_nothing() {
    let (mut guest, fd) = digits();
    guest.seek(fd, 5, SET).unwrap();
    for (offset, whence) in [
        (-1, SET),
        (i64::MIN, SET),
        (-6, CUR),
        (i64::MIN, CUR),
        (i64::MAX, CUR),
        (-11, END),
        (i64::MAX, END),
        (0, 3),
        (0, 255),
    ] {
        let answer = guest.seek(fd, offset, whence);
        assert_eq!(answer, Err(Errno::Inval), "{offset} {whence}");
    }
    assert_eq!(guest.tell(fd), Ok(5));
}

#[test]
fn a_write_after_a_seek_past_the_end_leaves_zeros_between() {
    let (mut guest, fd) = digits();
    guest.seek(fd, 2, END).unwrap();
    guest.write(fd, "x").unwrap();
    assert_eq!(content(&guest, "file"), b"0123456789\0\0x");
}

fn appending(guest: &mut Guest) -> u64 {
    let open = Open::with(oflags::CREAT, rights::FILE).flagged(fdflags::APPEND);
    guest.open(ROOT, "file", open).unwrap()
}

#[test]
fn appending_writes_at_the_end_and_the_position_follows() {
    let mut guest = Guest::new();
    guest.file("file", "0123");
    let fd = appending(&mut guest);
    assert_eq!(guest.tell(fd), Ok(0));
    assert_eq!(guest.read(fd, 2).unwrap(), b"01");
    assert_eq!(guest.write(fd, "ab"), Ok(2));
    assert_eq!(guest.tell(fd), Ok(6));
    assert_eq!(guest.seek(fd, 1, SET), Ok(1));
    assert_eq!(guest.read(fd, 2).unwrap(), b"12");
    assert_eq!(guest.write(fd, "cd"), Ok(2));
    assert_eq!(guest.seek(fd, 0, CUR), Ok(8));
    assert_eq!(content(&guest, "file"), b"0123abcd");
}

#[test]
fn appending_sees_the_end_that_others_have_moved() {
    let mut guest = Guest::new();
    let (fd, other) = (appending(&mut guest), guest.create("file"));
    guest.write(fd, "a").unwrap();
    guest.pwrite(other, "zz", 5).unwrap();
    guest.write(fd, "b").unwrap();
    assert_eq!(guest.tell(fd), Ok(8));
    assert_eq!(content(&guest, "file"), b"a\0\0\0\0zzb");
}

/// As on Linux: the offset does not count while appending.
#[test]
fn pwrite_while_appending_appends_and_leaves_the_position() {
    let mut guest = Guest::new();
    guest.file("file", "0123");
    let fd = appending(&mut guest);
    guest.seek(fd, 4, SET).unwrap();
    assert_eq!(guest.pwrite(fd, "abc", 0), Ok(3));
    assert_eq!(guest.tell(fd), Ok(4));
    assert_eq!(content(&guest, "file"), b"0123abc");
}

#[test]
fn append_can_be_switched_off_and_on() {
    let mut guest = Guest::new();
    guest.file("file", "0123");
    let fd = appending(&mut guest);
    guest.write(fd, "45").unwrap();
    guest.call("fd_fdstat_set_flags", &[fd, 0]).unwrap();
    guest.seek(fd, 1, SET).unwrap();
    guest.write(fd, "xy").unwrap();
    assert_eq!(guest.tell(fd), Ok(3));
    guest.call("fd_fdstat_set_flags", &[fd, 1]).unwrap();
    guest.write(fd, "z").unwrap();
    assert_eq!(guest.tell(fd), Ok(7));
    assert_eq!(content(&guest, "file"), b"0xy345z");
}
