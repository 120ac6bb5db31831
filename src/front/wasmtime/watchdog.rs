//! Ends runs whose time is up: one thread, started with the first timeout.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::control::{Control, Reason};
use super::pool::Pool;

struct Deadline {
    at: Instant,
    due: Due,
}

/// What is to be done.
enum Due {
    End(Weak<Control>),
    LookAfter(&'static Pool),
}

impl Due {
    fn is_needed(&self) -> bool {
        match self {
            Due::End(control) => control.strong_count() > 0,
            Due::LookAfter(_) => true,
        }
    }

    fn act(self) {
        match self {
            Due::End(control) => {
                if let Some(control) = control.upgrade() {
                    control.cancel(Reason::Timeout);
                }
            }
            Due::LookAfter(pool) => pool.look_after(),
        }
    }
}

impl PartialEq for Deadline {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Deadline {}

impl PartialOrd for Deadline {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Deadline {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

/// The earliest first. Of runs that have ended before, some are still there.
static DEADLINES: Mutex<BinaryHeap<Reverse<Deadline>>> = Mutex::new(BinaryHeap::new());
static CHANGED: Condvar = Condvar::new();

/// Beyond as many, those of ended runs are thrown out.
const MANY: usize = 1024;

/// Cancels the run when `timeout` is over, unless it has ended before.
///
/// Errors: what starting the thread gives.
pub(super) fn watch(control: &Arc<Control>, timeout: Duration) -> std::io::Result<()> {
    schedule(timeout, Due::End(Arc::downgrade(control)))
}

/// Has the pool looked after once, after `interval`.
///
/// Errors: what starting the thread gives.
pub(super) fn look_after(pool: &'static Pool, interval: Duration) -> std::io::Result<()> {
    schedule(interval, Due::LookAfter(pool))
}

fn schedule(after: Duration, due: Due) -> std::io::Result<()> {
    start()?;
    // Past the end of time is never.
    let Some(at) = Instant::now().checked_add(after) else { return Ok(()) };
    let mut deadlines = DEADLINES.lock().unwrap_or_else(PoisonError::into_inner);
    if deadlines.len() >= MANY && deadlines.len().is_power_of_two() {
        deadlines.retain(|Reverse(deadline)| deadline.due.is_needed());
    }
    let is_next = deadlines.peek().is_none_or(|Reverse(next)| at < next.at);
    deadlines.push(Reverse(Deadline { at, due }));
    if is_next {
        CHANGED.notify_one();
    }
    Ok(())
}

/// Starts the thread, if there is none.
///
/// Errors: what starting it gives.
pub(super) fn start() -> std::io::Result<()> {
    static STARTED: Mutex<bool> = Mutex::new(false);
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*started {
        let thread = std::thread::Builder::new().name("wasi-rs-time".into());
        thread.spawn(keep_watch)?;
        *started = true;
    }
    Ok(())
}

fn keep_watch() {
    let mut deadlines = DEADLINES.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let now = Instant::now();
        deadlines = match deadlines.peek() {
            None => CHANGED.wait(deadlines).unwrap_or_else(PoisonError::into_inner),
            Some(Reverse(next)) if next.at > now => {
                let left = next.at - now;
                CHANGED.wait_timeout(deadlines, left).unwrap_or_else(PoisonError::into_inner).0
            }
            Some(_) => {
                let due = deadlines.pop();
                drop(deadlines);
                if let Some(Reverse(Deadline { due, .. })) = due {
                    due.act();
                }
                DEADLINES.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
    }
}
