//! Rings alarms when their time has come: one thread, started with the first of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Something to do when its time has come. It may be late by as long as others take.
pub(super) trait Alarm: Send + Sync {
    fn ring(&self);
}

struct Deadline {
    at: Instant,
    whom: Whom,
}

/// Who is told.
enum Whom {
    /// Nobody, once it is gone.
    Passing(Weak<dyn Alarm>),
    Lasting(Box<dyn Alarm>),
}

impl Whom {
    fn is_there(&self) -> bool {
        match self {
            Whom::Passing(alarm) => alarm.strong_count() > 0,
            Whom::Lasting(_) => true,
        }
    }

    fn tell(self) {
        match self {
            Whom::Passing(alarm) => alarm.upgrade().iter().for_each(|alarm| alarm.ring()),
            Whom::Lasting(alarm) => alarm.ring(),
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

/// The earliest first. Some are still there of guests that have ended before.
static DEADLINES: Mutex<BinaryHeap<Reverse<Deadline>>> = Mutex::new(BinaryHeap::new());
static CHANGED: Condvar = Condvar::new();

/// Beyond as many, those that nobody waits for are thrown out.
const MANY: usize = 1024;

/// Rings `interval` after `now`, unless nobody else has the alarm any more.
///
/// Errors: what starting the thread gives.
pub(super) fn set<A: Alarm + 'static>(
    alarm: &Arc<A>,
    now: Instant,
    interval: Duration,
) -> std::io::Result<()> {
    let alarm = Arc::downgrade(alarm);
    schedule(now, interval, Whom::Passing(alarm))
}

/// Rings once, after `interval`.
///
/// Errors: what starting the thread gives.
pub(super) fn set_lasting(alarm: impl Alarm + 'static, interval: Duration) -> std::io::Result<()> {
    schedule(Instant::now(), interval, Whom::Lasting(Box::new(alarm)))
}

fn schedule(now: Instant, after: Duration, whom: Whom) -> std::io::Result<()> {
    start()?;
    // Past the end of time is never.
    let Some(at) = now.checked_add(after) else { return Ok(()) };
    let mut deadlines = DEADLINES.lock().unwrap_or_else(PoisonError::into_inner);
    if deadlines.len() >= MANY && deadlines.len().is_power_of_two() {
        deadlines.retain(|Reverse(deadline)| deadline.whom.is_there());
    }
    let is_next = deadlines.peek().is_none_or(|Reverse(next)| at < next.at);
    deadlines.push(Reverse(Deadline { at, whom }));
    if is_next {
        CHANGED.notify_one();
    }
    Ok(())
}

/// Starts the thread, if there is none.
///
/// Errors: what starting it gives.
pub(super) fn start() -> std::io::Result<()> {
    static IS_STARTED: AtomicBool = AtomicBool::new(false);
    static STARTED: Mutex<bool> = Mutex::new(false);
    if IS_STARTED.load(Ordering::SeqCst) {
        return Ok(());
    }
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*started {
        let thread = std::thread::Builder::new().name("wasi-rs-time".into());
        thread.spawn(keep_watch)?;
        *started = true;
        IS_STARTED.store(true, Ordering::SeqCst);
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
                let next = deadlines.pop();
                drop(deadlines);
                if let Some(Reverse(Deadline { whom, .. })) = next {
                    whom.tell();
                }
                DEADLINES.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
    }
}
