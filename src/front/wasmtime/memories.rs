//! Where guests get their memories from.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::sync::Lazy;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::kept::Kept;
use super::processors::processors;
use crate::system::can_tell_written_pages;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Memories {
    /// From those that other guests have left, see `kept`. The data of the program is copied when it
    /// starts, so this is for programs with little of it.
    Kept,
    /// From a pool of wasmtime, for the first guests of programs with more data: they share the
    /// pages of it that they don't write. After each guest, the start of its memories is zeroed, and
    /// the rest is given back to the operating system.
    Pool,
    /// From the operating system, for guests beyond the pool.
    System,
}

/// Bytes of data up to which copying them is quicker than page faults for some of them.
const LITTLE_DATA: u64 = 128 << 10;

/// What stays in memory of a slot that nobody uses. More is given back to the operating system.
const KEEP_RESIDENT: usize = 128 << 10;
/// Of one module. Others get their memories from the operating system.
const MEMORIES: u32 = 4;
const TABLES: u32 = 4;
const TABLE_ELEMENTS: usize = 1 << 20;
const VM_CONTEXT_BYTES: usize = 64 << 20;

/// Instances that the pool has room for. What is left after a burst of guests is as much memory as so
/// many guests keep resident.
fn pool_size() -> usize {
    const PER_PROCESSOR: usize = 128;
    // Of the 128 TiB of addresses that a process has, they take 40. V8 puts some of its own into the
    // lower half, and what the pool takes must be free in one piece.
    const MOST: usize = 2048;
    (PER_PROCESSOR * processors()).min(MOST)
}

impl Memories {
    /// For a program with so many bytes of data. `None` where that is not known.
    pub fn of_data(bytes: Option<u64>) -> Self {
        let is_little = bytes.is_some_and(|bytes| bytes <= LITTLE_DATA);
        if is_little && can_tell_written_pages() { Memories::Kept } else { Memories::Pool }
    }

    /// Whether code is for copying the data of the program, rather than for sharing it.
    pub fn copies_data(self) -> bool {
        self == Memories::Kept
    }

    /// Configures what makes no difference to the code.
    pub fn configure(self, config: &mut Config) {
        config.allocation_strategy(match self {
            Memories::Pool => InstanceAllocationStrategy::Pooling(pool()),
            Memories::Kept | Memories::System => InstanceAllocationStrategy::OnDemand,
        });
        if self == Memories::Kept {
            config.with_host_memory(Arc::new(Kept));
        }
    }

    /// Counts the instances that have memories at the same time.
    pub fn slots(self) -> Arc<Slots> {
        static SYSTEM: Lazy<Arc<Slots>> = Lazy::new(|| Slots::new(maps_for_guests()));
        match self {
            Memories::Pool => Slots::new(pool_size()),
            Memories::Kept | Memories::System => Arc::clone(&SYSTEM),
        }
    }

    /// How many slots an instance takes with so many memories: outside of the pool, the maps that the
    /// kernel counts.
    pub fn slots_of(self, memories: u32) -> usize {
        let memories = memories as usize;
        match self {
            Memories::Pool => 1,
            // Each has a part that can be accessed and one that can't. With the system, the data of
            // the program may be a third part, with another one before it. The memory that ends the
            // guest has only two: the rest is for the heap of programs with garbage collection.
            Memories::Kept | Memories::System => 4 * memories.max(1),
        }
    }
}

fn pool() -> PoolingAllocationConfig {
    let size = pool_size() as u32;
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(size);
    // One more for the heap of each program with garbage collection.
    pool.total_memories((MEMORIES + 1) * size);
    pool.total_gc_heaps(size);
    pool.total_tables(TABLES * size);
    pool.max_memories_per_module(MEMORIES);
    pool.max_tables_per_module(TABLES);
    pool.table_elements(TABLE_ELEMENTS);
    pool.max_core_instance_size(VM_CONTEXT_BYTES);
    pool.linear_memory_keep_resident(KEEP_RESIDENT);
    pool.table_keep_resident(KEEP_RESIDENT);
    // It would overlook pages that are in swap space or are being moved, and leave them to the next
    // guest: https://github.com/bytecodealliance/wasmtime/pull/14357
    pool.pagemap_scan(Enabled::No);
    pool
}

/// A process can only have so many memory maps. V8 ends the process when it gets no more of them, so
/// enough are left for it, for the threads of guests, and for the pool.
fn maps_for_guests() -> usize {
    const USUAL: usize = 65_530;
    const OTHERS: usize = 24_576;
    // Where the limit is high, addresses run out first: with 4 maps for each, so many memories take
    // half of the 128 TiB that there are.
    const MOST: usize = 4 * 16_384;
    let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count").ok();
    let limit = limit.and_then(|limit| limit.trim().parse().ok()).unwrap_or(USUAL);
    limit.saturating_sub(OTHERS).max(limit / 4).min(MOST)
}

/// A number of which instances take some as long as they live.
#[derive(Debug)]
pub(super) struct Slots(AtomicUsize);

impl Slots {
    fn new(count: usize) -> Arc<Self> {
        Arc::new(Slots(count.into()))
    }

    /// `None` if there are not enough.
    pub fn take(self: &Arc<Self>, count: usize) -> Option<Slot> {
        let order = Ordering::SeqCst;
        let taken = self.0.fetch_update(order, order, |left| left.checked_sub(count));
        taken.ok().map(|_| Slot { slots: Arc::clone(self), count })
    }
}

/// What an instance takes. Given back when dropped.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Arc<Slots>,
    count: usize,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.0.fetch_add(self.count, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_given_back() {
        let slots = Slots::new(3);
        let first = slots.take(2).expect("room");
        assert!(slots.take(2).is_none());
        let second = slots.take(1).expect("room");
        drop(first);
        assert!(slots.take(3).is_none());
        drop(second);
        assert!(slots.take(3).is_some());
    }
}
