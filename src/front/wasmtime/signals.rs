//! Signals that end the waits of guests. Each guest has one, and gives it back for the next.

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::pools::GuestPermits;
use crate::system::Signal;

/// Signals that nobody uses. One of them may have descriptors, for guests that come one after the
/// other: how many guests wait at once must not show in the number of descriptors later.
struct Unused {
    open: Option<&'static Signal>,
    others: Vec<&'static Signal>,
}

static UNUSED: Mutex<Unused> = Mutex::new(Unused { open: None, others: Vec::new() });

fn unused() -> MutexGuard<'static, Unused> {
    UNUSED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A signal that nobody else uses. There are as many as guests were alive at once.
pub(super) struct OwnSignal(&'static Signal);

impl OwnSignal {
    pub fn take() -> Self {
        let mut unused = unused();
        let free = unused.open.take().or_else(|| unused.others.pop());
        let new = || &*Box::leak(Box::new(Signal::with_permits(&GuestPermits)));
        OwnSignal(free.unwrap_or_else(new))
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
        let mut unused = unused();
        if unused.open.is_none() && self.has_descriptors() {
            unused.open = Some(self.0);
            return;
        }
        self.close();
        unused.others.push(self.0);
    }
}
