//! How much memory a guest may have.

use wasmtime::ResourceLimiter;

use super::interruptible;

/// Counts memories and tables of one guest.
#[derive(Debug)]
pub(super) struct Limits {
    /// Bytes in all, those of the memory that is ours included.
    max: u64,
    used: u64,
    peak: u64,
    /// The guest asked for more than it may have.
    pub exceeded: bool,
    /// How often memories have grown, or have been about to.
    pub growths: u64,
}

/// What ends a guest that wants more.
#[derive(Debug)]
pub(super) struct MemoryLimit;

impl std::fmt::Display for MemoryLimit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the memory limit is reached")
    }
}

impl std::error::Error for MemoryLimit {}

const BYTES_PER_ELEMENT: u64 = 16;

impl Limits {
    pub fn new(max: u64) -> Self {
        let max = max.saturating_add(interruptible::SIZE);
        Limits { max, used: 0, peak: 0, exceeded: false, growths: 0 }
    }

    /// Most bytes there ever were.
    pub fn peak(&self) -> u64 {
        self.peak.saturating_sub(interruptible::SIZE)
    }

    fn grow(&mut self, current: u64, desired: u64) -> wasmtime::Result<bool> {
        let wanted = (self.used - current.min(self.used)).saturating_add(desired);
        if wanted > self.max {
            self.exceeded = true;
            return Err(wasmtime::Error::new(MemoryLimit));
        }
        self.used = wanted;
        self.peak = self.peak.max(wanted);
        Ok(true)
    }
}

/// What a memory grows to in place. Beyond, all of it would have to be moved, which takes seconds.
const MOST_IN_PLACE: usize = 4 << 30;
/// As in JavaScript's interface: <https://webassembly.github.io/spec/js-api/#limits>.
const MOST_ELEMENTS: usize = 10_000_000;

/// Growing beyond the limit ends the guest. Beyond what its own type allows, or what can be done
/// in a bounded time, growing just fails.
///
/// What the engine then fails to grow stays counted: it tells of failures that were never asked
/// about, too, and a guest that could have them taken back would get around its limit.
impl ResourceLimiter for Limits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let moves = current > 0 && desired > MOST_IN_PLACE;
        if moves || maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.growths += 1;
        self.grow(current as u64, desired as u64)
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired > maximum.unwrap_or(MOST_ELEMENTS).min(MOST_ELEMENTS) {
            return Ok(false);
        }
        self.grow(current as u64 * BYTES_PER_ELEMENT, desired as u64 * BYTES_PER_ELEMENT)
    }
}
