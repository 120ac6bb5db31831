//! Ending a wait from outside.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

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
            Source::Signal(signal) => signal.is_set(),
        }
    }

    /// Whether what ends a wait wakes it too.
    pub(super) fn wakes(self) -> bool {
        matches!(self.source, Source::Signal(_))
    }

    /// How often a wait must look.
    pub(super) fn interval(self) -> Option<Duration> {
        matches!(self.source, Source::Check(_)).then_some(INTERVAL)
    }

    /// Can be read once the signal is set.
    pub(super) fn fd(self) -> Result<Option<BorrowedFd<'static>>> {
        match self.source {
            Source::Signal(signal) => signal.reader().map(Some),
            _ => Ok(None),
        }
    }
}

/// Wakes a guest that waits, from any thread. It takes descriptors only once a guest has waited.
#[derive(Debug, Default)]
pub struct Signal {
    set: AtomicBool,
    pipe: OnceLock<(PipeReader, PipeWriter)>,
    /// Whether a byte is in the pipe; locked while any of the three changes.
    written: Mutex<bool>,
}

impl Signal {
    /// Ends the wait under way and all to come.
    pub fn set(&self) {
        let mut written = self.lock();
        self.set.store(true, Ordering::SeqCst);
        self.tell(&mut written);
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst)
    }

    /// Makes it as new.
    pub fn clear(&self) {
        let mut written = self.lock();
        self.set.store(false, Ordering::SeqCst);
        if let Some((reader, _)) = self.pipe.get().filter(|_| *written) {
            let mut reader = reader;
            *written = reader.read(&mut [0]).is_err();
        }
    }

    /// Can be read when it is set.
    ///
    /// Errors: `EMFILE` and `ENFILE`, the first time.
    fn reader(&self) -> Result<BorrowedFd<'_>> {
        let mut written = self.lock();
        if self.pipe.get().is_none() {
            let ends = std::io::pipe()?;
            let _ = self.pipe.set(ends);
            if self.is_set() {
                self.tell(&mut written);
            }
        }
        self.pipe.get().map(|(reader, _)| reader.as_fd()).ok_or(Errno::Io)
    }

    /// One byte always fits, and the reader is there.
    fn tell(&self, written: &mut bool) {
        if let Some((_, writer)) = self.pipe.get().filter(|_| !*written) {
            let mut writer = writer;
            *written = writer.write(&[0]).is_ok();
        }
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        lock(&self.written)
    }
}

/// Whether this thread is the one that the process began with. (Asked of the system: in Node, the
/// module that knows costs half a millisecond to load.)
#[cfg(target_os = "linux")]
pub fn is_main_thread() -> bool {
    rustix::thread::gettid() == rustix::process::getpid()
}

/// `false` where that can't be told.
#[cfg(not(target_os = "linux"))]
pub fn is_main_thread() -> bool {
    false
}
