//! Ending a guest from outside.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wasmtime::Engine;

use crate::system::Signal;

/// Why a guest was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Its time was up.
    Timeout = 1,
    /// The caller no longer wants the result.
    Abort = 2,
}

/// One run, or one call of an instance: from being queued to its end.
#[derive(Default)]
pub struct Control {
    /// A `Reason`, 0 as long as there is none. The first one counts.
    reason: AtomicU8,
    running: Mutex<Option<Running>>,
}

/// What wakes a guest: the engine when it computes, the signal when it waits.
struct Running {
    engine: Engine,
    signal: &'static Signal,
}

impl Control {
    /// Why it ends, if it does.
    pub fn reason(&self) -> Option<Reason> {
        match self.reason.load(Ordering::SeqCst) {
            1 => Some(Reason::Timeout),
            2 => Some(Reason::Abort),
            _ => None,
        }
    }

    /// Ends the guest, now or as soon as it starts.
    pub fn cancel(&self, reason: Reason) {
        let order = Ordering::SeqCst;
        if self.reason.compare_exchange(0, reason as u8, order, order).is_err() {
            return;
        }
        if let Some(running) = &*self.running() {
            running.wake();
        }
    }

    /// The guest starts. `finish` must follow.
    pub(super) fn start(&self, engine: Engine, signal: &'static Signal) {
        let mut running = self.running();
        let now = running.insert(Running { engine, signal });
        if self.reason().is_some() {
            now.wake();
        }
    }

    /// The guest has ended: the signal is as new.
    pub(super) fn finish(&self) {
        if let Some(Running { signal, .. }) = self.running().take() {
            signal.clear();
        }
    }

    /// Nobody panics while holding the lock.
    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn wake(&self) {
        self.signal.set();
        self.engine.increment_epoch();
    }
}

static SIGNALS: Mutex<Vec<&'static Signal>> = Mutex::new(Vec::new());

/// A signal that nobody uses. There are as many as guests were alive at once.
pub(super) fn take_signal() -> &'static Signal {
    let free = SIGNALS.lock().unwrap_or_else(PoisonError::into_inner).pop();
    free.unwrap_or_else(|| Box::leak(Box::default()))
}

/// For the next guest.
pub(super) fn give_back(signal: &'static Signal) {
    SIGNALS.lock().unwrap_or_else(PoisonError::into_inner).push(signal);
}
