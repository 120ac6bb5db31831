//! `poll_oneoff`.

mod common;

use std::io::Write;

use common::ops::Open;
use common::records::{Event, Subscription};
use common::rights::{self, FD_READ, FD_WRITE, POLL_FD_READWRITE};
use common::{CLOSED, Errno, Guest, NOWHERE, ROOT, fdflags, null};

const MILLISECOND: u64 = 1_000_000;
const HOUR: u64 = 3_600_000 * MILLISECOND;
const ABSOLUTE: u16 = 1;
const BADF: u16 = 8;
const NOTCAPABLE: u16 = 76;

/// The event of the subscription at `index`, without an error.
fn event(index: u64, kind: u8, nbytes: u64) -> Event {
    Event { userdata: 100 + index, error: 0, kind, nbytes, hangup: false }
}

fn clock(id: u32, timeout: u64, flags: u16) -> Subscription {
    Subscription::Clock { id, timeout, flags }
}

#[test]
fn no_subscriptions_are_einval() {
    let mut guest = Guest::new();
    assert_eq!(guest.poll(&[]), Err(Errno::Inval));
}

#[test]
fn a_time_from_now_comes_after_that_time() {
    for id in [0, 1] {
        let mut guest = Guest::new();
        let start = std::time::Instant::now();
        let events = guest.poll(&[clock(id, 20 * MILLISECOND, 0)]).unwrap();
        assert!(start.elapsed().as_millis() >= 20);
        assert_eq!(events, [event(0, 0, 0)]);
    }
}

#[test]
fn a_time_of_a_clock_comes_when_the_clock_has_it() {
    for id in [0, 1] {
        let mut guest = Guest::new();
        let deadline = guest.time(id.into()).unwrap() + 20 * MILLISECOND;
        let events = guest.poll(&[clock(id, deadline, ABSOLUTE)]).unwrap();
        assert!(guest.time(id.into()).unwrap() >= deadline, "clock {id}");
        assert_eq!(events, [event(0, 0, 0)]);
    }
}

#[test]
fn a_time_that_is_past_comes_at_once() {
    let mut guest = Guest::new();
    for id in [0, 1] {
        let now = guest.time(id.into()).unwrap();
        for (timeout, flags) in [(0, 0), (0, ABSOLUTE), (now - 1, ABSOLUTE), (now, ABSOLUTE)] {
            let list = [clock(1, HOUR, 0), clock(id, timeout, flags)];
            assert_eq!(guest.poll(&list), Ok(vec![event(1, 0, 0)]));
        }
    }
}

#[test]
fn times_that_are_past_come_all_together_and_those_to_come_do_not() {
    let mut guest = Guest::new();
    let list = [
        clock(0, 0, 0),
        clock(1, u64::MAX, 0),
        clock(1, 1, ABSOLUTE),
        clock(0, u64::MAX, ABSOLUTE),
        clock(1, 0, 0),
    ];
    let events = guest.poll(&list).unwrap();
    assert_eq!(events, [event(0, 0, 0), event(2, 0, 0), event(4, 0, 0)]);
}

#[test]
fn the_earliest_of_several_times_ends_the_wait() {
    let mut guest = Guest::new();
    let start = std::time::Instant::now();
    let list = [Subscription::after(HOUR), Subscription::after(15 * MILLISECOND)];
    assert_eq!(guest.poll(&list), Ok(vec![event(1, 0, 0)]));
    assert!(start.elapsed().as_millis() >= 15);
}

#[test]
fn a_kind_or_a_clock_that_is_none_is_einval_for_all() {
    let mut guest = Guest::new();
    let list = [Subscription::after(0), clock(4, 0, 0)];
    assert_eq!(guest.poll(&list), Err(Errno::Inval));
    for kind in 3..=255 {
        let mut list = [Subscription::after(0), Subscription::Read(0)]
            .map(|subscription| subscription.bytes(guest.version, 7))
            .concat();
        list[48 + 8] = kind;
        let answer = guest.scratch(|guest| {
            let (list, events) = (guest.put(&list), guest.alloc(64));
            guest.call("poll_oneoff", &[list, events, 2, 0])
        });
        assert_eq!(answer, Err(Errno::Inval), "{kind}");
    }
}

#[test]
fn an_event_has_its_fields_where_the_abi_has_them() {
    let mut guest = Guest::new();
    guest.file("file", "0123456789");
    let fd = guest.create("file");
    let list = [
        Subscription::Read(fd).bytes(guest.version, 0x0807_0605_0403_0201),
        Subscription::Write(CLOSED).bytes(guest.version, u64::MAX),
    ];
    let list = guest.put(&list.concat());
    let events = guest.alloc(64);
    guest.call("poll_oneoff", &[list, events, 2, 0]).unwrap();
    assert_eq!(guest.u32(0), 2);
    let expected = b"\x01\x02\x03\x04\x05\x06\x07\x08\0\0\x01\xEE\xEE\xEE\xEE\xEE\
        \x0A\0\0\0\0\0\0\0\0\0\xEE\xEE\xEE\xEE\xEE\xEE\
        \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x08\0\x02\xEE\xEE\xEE\xEE\xEE\
        \0\0\0\0\0\0\0\0\0\0\xEE\xEE\xEE\xEE\xEE\xEE";
    assert_eq!(guest.bytes(events, 64), expected);
}

/// An event is shorter than a subscription: the third would overwrite the second.
#[test]
fn events_may_be_written_over_the_subscriptions() {
    let mut guest = Guest::new();
    let list: Vec<u8> = (100..110)
        .flat_map(|userdata| Subscription::after(0).bytes(guest.version, userdata))
        .collect();
    let list = guest.put(&list);
    guest.call("poll_oneoff", &[list, list, 10, 0]).unwrap();
    assert_eq!(guest.u32(0), 10);
    for index in 0..10 {
        assert_eq!(guest.event_at(list + 32 * index), event(index, 0, 0));
    }
}

#[test]
fn a_regular_file_is_always_ready_and_tells_how_much_is_left() {
    let mut guest = Guest::new();
    guest.file("file", "0123456789");
    let fd = guest.create("file");
    let list = [Subscription::Read(fd), Subscription::Write(fd)];
    for (position, left) in [(0, 10), (4, 6), (10, 0), (99, 0)] {
        guest.seek(fd, position, 0).unwrap();
        assert_eq!(guest.poll(&list), Ok(vec![event(0, 1, left), event(1, 2, 0)]));
    }
}

#[test]
fn a_descriptor_that_is_ready_comes_without_the_time() {
    let mut guest = Guest::new();
    for fd in 0..3 {
        let list = [Subscription::after(HOUR), Subscription::Write(fd)];
        assert_eq!(guest.poll(&list), Ok(vec![event(1, 2, 0)]));
    }
    let list = [Subscription::Read(0), Subscription::after(HOUR)];
    assert_eq!(guest.poll(&list), Ok(vec![event(0, 1, 0)]));
}

#[test]
fn a_pipe_is_ready_when_there_is_something_in_it() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut guest = Guest::with_stdin(reader);
    let list = [Subscription::Read(0), Subscription::after(10 * MILLISECOND)];
    assert_eq!(guest.poll(&list), Ok(vec![event(1, 0, 0)]));
    writer.write_all(b"hello").unwrap();
    assert_eq!(guest.poll(&list[..1]), Ok(vec![event(0, 1, 5)]));
    assert_eq!(guest.read(0, 10).unwrap(), b"hello");
    assert_eq!(guest.poll(&list), Ok(vec![event(1, 0, 0)]));
}

#[test]
fn a_pipe_wakes_the_guest_when_something_comes() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut guest = Guest::with_stdin(reader);
    let thread = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        writer.write_all(b"abc").unwrap();
        writer
    });
    let list = [Subscription::Read(0), Subscription::after(HOUR)];
    assert_eq!(guest.poll(&list), Ok(vec![event(0, 1, 3)]));
    thread.join().unwrap();
}

#[test]
fn a_pipe_whose_writer_is_gone_hangs_up() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"last").unwrap();
    drop(writer);
    let mut guest = Guest::with_stdin(reader);
    let hangup = |nbytes| Event { hangup: true, ..event(0, 1, nbytes) };
    let list = [Subscription::Read(0), Subscription::after(HOUR)];
    assert_eq!(guest.poll(&list), Ok(vec![hangup(4)]));
    assert_eq!(guest.read(0, 10).unwrap(), b"last");
    assert_eq!(guest.poll(&list), Ok(vec![hangup(0)]));
}

#[test]
fn a_full_pipe_is_not_ready_and_one_without_a_reader_does_not_wait() {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut guest = Guest::with_stdio([null(), writer.into(), null()]);
    let list = [Subscription::Write(1), Subscription::after(10 * MILLISECOND)];
    assert_eq!(guest.poll(&list), Ok(vec![event(0, 2, 0)]));
    guest.call("fd_fdstat_set_flags", &[1, fdflags::NONBLOCK]).unwrap();
    while guest.write(1, [0; 4096]).is_ok() {}
    assert_eq!(guest.write(1, [0; 4096]), Err(Errno::Again));
    assert_eq!(guest.poll(&list), Ok(vec![event(1, 0, 0)]));
    drop(reader);
    let list = [Subscription::Write(1), Subscription::after(HOUR)];
    let broken = Event { error: wasi_rs::abi::errno::number(Errno::Io), ..event(0, 2, 0) };
    assert_eq!(guest.poll(&list), Ok(vec![broken]));
    assert_eq!(guest.write(1, "x"), Err(Errno::Pipe));
}

#[test]
fn a_descriptor_that_is_not_open_is_an_event_with_ebadf() {
    let mut guest = Guest::new();
    for fd in [CLOSED, 4, NOWHERE] {
        let list = [
            Subscription::after(HOUR),
            Subscription::Read(fd),
            Subscription::Write(fd),
            Subscription::Write(1),
        ];
        let bad = |index, kind| Event { error: BADF, ..event(index, kind, 0) };
        assert_eq!(guest.poll(&list), Ok(vec![bad(1, 1), bad(2, 2), event(3, 2, 0)]));
    }
}

#[test]
fn a_descriptor_without_the_rights_is_an_event_with_enotcapable() {
    let mut guest = Guest::new();
    guest.file("file", "0123456789");
    let refused = |index, kind| Event { error: NOTCAPABLE, ..event(index, kind, 0) };
    for (base, reads, writes) in [
        (FD_READ | POLL_FD_READWRITE, true, false),
        (FD_WRITE | POLL_FD_READWRITE, false, true),
        (rights::FILE & !POLL_FD_READWRITE, false, false),
        (POLL_FD_READWRITE, false, false),
        (0, false, false),
    ] {
        let fd = guest.open(ROOT, "file", Open::with(0, base)).unwrap();
        let events = guest.poll(&[Subscription::Read(fd), Subscription::Write(fd)]);
        let read = if reads { event(0, 1, 10) } else { refused(0, 1) };
        let write = if writes { event(1, 2, 0) } else { refused(1, 2) };
        assert_eq!(events, Ok(vec![read, write]), "{base:x}");
    }
    assert_eq!(guest.poll(&[Subscription::Read(ROOT)]), Ok(vec![refused(0, 1)]));
}

#[test]
fn every_duplicate_gets_its_own_event() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"x").unwrap();
    let mut guest = Guest::with_stdin(reader);
    let list = [
        Subscription::Read(0),
        Subscription::after(0),
        Subscription::Read(0),
        Subscription::Write(1),
        Subscription::after(0),
        Subscription::Write(1),
        Subscription::Read(CLOSED),
        Subscription::Read(CLOSED),
    ];
    let events = guest.poll(&list).unwrap();
    let order: Vec<_> = events.iter().map(|event| event.userdata).collect();
    assert_eq!(order, (100..108).collect::<Vec<_>>());
    assert_eq!((events[0].nbytes, events[2].nbytes), (1, 1));
}

#[test]
fn ten_thousand_subscriptions_are_answered_in_their_order() {
    let mut guest = Guest::new();
    guest.grow_memory(1 << 20);
    guest.file("file", "0123456789");
    let fd = guest.create("file");
    let list: Vec<_> = (0..10_000)
        .map(|n| match n % 5 {
            0 => Subscription::Read(fd),
            1 => Subscription::Write(fd),
            2 => Subscription::after(0),
            3 => Subscription::after(HOUR),
            _ => Subscription::Read(CLOSED + n),
        })
        .collect();
    let expected: Vec<_> = (0..10_000)
        .filter_map(|n| match n % 5 {
            0 => Some(event(n, 1, 10)),
            1 => Some(event(n, 2, 0)),
            2 => Some(event(n, 0, 0)),
            3 => None,
            _ => Some(Event { error: BADF, ..event(n, 1, 0) }),
        })
        .collect();
    assert!(guest.poll(&list).unwrap() == expected);
}

/// One pipe after the other, more than the first word of any bit set.
#[test]
fn hundreds_of_descriptors_are_waited_for_at_once() {
    let mut guest = Guest::new();
    guest.fifo("fifo");
    let base = FD_READ | FD_WRITE | POLL_FD_READWRITE;
    let fds: Vec<_> =
        (0..300).map(|_| guest.open(ROOT, "fifo", Open::with(0, base)).unwrap()).collect();
    let mut list: Vec<_> = fds.iter().map(|&fd| Subscription::Read(fd)).collect();
    list.push(Subscription::after(5 * MILLISECOND));
    assert_eq!(guest.poll(&list), Ok(vec![event(300, 0, 0)]));
    guest.write(fds[299], "x").unwrap();
    list.pop();
    assert_eq!(guest.poll(&list).unwrap().len(), 300);
}
