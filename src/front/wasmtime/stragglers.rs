//! Where guests occupy all processors, those that compute for long step back behind the others, and
//! behind the event loop: what is short is done soon, however many loops there are.
//!
//! A thread can't take its priority back without privileges, so one that has stepped back ends with
//! its guest.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::processors::processors;
use super::watchdog::{self, Alarm};
use crate::system::Thread;

/// How often threads are looked at while guests occupy all processors.
const INTERVAL: Duration = Duration::from_millis(2);

/// Processor time after which a thread steps back, counted from when it was first seen computing.
const LONG: Duration = Duration::from_millis(2);

/// Its share of a processor is a tenth of that of others.
const NICE: i32 = 10;

/// A thread that runs guests.
struct Runner {
    thread: Thread,
    /// The turn of the clock in which it began to compute, `IDLE`, or `BACK`.
    since: AtomicU64,
    /// When it was first seen to compute since then, by its own clock.
    seen: Mutex<Option<(u64, Duration)>>,
}

const IDLE: u64 = 0;
/// It has stepped back.
const BACK: u64 = u64::MAX;

static RUNNERS: Mutex<Vec<Arc<Runner>>> = Mutex::new(Vec::new());
/// How many of them compute.
static COMPUTING: AtomicUsize = AtomicUsize::new(0);
/// Counts intervals while guests occupy all processors.
static CLOCK: AtomicU64 = AtomicU64::new(1);
static IS_RUNNING: AtomicBool = AtomicBool::new(false);

thread_local! {
    static CURRENT: OnceCell<Arc<Runner>> = const { OnceCell::new() };
}

fn runners() -> MutexGuard<'static, Vec<Arc<Runner>>> {
    RUNNERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This thread will run guests, until what this returns is dropped.
pub(super) fn enlist() -> Enlisted {
    let runner =
        Arc::new(Runner { thread: Thread::current(), since: IDLE.into(), seen: Mutex::default() });
    runners().push(Arc::clone(&runner));
    CURRENT.with(|current| current.set(Arc::clone(&runner)).ok());
    Enlisted(runner)
}

/// See `enlist`.
pub(super) struct Enlisted(Arc<Runner>);

impl Drop for Enlisted {
    fn drop(&mut self) {
        runners().retain(|other| !Arc::ptr_eq(other, &self.0));
    }
}

/// This thread computes from now on.
pub(super) fn compute() {
    CURRENT.with(|current| {
        let Some(runner) = current.get() else { return };
        let now = CLOCK.load(Ordering::Relaxed);
        let order = Ordering::SeqCst;
        // One that has stepped back stays so.
        let _ = runner.since.compare_exchange(IDLE, now, order, order);
        COMPUTING.fetch_add(1, order);
        if is_crowded() {
            start_clock();
        }
    });
}

/// This thread waits from now on, or its guest has ended.
pub(super) fn pause() {
    CURRENT.with(|current| {
        let Some(runner) = current.get() else { return };
        COMPUTING.fetch_sub(1, Ordering::SeqCst);
        if runner.since.swap(IDLE, Ordering::SeqCst) == BACK {
            runner.since.store(BACK, Ordering::SeqCst);
        }
    });
}

/// Whether this thread has stepped back. It should end then, and start no others.
pub(super) fn is_back() -> bool {
    let is_back = |runner: &Arc<Runner>| runner.since.load(Ordering::SeqCst) == BACK;
    CURRENT.with(|current| current.get().is_some_and(is_back))
}

fn is_crowded() -> bool {
    COMPUTING.load(Ordering::SeqCst) >= processors()
}

/// Without a thread for it, nobody steps back.
fn start_clock() {
    if IS_RUNNING.load(Ordering::SeqCst) || IS_RUNNING.swap(true, Ordering::SeqCst) {
        return;
    }
    if watchdog::set_lasting(Clock, INTERVAL).is_err() {
        IS_RUNNING.store(false, Ordering::SeqCst);
    }
}

struct Clock;

impl Alarm for Clock {
    fn ring(&self) {
        let now = CLOCK.fetch_add(1, Ordering::SeqCst) + 1;
        runners().iter().for_each(|runner| runner.look(now));
        IS_RUNNING.store(false, Ordering::SeqCst);
        // Those that have begun meanwhile found the clock running.
        if is_crowded() {
            start_clock();
        }
    }
}

impl Runner {
    /// The lock of the runners keeps the thread from ending, and its number from being that of
    /// another one.
    fn look(&self, now: u64) {
        if let Some(since) = self.computes()
            && since < now
            && is_crowded()
            && self.is_long(since)
        {
            self.step_back(since);
        }
    }

    /// Only threads that compute across a turn of the clock are asked for their time.
    fn is_long(&self, since: u64) -> bool {
        let Some(time) = self.thread.processor_time() else { return false };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match *seen {
            Some((then, first)) if then == since => time.saturating_sub(first) >= LONG,
            _ => {
                *seen = Some((since, time));
                false
            }
        }
    }

    /// Unless it does something else by now.
    fn step_back(&self, since: u64) {
        let order = Ordering::SeqCst;
        if self.since.compare_exchange(since, BACK, order, order).is_ok() {
            self.thread.step_back(NICE);
        }
    }

    /// Since when, unless it has stepped back.
    fn computes(&self) -> Option<u64> {
        let since = self.since.load(Ordering::SeqCst);
        (since != IDLE && since != BACK).then_some(since)
    }
}
