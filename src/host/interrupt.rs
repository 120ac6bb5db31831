//! Ending a wait from outside.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::{Errno, Result, lock};

/// How long a wait goes on before it looks whether it should end.
const INTERVAL: Duration = Duration::from_millis(50);

/// What ends the waits of a guest from outside.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interrupt {
    source: Source,
}

#[derive(Debug, Clone, Copy, Default)]
enum Source {
    #[default]
    Never,
    /// Asked from within waits, on the guest's thread.
    Check(fn() -> bool),
    Signal(&'static Signal),
}

impl Interrupt {
    /// Waits go on as long as they take.
    pub const NEVER: Self = Interrupt { source: Source::Never };

    /// Waits end with `ECANCELED` soon after `check` says so.
    pub fn when(check: fn() -> bool) -> Self {
        Interrupt { source: Source::Check(check) }
    }

    /// Waits end with `ECANCELED` as soon as the signal is set.
    pub fn on(signal: &'static Signal) -> Self {
        Interrupt { source: Source::Signal(signal) }
    }

    /// Whether waits can end: only then must they be such as can.
    pub(super) fn is_possible(self) -> bool {
        !matches!(self.source, Source::Never)
    }

    /// Errors: `ECANCELED` once the guest is to end.
    pub fn check(self) -> Result<()> {
        if self.is_due() { Err(Errno::Canceled) } else { Ok(()) }
    }

    pub(super) fn is_due(self) -> bool {
        match self.source {
            Source::Never => false,
            Source::Check(check) => check(),
            Source::Signal(signal) => signal.is_due(),
        }
    }

    /// Whether what ends a wait wakes it too.
    pub(super) fn wakes(self) -> bool {
        matches!(self.source, Source::Signal(_))
    }

    /// Calls `wait`, which blocks this thread. Meanwhile, another guest may compute in its place.
    pub(super) fn without_permit<T>(self, wait: impl FnOnce() -> T) -> T {
        let Source::Signal(signal) = self.source else { return wait() };
        let Some(permits) = signal.permits else { return wait() };
        permits.release();
        let _acquired_after = Released { permits, signal };
        wait()
    }

    /// Whether waiting gives back a permit.
    pub(super) fn has_permits(self) -> bool {
        matches!(self.source, Source::Signal(Signal { permits: Some(_), .. }))
    }

    /// Sleeps until the deadline, for ever when `None`. Only what wakes can end it before.
    ///
    /// Errors: `ECANCELED` once the guest is to end.
    pub(super) fn sleep(self, deadline: Option<Instant>) -> Result<()> {
        if let Source::Signal(signal) = self.source {
            signal.sleep(deadline, || false);
        }
        self.check()
    }

    /// How often a wait must look.
    pub(super) fn interval(self) -> Option<Duration> {
        match self.source {
            Source::Never => None,
            Source::Check(_) => Some(INTERVAL),
            Source::Signal(signal) => signal.check.map(|_| INTERVAL),
        }
    }

    /// Can be read once the signal is set.
    pub(super) fn pipe(self) -> Result<Option<Arc<SignalPipe>>> {
        match self.source {
            Source::Signal(signal) => signal.pipe().map(Some),
            _ => Ok(None),
        }
    }
}

/// What threads need in order to compute, of which there are only so many.
pub trait Permits: Sync {
    /// Gives back the permit of this thread, which is going to wait.
    fn release(&self);

    /// Waits until this thread has a permit again, or the signal is set: a guest that is to end
    /// needs none.
    fn acquire(&self, signal: &'static Signal);
}

/// A permit that was given back. Dropping this takes one again, after a panic, too.
struct Released {
    permits: &'static dyn Permits,
    signal: &'static Signal,
}

impl Drop for Released {
    fn drop(&mut self) {
        self.permits.acquire(self.signal);
    }
}

/// Wakes a guest that waits, from any thread. It takes descriptors only once a guest has waited for
/// one.
#[derive(Default)]
pub struct Signal {
    set: AtomicBool,
    /// Locked while the signal changes, too.
    pipe: Mutex<Option<Arc<SignalPipe>>>,
    /// For those that sleep without a descriptor.
    changed: Condvar,
    /// Of the threads that wait with this signal.
    permits: Option<&'static dyn Permits>,
    /// Asked within waits, on the thread that waits.
    check: Option<fn() -> bool>,
}

impl std::fmt::Debug for Signal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Signal").field("set", &self.set).finish_non_exhaustive()
    }
}

impl Signal {
    /// For guests that wait without a permit.
    pub fn with_permits(permits: &'static dyn Permits) -> Self {
        Signal { permits: Some(permits), ..Signal::default() }
    }

    /// For guests whose waits must also end soon after `check` says so, as if the signal had been set.
    pub fn with_check(check: fn() -> bool) -> Self {
        Signal { check: Some(check), ..Signal::default() }
    }

    /// Ends the wait under way and all to come.
    pub fn set(&self) {
        let pipe = self.lock();
        self.set.store(true, Ordering::SeqCst);
        if let Some(pipe) = &*pipe {
            pipe.tell();
        }
        self.changed.notify_all();
    }

    /// Lets a thread in `sleep` look again whether it is done.
    pub fn wake(&self) {
        let _pipe = self.lock();
        self.changed.notify_all();
    }

    /// Sleeps until `is_done`, the deadline, or the signal.
    pub fn sleep(&self, deadline: Option<Instant>, is_done: impl Fn() -> bool) {
        while !self.is_due() {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let pipe = self.lock();
            if self.is_set() || is_done() || left.is_some_and(|left| left.is_zero()) {
                return;
            }
            let look = self.check.map(|_| INTERVAL);
            match left.into_iter().chain(look).min() {
                None => drop(self.changed.wait(pipe)),
                Some(time) => drop(self.changed.wait_timeout(pipe, time)),
            }
        }
    }

    /// Whether the wait is to end. Sets the signal if the check says so.
    fn is_due(&self) -> bool {
        if !self.is_set() && self.check.is_some_and(|check| check()) {
            self.set();
        }
        self.is_set()
    }

    /// The same. Meanwhile, another guest may compute in its place.
    pub fn sleep_without_permit(&'static self, is_done: impl Fn() -> bool) {
        Interrupt::on(self).without_permit(|| self.sleep(None, is_done));
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst)
    }

    /// Makes it as new.
    pub fn clear(&self) {
        let pipe = self.lock();
        self.set.store(false, Ordering::SeqCst);
        if let Some(pipe) = &*pipe {
            pipe.forget();
        }
    }

    /// Whether it has descriptors, because a guest has waited for one with it.
    pub fn has_descriptors(&self) -> bool {
        self.lock().is_some()
    }

    /// Gives back its descriptors, until a guest waits with it again.
    pub fn close(&self) {
        *self.lock() = None;
    }

    /// Can be read when the signal is set.
    ///
    /// Errors: `EMFILE` and `ENFILE`, the first time.
    fn pipe(&self) -> Result<Arc<SignalPipe>> {
        let mut pipe = self.lock();
        if let Some(pipe) = &*pipe {
            return Ok(Arc::clone(pipe));
        }
        let new = Arc::new(SignalPipe::new()?);
        if self.is_set() {
            new.tell();
        }
        *pipe = Some(Arc::clone(&new));
        Ok(new)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<SignalPipe>>> {
        lock(&self.pipe)
    }
}

/// A pipe with a byte in it once a signal is set.
#[derive(Debug)]
pub struct SignalPipe {
    reader: PipeReader,
    writer: PipeWriter,
    written: AtomicBool,
}

impl SignalPipe {
    fn new() -> Result<Self> {
        let (reader, writer) = std::io::pipe()?;
        Ok(SignalPipe { reader, writer, written: AtomicBool::new(false) })
    }

    /// One byte always fits, and the reader is there.
    fn tell(&self) {
        if !self.written.swap(true, Ordering::SeqCst) {
            let _ = (&self.writer).write(&[0]);
        }
    }

    /// Takes the byte out again.
    fn forget(&self) {
        if self.written.load(Ordering::SeqCst) {
            let is_left = (&self.reader).read(&mut [0]).is_err();
            self.written.store(is_left, Ordering::SeqCst);
        }
    }
}

impl AsFd for SignalPipe {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Permits for Counted {
        fn release(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }

        fn acquire(&self, _: &'static Signal) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_permit_is_taken_again_after_a_panic() {
        let free: &'static Counted = Box::leak(Box::default());
        let signal: &'static Signal = Box::leak(Box::new(Signal::with_permits(free)));
        let interrupt = Interrupt::on(signal);
        let wait = AssertUnwindSafe(|| interrupt.without_permit(|| panic!("a bug")));
        assert!(catch_unwind(wait).is_err());
        assert_eq!(free.0.load(Ordering::SeqCst), 0);
        assert_eq!(interrupt.without_permit(|| free.0.load(Ordering::SeqCst)), 1);
    }
}
