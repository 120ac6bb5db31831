//! Signals that end the waits of guests. Each guest has one, and gives it back for the next.

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::pools::GuestPermits;
use crate::system::Signal;

/// Where a guest runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnThread {
    /// On one of ours. Another guest computes while this one waits.
    OfGuests,
    /// On the thread of the caller, which waits when the guest does.
    OfCaller,
}

/// Signals that nobody uses. One of them may have descriptors, for guests that come one after the
/// other: how many guests wait at once must not show in the number of descriptors later.
struct Unused {
    open: Option<&'static Signal>,
    others: Vec<&'static Signal>,
}

impl Unused {
    const NONE: Self = Unused { open: None, others: Vec::new() };
}

static OF_GUESTS: Mutex<Unused> = Mutex::new(Unused::NONE);
static OF_CALLERS: Mutex<Unused> = Mutex::new(Unused::NONE);

impl OnThread {
    fn unused(self) -> MutexGuard<'static, Unused> {
        let unused = match self {
            OnThread::OfGuests => &OF_GUESTS,
            OnThread::OfCaller => &OF_CALLERS,
        };
        unused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(self) -> Signal {
        match self {
            OnThread::OfGuests => Signal::with_permits(&GuestPermits),
            OnThread::OfCaller => Signal::with_check(is_caller_ending),
        }
    }
}

/// Whether the thread that calls this is being ended, while it waits for its guest.
static IS_ENDING: OnceLock<fn() -> bool> = OnceLock::new();

/// Sets how callers of guests tell that their thread is being ended. The first one counts.
pub fn set_caller_check(check: fn() -> bool) {
    IS_ENDING.get_or_init(|| check);
}

fn is_caller_ending() -> bool {
    IS_ENDING.get().is_some_and(|check| check())
}

/// A signal that nobody else uses. There are as many as guests were alive at once.
pub(super) struct OwnSignal(&'static Signal, OnThread);

impl OwnSignal {
    pub fn take(thread: OnThread) -> Self {
        let mut unused = thread.unused();
        let free = unused.open.take().or_else(|| unused.others.pop());
        OwnSignal(free.unwrap_or_else(|| Box::leak(Box::new(thread.signal()))), thread)
    }

    /// Where the guest runs that it is for.
    pub fn thread(&self) -> OnThread {
        self.1
    }
}

impl Deref for OwnSignal {
    type Target = &'static Signal;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// For the next guest.
impl Drop for OwnSignal {
    fn drop(&mut self) {
        let mut unused = self.1.unused();
        if unused.open.is_none() && self.has_descriptors() {
            unused.open = Some(self.0);
            return;
        }
        self.close();
        unused.others.push(self.0);
    }
}
