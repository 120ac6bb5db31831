//! `sock_*`, on sockets that the host lends as standard input, and on what is no socket.

mod common;

use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::unix::net::{UnixListener, UnixStream};

use common::records::{Event, Subscription};
use common::{Answer, CLOSED, Errno, Guest, ROOT, fdflags, filetype, rights};

const PEEK: u64 = 1;
const WAITALL: u64 = 2;

/// A guest whose standard input is a connection, and its other end.
fn connected() -> (Guest, UnixStream) {
    let (inside, outside) = UnixStream::pair().unwrap();
    (Guest::with_stdin(inside), outside)
}

/// A guest whose standard input is a UDP socket, and its peer.
fn datagrams() -> (Guest, UdpSocket) {
    let (inside, outside) = (bind(), bind());
    inside.connect(outside.local_addr().unwrap()).unwrap();
    outside.connect(inside.local_addr().unwrap()).unwrap();
    (Guest::with_stdin(inside), outside)
}

fn bind() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").unwrap()
}

/// The bytes of one buffer, and `roflags`.
fn receive(guest: &mut Guest, fd: u64, length: usize, flags: u64) -> Answer<(Vec<u8>, u16)> {
    guest.scratch(|guest| {
        let (buffer, [vectors, count]) = guest.buffer(length);
        let (result, roflags) = (guest.alloc(4), guest.alloc(2));
        let arguments = [fd, vectors, count, flags, result, roflags];
        guest.call("sock_recv", &arguments)?;
        let bytes = guest.bytes(buffer, guest.u32(result) as usize).to_vec();
        Ok((bytes, guest.u16(roflags)))
    })
}

fn send(guest: &mut Guest, fd: u64, bytes: &[u8], flags: u64) -> Answer<u32> {
    guest.scratch(|guest| {
        let data = guest.text(bytes);
        let [vectors, count] = guest.iovecs(&[data]);
        let result = guest.alloc(4);
        guest.call("sock_send", &[fd, vectors, count, flags, result])?;
        Ok(guest.u32(result))
    })
}

fn accept(guest: &mut Guest, fd: u64, flags: u64) -> Answer<u64> {
    guest.scratch(|guest| {
        let result = guest.alloc(4);
        guest.call("sock_accept", &[fd, flags, result])?;
        Ok(guest.u32(result).into())
    })
}

#[test]
fn a_socket_tells_its_type_and_has_the_rights_of_one() {
    let (mut stream, _other) = connected();
    let stat = stream.fdstat(0).unwrap();
    assert_eq!(stat.filetype, filetype::SOCKET_STREAM);
    assert_eq!((stat.base, stat.inheriting), (rights::SOCKET, rights::ALL));
    assert_eq!(stream.filestat(0).unwrap().filetype, filetype::SOCKET_STREAM);
    let (mut datagram, _other) = datagrams();
    assert_eq!(datagram.fdstat(0).unwrap().filetype, filetype::SOCKET_DGRAM);
    assert_eq!(datagram.filestat(0).unwrap().filetype, filetype::SOCKET_DGRAM);
}

#[test]
fn what_one_end_sends_the_other_receives() {
    let (mut guest, mut other) = connected();
    assert_eq!(send(&mut guest, 0, b"hello", 0), Ok(5));
    let mut bytes = [0; 5];
    other.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"hello");
    other.write_all(b"answer").unwrap();
    assert_eq!(receive(&mut guest, 0, 4, 0), Ok((b"answ".to_vec(), 0)));
    assert_eq!(receive(&mut guest, 0, 4, 0), Ok((b"er".to_vec(), 0)));
    drop(other);
    assert_eq!(receive(&mut guest, 0, 4, 0), Ok((Vec::new(), 0)));
}

#[test]
fn buffers_are_scattered_and_gathered() {
    let (mut guest, mut other) = connected();
    let (one, two) = (guest.put(b"abc"), guest.put(b"de"));
    let [list, count] = guest.iovecs(&[[one, 3], [one, 0], [two, 2]]);
    guest.call("sock_send", &[0, list, count, 0, 0]).unwrap();
    assert_eq!(guest.u32(0), 5);
    let mut bytes = [0; 5];
    other.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"abcde");
    other.write_all(b"0123").unwrap();
    guest.call("sock_recv", &[0, list, count, 0, 0, 4]).unwrap();
    assert_eq!(guest.bytes(0, 8), b"\x04\0\0\0\0\0\xEE\xEE");
    assert_eq!(guest.bytes(one, 3), b"012");
    assert_eq!(guest.bytes(two, 3), b"3e\xEE");
}

#[test]
fn reading_and_writing_work_on_sockets_too() {
    let (mut guest, mut other) = connected();
    assert_eq!(guest.write(0, "hello"), Ok(5));
    other.read_exact(&mut [0; 5]).unwrap();
    other.write_all(b"answer").unwrap();
    assert_eq!(guest.read(0, 10).unwrap(), b"answer");
    drop(other);
    assert_eq!(guest.write(0, "hello"), Err(Errno::Pipe));
    assert_eq!(guest.seek(0, 0, 0), Err(Errno::NotCapable));
}

#[test]
fn peeking_leaves_the_data() {
    let (mut guest, mut other) = connected();
    other.write_all(b"hello").unwrap();
    for _ in 0..2 {
        assert_eq!(receive(&mut guest, 0, 3, PEEK), Ok((b"hel".to_vec(), 0)));
    }
    assert_eq!(receive(&mut guest, 0, 10, 0), Ok((b"hello".to_vec(), 0)));
}

#[test]
fn waitall_waits_until_the_buffers_are_full() {
    let (mut guest, mut other) = connected();
    let thread = std::thread::spawn(move || {
        for byte in b"hello" {
            other.write_all(&[*byte]).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        other
    });
    assert_eq!(receive(&mut guest, 0, 5, WAITALL), Ok((b"hello".to_vec(), 0)));
    thread.join().unwrap();
}

#[test]
fn a_datagram_is_received_whole_or_truncated() {
    let (mut guest, other) = datagrams();
    other.send(b"first").unwrap();
    other.send(b"second").unwrap();
    other.send(b"").unwrap();
    assert_eq!(receive(&mut guest, 0, 100, 0), Ok((b"first".to_vec(), 0)));
    assert_eq!(receive(&mut guest, 0, 3, 0), Ok((b"sec".to_vec(), 1)));
    assert_eq!(receive(&mut guest, 0, 3, 0), Ok((Vec::new(), 0)));
    assert_eq!(send(&mut guest, 0, b"one", 0), Ok(3));
    assert_eq!(send(&mut guest, 0, b"", 0), Ok(0));
    let mut bytes = [0; 10];
    assert_eq!(other.recv(&mut bytes).unwrap(), 3);
    assert_eq!(other.recv(&mut bytes).unwrap(), 0);
}

#[test]
fn a_message_needs_a_buffer_and_has_at_most_1024() {
    for (name, results) in [("sock_recv", &[0, 4][..]), ("sock_send", &[0])] {
        let (mut guest, mut other) = connected();
        other.write_all(&[b'x'; 2000]).unwrap();
        let data = guest.alloc(8);
        for (count, expected) in
            [(0, Err(Errno::Inval)), (1, Ok(())), (1024, Ok(())), (1025, Err(Errno::MsgSize))]
        {
            let answer = guest.scratch(|guest| {
                let [list, count] = guest.iovecs(&vec![[data, 1]; count]);
                guest.call(name, &[&[0, list, count, 0], results].concat())
            });
            assert_eq!(answer, expected, "{name} {count}");
            if expected.is_ok() {
                assert_eq!(guest.u32(0) as usize, count);
            }
        }
    }
}

#[test]
fn unknown_flags_are_refused() {
    let (mut guest, _other) = connected();
    for flags in [4, 8, 0x8000, 0xFFFF] {
        assert_eq!(receive(&mut guest, 0, 4, flags), Err(Errno::NotSup));
        assert_eq!(send(&mut guest, 0, b"x", flags), Err(Errno::Inval));
    }
    for flags in [fdflags::APPEND, fdflags::SYNC, 5, 0x8000] {
        assert_eq!(accept(&mut guest, 0, flags), Err(Errno::NotSup));
    }
    for how in [4, 8, 255] {
        let answer = guest.call("sock_shutdown", &[0, how]);
        assert_eq!(answer, Err(Errno::NotSup));
    }
}

#[test]
fn shutdown_ends_the_directions_it_names() {
    for (how, receives, sends) in
        [(0, true, true), (1, false, true), (2, true, false), (3, false, false)]
    {
        let (mut guest, mut other) = connected();
        guest.call("sock_shutdown", &[0, how]).unwrap();
        let sent = send(&mut guest, 0, b"x", 0);
        assert_eq!(sent, if sends { Ok(1) } else { Err(Errno::Pipe) }, "{how}");
        if receives {
            other.write_all(b"y").unwrap();
        }
        let expected = if receives { &b"y"[..] } else { b"" };
        assert_eq!(receive(&mut guest, 0, 1, 0), Ok((expected.to_vec(), 0)), "{how}");
        let mut rest = Vec::new();
        drop(guest);
        other.read_to_end(&mut rest).ok();
        assert_eq!(rest, if sends { &b"x"[..] } else { b"" });
    }
}

#[test]
fn without_waiting_there_is_eagain() {
    let (mut guest, mut other) = connected();
    guest.call("fd_fdstat_set_flags", &[0, fdflags::NONBLOCK]).unwrap();
    assert_eq!(receive(&mut guest, 0, 4, 0), Err(Errno::Again));
    assert_eq!(guest.read(0, 4), Err(Errno::Again));
    other.write_all(b"x").unwrap();
    assert_eq!(receive(&mut guest, 0, 4, 0), Ok((b"x".to_vec(), 0)));
    let mut sent = 0;
    while send(&mut guest, 0, &[0; 4096], 0).is_ok() {
        sent += 1;
        assert!(sent < 10_000, "the socket never fills");
    }
    assert_eq!(send(&mut guest, 0, &[0; 4096], 0), Err(Errno::Again));
}

struct Listening {
    guest: Guest,
    path: std::path::PathBuf,
    _directory: tempfile::TempDir,
}

fn listening() -> Listening {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("socket");
    let guest = Guest::with_stdin(UnixListener::bind(&path).unwrap());
    Listening { guest, path, _directory: directory }
}

#[test]
fn accept_gives_the_next_descriptor_for_the_connection() {
    let Listening { mut guest, path, _directory } = listening();
    let mut other = UnixStream::connect(&path).unwrap();
    let fd = accept(&mut guest, 0, 0).unwrap();
    assert_eq!(fd, 4);
    let stat = guest.fdstat(fd).unwrap();
    assert_eq!((stat.filetype, stat.flags), (filetype::SOCKET_STREAM, 0));
    assert_eq!((stat.base, stat.inheriting), (rights::SOCKET, rights::ALL));
    other.write_all(b"hello").unwrap();
    assert_eq!(receive(&mut guest, fd, 9, 0), Ok((b"hello".to_vec(), 0)));
    assert_eq!(send(&mut guest, fd, b"answer", 0), Ok(6));
    guest.close(fd).unwrap();
    let mut all = String::new();
    other.read_to_string(&mut all).unwrap();
    assert_eq!(all, "answer");
}

#[test]
fn accept_waits_for_a_connection_unless_the_listener_is_non_blocking() {
    let Listening { mut guest, path, _directory } = listening();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        UnixStream::connect(&path).unwrap()
    });
    assert_eq!(accept(&mut guest, 0, fdflags::NONBLOCK), Ok(4));
    let _other = thread.join().unwrap();
    assert_eq!(guest.fdstat(4).unwrap().flags, fdflags::NONBLOCK);
    assert_eq!(guest.read(4, 1), Err(Errno::Again));
    guest.call("fd_fdstat_set_flags", &[0, fdflags::NONBLOCK]).unwrap();
    assert_eq!(accept(&mut guest, 0, 0), Err(Errno::Again));
}

#[test]
fn a_connection_inherits_no_more_than_the_listener_lets_it() {
    let Listening { mut guest, path, _directory } = listening();
    let _other = UnixStream::connect(&path).unwrap();
    let arguments = [0, rights::SOCKET, rights::FD_READ];
    guest.call("fd_fdstat_set_rights", &arguments).unwrap();
    let fd = accept(&mut guest, 0, 0).unwrap();
    let stat = guest.fdstat(fd).unwrap();
    assert_eq!((stat.base, stat.inheriting), (rights::FD_READ, rights::FD_READ));
    assert_eq!(send(&mut guest, fd, b"x", 0), Err(Errno::NotCapable));
}

#[test]
fn only_a_listener_accepts() {
    let (mut guest, _other) = connected();
    assert_eq!(accept(&mut guest, 0, 0), Err(Errno::Inval));
}

#[test]
fn what_is_no_socket_is_enotsock_and_what_is_closed_ebadf() {
    let mut guest = Guest::new();
    let file = guest.create("file");
    for (fd, errno) in
        [(0, Errno::NotSock), (file, Errno::NotSock), (ROOT, Errno::NotSock), (CLOSED, Errno::Badf)]
    {
        assert_eq!(accept(&mut guest, fd, 0), Err(errno));
        assert_eq!(receive(&mut guest, fd, 4, 0), Err(errno));
        assert_eq!(send(&mut guest, fd, b"x", 0), Err(errno));
        for how in 0..4 {
            assert_eq!(guest.call("sock_shutdown", &[fd, how]), Err(errno));
        }
    }
}

#[test]
fn a_socket_can_be_polled() {
    let (mut guest, mut other) = connected();
    let event = Event { userdata: 101, error: 0, kind: 2, nbytes: 0, hangup: false };
    let list = [Subscription::Read(0), Subscription::Write(0)];
    assert_eq!(guest.poll(&list), Ok(vec![event]));
    other.write_all(b"hello").unwrap();
    let read = Event { userdata: 100, kind: 1, nbytes: 5, ..event };
    assert_eq!(guest.poll(&list), Ok(vec![read, event]));
    drop(other);
    let hangup = |event| Event { hangup: true, ..event };
    assert_eq!(guest.poll(&list), Ok(vec![hangup(read), hangup(event)]));
}

#[test]
fn a_socket_whose_other_end_writes_no_more_hangs_up_for_reading_only() {
    let (mut guest, mut other) = connected();
    other.write_all(b"hello").unwrap();
    other.shutdown(std::net::Shutdown::Write).unwrap();
    let read = Event { userdata: 100, error: 0, kind: 1, nbytes: 5, hangup: true };
    let write = Event { userdata: 101, error: 0, kind: 2, nbytes: 0, hangup: false };
    let list = [Subscription::Read(0), Subscription::Write(0)];
    assert_eq!(guest.poll(&list), Ok(vec![read, write]));
    assert_eq!(guest.read(0, 10).unwrap(), b"hello");
    assert_eq!(guest.poll(&list), Ok(vec![Event { nbytes: 0, ..read }, write]));
    assert_eq!(guest.write(0, "answer"), Ok(6));
}

#[test]
fn a_listener_is_ready_when_someone_connects() {
    let Listening { mut guest, path, _directory } = listening();
    let list = [Subscription::Read(0), Subscription::after(5_000_000)];
    assert_eq!(guest.poll(&list).unwrap()[0].kind, 0);
    let _other = UnixStream::connect(&path).unwrap();
    let events = guest.poll(&list).unwrap();
    assert_eq!((events[0].kind, events[0].error), (1, 0));
}
