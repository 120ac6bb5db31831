//! The service itself: from an order to code, by the cache, in the process or in a child.

use std::sync::{Arc, Mutex, PoisonError};

use super::code::{SHORT_TEXT, binary, machine_code};
use super::elsewhere::cached;
use super::flight::{Flight, Ticket, join};
use super::order::{Callback, Order, given_up};
use super::{estimate, places};
use crate::front::wasmtime::cache::write_sealed;
use crate::front::wasmtime::engine::{Variant, machine};
use crate::front::wasmtime::failure::{Failure, guarded};
use crate::front::wasmtime::pools::compilers;
use crate::front::wasmtime::ready::{Code, Origin, Ready, load};

/// Tells `done` when there is code, or why there is none.
pub fn order(order: Order, ticket: &Ticket, done: Callback) {
    let Some(flight) = join(order, ticket, done) else { return };
    let job = Arc::clone(&flight);
    if let Err(error) = compilers().submit(move || take_off(&job)) {
        flight
            .finish(Err(Failure::new("EAGAIN", format!("EAGAIN: no thread to compile: {error}"))));
    }
}

/// Runs what takes some time on a thread of the service. In this one, if there can be no other.
pub fn outside(job: impl FnOnce() + Send + 'static) {
    let job = Arc::new(Mutex::new(Some(job)));
    let take = |job: &Mutex<Option<_>>| job.lock().unwrap_or_else(PoisonError::into_inner).take();
    let theirs = Arc::clone(&job);
    let submitted = compilers().submit(move || take(&theirs).into_iter().for_each(|job| job()));
    if submitted.is_err()
        && let Some(job) = take(&job)
    {
        job();
    }
}

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
