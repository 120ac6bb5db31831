//! Guests in several threads that have the same descriptors.

mod common;

use std::io::Write;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use common::ops::Open;
use common::records::{Event, Subscription};
use common::{Errno, Guest, ROOT, Setup, Stdio, fdflags, rights, whence, words};

const THREADS: usize = 4;
/// After the start, the other thread is in its call.
const SURELY_WAITING: Duration = Duration::from_millis(200);

/// One for each thread, with the same descriptors.
fn guests() -> Vec<Guest> {
    let mut first = Guest::new();
    let mut guests: Vec<_> = (1..THREADS).map(|_| first.sharing()).collect();
    guests.insert(0, first);
    guests
}

fn pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    std::io::pipe().unwrap()
}

#[test]
fn what_one_opened_before_or_after_the_other_uses() {
    let mut first = Guest::new();
    let before = first.create("before");
    first.write(before, "be").unwrap();
    let mut second = first.sharing();
    second.write(before, "fore").unwrap();
    assert_eq!(first.tell(before), Ok(6));
    let after = second.create("after");
    first.write(after, "after").unwrap();
    assert_eq!(second.seek(after, 0, whence::SET), Ok(0));
    assert_eq!(first.read(after, 10).unwrap(), b"after");
    assert_eq!(std::fs::read(first.host("before")).unwrap(), b"before");
}

#[test]
fn numbers_are_given_out_and_closed_for_all() {
    let mut first = Guest::new();
    let mut second = first.sharing();
    let (one, two) = (first.create("one"), second.create("two"));
    assert_eq!(two, one + 1);
    second.close(one).unwrap();
    assert_eq!(first.tell(one), Err(Errno::Badf));
    assert_eq!(first.create("three"), one);
    second.call("fd_renumber", &[two, one]).unwrap();
    first.write(one, "two").unwrap();
    assert_eq!(first.tell(two), Err(Errno::Badf));
    assert_eq!(std::fs::read(first.host("two")).unwrap(), b"two");
}

#[test]
fn rights_and_flags_are_those_of_all() {
    let mut first = Guest::new();
    let mut second = first.sharing();
    let fd = first.create("file");
    second.call("fd_fdstat_set_rights", &[fd, rights::FD_READ, 0]).unwrap();
    assert_eq!(first.write(fd, "x"), Err(Errno::NotCapable));
    let restored = first.call("fd_fdstat_set_rights", &[fd, rights::FILE, 0]);
    assert_eq!(restored, Err(Errno::NotCapable));
    let fd = second.create("other");
    first.call("fd_fdstat_set_flags", &[fd, fdflags::APPEND]).unwrap();
    assert_eq!(second.fdstat(fd).unwrap().flags, fdflags::APPEND);
}

#[test]
fn the_limit_is_that_of_all() {
    let mut first = Guest::with_setup(Setup { max_files: Some(5), ..Setup::default() });
    let mut second = first.sharing();
    second.create("fifth");
    let open = Open::with(common::oflags::CREAT, rights::FILE);
    assert_eq!(first.open(ROOT, "sixth", open), Err(Errno::Mfile));
}

#[test]
fn the_last_guest_closes_them() {
    let (reader, writer) = pipe();
    let stdio = [common::null(), common::null(), writer.into()].map(Stdio::Given);
    let mut first = Guest::with_setup(Setup { stdio, ..Setup::default() });
    let mut second = first.sharing();
    first.system.close();
    assert_eq!(first.write(2, "x"), Err(Errno::Badf));
    assert_eq!(second.write(2, "still open"), Ok(10));
    drop(second);
    assert_eq!(std::io::read_to_string(reader).unwrap(), "still open");
}

#[test]
fn a_guest_without_descriptors_of_its_own_can_share_again() {
    let mut first = Guest::new();
    let mut third = first.sharing().sharing();
    let fd = third.create("file");
    assert_eq!(first.tell(fd), Ok(0));
}

/// Each record is where the position was, and moves it by its length.
#[test]
fn threads_that_write_to_one_file_overwrite_nothing() {
    const RECORDS: usize = 5000;
    let mut guests = guests();
    let fd = guests[0].create("file");
    let path = guests[0].host("file");
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for (index, guest) in guests.iter_mut().enumerate() {
            let start = &start;
            scope.spawn(move || {
                start.wait();
                let record = guest.text([b'a' + index as u8; 7]);
                let [vectors, count] = guest.iovecs(&[record]);
                let result = guest.alloc(4);
                let words = words("fd_write", &[fd, vectors, count, result]);
                (0..RECORDS).for_each(|_| guest.call_unseen("fd_write", &words).unwrap());
            });
        }
    });
    let written = std::fs::read(path).unwrap();
    assert_eq!(written.len(), THREADS * RECORDS * 7);
    assert!(written.chunks(7).all(|record| record.iter().all(|byte| *byte == record[0])));
}

#[test]
fn threads_that_open_and_close_get_numbers_of_their_own() {
    const ROUNDS: usize = 200;
    let mut guests = guests();
    for index in 0..THREADS {
        std::fs::write(guests[0].host(&index.to_string()), [index as u8; 3]).unwrap();
    }
    thread::scope(|scope| {
        for (index, guest) in guests.iter_mut().enumerate() {
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    let open = Open::with(0, rights::FD_READ);
                    let fd = guest.open(ROOT, index.to_string(), open).unwrap();
                    assert_eq!(guest.read(fd, 9).unwrap(), [index as u8; 3]);
                    guest.close(fd).unwrap();
                }
            });
        }
    });
    assert_eq!(guests[0].create("next"), ROOT + 1);
}

/// Neither a look at the descriptor nor the end of its number waits for the one who reads it.
#[test]
fn a_wait_of_one_holds_up_nobody() {
    let (reader, mut writer) = pipe();
    let mut first = Guest::with_stdin(reader);
    let mut second = first.sharing();
    let start = Barrier::new(2);
    thread::scope(|scope| {
        let reading = scope.spawn(|| {
            start.wait();
            second.read(0, 5).unwrap()
        });
        start.wait();
        thread::sleep(SURELY_WAITING);
        assert_eq!(first.fdstat(0).unwrap().base, rights::STREAM);
        first.call("fd_fdstat_set_flags", &[0, 0]).unwrap();
        let fd = first.create("file");
        first.write(fd, "meanwhile").unwrap();
        assert!(!reading.is_finished());
        writer.write_all(b"hello").unwrap();
        assert_eq!(reading.join().unwrap(), b"hello");
    });
}

/// The read goes on with what it began with, whatever the number has become.
#[test]
fn a_descriptor_in_use_outlives_its_number() {
    let (reader, mut writer) = pipe();
    let stdio = [reader.into(), common::null(), common::null()].map(Stdio::Given);
    let mut first = Guest::with_setup(Setup { stdio, ..Setup::default() });
    let mut second = first.sharing();
    let subscriptions = [Subscription::Read(0)];
    let start = Barrier::new(2);
    thread::scope(|scope| {
        let polling = scope.spawn(|| {
            start.wait();
            second.poll(&subscriptions).unwrap()
        });
        start.wait();
        thread::sleep(SURELY_WAITING);
        first.close(0).unwrap();
        assert_eq!(first.create("file"), 0);
        assert!(!polling.is_finished());
        writer.write_all(b"hello").unwrap();
        let events = polling.join().unwrap();
        assert!(matches!(events[..], [Event { nbytes: 5, .. }]), "{events:?}");
    });
    assert_eq!(first.read(0, 5).unwrap(), b"");
}

/// One that has no number any more counts as long as another thread waits for it.
#[test]
fn the_limit_holds_for_descriptors_in_use_too() {
    let (reader, mut writer) = pipe();
    let stdio = [reader.into(), common::null(), common::null()].map(Stdio::Given);
    let mut first = Guest::with_setup(Setup { stdio, max_files: Some(4), ..Setup::default() });
    let mut second = first.sharing();
    let subscriptions = [Subscription::Read(0)];
    let file = Open::with(common::oflags::CREAT, rights::FILE);
    thread::scope(|scope| {
        let polling = scope.spawn(|| second.poll(&subscriptions).unwrap());
        thread::sleep(SURELY_WAITING);
        first.close(0).unwrap();
        assert_eq!(first.open(ROOT, "file", file), Err(Errno::Mfile));
        first.close(1).unwrap();
        assert_eq!(first.open(ROOT, "file", file), Ok(0));
        writer.write_all(b"hello").unwrap();
        polling.join().unwrap();
    });
    assert_eq!(first.open(ROOT, "other", file), Ok(1));
}

#[test]
fn threads_read_one_directory_each_to_its_end() {
    let mut guests = guests();
    guests[0].dir("dir");
    (0..100).for_each(|index| guests[0].file(&format!("dir/{index}"), ""));
    let fd = guests[0].open_dir("dir");
    thread::scope(|scope| {
        for guest in &mut guests {
            scope.spawn(move || {
                for _ in 0..20 {
                    assert_eq!(guest.names(fd).len(), 100);
                }
            });
        }
    });
}
