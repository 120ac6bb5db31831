//! What is being compiled, and who waits for it. Callers that ask for the same program share one
//! compilation. When no caller is left, it is given up.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use once_cell::sync::Lazy;

use super::order::{Callback, Order, Outcome};
use crate::front::wasmtime::bounds::milliseconds;
use crate::front::wasmtime::engine::Variant;
use crate::front::wasmtime::failure::{Failure, guarded};

/// Lets one who waits go. The answer, which still comes, is for nobody then.
#[derive(Clone, Default)]
pub struct Ticket(Arc<AtomicBool>);

impl Ticket {
    /// Wants nothing any more.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(in crate::front::wasmtime) fn is_canceled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// What is the same for all who wait.
#[derive(PartialEq, Eq, Hash, Clone)]
struct Key {
    source: blake3::Hash,
    variant: Variant,
    memory: u64,
    cache: Option<PathBuf>,
}

/// See the module.
pub struct Flight {
    pub order: Order,
    /// The process that compiles, 0 for none.
    pub child: AtomicU32,
    key: Key,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    /// It has to be compiled: what is in the cache is in time.
    is_started: bool,
    /// Nobody can join any more.
    is_over: bool,
}

struct Waiting {
    ticket: Ticket,
    since: Instant,
    timeout: Option<Duration>,
    done: Callback,
}

impl Waiting {
    fn is_late(&self, now: Instant) -> bool {
        self.timeout.is_some_and(|timeout| now.saturating_duration_since(self.since) >= timeout)
    }
}

static FLIGHTS: Lazy<Mutex<HashMap<Key, Arc<Flight>>>> = Lazy::new(Mutex::default);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for what is under way; else gives what must be started.
pub fn join(order: Order, ticket: &Ticket, done: Callback) -> Option<Arc<Flight>> {
    let key = Key {
        source: order.source.hash,
        variant: order.variant,
        memory: order.limits.memory,
        cache: order.cache.as_ref().map(|cache| cache.directory().into()),
    };
    let (since, timeout) = (Instant::now(), order.limits.timeout);
    let waiting = Waiting { ticket: ticket.clone(), since, timeout, done };
    let mut flights = lock(&FLIGHTS);
    if let Some(flight) = flights.get(&key) {
        let mut state = lock(&flight.state);
        if !state.is_over {
            state.waiting.push(waiting);
            return None;
        }
    }
    let state = State { waiting: vec![waiting], ..State::default() };
    let flight = Arc::new(Flight { order, child: 0.into(), key: key.clone(), state: state.into() });
    flights.insert(key, Arc::clone(&flight));
    Some(flight)
}

impl Flight {
    /// From now on, those who wait are told when their time is over.
    pub fn start(&self) {
        lock(&self.state).is_started = true;
    }

    /// Tells those whose time is over. Whether others are left: if not, it is to be given up.
    pub fn is_wanted(&self) -> bool {
        let mut state = lock(&self.state);
        let late = state.take_late();
        state.waiting.retain(|waiting| !waiting.ticket.is_canceled());
        state.is_over |= state.waiting.is_empty();
        let is_wanted = !state.is_over;
        drop(state);
        tell_late(late);
        is_wanted
    }

    /// Tells all who wait.
    pub fn finish(self: &Arc<Self>, outcome: Outcome) {
        let mut flights = lock(&FLIGHTS);
        if flights.get(&self.key).is_some_and(|flight| Arc::ptr_eq(flight, self)) {
            flights.remove(&self.key);
        }
        let mut state = lock(&self.state);
        state.is_over = true;
        let late = state.take_late();
        let waiting = std::mem::take(&mut state.waiting);
        drop((state, flights));
        tell_late(late);
        tell(waiting, &outcome);
    }
}

impl State {
    fn take_late(&mut self) -> Vec<Waiting> {
        let (now, is_started) = (Instant::now(), self.is_started);
        let is_late = |waiting: &mut Waiting| is_started && waiting.is_late(now);
        self.waiting.extract_if(.., is_late).collect()
    }
}

/// A panic of one who waits must not keep the others from being told.
fn tell(waiting: Vec<Waiting>, outcome: &Outcome) {
    for waiting in waiting {
        let _ = guarded(|| (waiting.done)(outcome.clone()));
    }
}

fn tell_late(late: Vec<Waiting>) {
    for waiting in late {
        let outcome = Err(timed_out(waiting.timeout.unwrap_or_default()));
        tell(vec![waiting], &outcome);
    }
}

fn timed_out(timeout: Duration) -> Failure {
    let message = format!(
        "Compiling the program took longer than its limit of {}: the option timeout of compile(), \
         or compileTimeout of run()",
        milliseconds(timeout)
    );
    Failure::new("ERR_WASI_COMPILE_TIMEOUT", message)
}
