//! The life of a guest: one run, or one call of an instance, from being queued to its end.
#![allow(unsafe_code)] // A byte in the guest's memory.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::watchdog::Alarm;
use crate::system::Signal;

/// Why a guest is ended before it has come to its own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Its time was up.
    Timeout = 1,
    /// The caller no longer wants the result.
    Abort = 2,
    /// Its instance was closed.
    Close = 3,
    /// It wanted more memory than it may have.
    Memory = 4,
    /// It wrote more than is captured.
    MaxBuffer = 5,
}

impl Reason {
    const ALL: [Reason; 5] =
        [Reason::Timeout, Reason::Abort, Reason::Close, Reason::Memory, Reason::MaxBuffer];

    fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| *reason as u8 == number)
    }
}

/// See the module. Whatever is to end the guest asks this. The first reason counts, also for a guest
/// that reaches its own end before it notices.
#[derive(Default)]
pub struct Life {
    /// A `Reason`, 0 as long as there is none. Changes under the lock of the state only.
    reason: AtomicU8,
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    /// It has not begun. If there is a reason to end it, it will not begin.
    #[default]
    Queued,
    /// It has a thread, where it computes or waits.
    Running(Reach),
    /// It has come to its end, and its reason no longer changes.
    Ended,
}

/// What ends a guest, wherever it is.
pub(super) struct Reach {
    /// While it computes. `None` until there is an instance.
    pub flag: Option<Flag>,
    /// While it waits.
    pub signal: &'static Signal,
}

/// The byte of the memory that the guest looks at: see `interruptible`.
#[derive(Clone, Copy)]
pub(super) struct Flag(*mut u8);

// SAFETY: accessed by atomic operations only, while the instance is alive.
unsafe impl Send for Flag {}

impl Flag {
    /// # Safety
    ///
    /// The memory at `start` must be that of an instance which lives until `finish`.
    pub unsafe fn new(start: *mut u8) -> Self {
        Flag(start)
    }

    fn set(self, value: u8) {
        // SAFETY: promised by who made it.
        unsafe { AtomicU8::from_ptr(self.0) }.store(value, Ordering::SeqCst);
    }
}

impl Life {
    /// Why it is ended, if it is.
    pub fn reason(&self) -> Option<Reason> {
        match self.reason.load(Ordering::SeqCst) {
            0 => None,
            number => Reason::of(number),
        }
    }

    /// Ends the guest, now or as soon as it begins. Does nothing if that is decided already.
    pub fn end(&self, reason: Reason) {
        let state = self.state();
        if self.reason().is_some() || matches!(*state, State::Ended) {
            return;
        }
        self.reason.store(reason as u8, Ordering::SeqCst);
        if let State::Running(reach) = &*state {
            reach.end();
        }
    }

    /// The guest begins, perhaps without an instance as yet. `finish` must follow.
    pub(super) fn start(&self, reach: Reach) {
        let mut state = self.state();
        if let Some(flag) = reach.flag {
            flag.set(0);
        }
        if self.reason().is_some() {
            reach.end();
        }
        *state = State::Running(reach);
    }

    /// There is an instance now.
    pub(super) fn instantiated(&self, flag: Flag) {
        if let State::Running(reach) = &mut *self.state() {
            reach.flag = Some(flag);
            if self.reason().is_some() {
                reach.end();
            }
        }
    }

    /// The guest has come to its end, and the signal is as new. Tells whether it was ended before.
    pub(super) fn finish(&self) -> Option<Reason> {
        let mut state = self.state();
        if let State::Running(Reach { signal, .. }) = std::mem::replace(&mut *state, State::Ended) {
            signal.clear();
        }
        self.reason()
    }

    /// Nobody panics while holding the lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Its time is up.
impl Alarm for Life {
    fn ring(&self) {
        self.end(Reason::Timeout);
    }
}

impl Reach {
    fn end(&self) {
        self.signal.set();
        if let Some(flag) = self.flag {
            flag.set(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running() -> (Life, &'static Signal) {
        let (life, signal): (Life, &'static Signal) = (Life::default(), Box::leak(Box::default()));
        life.start(Reach { flag: None, signal });
        (life, signal)
    }

    #[test]
    fn the_first_reason_counts() {
        let (life, signal) = running();
        life.end(Reason::Timeout);
        life.end(Reason::Abort);
        assert!(signal.is_set());
        assert_eq!(life.finish(), Some(Reason::Timeout));
        assert!(!signal.is_set());
    }

    #[test]
    fn what_has_ended_stays_as_it_ended() {
        let (life, _) = running();
        assert_eq!(life.finish(), None);
        life.end(Reason::Abort);
        assert_eq!(life.reason(), None);
    }

    #[test]
    fn a_guest_that_is_ended_before_it_begins_notices_at_once() {
        let signal: &'static Signal = Box::leak(Box::default());
        let mut byte = 7;
        // SAFETY: the byte outlives the guest.
        let flag = unsafe { Flag::new(&raw mut byte) };
        let life = Life::default();
        life.end(Reason::Abort);
        life.start(Reach { flag: None, signal });
        assert!(signal.is_set());
        life.instantiated(flag);
        assert_eq!((byte, life.finish()), (1, Some(Reason::Abort)));
    }

    #[test]
    fn the_flag_is_cleared_for_each_call() {
        let (signal, mut byte): (&'static Signal, u8) = (Box::leak(Box::default()), 1);
        // SAFETY: the byte outlives the guest.
        let flag = unsafe { Flag::new(&raw mut byte) };
        let life = Life::default();
        life.start(Reach { flag: Some(flag), signal });
        assert_eq!((byte, life.finish()), (0, None));
    }
}
