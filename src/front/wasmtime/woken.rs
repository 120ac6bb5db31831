//! Threads that are to be woken.

use std::sync::Arc;

use super::idle::Sleeper;
use super::permits::Claim;

/// Who is to be woken once the lock is free. Before that, they would only wait for it.
#[derive(Default)]
pub(super) struct Woken {
    /// Mostly, there are no others.
    first: Option<Who>,
    others: Vec<Who>,
}

/// A thread.
pub(super) enum Who {
    /// One that has nothing to do.
    Idle(Arc<Sleeper>),
    /// One whose guest has waited.
    Waiting(Arc<Claim>),
}

impl Woken {
    /// Puts one more in line.
    pub fn add(&mut self, who: Who) {
        match self.first {
            None => self.first = Some(who),
            Some(_) => self.others.push(who),
        }
    }

    /// Wakes all.
    pub fn wake(self) {
        self.first.into_iter().chain(self.others).for_each(Who::wake);
    }
}

impl Who {
    fn wake(self) {
        match self {
            Who::Idle(thread) => thread.wake(),
            Who::Waiting(claim) => claim.wake(),
        }
    }
}
