//! The threads that run guests, and those that compile. Node.js never runs JavaScript on them.

use std::sync::atomic::{AtomicBool, Ordering};

use once_cell::sync::Lazy;

use super::permits::Permits;
use super::pool::Pool;
use super::processors::processors;
use super::settings::MAX_STACK;
use crate::system::{self, Signal};

/// Guests that have begun and have not ended. The standard library aborts the process when a
/// thread can't have its signal stack, which happens somewhere above 8,000 threads.
const MAX_GUESTS: usize = 4000;

/// Guests that compute at once, for each processor. Those that compute for long share the
/// processors by the kernel's scheduler, and don't keep out those that come later.
const COMPUTING_PER_PROCESSOR: usize = 16;

/// Beside the guest's stack, for the host's own functions.
const HOST_STACK: usize = 2 << 20;

/// The threads of guests.
pub fn guests() -> &'static Pool {
    static GUESTS: Lazy<Pool> = Lazy::new(|| {
        let most = processors() * COMPUTING_PER_PROCESSOR;
        let permits = Permits::new(most, processors(), MAX_GUESTS);
        Pool::new("wasi-rs-guest", MAX_STACK + HOST_STACK, permits).of_guests()
    });
    &GUESTS
}

/// Whether anyone has said how many guests compute at once.
static IS_CONFIGURED: AtomicBool = AtomicBool::new(false);

/// How many guests compute at once.
pub fn set_concurrency(most: usize) {
    IS_CONFIGURED.store(true, Ordering::SeqCst);
    guests().set_limit(most);
}

/// The same, unless it was set before. Tells whether it was not. 0 leaves it as it is.
pub fn set_first_concurrency(most: usize) -> bool {
    let is_first = !IS_CONFIGURED.swap(true, Ordering::SeqCst);
    if is_first && most > 0 {
        guests().set_limit(most);
    }
    is_first
}

/// The threads that compile.
pub fn compilers() -> &'static Pool {
    static COMPILERS: Lazy<Pool> = Lazy::new(|| {
        let permits = Permits::new(processors(), processors(), usize::MAX);
        Pool::new("wasi-rs-compile", 8 << 20, permits)
    });
    &COMPILERS
}

/// Guests wait without a permit.
pub(super) struct GuestPermits;

impl system::Permits for GuestPermits {
    fn release(&self) {
        guests().release();
    }

    fn acquire(&self, signal: &'static Signal) {
        guests().acquire(signal);
    }
}
