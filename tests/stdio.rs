//! Descriptors that the host lends as standard streams: files, pipes, sockets, in every mode.

mod common;

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::time::Duration;

use common::whence::{CUR, END, SET};
use common::{Errno, Guest, fdflags, filetype, null, rights};
use rustix::fs::OFlags;

/// A file with the digits, open for both, beside no guest.
fn digits() -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"0123456789").unwrap();
    file.rewind().unwrap();
    file
}

fn set_host_flags(fd: impl AsFd, flags: OFlags) {
    rustix::fs::fcntl_setfl(fd, flags).unwrap();
}

fn host_flags(fd: impl AsFd) -> OFlags {
    rustix::fs::fcntl_getfl(fd).unwrap() & (OFlags::APPEND | OFlags::NONBLOCK)
}

fn content(mut file: &File) -> String {
    let mut all = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut all).unwrap();
    all
}

/// Runs `call`, which should not wait. If it waits all the same, `rescue` ends it after a while.
fn without_waiting<T>(call: impl FnOnce() -> T, rescue: impl FnOnce() + Send + 'static) -> T {
    let (done, finished) = mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        let waits = finished.recv_timeout(Duration::from_secs(10)).is_err();
        if waits {
            rescue();
        }
        waits
    });
    let result = call();
    done.send(()).ok();
    assert!(!thread.join().unwrap(), "the call waited");
    result
}

#[test]
fn a_file_has_the_rights_of_a_file_and_the_position_of_the_host() {
    let mut host = digits();
    let mut guest = Guest::with_stdin(host.try_clone().unwrap());
    let stat = guest.fdstat(0).unwrap();
    assert_eq!((stat.filetype, stat.base), (filetype::REGULAR_FILE, rights::FILE));
    assert_eq!((stat.flags, stat.inheriting), (0, 0));
    assert_eq!(guest.read(0, 3).unwrap(), b"012");
    assert_eq!(host.stream_position().unwrap(), 3);
    assert_eq!(guest.seek(0, 2, CUR), Ok(5));
    assert_eq!(guest.tell(0), Ok(5));
    assert_eq!(guest.pread(0, 2, 8).unwrap(), b"89");
    assert_eq!(guest.pwrite(0, "xy", 0), Ok(2));
    assert_eq!(guest.write(0, "z"), Ok(1));
    assert_eq!(guest.seek(0, -1, END), Ok(9));
    assert_eq!(guest.seek(0, -1, SET), Err(Errno::Inval));
    assert_eq!(guest.seek(0, -11, END), Err(Errno::Inval));
    assert_eq!(guest.tell(0), Ok(9));
    for offset in [1 << 63, u64::MAX] {
        assert_eq!(guest.pread(0, 1, offset), Err(Errno::Inval));
        assert_eq!(guest.pwrite(0, "x", offset), Err(Errno::Inval));
    }
    assert_eq!(content(&host), "xy234z6789");
}

#[test]
fn a_file_can_be_measured_cut_and_synced() {
    let host = digits();
    let mut guest = Guest::with_stdin(host.try_clone().unwrap());
    assert_eq!(guest.filestat(0).unwrap().size, 10);
    guest.call("fd_filestat_set_size", &[0, 4]).unwrap();
    guest.call("fd_allocate", &[0, 0, 6]).unwrap();
    guest.call("fd_advise", &[0, 0, 0, 1]).unwrap();
    guest.call("fd_sync", &[0]).unwrap();
    guest.call("fd_datasync", &[0]).unwrap();
    guest.call("fd_filestat_set_times", &[0, 11, 22, 5]).unwrap();
    let stat = guest.filestat(0).unwrap();
    assert_eq!((stat.size, stat.atim, stat.mtim), (6, 11, 22));
    for call in [("fd_filestat_set_size", 1 << 63), ("fd_filestat_set_size", u64::MAX)] {
        assert_eq!(guest.call(call.0, &[0, call.1]), Err(Errno::Inval));
    }
    assert_eq!(content(&host), "0123\0\0");
}

#[test]
fn five_thousand_buffers_are_read_from_a_file_in_full() {
    let mut guest = Guest::with_stdin(digits());
    let buffer = guest.alloc(10);
    let list: Vec<_> = (0..5000).map(|n| [buffer + n / 500, u64::from(n % 500 == 0)]).collect();
    let [list, count] = guest.iovecs(&list);
    guest.call("fd_read", &[0, list, count, 0]).unwrap();
    assert_eq!(guest.u32(0), 10);
    assert_eq!(guest.bytes(buffer, 10), b"0123456789");
}

#[test]
fn the_guest_may_append_without_the_host_s_descriptor_doing_so() {
    let host = digits();
    let mut guest = Guest::with_stdin(host.try_clone().unwrap());
    guest.call("fd_fdstat_set_flags", &[0, fdflags::APPEND]).unwrap();
    assert_eq!(guest.fdstat(0).unwrap().flags, fdflags::APPEND);
    assert_eq!(guest.write(0, "ab"), Ok(2));
    assert_eq!(guest.tell(0), Ok(12));
    assert_eq!(host_flags(&host), OFlags::empty());
    guest.call("fd_fdstat_set_flags", &[0, 0]).unwrap();
    guest.seek(0, 0, SET).unwrap();
    guest.write(0, "x").unwrap();
    assert_eq!(content(&host), "x123456789ab");
}

#[test]
fn the_guest_sees_that_the_host_s_descriptor_appends() {
    let host = digits();
    set_host_flags(&host, OFlags::APPEND);
    let mut guest = Guest::with_stdin(host.try_clone().unwrap());
    assert_eq!(guest.fdstat(0).unwrap().flags, fdflags::APPEND);
    assert_eq!(guest.write(0, "ab"), Ok(2));
    assert_eq!(guest.tell(0), Ok(12));
    assert_eq!(host_flags(&host), OFlags::APPEND);
    assert_eq!(content(&host), "0123456789ab");
}

#[test]
fn a_non_blocking_pipe_of_the_host_still_waits_for_data() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    set_host_flags(&reader, OFlags::NONBLOCK);
    let mut guest = Guest::with_stdin(reader.try_clone().unwrap());
    assert_eq!(guest.fdstat(0).unwrap().flags, 0);
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        writer.write_all(b"hello").unwrap();
    });
    assert_eq!(guest.read(0, 9).unwrap(), b"hello");
    thread.join().unwrap();
    assert_eq!(guest.read(0, 9).unwrap(), b"");
    assert_eq!(host_flags(&reader), OFlags::NONBLOCK);
}

#[test]
fn a_non_blocking_pipe_of_the_host_takes_more_than_it_holds() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    set_host_flags(&writer, OFlags::NONBLOCK);
    let mut guest = Guest::with_stdio([null(), writer.into(), null()]);
    guest.grow_memory(1 << 20);
    let thread = std::thread::spawn(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        all.len()
    });
    let mut left = 500_000;
    while left > 0 {
        left -= guest.write(1, vec![b'x'; left]).unwrap() as usize;
    }
    drop(guest);
    assert_eq!(thread.join().unwrap(), 500_000);
}

/// A guest that does not want to wait, on a descriptor of the host that waits.
fn non_blocking(fd: impl Into<OwnedFd>) -> Guest {
    let mut guest = Guest::with_stdin(fd);
    guest.grow_memory(1 << 22);
    guest.call("fd_fdstat_set_flags", &[0, fdflags::NONBLOCK]).unwrap();
    guest
}

/// A C library writes its empty buffer first and then what is new.
#[test]
fn a_non_blocking_write_that_starts_with_an_empty_buffer_writes_the_next() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut guest = non_blocking(writer);
    let data = guest.put(b"hello");
    let [list, count] = guest.iovecs(&[[data, 0], [data, 5]]);
    guest.call("fd_write", &[0, list, count, 0]).unwrap();
    let written = guest.u32(0) as usize;
    drop(guest);
    let mut all = Vec::new();
    reader.read_to_end(&mut all).unwrap();
    assert_eq!((written > 0, &all[..]), (true, &b"hello"[..written]));
}

#[test]
fn a_non_blocking_write_of_nothing_writes_nothing() {
    let (_reader, writer) = std::io::pipe().unwrap();
    let mut guest = non_blocking(writer);
    assert_eq!(guest.write(0, ""), Ok(0));
    let [list, count] = guest.iovecs(&[[64, 0], [64, 0]]);
    guest.call("fd_write", &[0, list, count, 0]).unwrap();
    guest.call("fd_write", &[0, list, 0, 0]).unwrap();
    assert_eq!(guest.u32(0), 0);
}

#[test]
fn a_non_blocking_write_of_more_than_a_pipe_holds_does_not_wait() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut guest = non_blocking(writer);
    let drain = move || drop(std::io::copy(&mut reader, &mut std::io::sink()));
    let written = without_waiting(
        move || {
            let data = vec![b'x'; 1 << 20];
            let mut total = 0;
            while let Ok(some) = guest.write(0, &data) {
                total += some;
            }
            (total, guest.write(0, &data))
        },
        drain,
    );
    assert!(written.0 > 0);
    assert_eq!(written.1, Err(Errno::Again));
}

fn drain(mut socket: UnixStream) -> impl FnOnce() + Send + 'static {
    move || drop(std::io::copy(&mut socket, &mut std::io::sink()))
}

#[test]
fn a_non_blocking_send_of_more_than_a_socket_holds_does_not_wait() {
    let (inside, outside) = UnixStream::pair().unwrap();
    let mut guest = non_blocking(inside);
    let _kept = outside.try_clone().unwrap();
    let answer = without_waiting(
        move || {
            let (_, [list, count]) = guest.buffer(3 << 20);
            let answer = guest.call("sock_send", &[0, list, count, 0, 0]);
            answer.map(|()| guest.u32(0))
        },
        drain(outside),
    );
    match answer {
        Ok(sent) => assert!(sent < 3 << 20),
        Err(errno) => assert_eq!(errno, Errno::Again),
    }
}

#[test]
fn a_non_blocking_receive_with_waitall_does_not_wait() {
    const WAITALL: u64 = 2;
    let (inside, mut outside) = UnixStream::pair().unwrap();
    outside.write_all(b"hello").unwrap();
    let mut guest = non_blocking(inside);
    let _kept = outside.try_clone().unwrap();
    let rescue = move || drop(outside.shutdown(std::net::Shutdown::Both));
    let received = without_waiting(
        move || {
            let (buffer, [list, count]) = guest.buffer(10);
            guest.call("sock_recv", &[0, list, count, WAITALL, 0, 4]).unwrap();
            guest.bytes(buffer, guest.u32(0) as usize).to_vec()
        },
        rescue,
    );
    assert_eq!(received, b"hello");
}

#[test]
fn a_descriptor_open_for_one_direction_only_is_ebadf_in_the_other() {
    let (reader, writer) = std::io::pipe().unwrap();
    let mut guest = Guest::with_stdio([reader.into(), writer.into(), null()]);
    assert_eq!(guest.write(0, "x"), Err(Errno::Badf));
    assert_eq!(guest.read(1, 1), Err(Errno::Badf));
}
