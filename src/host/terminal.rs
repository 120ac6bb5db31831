//! Terminals, of which several processes may have the same.
#![allow(unsafe_code)] // isatty.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// Whether it is a terminal.
pub(super) fn is_terminal(fd: BorrowedFd<'_>) -> bool {
    // SAFETY: isatty looks at the descriptor only.
    unsafe { libc::isatty(fd.as_raw_fd()) == 1 }
}

/// The same terminal opened anew, so that calls on it don't wait, whatever other processes read, and
/// however little room there is. The flag that says so stays with those who have it from here: the
/// host's descriptor is as it was. `None` for what is no terminal, and where it can't be opened:
/// without `/proc`, or if it belongs to another user.
#[cfg(target_os = "linux")]
pub(super) fn unblocked(fd: BorrowedFd<'_>) -> Option<OwnedFd> {
    use rustix::fs::{Mode, OFlags, fcntl_getfl, fstat, makedev, open};
    // Opening this makes another terminal.
    let multiplexer = makedev(5, 2);
    if !is_terminal(fd) || fstat(fd).ok()?.st_rdev == multiplexer {
        return None;
    }
    let access = fcntl_getfl(fd).ok()? & OFlags::RWMODE;
    let flags = access | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    open(format!("/proc/self/fd/{}", fd.as_raw_fd()), flags, Mode::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn unblocked(_: BorrowedFd<'_>) -> Option<OwnedFd> {
    None
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::{AsFd, FromRawFd};
    use std::ptr::null_mut;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::super::{Buffer, Errno, Interrupt, Result};
    use super::super::{buffer, poll};
    use super::*;

    const HANG: Duration = Duration::from_secs(60);

    /// What a user sees and types into, and the terminal that programs have.
    fn terminal() -> (File, OwnedFd) {
        let (mut user, mut terminal) = (-1, -1);
        // SAFETY: writes to two locals; the rest may be null.
        let result =
            unsafe { libc::openpty(&mut user, &mut terminal, null_mut(), null_mut(), null_mut()) };
        assert_eq!(result, 0);
        // SAFETY: new descriptors, which nobody else has.
        unsafe { (File::from_raw_fd(user), OwnedFd::from_raw_fd(terminal)) }
    }

    /// What it gives, in a thread of its own: it might wait for ever.
    fn in_time<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
        let (give, given) = mpsc::channel();
        thread::spawn(move || give.send(act()));
        given.recv_timeout(HANG).expect("it waits")
    }

    fn write(fd: BorrowedFd<'_>, bytes: &mut [u8]) -> Result<usize> {
        // SAFETY: all of an array that outlives the buffer.
        let buffers = [unsafe { Buffer::new(bytes.as_mut_ptr(), bytes.len()) }];
        buffer::writev_now(fd, &buffers, Interrupt::NEVER)
    }

    fn read(fd: BorrowedFd<'_>, bytes: &mut [u8]) -> Result<usize> {
        // SAFETY: all of an array that outlives the buffer.
        let buffers = [unsafe { Buffer::new(bytes.as_mut_ptr(), bytes.len()) }];
        buffer::readv_now(fd, &buffers, Interrupt::NEVER)
    }

    #[test]
    fn writing_waits_for_no_room() {
        let (mut user, terminal) = terminal();
        let written = in_time(move || {
            let mut written = 0;
            // Nobody reads. There is room for a part of what is written last.
            loop {
                match write(terminal.as_fd(), &mut [b'x'; 4096]) {
                    Ok(count) => written += count,
                    Err(error) => break (written, error, terminal),
                }
            }
        });
        let (written, error, _terminal) = written;
        assert_eq!(error, Errno::Again);
        let mut shown = vec![0; written];
        in_time(move || user.read_exact(&mut shown).map(|()| (shown, user)).unwrap());
    }

    /// As after another has read what there was.
    #[test]
    fn reading_waits_for_no_line() {
        let (mut user, terminal) = terminal();
        let (error, terminal) = in_time(move || (read(terminal.as_fd(), &mut [0; 10]), terminal));
        assert_eq!(error, Err(Errno::Again));
        user.write_all(b"line\n").unwrap();
        poll::wait(terminal.as_fd(), poll::Interest::READ, Interrupt::NEVER).unwrap();
        let mut bytes = [0; 10];
        assert_eq!(read(terminal.as_fd(), &mut bytes), Ok(5));
        assert_eq!(&bytes[..5], b"line\n");
    }

    /// Opening `/dev/ptmx` through it would give the terminal of nobody.
    #[test]
    fn the_user_s_end_is_not_opened_anew() {
        let (user, terminal) = terminal();
        assert!(unblocked(user.as_fd()).is_none());
        assert!(unblocked(terminal.as_fd()).is_some());
        let flags = rustix::fs::fcntl_getfl(&terminal).unwrap();
        assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK));
    }
}
