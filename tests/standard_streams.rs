//! Standard streams that the host gives for reading, or for writing, and for nothing else.

mod common;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};

use common::whence::{CUR, SET};
use common::{Errno, Guest, Setup, Stdio, fdflags, filetype, null, rights};

/// What every standard stream allows.
const ANY: u64 = rights::FD_FDSTAT_SET_FLAGS | rights::FD_FILESTAT_GET | rights::POLL_FD_READWRITE;
const INPUT: u64 = ANY | rights::FD_READ;
const OUTPUT: u64 = ANY | rights::FD_WRITE;

fn given(stdio: [OwnedFd; 3]) -> Guest {
    Guest::with_setup(Setup { stdio: stdio.map(Stdio::Given), ..Setup::default() })
}

/// A file with the digits, open for both, and at the third.
fn digits() -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"0123456789").unwrap();
    file.seek(SeekFrom::Start(3)).unwrap();
    file
}

fn content(mut file: &File) -> String {
    let mut all = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut all).unwrap();
    all
}

fn copy(file: &File) -> OwnedFd {
    file.try_clone().unwrap().into()
}

#[test]
fn rights_are_those_to_read_or_to_write() {
    let (_reader, writer) = std::io::pipe().unwrap();
    let mut guest = given([digits().into(), digits().into(), writer.into()]);
    let stats = [0, 1, 2].map(|fd| guest.fdstat(fd).unwrap());
    assert_eq!(stats.map(|stat| stat.base), [INPUT, OUTPUT, OUTPUT]);
    assert_eq!(stats.map(|stat| stat.inheriting), [0; 3]);
    let types = [filetype::REGULAR_FILE, filetype::REGULAR_FILE, filetype::UNKNOWN];
    assert_eq!(stats.map(|stat| stat.filetype), types);
}

#[test]
fn the_null_device_is_no_terminal() {
    let mut guest = given([null(), null(), null()]);
    let stats = [0, 1].map(|fd| guest.fdstat(fd).unwrap());
    // wasi-libc: a character device that has no position.
    assert_eq!(stats.map(|stat| stat.filetype), [filetype::CHARACTER_DEVICE; 2]);
    assert_eq!(stats.map(|stat| stat.base), [INPUT | rights::FD_TELL, OUTPUT | rights::FD_TELL]);
}

#[test]
fn a_file_is_read_from_where_it_is_and_nothing_else() {
    let file = digits();
    let mut guest = given([copy(&file), null(), null()]);
    assert_eq!(guest.read(0, 2).unwrap(), b"34");
    assert_eq!(guest.filestat(0).unwrap().size, 10);
    assert_eq!(guest.write(0, "x"), Err(Errno::NotCapable));
    assert_refuses_the_rest(&mut guest, 0);
    assert_eq!(guest.read(0, 20).unwrap(), b"56789");
    assert_eq!(content(&file), "0123456789");
}

#[test]
fn a_file_is_written_from_where_it_is_and_nothing_else() {
    let file = digits();
    let before = file.metadata().unwrap();
    let mut guest = given([null(), copy(&file), copy(&file)]);
    for fd in [1, 2] {
        assert_eq!(guest.read(fd, 1), Err(Errno::NotCapable));
        assert_refuses_the_rest(&mut guest, fd);
    }
    assert_eq!(file.metadata().unwrap().modified().unwrap(), before.modified().unwrap());
    assert_eq!(content(&file), "0123456789");
}

fn assert_refuses_the_rest(guest: &mut Guest, fd: u64) {
    let refused = Err(Errno::NotCapable);
    assert_eq!(guest.seek(fd, 0, SET), refused.map(|()| 0));
    assert_eq!(guest.seek(fd, 0, CUR), refused.map(|()| 0));
    assert_eq!(guest.tell(fd), refused.map(|()| 0));
    assert_eq!(guest.pread(fd, 1, 0), refused.map(|()| Vec::new()));
    assert_eq!(guest.pwrite(fd, "x", 0), refused.map(|()| 0));
    for (name, arguments) in [
        ("fd_filestat_set_size", &[fd, 0][..]),
        ("fd_filestat_set_times", &[fd, 1, 2, 5]),
        ("fd_allocate", &[fd, 0, 100]),
        ("fd_advise", &[fd, 0, 0, 4]),
        ("fd_sync", &[fd]),
        ("fd_datasync", &[fd]),
        ("fd_fdstat_set_flags", &[fd, fdflags::APPEND]),
        ("fd_fdstat_set_rights", &[fd, rights::FILE, 0]),
    ] {
        assert_eq!(guest.call(name, arguments), refused, "{name}");
    }
    guest.call("fd_fdstat_set_flags", &[fd, fdflags::NONBLOCK]).unwrap();
    guest.call("fd_fdstat_set_flags", &[fd, 0]).unwrap();
}

#[test]
fn outputs_of_one_file_are_in_order_with_those_of_the_host() {
    let folder = tempfile::tempdir().unwrap();
    for append in [false, true] {
        let path = folder.path().join(format!("log-{append}"));
        std::fs::write(&path, if append { "old " } else { "" }).unwrap();
        let mut host = File::options().append(append).write(true).open(&path).unwrap();
        host.write_all(b"host ").unwrap();
        let mut guest = given([null(), copy(&host), copy(&host)]);
        let flags = if append { fdflags::APPEND } else { 0 };
        assert_eq!(guest.fdstat(1).unwrap().flags, flags);
        assert_eq!(guest.write(1, "out "), Ok(4));
        assert_eq!(guest.write(2, "err "), Ok(4));
        host.write_all(b"host ").unwrap();
        assert_eq!(guest.write(1, "out"), Ok(3));
        let expected = if append { "old host out err host out" } else { "host out err host out" };
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }
}

#[test]
fn a_socket_as_input_is_accepted_on_and_one_as_output_only_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let client = UnixStream::connect(&path).unwrap();
    let mut guest = given([listener.into(), client.into(), null()]);
    assert_eq!(guest.fdstat(0).unwrap().base, INPUT | rights::SOCK_ACCEPT);
    assert_eq!(guest.fdstat(1).unwrap().base, OUTPUT);
    guest.call("sock_accept", &[0, 0, 0]).unwrap();
    let connection = guest.u32(0).into();
    assert_eq!(guest.fdstat(connection).unwrap().base, rights::SOCKET);
    assert_eq!(guest.write(1, "hello"), Ok(5));
    assert_eq!(guest.read(connection, 5).unwrap(), b"hello");
    for fd in [0, 1] {
        assert_eq!(guest.call("sock_shutdown", &[fd, 3]), Err(Errno::NotCapable));
    }
    assert_eq!(guest.call("sock_accept", &[1, 0, 0]), Err(Errno::NotCapable));
}
