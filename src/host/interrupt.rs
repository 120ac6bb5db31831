//! Ending a wait from outside.

use std::time::Duration;

/// How long a wait goes on before it looks whether it should end.
pub(super) const INTERVAL: Duration = Duration::from_millis(50);

/// Whether the thread that runs the guest is to end, so that no wait may go on: asked from within
/// waits, on that thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct Interrupt {
    check: Option<fn() -> bool>,
}

impl Interrupt {
    /// Waits go on as long as they take.
    pub const NEVER: Self = Interrupt { check: None };

    /// Waits end with `ECANCELED` once `check` says so.
    pub fn when(check: fn() -> bool) -> Self {
        Interrupt { check: Some(check) }
    }

    /// Whether waits can end: only then must they be such as can.
    pub(super) fn is_possible(self) -> bool {
        self.check.is_some()
    }

    pub(super) fn is_due(self) -> bool {
        self.check.is_some_and(|check| check())
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
