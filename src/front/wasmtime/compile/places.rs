//! How many children compile at once. One that takes long no longer holds up others, until there
//! are many of them, or what they may use is more memory than the machine has left.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::flight::Flight;
use super::memory;
use super::service::{compile_elsewhere, given_up};
use crate::front::wasmtime::failure::{Failure, guarded};
use crate::front::wasmtime::pool::processors;

/// After this time a child counts as one that takes long.
pub const LONG: Duration = Duration::from_secs(1);
/// Children at once, for each processor.
const MOST_PER_PROCESSOR: usize = 4;

struct Places {
    running: Vec<Running>,
    queue: VecDeque<Arc<Flight>>,
}

struct Running {
    flight: Arc<Flight>,
    since: Instant,
}

static PLACES: Mutex<Places> = Mutex::new(Places { running: Vec::new(), queue: VecDeque::new() });

fn places() -> MutexGuard<'static, Places> {
    PLACES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Compiles in a child when it is its turn.
pub fn enqueue(flight: Arc<Flight>) {
    places().queue.push_back(flight);
    admit();
}

/// Starts those whose turn it is. Threads that wait for children call this now and then.
pub fn admit() {
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
        guarded(|| compile_elsewhere(flight)).and_then(|outcome| outcome)
    } else {
        Err(given_up())
    };
    finish(flight, outcome);
    admit();
}

fn finish(flight: &Arc<Flight>, outcome: super::service::Outcome) {
    places().running.retain(|running| !Arc::ptr_eq(&running.flight, flight));
    flight.finish(outcome);
}

/// The first that waits, if there is a place for it. Those that nobody wants take none.
fn next() -> Option<Arc<Flight>> {
    let mut places = places();
    let mut unwanted = Vec::new();
    while let Some(flight) = places.queue.pop_front_if(|flight| !flight.is_wanted()) {
        unwanted.push(flight);
    }
    let flight = places.take();
    drop(places);
    for flight in unwanted {
        flight.finish(Err(given_up()));
    }
    flight
}

impl Places {
    fn take(&mut self) -> Option<Arc<Flight>> {
        let wanted = self.queue.front()?.order.limits.memory;
        if !self.has_room(wanted) {
            return None;
        }
        let flight = self.queue.pop_front()?;
        self.running.push(Running { flight: Arc::clone(&flight), since: Instant::now() });
        Some(flight)
    }

    /// There always is, when nothing runs: nobody is refused for good.
    fn has_room(&self, wanted: u64) -> bool {
        let quick = self.running.iter().filter(|running| running.since.elapsed() < LONG).count();
        let promised = self.running.iter().map(|running| running.flight.order.limits.memory);
        let promised = promised.fold(wanted, u64::saturating_add);
        self.running.is_empty()
            || quick < processors()
                && self.running.len() < MOST_PER_PROCESSOR * processors()
                && memory::available().is_none_or(|available| promised <= available)
    }
}
