//! Calls that have much to do look now and then whether the guest is to end.

mod common;

use std::cell::Cell;
use std::io::{Read, Seek, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

use common::ops::Open;
use common::records::Subscription;
use common::{
    Errno, Failure, Guest, Interrupt, ROOT, SENTINEL, Setup, Stdio, null, oflags, rights,
};
use wasi_rs::system::Output;

const MIB: usize = 1 << 20;
/// No call moves more than this, or does as much, between two looks.
const PIECE: usize = MIB;

thread_local! {
    static LOOKS: Cell<usize> = const { Cell::new(0) };
    /// So many looks find nothing.
    static PATIENCE: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn look() -> bool {
    LOOKS.set(LOOKS.get() + 1);
    LOOKS.get() > PATIENCE.get()
}

/// How often `call` looks; it is ended when it has looked `patience` times in vain.
fn looks<T>(patience: usize, call: impl FnOnce() -> T) -> (T, usize) {
    PATIENCE.set(patience);
    LOOKS.set(0);
    let result = call();
    PATIENCE.set(usize::MAX);
    (result, LOOKS.get())
}

fn guest(stdio: [Stdio; 3], memory: usize) -> Guest {
    let setup = Setup { stdio, interrupt: Interrupt::when(look), ..Setup::default() };
    let mut guest = Guest::with_setup(setup);
    guest.grow_memory(memory + (1 << 17));
    guest
}

fn nothing() -> Stdio {
    Stdio::Given(null())
}

fn with_memory(memory: usize) -> Guest {
    guest([nothing(), nothing(), nothing()], memory)
}

fn open_file(guest: &mut Guest, name: &str) -> u64 {
    guest.open(ROOT, name, Open::with(oflags::CREAT, rights::FILE)).unwrap()
}

/// Different everywhere.
fn pattern(length: usize) -> Vec<u8> {
    (0..length as u32 / 4).flat_map(u32::to_le_bytes).collect()
}

/// Buffers one behind the other, of odd sizes, with empty ones in between: their list.
fn scattered(guest: &mut Guest, start: u64, length: usize) -> [u64; 2] {
    let (mut list, mut at, mut size) = (Vec::new(), 0, 1);
    while at < length {
        let part = size.min(length - at);
        list.push([start + at as u64, part as u64]);
        list.push([start, 0]);
        (at, size) = (at + part, size * 3 + 1);
    }
    guest.iovecs(&list)
}

fn call(guest: &mut Guest, name: &str, arguments: &[u64]) -> Result<(), Failure> {
    let words = common::words(name, arguments);
    guest.call_unseen(name, &words)
}

fn canceled() -> Result<(), Failure> {
    Err(Failure::Errno(Errno::Canceled))
}

/// What is moved until a look says that it is over: a whole number of pieces.
#[track_caller]
fn assert_ends(guest: &mut Guest, name: &str, arguments: &[u64], result: u64) {
    let (answer, seen) = looks(2, || call(guest, name, arguments));
    assert_eq!((answer, seen), (Ok(()), 3), "{name}");
    assert_eq!(guest.u32(result) as usize, 3 * PIECE, "{name}");
}

#[test]
fn random_get_ends() {
    let mut guest = with_memory(8 * MIB);
    let start = guest.alloc(8 * MIB);
    let (answer, seen) = looks(2, || call(&mut guest, "random_get", &[start, 8 * MIB as u64]));
    assert_eq!((answer, seen), (canceled(), 3));
    let end = start as usize + 3 * PIECE;
    assert!(guest.memory[end - PIECE..end].iter().any(|byte| *byte != SENTINEL));
    assert!(guest.memory[end..].iter().all(|byte| *byte == SENTINEL));
}

#[test]
fn reading_a_file_ends() {
    let mut guest = with_memory(8 * MIB);
    std::fs::File::create(guest.host("sparse")).unwrap().set_len(1 << 40).unwrap();
    let fd = open_file(&mut guest, "sparse");
    let (_, [list, count]) = guest.buffer(8 * MIB);
    assert_ends(&mut guest, "fd_read", &[fd, list, count, 0], 0);
    assert_eq!(guest.tell(fd), Ok(3 * PIECE as u64));
    assert_ends(&mut guest, "fd_pread", &[fd, list, count, 5, 0], 0);
}

#[test]
fn writing_a_file_ends() {
    let mut guest = with_memory(8 * MIB);
    let fd = open_file(&mut guest, "file");
    let (_, [list, count]) = guest.buffer(8 * MIB);
    assert_ends(&mut guest, "fd_pwrite", &[fd, list, count, 0, 0], 0);
    assert_ends(&mut guest, "fd_write", &[fd, list, count, 0], 0);
    assert_eq!(guest.filestat(fd).unwrap().size, 3 * PIECE as u64);
    guest.call("fd_fdstat_set_flags", &[fd, common::fdflags::APPEND]).unwrap();
    assert_ends(&mut guest, "fd_write", &[fd, list, count, 0], 0);
    assert_eq!(guest.filestat(fd).unwrap().size, 6 * PIECE as u64);
}

#[test]
fn files_are_read_and_written_in_full_all_the_same() {
    let length = 5 * MIB + 4;
    let mut guest = with_memory(2 * length);
    let content = pattern(length);
    let start = guest.put(&content);
    let [list, count] = scattered(&mut guest, start, length);
    let fd = open_file(&mut guest, "file");
    guest.call("fd_write", &[fd, list, count, 0]).unwrap();
    assert_eq!(guest.u32(0) as usize, length);
    assert!(std::fs::read(guest.host("file")).unwrap() == content);
    guest.call("fd_pwrite", &[fd, list, count, 3, 0]).unwrap();
    assert!(std::fs::read(guest.host("file")).unwrap()[3..] == content);
    guest.memory[start as usize..][..length].fill(0);
    guest.call("fd_pread", &[fd, list, count, 3, 0]).unwrap();
    assert!(guest.bytes(start, length) == content);
    guest.seek(fd, 3, common::whence::SET).unwrap();
    guest.memory[start as usize..][..length].fill(0);
    guest.call("fd_read", &[fd, list, count, 0]).unwrap();
    assert_eq!((guest.u32(0) as usize, guest.tell(fd)), (length, Ok(3 + length as u64)));
    assert!(guest.bytes(start, length) == content);
}

#[test]
fn standard_streams_that_are_files_end_and_keep_the_position() {
    let mut input = tempfile::tempfile().unwrap();
    input.set_len(1 << 40).unwrap();
    let mut output = tempfile::tempfile().unwrap();
    let stdio = [input.as_raw_fd(), output.as_raw_fd()].map(Stdio::Lent);
    let [stdin, stdout] = stdio;
    let mut guest = guest([stdin, stdout, nothing()], 8 * MIB);
    let (_, [list, count]) = guest.buffer(8 * MIB);
    assert_ends(&mut guest, "fd_read", &[0, list, count, 0], 0);
    assert_ends(&mut guest, "fd_write", &[1, list, count, 0], 0);
    assert_ends(&mut guest, "fd_pread", &[0, list, count, 0, 0], 0);
    assert_ends(&mut guest, "fd_pwrite", &[1, list, count, 7, 0], 0);
    for file in [&mut input, &mut output] {
        assert_eq!(file.stream_position().unwrap(), 3 * PIECE as u64);
    }
}

#[test]
fn devices_end() {
    let device = |path: &str| {
        let file = std::fs::File::options().read(true).write(true).open(path);
        Stdio::Given(OwnedFd::from(file.unwrap()))
    };
    let stdio = [device("/dev/urandom"), device("/dev/null"), nothing()];
    let mut guest = guest(stdio, 8 * MIB);
    let (_, [list, count]) = guest.buffer(8 * MIB);
    assert_ends(&mut guest, "fd_read", &[0, list, count, 0], 0);
    let arguments = [1, list, count, 0];
    assert_eq!(looks(2, || call(&mut guest, "fd_write", &arguments)), (Ok(()), 3));
    assert!((guest.u32(0) as usize) < 4 * MIB);
    guest.call("fd_write", &arguments).unwrap();
    assert_eq!(guest.u32(0) as usize, 8 * MIB);
}

#[test]
fn streams_in_memory_of_the_host_end() {
    let content = pattern(8 * MIB);
    let output = Output::new(6 * MIB);
    let stdio = [Stdio::Input(content.clone().into()), Stdio::Output(output.clone()), nothing()];
    let mut guest = guest(stdio, 8 * MIB);
    let (start, [list, count]) = guest.buffer(8 * MIB);
    assert_ends(&mut guest, "fd_read", &[0, list, count, 0], 0);
    assert!(guest.bytes(start, 3 * PIECE) == &content[..3 * PIECE]);
    assert_ends(&mut guest, "fd_write", &[1, list, count, 0], 0);
    assert!(!output.is_exceeded());
    guest.call("fd_write", &[1, list, count, 0]).unwrap();
    assert_eq!((guest.u32(0) as usize, output.is_exceeded()), (3 * MIB, true));
    assert!(output.take()[..3 * MIB] == content[..3 * MIB]);
}

#[test]
fn what_is_in_a_pipe_is_read_and_the_rest_not_waited_for() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut guest = guest([Stdio::Given(reader.into()), nothing(), nothing()], 4 * MIB);
    writer.write_all(b"some").unwrap();
    let (start, [list, count]) = guest.buffer(4 * MIB);
    guest.call("fd_read", &[0, list, count, 0]).unwrap();
    assert_eq!(guest.u32(0), 4);
    assert_eq!(guest.bytes(start, 4), b"some");
}

#[test]
fn a_list_of_empty_buffers_ends() {
    let count = 1 << 18;
    let mut guest = with_memory(count * 8);
    let list = guest.put(&vec![0; count * 8]);
    let fd = open_file(&mut guest, "file");
    for name in ["fd_read", "fd_write"] {
        let arguments = [fd, list, count as u64, 0];
        assert_eq!(looks(0, || call(&mut guest, name, &arguments)), (canceled(), 1), "{name}");
        // The list is looked through; then it is given to the system, a thousand at a time.
        let (answer, seen) = looks(3, || call(&mut guest, name, &arguments));
        assert_eq!((answer, seen), (Ok(()), 4), "{name}");
        let (answer, seen) = looks(usize::MAX, || call(&mut guest, name, &arguments));
        assert_eq!(answer, Ok(()));
        assert!(seen > 10, "{name}: {seen}");
    }
}

#[test]
fn fd_readdir_ends() {
    let mut guest = with_memory(MIB);
    guest.dir("many");
    for number in 0..4000 {
        guest.file(&format!("many/{number}"), "");
    }
    let base = rights::FD_READDIR;
    let fd = guest.open(ROOT, "many", Open::with(oflags::DIRECTORY, base)).unwrap();
    let (start, length) = (guest.alloc(MIB), MIB as u64);
    let arguments = [fd, start, length, 0, 0];
    assert_eq!(looks(1, || call(&mut guest, "fd_readdir", &arguments)), (canceled(), 2));
    let (answer, seen) = looks(usize::MAX, || call(&mut guest, "fd_readdir", &arguments));
    assert_eq!(answer, Ok(()));
    assert!(seen >= 3, "{seen}");
}

#[test]
fn poll_oneoff_ends() {
    let count = 50_000;
    let mut guest = with_memory(count * (48 + 32));
    let list: Vec<u8> = Subscription::Write(1).bytes(common::Version::Preview1, 9).repeat(count);
    let (list, events) = (guest.put(&list), guest.alloc(count * 32));
    let arguments = [list, events, count as u64, 0];
    let (answer, all) = looks(usize::MAX, || call(&mut guest, "poll_oneoff", &arguments));
    assert_eq!((answer, guest.u32(0) as usize), (Ok(()), count));
    assert!(all > 50, "{all}");
    for patience in 0..all {
        let ended = looks(patience, || call(&mut guest, "poll_oneoff", &arguments));
        assert_eq!(ended, (canceled(), patience + 1));
    }
}

#[test]
fn receiving_all_ends() {
    let (mut sender, receiver) = UnixStream::pair().unwrap();
    let stdio = [Stdio::Lent(receiver.as_raw_fd()), nothing(), nothing()];
    let mut guest = guest(stdio, 32 * MIB);
    let writer = std::thread::spawn(move || sender.write_all(&vec![7; 32 * MIB]));
    let (_, [list, count]) = guest.buffer(32 * MIB);
    const WAITALL: u64 = 2;
    let length = guest.alloc(8);
    let arguments = [0, list, count, WAITALL, length, length + 4];
    let (answer, seen) = looks(4, || call(&mut guest, "sock_recv", &arguments));
    assert_eq!(answer, Ok(()));
    assert!(seen >= 5, "{seen}");
    assert!((guest.u32(length) as usize) < 32 * MIB);
    // The rest is still there.
    let rest = 32 * MIB - guest.u32(length) as usize;
    let mut receiver = receiver;
    receiver.read_exact(&mut vec![0; rest]).unwrap();
    writer.join().unwrap().unwrap();
}

#[test]
fn a_file_is_cut_step_by_step() {
    let mut guest = with_memory(0);
    let file = std::fs::File::create(guest.host("large")).unwrap();
    file.set_len(1 << 30).unwrap();
    let fd = open_file(&mut guest, "large");
    let (answer, seen) = looks(2, || call(&mut guest, "fd_filestat_set_size", &[fd, 5]));
    assert_eq!((answer, seen), (canceled(), 3));
    let size = file.metadata().unwrap().len();
    assert!((5..1 << 30).contains(&size), "{size}");
    guest.call("fd_filestat_set_size", &[fd, 5]).unwrap();
    assert_eq!(file.metadata().unwrap().len(), 5);
    // The largest file there is.
    file.set_len(1 << 43).unwrap();
    let (answer, seen) = looks(usize::MAX, || call(&mut guest, "fd_filestat_set_size", &[fd, 5]));
    assert_eq!((answer, file.metadata().unwrap().len()), (Ok(()), 5));
    assert!((1000..5000).contains(&seen), "{seen}");
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_cached_is_dropped_step_by_step() {
    const DONTNEED: u64 = 4;
    let mut guest = with_memory(0);
    std::fs::File::create(guest.host("large")).unwrap().set_len(1 << 30).unwrap();
    let fd = open_file(&mut guest, "large");
    for length in [0, 1 << 30, 1 << 62] {
        let arguments = [fd, 0, length, DONTNEED];
        assert_eq!(looks(2, || call(&mut guest, "fd_advise", &arguments)), (canceled(), 3));
        assert_eq!(looks(100, || call(&mut guest, "fd_advise", &arguments)).0, Ok(()));
    }
}
