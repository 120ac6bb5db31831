//! Waiting until a descriptor is ready, or for some time.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use bitflags::bitflags;
use rustix::event::{PollFd, PollFlags, Timespec};

use super::terminal::unblocked;
use super::{Errno, Interrupt, Result};

bitflags! {
    /// What a descriptor should become ready for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Interest: u8 {
        /// Reading, or accepting.
        const READ = 1 << 0;
        /// Writing.
        const WRITE = 1 << 1;
    }
}

/// What polling found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ready {
    /// What would not wait.
    pub ready: Interest,
    /// What the other end is gone for: it writes no more, or it reads no more.
    pub hangup: Interest,
    /// Nobody is left to read what would be written to this pipe.
    pub broken: bool,
    /// The descriptor is not open in the host.
    pub invalid: bool,
}

impl Interest {
    fn flags(self) -> PollFlags {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN | ENDED, self.contains(Interest::READ));
        flags.set(PollFlags::OUT, self.contains(Interest::WRITE));
        flags
    }
}

/// The other end of a socket writes no more, but may read.
#[cfg(target_os = "linux")]
const ENDED: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
const ENDED: PollFlags = PollFlags::empty();

/// After which to try again, while it is another thread's turn.
const TURN_TIME: Duration = Duration::from_micros(100);

/// Waits for the first of `interests`, at most `timeout` (for ever when `None`), and tells the
/// state of each, in their order. Signals don't end it.
///
/// Errors: `ECANCELED` when interrupted.
pub fn poll(
    interests: &[(BorrowedFd<'_>, Interest)],
    timeout: Option<Duration>,
    interrupt: Interrupt,
) -> Result<Vec<Ready>> {
    // Past the end of time is for ever.
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let is_wait = timeout.is_none_or(|timeout| !timeout.is_zero());
    if interests.is_empty() && is_wait && interrupt.wakes() {
        interrupt.without_permit(|| interrupt.sleep(deadline))?;
        return Ok(Vec::new());
    }
    let waits_later = is_wait && interrupt.has_permits();
    let mut pipe = None;
    let mut fds = Vec::with_capacity(interests.len() + 1);
    for (fd, interest) in interests {
        fds.push(PollFd::from_borrowed_fd(*fd, interest.flags()));
    }
    if waits_later && are_ready(&mut fds)? {
        interrupt.check()?;
    } else {
        if is_wait {
            pipe = interrupt.pipe()?;
        }
        let signal = pipe.as_deref().map(AsFd::as_fd);
        fds.extend(signal.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        wait_for(&mut fds, deadline, is_wait, interrupt)?;
    }
    Ok(interests.iter().zip(&fds).map(|((fd, _), polled)| ready(*fd, polled.revents())).collect())
}

fn wait_for(
    fds: &mut [PollFd<'_>],
    deadline: Option<Instant>,
    is_wait: bool,
    interrupt: Interrupt,
) -> Result<()> {
    match is_wait {
        true => interrupt.without_permit(|| poll_until(fds, deadline, interrupt)),
        false => poll_until(fds, deadline, interrupt),
    }
}

/// Whether one is ready now: then there is nothing to wait for.
fn are_ready(fds: &mut [PollFd<'_>]) -> Result<bool> {
    loop {
        match rustix::event::poll(fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
            Ok(count) => return Ok(count > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn poll_until(
    fds: &mut [PollFd<'_>],
    deadline: Option<Instant>,
    interrupt: Interrupt,
) -> Result<()> {
    let interval = interrupt.interval();
    loop {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let is_last = interval.is_none_or(|interval| left.is_some_and(|left| left <= interval));
        let timeout = if is_last { left } else { interval };
        match rustix::event::poll(fds, timeout.map(timespec).as_ref()) {
            Ok(0) if !is_last => {}
            // Not the signal alone: what is ready may be told, unless the guest is to end.
            Ok(_) if !interrupt.wakes() || !interrupt.is_due() => return Ok(()),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        if interrupt.is_due() {
            return Err(Errno::Canceled);
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX) as _,
        tv_nsec: duration.subsec_nanos().into(),
    }
}

fn ready(fd: BorrowedFd<'_>, events: PollFlags) -> Ready {
    let gone = events.contains(PollFlags::HUP);
    let mut hangup = Interest::empty();
    hangup.set(Interest::READ, gone || events.intersects(ENDED));
    hangup.set(Interest::WRITE, gone);
    let error = events.contains(PollFlags::ERR);
    // The call that follows will say what is wrong.
    let failed = gone || error;
    let mut ready = Interest::empty();
    ready.set(Interest::READ, failed || events.contains(PollFlags::IN));
    ready.set(Interest::WRITE, failed || events.contains(PollFlags::OUT));
    let invalid = events.contains(PollFlags::NVAL);
    Ready { ready, hangup, broken: error && is_pipe(fd), invalid }
}

fn is_pipe(fd: BorrowedFd<'_>) -> bool {
    let mode = rustix::fs::fstat(fd).map(|stat| stat.st_mode);
    mode.is_ok_and(|mode| rustix::fs::FileType::from_raw_mode(mode).is_fifo())
}

/// Waits until `fd` is ready, for ever if need be.
///
/// Errors: `EBADF`; `ECANCELED` when interrupted.
pub(super) fn wait(fd: BorrowedFd<'_>, interest: Interest, interrupt: Interrupt) -> Result<()> {
    match poll(&[(fd, interest)], None, interrupt)?[..] {
        [Ready { invalid: true, .. }] => Err(Errno::Badf),
        _ => Ok(()),
    }
}

/// Whether `fd` is ready now.
pub(super) fn is_ready(fd: BorrowedFd<'_>, interest: Interest) -> Result<bool> {
    Ok(poll(&[(fd, interest)], Some(Duration::ZERO), Interrupt::NEVER)?[0].ready.contains(interest))
}

/// Reads, accepts or writes what is possible now, for calls that the system gives no way to make
/// without waiting. Those in this process who wait for the same do so one after the other: none is
/// left to wait because another was quicker. Terminals can mostly be opened so that nothing waits.
///
/// Errors: `EAGAIN` when it would wait; `ECANCELED` when interrupted; those of `act`.
pub(super) fn act_now<T>(
    fd: BorrowedFd<'_>,
    interest: Interest,
    interrupt: Interrupt,
    act: impl FnOnce(BorrowedFd<'_>) -> Result<T>,
) -> Result<T> {
    if let Some(own) = unblocked(fd) {
        return act(own.as_fd());
    }
    let _turn = lock_until(turns(fd, interest)?, interrupt)?;
    if is_ready(fd, interest)? { act(fd) } else { Err(Errno::Again) }
}

/// Whose turn it is with a file, whichever descriptors it has. Few files share one, so that who does
/// have to wait, for another process, holds up few others.
fn turns(fd: BorrowedFd<'_>, interest: Interest) -> Result<&'static Mutex<()>> {
    const TURNS: usize = 64;
    static READING: [Mutex<()>; TURNS] = [const { Mutex::new(()) }; TURNS];
    static WRITING: [Mutex<()>; TURNS] = [const { Mutex::new(()) }; TURNS];
    let turns = if interest == Interest::WRITE { &WRITING } else { &READING };
    Ok(&turns[rustix::fs::fstat(fd)?.st_ino as usize % TURNS])
}

/// Who has it is done at once, unless another process was quicker.
fn lock_until(mutex: &Mutex<()>, interrupt: Interrupt) -> Result<MutexGuard<'_, ()>> {
    loop {
        match mutex.try_lock() {
            Ok(guard) => return Ok(guard),
            Err(TryLockError::Poisoned(error)) => return Ok(error.into_inner()),
            Err(TryLockError::WouldBlock) if interrupt.is_due() => return Err(Errno::Canceled),
            Err(TryLockError::WouldBlock) => std::thread::sleep(TURN_TIME),
        }
    }
}

/// Bytes that can be read without waiting, 0 where that is not known.
pub fn bytes_available(fd: BorrowedFd<'_>) -> u64 {
    rustix::io::ioctl_fionread(fd).unwrap_or(0)
}
