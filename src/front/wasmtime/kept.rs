//! Memories that are kept for the next guest. Only the pages that a guest wrote are zeroed for it.
//!
//! This is what the pool of wasmtime does with `pagemap_scan`, which overlooks pages that are in
//! swap space: <https://github.com/bytecodealliance/wasmtime/pull/14357>. A pool without it has to
//! give back what lies behind the start of a memory. Programs in C and Rust have their stack and
//! their data there, and spend most of their time on page faults then.
#![allow(unsafe_code)] // Implements traits whose memory guests access.

use std::sync::{Mutex, MutexGuard, PoisonError};

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

use super::processors::processors;
use crate::system::Reservation;

/// Address space of a memory, and of the guards on both sides of it, in bytes: those that wasmtime
/// asks for unless it is configured otherwise.
const CAPACITY: usize = 4 << 30;
const GUARD: usize = 32 << 20;

/// How many are kept. Their number limits what stays in memory after many guests at once.
fn most() -> usize {
    const PER_PROCESSOR: usize = 256;
    const MOST: usize = 4096;
    (PER_PROCESSOR * processors()).min(MOST)
}

/// Those that nobody uses. They are zero.
static UNUSED: Mutex<Vec<Reservation>> = Mutex::new(Vec::new());

fn unused() -> MutexGuard<'static, Vec<Reservation>> {
    UNUSED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One that has `size` accessible bytes already, if possible: others take a system call.
fn take(size: usize) -> Option<Reservation> {
    let mut unused = unused();
    match unused.iter().rposition(|reservation| reservation.is_accessible(size)) {
        Some(index) => Some(unused.swap_remove(index)),
        None if unused.len() < most() / 2 => None,
        None => Some(unused.swap_remove(0)),
    }
}

/// Larger ones are not kept: their page tables would stay, even if the guest only read.
const LARGE: usize = 64 << 20;

/// For the next guest, or back to the operating system.
fn give_back(mut reservation: Reservation) {
    if reservation.accessible() > LARGE || reservation.clear().is_err() {
        return;
    }
    let mut unused = unused();
    if unused.len() < most() {
        unused.push(reservation);
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Kept;

// SAFETY: memories are zero, have as many bytes as they say, and nothing behind them, up to the end
// of the guard, is accessible. They belong to one guest at a time.
unsafe impl MemoryCreator for Kept {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let capacity = reserved.unwrap_or_default().max(minimum);
        let is_usual = capacity <= CAPACITY && guard <= GUARD;
        let known = if is_usual { take(minimum) } else { None };
        let new = || match is_usual {
            true => Reservation::new(CAPACITY, GUARD),
            false => Reservation::new(capacity, guard),
        };
        let mut reservation = known.map_or_else(new, Ok).map_err(|error| error.to_string())?;
        reservation.set_accessible(minimum).map_err(|error| error.to_string())?;
        Ok(Box::new(Memory { reservation: Some(reservation), size: minimum, is_usual }))
    }
}

struct Memory {
    /// `None` once it is dropped.
    reservation: Option<Reservation>,
    size: usize,
    is_usual: bool,
}

impl Memory {
    fn reservation(&self) -> &Reservation {
        self.reservation.as_ref().expect("a memory that is not dropped")
    }
}

// SAFETY: the memory does not move, and as much of it is accessible as it says.
unsafe impl LinearMemory for Memory {
    fn byte_size(&self) -> usize {
        self.size
    }

    fn byte_capacity(&self) -> usize {
        self.reservation().capacity()
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        let reservation = self.reservation.as_mut().expect("a memory that is not dropped");
        reservation.set_accessible(new_size)?;
        self.size = new_size;
        Ok(())
    }

    fn as_ptr(&self) -> *mut u8 {
        self.reservation().start()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some(reservation) = self.reservation.take().filter(|_| self.is_usual) {
            give_back(reservation);
        }
    }
}
