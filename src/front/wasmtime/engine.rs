//! Engines: one for each way of compiling and running, made when first asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use once_cell::sync::Lazy;
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, Linker, PoolingAllocationConfig,
    WasmBacktraceDetails,
};

use super::store::Guest;

/// What a run asks of the engine itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Variant {
    /// Compiled so that it counts.
    pub fuel: bool,
    /// Bytes.
    pub max_stack: usize,
    /// With memories and tables from a pool: quick, but too small for some.
    pub pooled: bool,
}

/// Smallest and largest stack of a guest, in bytes. Every thread that runs guests has room for the
/// largest.
pub(super) const MIN_STACK: usize = 64 << 10;
pub(super) const MAX_STACK: usize = 64 << 20;
const DEFAULT_STACK: usize = 1 << 20;
/// Where a stack may be larger there are no backtraces: all of it is walked for one, by a guest
/// that should have ended already.
const MAX_STACK_TO_WALK: usize = 8 << 20;

impl Default for Variant {
    fn default() -> Self {
        Variant { fuel: false, max_stack: DEFAULT_STACK, pooled: true }
    }
}

impl Variant {
    /// Stacks come in powers of two, lest there be an engine for every number.
    pub fn new(fuel: bool, max_stack: usize, pooled: bool) -> Self {
        let max_stack = max_stack.clamp(MIN_STACK, MAX_STACK).next_power_of_two();
        Variant { fuel, max_stack, pooled }
    }
}

/// An engine and the functions that its guests can import.
pub(super) struct Machine {
    pub engine: Engine,
    pub linker: Linker<Guest>,
    /// Bytes.
    pub max_stack: usize,
}

/// The machine for a variant.
pub(super) fn machine(variant: Variant) -> Arc<Machine> {
    static MACHINES: Lazy<Mutex<HashMap<Variant, Arc<Machine>>>> = Lazy::new(Mutex::default);
    let mut machines = MACHINES.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(machines.entry(variant).or_insert_with(|| Arc::new(Machine::new(variant))))
}

impl Machine {
    fn new(variant: Variant) -> Self {
        let engine = engine(variant);
        let linker = super::linker::linker(&engine);
        Machine { engine, linker, max_stack: variant.max_stack }
    }
}

/// With a pool of memories for the usual variant, unless the host has no address space for it.
fn engine(variant: Variant) -> Engine {
    let mut config = config(variant);
    if variant == Variant::default() {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pooling()));
        if let Ok(engine) = Engine::new(&config) {
            return engine;
        }
    }
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    Engine::new(&config).expect("a configuration without demands on the host")
}

/// The code depends on this alone, not on where memories come from.
pub(super) fn config(variant: Variant) -> Config {
    let mut config = Config::new();
    config.consume_fuel(variant.fuel);
    config.max_wasm_stack(variant.max_stack);
    // Never made, but must not be smaller.
    config.async_stack_size(variant.max_stack + (1 << 20));
    config.wasm_backtrace_details(WasmBacktraceDetails::Disable);
    if variant.max_stack > MAX_STACK_TO_WALK {
        config.wasm_backtrace_max_frames(None);
    }
    config
}

/// How many guests have memory at once before they must wait for the operating system.
const INSTANCES: u32 = 5000;
/// Of one module.
const MEMORIES_AND_TABLES: u32 = 16;
const TABLE_ELEMENTS: usize = 1 << 20;
const VM_CONTEXT_BYTES: usize = 64 << 20;
/// Zeroed by hand rather than given back: cheaper for guests that use little.
const KEEP_RESIDENT: usize = 128 << 10;

fn pooling() -> PoolingAllocationConfig {
    let mut pooling = PoolingAllocationConfig::default();
    pooling.total_core_instances(INSTANCES);
    // One is for the check whether to end.
    pooling.total_memories(2 * INSTANCES);
    pooling.total_tables(INSTANCES);
    pooling.max_memories_per_module(MEMORIES_AND_TABLES + 1);
    pooling.max_tables_per_module(MEMORIES_AND_TABLES);
    pooling.table_elements(TABLE_ELEMENTS);
    pooling.max_core_instance_size(VM_CONTEXT_BYTES);
    pooling.linear_memory_keep_resident(KEEP_RESIDENT);
    pooling.table_keep_resident(KEEP_RESIDENT);
    pooling
}
