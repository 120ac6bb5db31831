//! Files in memory: lent to guests as standard streams, read back and cleared by the host.
#![allow(unsafe_code)] // Uses descriptors behind the back of their owner.

mod common;

use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;

use common::whence::SET;
use common::{Errno, Guest, Setup, Stdio, null};
use wasi_rs::host::{Buffer, MemoryFile, close, pipe};

fn borrowed(fd: RawFd) -> BorrowedFd<'static> {
    // SAFETY: of a file that the test keeps, or not looked into.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// A guest whose standard streams are all this file.
fn guest_on(file: &MemoryFile) -> Guest {
    let stdio = [(); 3].map(|()| Stdio::Lent(file.number()));
    Guest::with_setup(Setup { stdio, ..Setup::default() })
}

/// Read at offsets, so that the position stays.
fn content(file: &MemoryFile) -> Vec<u8> {
    let copy = File::from(borrowed(file.number()).try_clone_to_owned().unwrap());
    let mut bytes = vec![0; file.size().unwrap() as usize];
    copy.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

/// Lets the number of the file stand for /dev/null.
fn replace(file: &MemoryFile) {
    // SAFETY: not closed by the test: the number has two owners for a while.
    let mut same = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(file.number()) });
    rustix::io::dup2(null(), &mut same).unwrap();
}

#[test]
fn guests_have_one_position_in_it() {
    let file = MemoryFile::new().unwrap();
    assert_eq!(file.size(), Ok(0));
    let (mut one, mut other) = (guest_on(&file), guest_on(&file));
    assert_eq!(one.write(1, "one, "), Ok(5));
    assert_eq!(other.write(2, "two"), Ok(3));
    assert_eq!(content(&file), b"one, two");
    assert_eq!(one.read(0, 9).unwrap(), b"");
    one.seek(0, 5, SET).unwrap();
    assert_eq!(other.read(0, 9).unwrap(), b"two");
}

#[test]
fn threads_that_write_to_it_lose_nothing() {
    const WRITES: usize = 20_000;
    let file = MemoryFile::new().unwrap();
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let mut guest = guest_on(&file);
                for _ in 0..WRITES {
                    assert_eq!(guest.write(1, "one line\n"), Ok(9));
                }
            });
        }
    });
    assert_eq!(content(&file), b"one line\n".repeat(4 * WRITES));
}

/// What the host uses, as the memory of JavaScript is: never as a slice.
fn buffer(bytes: &mut [u8]) -> Buffer<'_> {
    // SAFETY: borrowed for as long as the buffer.
    unsafe { Buffer::new(bytes.as_mut_ptr(), bytes.len()) }
}

#[test]
fn the_host_reads_and_writes_without_moving_the_position() {
    let file = MemoryFile::new().unwrap();
    assert_eq!(file.write(buffer(&mut b"content".to_owned())), Ok(7));
    let mut guest = guest_on(&file);
    assert_eq!(guest.read(0, 3).unwrap(), b"con");
    let mut bytes = [0; 9];
    assert_eq!(file.read(buffer(&mut bytes)), Ok(7));
    assert_eq!(bytes, *b"content\0\0");
    assert_eq!(file.read(buffer(&mut bytes[..2])), Ok(2));
    assert_eq!(guest.read(0, 9).unwrap(), b"tent");
}

#[test]
fn what_is_written_after_it_was_cleared_is_at_the_start() {
    let file = MemoryFile::new().unwrap();
    let mut guest = guest_on(&file);
    guest.write(1, "old content").unwrap();
    file.clear().unwrap();
    assert_eq!(file.size(), Ok(0));
    guest.write(1, "new").unwrap();
    assert_eq!(content(&file), b"new");
}

#[test]
fn no_program_that_is_started_gets_it() {
    let file = MemoryFile::new().unwrap();
    let flags = rustix::io::fcntl_getfd(borrowed(file.number())).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
}

#[cfg(target_os = "linux")]
#[test]
fn it_is_gone_when_it_is_dropped() {
    use std::os::unix::fs::MetadataExt;
    let file = MemoryFile::new().unwrap();
    let link = format!("/proc/self/fd/{}", file.number());
    // Open in another way, it keeps its inode.
    let same = File::open(&link).unwrap();
    drop(file);
    // Another test may have got the number.
    let now = std::fs::metadata(&link).map(|now| now.ino());
    assert_ne!(now.ok(), Some(same.metadata().unwrap().ino()));
}

#[test]
fn a_descriptor_that_someone_replaced_is_not_touched() {
    let file = MemoryFile::new().unwrap();
    let number = file.number();
    replace(&file);
    assert_eq!(file.size(), Err(Errno::Badf));
    assert_eq!(file.clear(), Err(Errno::Badf));
    assert_eq!(file.read(buffer(&mut [0; 9])), Err(Errno::Badf));
    assert_eq!(file.write(buffer(&mut [0; 9])), Err(Errno::Badf));
    drop(file);
    let stat = rustix::fs::fstat(borrowed(number)).unwrap();
    assert_eq!(stat.st_ino, rustix::fs::fstat(null()).unwrap().st_ino);
    // SAFETY: nobody else has it any more.
    unsafe { close(number) };
}

#[test]
fn a_descriptor_is_closed_by_its_number() {
    let [reader, writer] = pipe().unwrap();
    // SAFETY: given away just now.
    unsafe { close(writer.into_raw_fd()) };
    let mut buffer = [0; 1];
    // The end of the pipe, as nobody can write to it.
    assert_eq!(rustix::io::read(reader.as_fd(), &mut buffer), Ok(0));
}
