//! The service itself: from an order to code, by the cache, in the process or in a child.

use std::fs::File;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::Engine;

use super::code::{Code, Origin, Source, binary, load, machine_code};
use super::flight::{Flight, Ticket, join};
use super::limits::Limits;
use super::{child, estimate, places};
use crate::front::wasmtime::cache::{Cache, write_sealed};
use crate::front::wasmtime::engine::{Variant, machine};
use crate::front::wasmtime::failure::{Failure, guarded};
use crate::front::wasmtime::pool::Pool;
use crate::front::wasmtime::program::Ready;

/// What to compile, and how.
pub struct Order {
    pub source: Arc<Source>,
    /// With the usual stack: others take the same code.
    pub variant: Variant,
    pub cache: Option<Cache>,
    pub limits: Limits,
}

/// A program, and the variant that it turned out to be.
pub type Outcome = Result<(Variant, Arc<Ready>), Failure>;
/// Called once, on some thread.
pub type Callback = Box<dyn FnOnce(Outcome) + Send>;

/// Tells `done` when there is code, or why there is none.
pub fn order(order: Order, ticket: &Ticket, done: Callback) {
    let Some(flight) = join(order, ticket, done) else { return };
    let job = Arc::clone(&flight);
    if let Err(error) = Pool::compilers().submit(move || take_off(&job)) {
        flight
            .finish(Err(Failure::new("EAGAIN", format!("EAGAIN: no thread to compile: {error}"))));
    }
}

/// Runs what takes some time on a thread of the service. In this one, if there can be no other.
pub fn outside(job: impl FnOnce() + Send + 'static) {
    let job = Arc::new(Mutex::new(Some(job)));
    let take = |job: &Mutex<Option<_>>| job.lock().unwrap_or_else(PoisonError::into_inner).take();
    let theirs = Arc::clone(&job);
    let submitted =
        Pool::compilers().submit(move || take(&theirs).into_iter().for_each(|job| job()));
    if submitted.is_err()
        && let Some(job) = take(&job)
    {
        job();
    }
}

/// Text up to this size is translated in the process.
pub const SHORT_TEXT: usize = 64 << 10;

/// What is quick is done here; the rest waits for its turn.
fn take_off(flight: &Arc<Flight>) {
    if !flight.is_wanted() {
        return flight.finish(Err(given_up()));
    }
    match guarded(|| at_once(flight)).and_then(|found| found) {
        Ok(Some((variant, ready))) => flight.finish(Ok((variant, Arc::new(ready)))),
        Ok(None) => {
            flight.start();
            places::enqueue(Arc::clone(flight));
        }
        Err(failure) => flight.finish(Err(failure)),
    }
}

/// `None` for what may cost too much to be compiled in this process.
fn at_once(flight: &Flight) -> Result<Option<(Variant, Ready)>, Failure> {
    let Order { source, variant, cache, .. } = &flight.order;
    let engine = &machine(*variant).engine;
    if let Some(found) = cached(cache.as_ref(), engine, source, *variant, Origin::Cache) {
        return Ok(Some(found));
    }
    if !source.is_binary() && source.bytes.len() > SHORT_TEXT {
        return Ok(None);
    }
    let wasm = binary(&source.bytes)?;
    if !estimate::is_cheap(&wasm) {
        return Ok(None);
    }
    flight.start();
    let code = machine_code(engine, &wasm)?;
    if let Some(cache) = cache {
        cache.store(engine, &source.hash, |file| write_sealed(file, &code));
    }
    load(&Code::Bytes(&code), *variant, Origin::Process).map(Some)
}

/// What can't be loaded is compiled again.
fn cached(
    cache: Option<&Cache>,
    engine: &Engine,
    source: &Source,
    variant: Variant,
    origin: Origin,
) -> Option<(Variant, Ready)> {
    let file = cache?.load(engine, &source.hash)?;
    load(&Code::File(&file), variant, origin).ok()
}

/// The rest, when it is its turn, on a thread of its own.
pub(super) fn compile_elsewhere(flight: &Arc<Flight>) -> Outcome {
    let Order { source, variant, cache, limits } = &flight.order;
    let mut code = child::compile(source, *variant, limits.memory, &**flight)?;
    let engine = &machine(*variant).engine;
    if let Some(cache) = cache {
        cache.store(engine, &source.hash, |file| copy(&mut code, file));
        let kept = cached(Some(cache), engine, source, *variant, Origin::Child);
        if let Some((variant, ready)) = kept {
            return Ok((variant, Arc::new(ready)));
        }
    }
    let (variant, ready) =
        load(&Code::Bytes(&child::content(&mut code)?), *variant, Origin::Child)?;
    Ok((variant, Arc::new(ready)))
}

impl child::Parent for Flight {
    fn is_wanted(&self) -> bool {
        Flight::is_wanted(self)
    }

    fn started(&self, pid: u32) {
        self.child.store(pid, Ordering::Relaxed);
    }

    fn wait(&self) {
        places::admit();
    }
}

fn copy(from: &mut File, to: &mut File) -> std::io::Result<()> {
    use std::io::Seek;
    from.rewind()?;
    std::io::copy(from, to).map(drop)
}

/// For nobody: those who waited have been told otherwise.
pub(super) fn given_up() -> Failure {
    Failure::aborted()
}
