//! Pieces of guest memory that the kernel reads or writes in place.
#![allow(unsafe_code)] // Raw pointers to memory that other threads may write at the same time.

use std::marker::PhantomData;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::copy::{copy_from_shared, copy_to_shared};
use super::poll::{Interest, act_now};
use super::{Errno, Interrupt, Result};

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

/// Like `readv`, but never waits for what others who read the same have taken: where the system
/// can't promise that, as for a FIFO or a terminal, only one thread reads at a time.
pub(super) fn readv_now(
    fd: BorrowedFd<'_>,
    buffers: &[Buffer<'_>],
    interrupt: Interrupt,
) -> Result<usize> {
    transfer_now(Interest::READ, readv, fd, buffers, interrupt)
}

/// Like `writev`, but never waits for room that others who write to the same have taken: as
/// `readv_now`.
pub(super) fn writev_now(
    fd: BorrowedFd<'_>,
    buffers: &[Buffer<'_>],
    interrupt: Interrupt,
) -> Result<usize> {
    transfer_now(Interest::WRITE, writev, fd, buffers, interrupt)
}

fn transfer_now(
    interest: Interest,
    transfer: fn(BorrowedFd<'_>, &[Buffer<'_>]) -> Result<usize>,
    fd: BorrowedFd<'_>,
    buffers: &[Buffer<'_>],
    interrupt: Interrupt,
) -> Result<usize> {
    match without_waiting(interest, fd, buffers) {
        Err(Errno::NotSup | Errno::NoSys | Errno::Inval) => {
            act_now(fd, interest, interrupt, |fd| transfer(fd, buffers))
        }
        result => result,
    }
}

/// `preadv2` or `pwritev2`, by number: musl before 1.2.5 has no functions for them, and an addon
/// that asks for those would not load there.
#[cfg(target_os = "linux")]
fn without_waiting(
    interest: Interest,
    fd: BorrowedFd<'_>,
    buffers: &[Buffer<'_>],
) -> Result<usize> {
    let is_write = interest == Interest::WRITE;
    let number = if is_write { libc::SYS_pwritev2 } else { libc::SYS_preadv2 };
    let (list, count) = raw(buffers);
    let [fd, count, flags] = [fd.as_raw_fd(), count, libc::RWF_NOWAIT].map(libc::c_long::from);
    // The descriptor's own position, which is -1, comes in two halves; where the first has 64 bits,
    // the other is not looked at.
    let [low, high]: [libc::c_long; 2] = [-1, -1];
    // SAFETY: as in `readv`.
    let result = unsafe { libc::syscall(number, fd, list, count, low, high, flags) };
    transferred(result as isize)
}

/// Only Linux has such calls.
#[cfg(not(target_os = "linux"))]
fn without_waiting(_: Interest, _: BorrowedFd<'_>, _: &[Buffer<'_>]) -> Result<usize> {
    Err(Errno::NotSup)
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
