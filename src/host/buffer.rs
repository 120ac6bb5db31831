//! Pieces of guest memory that the kernel reads or writes in place.
#![allow(unsafe_code)] // Raw pointers to memory that other threads may write at the same time.

use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Mutex;

use super::copy::{copy_from_shared, copy_to_shared};
use super::poll::{self, Interest};
use super::{Errno, Result, lock};

/// Most pieces that one system call takes (`IOV_MAX` of Linux).
pub const MAX_BUFFERS: usize = 1024;

/// One piece of memory, valid for `'m`, handed to the kernel as it is.
///
/// It is never a Rust slice: guest memory may be shared, pieces may overlap.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Buffer<'m> {
    raw: libc::iovec,
    memory: PhantomData<&'m ()>,
}

impl<'m> Buffer<'m> {
    /// # Safety
    ///
    /// `length` bytes from `start` must be readable and writable for all of `'m`.
    pub unsafe fn new(start: *mut u8, length: usize) -> Self {
        Buffer { raw: libc::iovec { iov_base: start.cast(), iov_len: length }, memory: PhantomData }
    }

    /// Size in bytes.
    pub fn len(&self) -> usize {
        self.raw.iov_len
    }

    /// Whether it holds no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Without its first `length` bytes; without any if there are fewer.
    pub fn without_first(self, length: usize) -> Self {
        let length = length.min(self.len());
        let iov_base = self.raw.iov_base.wrapping_byte_add(length);
        let raw = libc::iovec { iov_base, iov_len: self.raw.iov_len - length };
        Buffer { raw, memory: PhantomData }
    }

    /// Copies the bytes out. Panics when `bytes` is longer.
    pub fn read(&self, bytes: &mut [u8]) {
        assert!(bytes.len() <= self.len(), "outside of the buffer");
        // SAFETY: `Buffer::new` promises the memory, and `bytes` is not longer.
        unsafe { copy_from_shared(self.raw.iov_base.cast(), bytes) };
    }

    /// Copies bytes in. Panics when `bytes` is longer.
    pub fn write(&self, bytes: &[u8]) {
        assert!(bytes.len() <= self.len(), "outside of the buffer");
        // SAFETY: as in `read`.
        unsafe { copy_to_shared(bytes, self.raw.iov_base.cast()) };
    }

    /// The first `length` bytes, or all if there are fewer.
    pub fn truncated(self, length: usize) -> Self {
        let raw = libc::iovec { iov_len: self.raw.iov_len.min(length), ..self.raw };
        Buffer { raw, memory: PhantomData }
    }
}

/// `Buffer` is `repr(transparent)` over `iovec`; the count fits since there are at most 1024.
fn raw(buffers: &[Buffer<'_>]) -> (*const libc::iovec, libc::c_int) {
    (buffers.as_ptr().cast(), buffers.len().min(MAX_BUFFERS) as libc::c_int)
}

fn transferred(result: isize) -> Result<usize> {
    usize::try_from(result).map_err(|_| std::io::Error::last_os_error().into())
}

/// Reads at the descriptor's own position.
pub(super) fn readv(fd: BorrowedFd<'_>, buffers: &[Buffer<'_>]) -> Result<usize> {
    let fd = fd.as_raw_fd();
    // SAFETY: every buffer is valid for its lifetime (`Buffer::new`), which outlives this call.
    transferred(unsafe {
        match buffers {
            [one] => libc::read(fd, one.raw.iov_base, one.raw.iov_len),
            _ => libc::readv(fd, raw(buffers).0, raw(buffers).1),
        }
    })
}

/// Like `readv`, but never waits, where the system can promise that: others may read the same
/// pipe. Elsewhere, as for terminals of Linux, only other processes can make it wait.
#[cfg(target_os = "linux")]
pub(super) fn readv_now(fd: BorrowedFd<'_>, buffers: &[Buffer<'_>]) -> Result<usize> {
    let (list, count) = raw(buffers);
    // SAFETY: as in `readv`. An offset of -1 stands for the descriptor's own position.
    let result = unsafe { libc::preadv2(fd.as_raw_fd(), list, count, -1, libc::RWF_NOWAIT) };
    match transferred(result) {
        Err(Errno::NotSup | Errno::NoSys | Errno::Inval) => readv_if_ready(fd, buffers),
        result => result,
    }
}

/// Like `writev`, but never waits, where the system can promise that.
#[cfg(target_os = "linux")]
pub(super) fn writev_now(fd: BorrowedFd<'_>, buffers: &[Buffer<'_>]) -> Result<usize> {
    let (list, count) = raw(buffers);
    // SAFETY: as in `readv_now`.
    let result = unsafe { libc::pwritev2(fd.as_raw_fd(), list, count, -1, libc::RWF_NOWAIT) };
    match transferred(result) {
        Err(Errno::NotSup | Errno::NoSys | Errno::Inval) => writev(fd, buffers),
        result => result,
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) use {readv_if_ready as readv_now, writev as writev_now};

/// One thread of this process after the other, so that what is there is still there.
pub(super) fn readv_if_ready(fd: BorrowedFd<'_>, buffers: &[Buffer<'_>]) -> Result<usize> {
    static READING: Mutex<()> = Mutex::new(());
    let _reading = lock(&READING);
    if poll::is_ready(fd, Interest::READ)? { readv(fd, buffers) } else { Err(Errno::Again) }
}

/// Writes at the descriptor's own position, or at the end of a file open for appending.
pub(super) fn writev(fd: BorrowedFd<'_>, buffers: &[Buffer<'_>]) -> Result<usize> {
    let fd = fd.as_raw_fd();
    // SAFETY: as in `readv`.
    transferred(unsafe {
        match buffers {
            [one] => libc::write(fd, one.raw.iov_base, one.raw.iov_len),
            _ => libc::writev(fd, raw(buffers).0, raw(buffers).1),
        }
    })
}

/// Reads at `offset` bytes from the start; the position stays.
pub(super) fn preadv(fd: BorrowedFd<'_>, buffers: &[Buffer<'_>], offset: i64) -> Result<usize> {
    let fd = fd.as_raw_fd();
    // SAFETY: as in `readv`.
    transferred(unsafe {
        match buffers {
            [one] => libc::pread(fd, one.raw.iov_base, one.raw.iov_len, offset),
            _ => libc::preadv(fd, raw(buffers).0, raw(buffers).1, offset),
        }
    })
}

/// Writes at `offset` bytes from the start; the position stays.
pub(super) fn pwritev(fd: BorrowedFd<'_>, buffers: &[Buffer<'_>], offset: i64) -> Result<usize> {
    let fd = fd.as_raw_fd();
    // SAFETY: as in `readv`.
    transferred(unsafe {
        match buffers {
            [one] => libc::pwrite(fd, one.raw.iov_base, one.raw.iov_len, offset),
            _ => libc::pwritev(fd, raw(buffers).0, raw(buffers).1, offset),
        }
    })
}

/// What `recvmsg` tells beside the number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Bytes written to the buffers.
    pub length: usize,
    /// The message was longer than the buffers.
    pub truncated: bool,
}

/// Receives into the buffers; `flags` are those of `recv(2)`.
pub(super) fn recvmsg(
    fd: BorrowedFd<'_>,
    buffers: &[Buffer<'_>],
    flags: libc::c_int,
) -> Result<Received> {
    let mut header = message_header(buffers);
    // SAFETY: `header` points to buffers that outlive this call; it names no address and no
    // control data.
    let length = transferred(unsafe { libc::recvmsg(fd.as_raw_fd(), &mut header, flags) })?;
    Ok(Received { length, truncated: header.msg_flags & libc::MSG_TRUNC != 0 })
}

/// Sends the buffers as one message; `flags` are those of `send(2)`.
pub(super) fn sendmsg(
    fd: BorrowedFd<'_>,
    buffers: &[Buffer<'_>],
    flags: libc::c_int,
) -> Result<usize> {
    let header = message_header(buffers);
    // SAFETY: as in `recvmsg`.
    transferred(unsafe { libc::sendmsg(fd.as_raw_fd(), &header, flags) })
}

fn message_header(buffers: &[Buffer<'_>]) -> libc::msghdr {
    // SAFETY: all fields of `msghdr` are integers or pointers, for which zero is a valid value.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = raw(buffers).0.cast_mut();
    header.msg_iovlen = raw(buffers).1 as _;
    header
}

/// Repeats a call that a signal interrupted.
pub(super) fn retry_on_intr<T>(mut call: impl FnMut() -> Result<T>) -> Result<T> {
    loop {
        match call() {
            Err(Errno::Intr) => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;
    use std::os::fd::{AsFd, FromRawFd, OwnedFd};
    use std::ptr::null_mut;
    use std::thread;
    use std::time::Duration;

    use super::super::Interrupt;
    use super::*;

    /// What a user types into, and the terminal that programs read.
    fn terminal() -> (File, OwnedFd) {
        let (mut user, mut terminal) = (-1, -1);
        // SAFETY: writes to two locals; the rest may be null.
        let result =
            unsafe { libc::openpty(&mut user, &mut terminal, null_mut(), null_mut(), null_mut()) };
        assert_eq!(result, 0);
        // SAFETY: new descriptors, which nobody else has.
        unsafe { (File::from_raw_fd(user), OwnedFd::from_raw_fd(terminal)) }
    }

    /// As after another thread has read what there was.
    #[test]
    fn reading_now_waits_for_no_terminal() {
        let (mut user, terminal) = terminal();
        let mut bytes = [0; 10];
        // SAFETY: all of an array that outlives the buffer.
        let buffers = [unsafe { Buffer::new(bytes.as_mut_ptr(), bytes.len()) }];
        let typing = thread::spawn(move || {
            // A read that waits would end with this.
            thread::sleep(Duration::from_secs(1));
            user.write_all(b"line\n").unwrap();
            user
        });
        assert_eq!(readv_now(terminal.as_fd(), &buffers), Err(Errno::Again));
        let _user = typing.join().unwrap();
        poll::wait(terminal.as_fd(), Interest::READ, Interrupt::NEVER).unwrap();
        assert_eq!(readv_now(terminal.as_fd(), &buffers), Ok(5));
        assert_eq!(&bytes[..5], b"line\n");
    }
}
