//! The threads of a pool that have nothing to do. After some seconds, they end.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, MutexGuard, PoisonError};
use std::time::Duration;

/// How often to look for threads that have slept long enough. They end after one to two intervals.
pub(super) const INTERVAL: Duration = Duration::from_millis(2500);

/// A thread that sleeps now and then. Changes under the lock of the pool.
#[derive(Default)]
pub(super) struct Sleeper {
    wake: Condvar,
    state: AtomicU8,
    /// The interval in which it fell asleep.
    since: AtomicU64,
}

const AWAKE: u8 = 0;
const ASLEEP: u8 = 1;
/// It is to end.
const OVER: u8 = 2;

impl Sleeper {
    /// For threads that are in `Idle`. Waiting without a time is cheaper than waiting for one: this
    /// is done once for each run of a program that comes alone.
    pub fn sleep<'p, T>(&self, lock: MutexGuard<'p, T>) -> MutexGuard<'p, T> {
        let is_asleep = |_: &mut T| self.state.load(Ordering::Relaxed) == ASLEEP;
        self.wake.wait_while(lock, is_asleep).unwrap_or_else(PoisonError::into_inner)
    }

    /// Without the lock, for which it would only wait.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Whether it has slept long enough.
    pub fn is_over(&self) -> bool {
        self.state.load(Ordering::Relaxed) == OVER
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Idle {
    /// The last one is woken first: the others end in time.
    asleep: Vec<Arc<Sleeper>>,
    interval: u64,
    /// Whether someone will call `take_over` after an interval.
    pub is_watched: bool,
}

impl Idle {
    pub fn add(&mut self, thread: &Arc<Sleeper>) {
        thread.state.store(ASLEEP, Ordering::Relaxed);
        thread.since.store(self.interval, Ordering::Relaxed);
        self.asleep.push(Arc::clone(thread));
    }

    /// One that is to be woken, because there is something to do.
    pub fn take(&mut self) -> Option<Arc<Sleeper>> {
        let thread = self.asleep.pop()?;
        thread.state.store(AWAKE, Ordering::Relaxed);
        Some(thread)
    }

    /// Those that are to be woken, because they have slept long enough.
    pub fn take_over(&mut self) -> Vec<Arc<Sleeper>> {
        let now = self.interval;
        self.interval += 1;
        let is_over = |thread: &Arc<Sleeper>| thread.since.load(Ordering::Relaxed) < now;
        let over = self.asleep.iter().take_while(|thread| is_over(thread)).count();
        let over: Vec<_> = self.asleep.drain(..over).collect();
        over.iter().for_each(|thread| thread.state.store(OVER, Ordering::Relaxed));
        over
    }

    pub fn is_empty(&self) -> bool {
        self.asleep.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_sleep_longest_end_and_the_last_is_woken_first() {
        let mut idle = Idle::default();
        let threads: [Arc<Sleeper>; 3] = Default::default();
        idle.add(&threads[0]);
        assert!(idle.take_over().is_empty());
        idle.add(&threads[1]);
        idle.add(&threads[2]);
        assert!(idle.take().is_some_and(|thread| Arc::ptr_eq(&thread, &threads[2])));
        let over = idle.take_over();
        assert!(over.len() == 1 && threads[0].is_over() && !threads[1].is_over());
        assert!(idle.take_over().iter().any(|thread| Arc::ptr_eq(thread, &threads[1])));
        assert!(idle.is_empty() && idle.take().is_none());
    }
}
