//! `wasi_unstable`: where its layouts and numbers differ from preview1.

mod common;

use common::ops::Open;
use common::records::{Event, Filestat, Subscription};
use common::rights::FD_READ;
use common::valid::VALID;
use common::{CLOSED, Errno, Guest, NOWHERE, ROOT, Version, filetype, oflags};

const SET: u64 = 2;
const CUR: u64 = 0;
const END: u64 = 1;
const HOUR: u64 = 3_600_000_000_000;

fn digits() -> (Guest, u64) {
    let mut guest = Guest::unstable();
    guest.file("file", "0123456789");
    let fd = guest.create("file");
    (guest, fd)
}

/// The 56 bytes of a `filestat`.
fn filestat_bytes(stat: &Filestat) -> Vec<u8> {
    let mut bytes = [stat.dev, stat.ino].map(u64::to_le_bytes).concat();
    bytes.extend([stat.filetype, 0xEE, 0xEE, 0xEE]);
    bytes.extend((stat.nlink as u32).to_le_bytes());
    let words = [stat.size, stat.atim, stat.mtim, stat.ctim];
    bytes.extend(words.map(u64::to_le_bytes).concat());
    bytes
}

#[test]
fn filestat_has_56_bytes_and_a_link_count_of_32_bits() {
    let (mut guest, fd) = digits();
    guest.hard_link(false, "file", "second").unwrap();
    let expected = filestat_bytes(&Filestat::of_host(&guest.host("file")));
    assert_eq!(expected.len(), 56);
    guest.call("fd_filestat_get", &[fd, 64]).unwrap();
    assert_eq!(guest.bytes(64, 57), [&expected[..], b"\xEE"].concat());
    let [path, length] = guest.text("file");
    let arguments = [ROOT, 0, path, length, 200];
    guest.call("path_filestat_get", &arguments).unwrap();
    assert_eq!(guest.bytes(200, 57), [&expected[..], b"\xEE"].concat());
}

#[test]
fn filestat_fits_the_last_56_bytes_of_memory_but_no_fewer() {
    let (mut guest, fd) = digits();
    let end = 1 << 16;
    guest.call("fd_filestat_get", &[fd, end - 56]).unwrap();
    assert_eq!(guest.filestat_at(end - 56).size, 10);
    let [path, length] = guest.text("file");
    for result in [end - 55, NOWHERE] {
        let answer = guest.call("fd_filestat_get", &[fd, result]);
        assert_eq!(answer, Err(Errno::Overflow));
        let answer = guest.call("path_filestat_get", &[ROOT, 0, path, length, result]);
        assert_eq!(answer, Err(Errno::Overflow));
    }
}

#[test]
fn whence_counts_current_end_set() {
    let (mut guest, fd) = digits();
    assert_eq!(guest.seek(fd, 4, SET), Ok(4));
    assert_eq!(guest.seek(fd, 1, CUR), Ok(5));
    assert_eq!(guest.seek(fd, -3, END), Ok(7));
    assert_eq!(guest.seek(fd, 0, CUR), Ok(7));
    assert_eq!(guest.seek(fd, -1, SET), Err(Errno::Inval));
    assert_eq!(guest.seek(fd, 0, 3), Err(Errno::Inval));
    assert_eq!(guest.tell(fd), Ok(7));
}

#[test]
fn a_clock_subscription_starts_with_an_identifier_that_does_not_matter() {
    let mut guest = Guest::unstable();
    let subscription = |timeout| Subscription::after(timeout).bytes(Version::Unstable, 7);
    let mut list = [subscription(HOUR), subscription(5_000_000)].concat();
    assert_eq!(list.len(), 112);
    list[16..24].fill(0xFF);
    let start = std::time::Instant::now();
    let (list, events) = (guest.put(&list), guest.alloc(64));
    guest.call("poll_oneoff", &[list, events, 2, 0]).unwrap();
    assert!(start.elapsed().as_millis() >= 5);
    assert_eq!(guest.u32(0), 1);
    let expected = b"\x07\0\0\0\0\0\0\0\0\0\0\xEE\xEE\xEE\xEE\xEE\0\0\0\0\0\0\0\0\0\0\xEE";
    assert_eq!(guest.bytes(events, 27), expected);
}

#[test]
fn every_kind_of_subscription_is_56_bytes() {
    let (mut guest, fd) = digits();
    let deadline = guest.time(0).unwrap();
    let list = [
        Subscription::Read(fd),
        Subscription::Clock { id: 0, timeout: deadline, flags: 1 },
        Subscription::Write(fd),
        Subscription::Clock { id: 1, timeout: HOUR, flags: 0 },
        Subscription::Read(CLOSED),
    ];
    let event =
        |userdata, error, kind, nbytes| Event { userdata, error, kind, nbytes, hangup: false };
    let expected =
        vec![event(100, 0, 1, 10), event(101, 0, 0, 0), event(102, 0, 2, 0), event(104, 8, 1, 0)];
    assert_eq!(guest.poll(&list), Ok(expected));
    let unknown = Subscription::Clock { id: 4, timeout: 0, flags: 0 };
    assert_eq!(guest.poll(&[unknown]), Err(Errno::Inval));
}

#[test]
fn subscriptions_fit_the_last_56_bytes_of_memory_but_no_fewer() {
    let mut guest = Guest::unstable();
    let end = 1 << 16;
    guest.set(end - 56, &Subscription::Write(1).bytes(Version::Unstable, 7));
    guest.call("poll_oneoff", &[end - 56, 64, 1, 0]).unwrap();
    assert_eq!(guest.event_at(64).userdata, 7);
    for list in [end - 55, end - 48, NOWHERE] {
        let answer = guest.call("poll_oneoff", &[list, 64, 1, 0]);
        assert_eq!(answer, Err(Errno::Overflow));
    }
}

#[test]
fn the_rest_is_as_in_preview1() {
    let (mut guest, fd) = digits();
    assert_eq!(guest.read(fd, 4).unwrap(), b"0123");
    guest.call("fd_fdstat_get", &[fd, 64]).unwrap();
    assert_eq!(guest.fdstat_at(64).filetype, filetype::REGULAR_FILE);
    guest.call("fd_prestat_get", &[ROOT, 128]).unwrap();
    assert_eq!(guest.bytes(128, 8), b"\0\xEE\xEE\xEE\x08\0\0\0");
    assert_eq!(guest.names(ROOT), ["file"]);
    let open = Open::with(oflags::DIRECTORY, FD_READ);
    assert_eq!(guest.open(ROOT, "file", open), Err(Errno::NotDir));
}

/// All but those whose layouts differ.
#[test]
fn every_other_call_ends_as_in_preview1() {
    let differing = ["fd_seek", "poll_oneoff"];
    for valid in VALID.iter().filter(|valid| !differing.contains(&valid.name)) {
        let (mut guest, arguments) = (valid.prepare)();
        guest.version = Version::Unstable;
        assert_eq!(guest.try_call(valid.name, &arguments), valid.end, "{}", valid.name);
    }
}
