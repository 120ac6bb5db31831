//! How many children compile at once: as many as there are processors, and those that take long
//! beside them, until there are many. Where the machine might not have the memory that all of them
//! may use, a child more starts only when all others take long: each watches its own memory.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::flight::Flight;
use super::limits::LONG;
use super::order::{Outcome, given_up};
use super::{child, elsewhere, memory};
use crate::front::wasmtime::failure::{Failure, guarded};
use crate::front::wasmtime::processors::processors;

/// How long others may go before the first.
const OVERTAKING: Duration = Duration::from_secs(10);
/// How often to look for those that nobody wants any more.
const SWEEPING: Duration = Duration::from_millis(20);
/// Children at once, for each processor.
const MOST_PER_PROCESSOR: usize = 4;

struct Places {
    running: Vec<Place>,
    queue: VecDeque<Place>,
    swept: Option<Instant>,
}

/// In the queue, or of a child.
struct Place {
    flight: Arc<Flight>,
    since: Instant,
}

static PLACES: Mutex<Places> =
    Mutex::new(Places { running: Vec::new(), queue: VecDeque::new(), swept: None });

fn places() -> MutexGuard<'static, Places> {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Compiles in a child when it is its turn.
pub fn enqueue(flight: Arc<Flight>) {
    places().queue.push_back(Place::new(flight));
    admit();
}

/// Starts those whose turn it is. Threads that wait for children call this now and then.
pub fn admit() {
    sweep();
    while let Some(flight) = next() {
        let job = Arc::clone(&flight);
        let thread = std::thread::Builder::new().name("wasi-rs-child".into()).stack_size(1 << 20);
        if let Err(error) = thread.spawn(move || fly(&job)) {
            let message = format!("EAGAIN: no thread to compile: {error}");
            finish(&flight, Err(Failure::new("EAGAIN", message)));
        }
    }
}

fn fly(flight: &Arc<Flight>) {
    let outcome = if flight.is_wanted() {
        guarded(|| elsewhere::compile(&flight.order, &**flight)).and_then(|outcome| outcome)
    } else {
        Err(given_up())
    };
    finish(flight, outcome);
    admit();
}

impl child::Parent for Flight {
    fn is_wanted(&self) -> bool {
        Flight::is_wanted(self)
    }

    fn started(&self, pid: u32) {
        self.child.store(pid, Ordering::Relaxed);
    }

    fn wait(&self) {
        admit();
    }
}

fn finish(flight: &Arc<Flight>, outcome: Outcome) {
    places().running.retain(|running| !Arc::ptr_eq(&running.flight, flight));
    flight.finish(outcome);
}

fn next() -> Option<Arc<Flight>> {
    places().take()
}

/// Takes those that nobody wants out of the queue. Who waits is told without the lock.
fn sweep() {
    let queued: Vec<_> = places().due_for_sweep();
    for flight in queued.into_iter().filter(|flight| !flight.is_wanted()) {
        places().queue.retain(|place| !Arc::ptr_eq(&place.flight, &flight));
        flight.finish(Err(given_up()));
    }
}

impl Places {
    /// Nothing when it was looked at just now.
    fn due_for_sweep(&mut self) -> Vec<Arc<Flight>> {
        if self.queue.is_empty() || self.swept.is_some_and(|swept| swept.elapsed() < SWEEPING) {
            return Vec::new();
        }
        self.swept = Some(Instant::now());
        self.queue.iter().map(|place| Arc::clone(&place.flight)).collect()
    }

    /// The first that there is room for. Nobody goes before one that has waited for long.
    fn take(&mut self) -> Option<Arc<Flight>> {
        let first = self.queue.front()?;
        let candidates = if first.since.elapsed() < OVERTAKING { self.queue.len() } else { 1 };
        let left = self.left()?;
        let fits = |place: &Place| left.is_none_or(|left| place.limit() <= left);
        let index = self.queue.iter().take(candidates).position(fits)?;
        let flight = self.queue.remove(index)?.flight;
        self.running.push(Place::new(Arc::clone(&flight)));
        Some(flight)
    }

    /// Memory for one more, `None` if it does not matter how much. Outer: no room whatever it needs.
    #[expect(clippy::option_option, reason = "two answers, as said above")]
    fn left(&self) -> Option<Option<u64>> {
        let quick = self.running.iter().filter(|place| place.since.elapsed() < LONG).count();
        let most = MOST_PER_PROCESSOR * processors();
        if quick >= processors() || self.running.len() >= most {
            return None;
        }
        if quick == 0 {
            return Some(None); // Nobody is refused for good.
        }
        let promised = self.running.iter().map(Place::promised).fold(0, u64::saturating_add);
        Some(memory::available().map(|available| available.saturating_sub(promised)))
    }
}

impl Place {
    fn new(flight: Arc<Flight>) -> Self {
        Place { flight, since: Instant::now() }
    }

    /// What a child may use at most.
    fn limit(&self) -> u64 {
        let limit = self.flight.order.limits.memory;
        memory::total().map_or(limit, |total| limit.min(total))
    }

    /// What it does not use yet: that is no longer available.
    fn promised(&self) -> u64 {
        let child = self.flight.child.load(Ordering::Relaxed);
        let used = memory::of_process(&format!("/proc/{child}/status"), "VmRSS:");
        self.limit().saturating_sub(used.unwrap_or(0))
    }
}
