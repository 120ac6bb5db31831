//! Ending a guest from outside.
#![allow(unsafe_code)] // A word in the guest's memory.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::pool::GuestPermits;
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

/// What ends a guest: the word when it computes, the signal when it waits.
struct Running {
    /// `None` until there is an instance.
    word: Option<Word>,
    signal: &'static Signal,
}

/// First word of the memory that the guest looks at: see `interruptible`.
#[derive(Clone, Copy)]
pub(super) struct Word(*mut u32);

// SAFETY: accessed by atomic operations only, while the instance is alive.
unsafe impl Send for Word {}

impl Word {
    /// # Safety
    ///
    /// The memory at `start` must be that of an instance which lives until `finish`, and be
    /// aligned.
    pub unsafe fn new(start: *mut u8) -> Self {
        Word(start.cast())
    }

    fn set(self, value: u32) {
        // SAFETY: promised by who made it.
        unsafe { AtomicU32::from_ptr(self.0) }.store(value, Ordering::SeqCst);
    }
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

    /// The guest starts, perhaps without an instance as yet. `finish` must follow.
    pub(super) fn start(&self, word: Option<Word>, signal: &'static Signal) {
        let mut running = self.running();
        let now = running.insert(Running { word, signal });
        if let Some(word) = word {
            word.set(0);
        }
        if self.reason().is_some() {
            now.wake();
        }
    }

    /// There is an instance now.
    pub(super) fn instantiated(&self, word: Word) {
        if let Some(running) = &mut *self.running() {
            running.word = Some(word);
            if self.reason().is_some() {
                running.wake();
            }
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
        if let Some(word) = self.word {
            word.set(1);
        }
    }
}

/// Signals that nobody uses. One of them may have descriptors, for guests that come one after the
/// other: how many guests wait at once must not show in the number of descriptors later.
struct Unused {
    open: Option<&'static Signal>,
    others: Vec<&'static Signal>,
}

static UNUSED: Mutex<Unused> = Mutex::new(Unused { open: None, others: Vec::new() });

/// A signal that nobody uses. There are as many as guests were alive at once.
pub(super) fn take_signal() -> &'static Signal {
    let mut unused = UNUSED.lock().unwrap_or_else(PoisonError::into_inner);
    let free = unused.open.take().or_else(|| unused.others.pop());
    free.unwrap_or_else(|| Box::leak(Box::new(Signal::with_permits(&GuestPermits))))
}

/// For the next guest.
pub(super) fn give_back(signal: &'static Signal) {
    let mut unused = UNUSED.lock().unwrap_or_else(PoisonError::into_inner);
    if unused.open.is_none() && signal.has_descriptors() {
        unused.open = Some(signal);
        return;
    }
    signal.close();
    unused.others.push(signal);
}
