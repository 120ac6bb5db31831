//! Ending a wait from outside.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Result;

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

    pub(super) fn is_due(self) -> bool {
        match self.source {
            Source::Never => false,
            Source::Check(check) => check(),
            Source::Signal(signal) => signal.is_set(),
        }
    }

    /// How often a wait must look.
    pub(super) fn interval(self) -> Option<Duration> {
        matches!(self.source, Source::Check(_)).then_some(INTERVAL)
    }

    /// Can be read once the signal is set.
    pub(super) fn fd(self) -> Option<BorrowedFd<'static>> {
        match self.source {
            Source::Signal(signal) => Some(signal.reader.as_fd()),
            _ => None,
        }
    }
}

/// Wakes a guest that waits, from any thread.
#[derive(Debug)]
pub struct Signal {
    set: AtomicBool,
    reader: PipeReader,
    writer: PipeWriter,
}

impl Signal {
    /// A signal that isn't set.
    ///
    /// Errors: `EMFILE` and `ENFILE`, for it takes two descriptors.
    pub fn new() -> Result<Self> {
        let (reader, writer) = std::io::pipe()?;
        Ok(Signal { set: AtomicBool::new(false), reader, writer })
    }

    /// Ends the wait under way and all to come.
    pub fn set(&self) {
        if !self.set.swap(true, Ordering::SeqCst) {
            // One byte always fits, and the reader is there.
            let _ = (&self.writer).write(&[0]);
        }
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.set.load(Ordering::SeqCst)
    }

    /// Makes it as new.
    pub fn clear(&self) {
        if self.set.swap(false, Ordering::SeqCst) {
            // Waits for `set` on another thread to have written.
            let _ = (&self.reader).read(&mut [0]);
        }
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
