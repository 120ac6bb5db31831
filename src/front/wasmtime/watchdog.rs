//! Ends runs whose time is up: one thread, started with the first timeout.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::control::{Control, Reason};

struct Deadline {
    at: Instant,
    control: Weak<Control>,
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
    start()?;
    // Past the end of time is never.
    let Some(at) = Instant::now().checked_add(timeout) else { return Ok(()) };
    let mut deadlines = DEADLINES.lock().unwrap_or_else(PoisonError::into_inner);
    if deadlines.len() >= MANY && deadlines.len().is_power_of_two() {
        deadlines.retain(|Reverse(deadline)| deadline.control.strong_count() > 0);
    }
    let is_next = deadlines.peek().is_none_or(|Reverse(next)| at < next.at);
    deadlines.push(Reverse(Deadline { at, control: Arc::downgrade(control) }));
    if is_next {
        CHANGED.notify_one();
    }
    Ok(())
}

fn start() -> std::io::Result<()> {
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
                if let Some(control) = due.and_then(|Reverse(due)| due.control.upgrade()) {
                    control.cancel(Reason::Timeout);
                }
                DEADLINES.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
    }
}
