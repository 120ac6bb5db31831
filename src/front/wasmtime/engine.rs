//! Engines: one for each way of compiling and running, made when first asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use once_cell::sync::Lazy;
use wasmtime::{Config, Engine, Linker, WasmBacktraceDetails};

use super::memories::{Memories, Slot, Slots};
use super::settings::{MAX_STACK, MIN_STACK};
use super::store::Guest;

/// What a run asks of the engine itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Variant {
    /// Compiled so that it counts.
    pub fuel: bool,
    /// Bytes.
    pub max_stack: usize,
    /// Where memories and tables come from.
    pub memories: Memories,
}

const DEFAULT_STACK: usize = 1 << 20;
/// Where a stack may be larger there are no backtraces: all of it is walked for one, by a guest
/// that should have ended already.
const MAX_STACK_TO_WALK: usize = 8 << 20;

impl Variant {
    /// As most programs run.
    pub fn usual(memories: Memories) -> Self {
        Variant { fuel: false, max_stack: DEFAULT_STACK, memories }
    }

    /// Stacks come in powers of two, lest there be an engine for every number. There is a pool only
    /// for programs that run as most do.
    pub fn new(fuel: bool, max_stack: usize, memories: Memories) -> Self {
        let max_stack = max_stack.clamp(MIN_STACK, MAX_STACK).next_power_of_two();
        let is_usual = !fuel && max_stack == DEFAULT_STACK;
        match memories {
            Memories::Pool if !is_usual => Variant { fuel, max_stack, memories: Memories::System },
            memories => Variant { fuel, max_stack, memories },
        }
    }

    /// The one with the same code and the usual stack.
    pub fn with_usual_stack(self) -> Self {
        Variant { max_stack: DEFAULT_STACK, ..self }
    }

    /// The same, with memories from elsewhere.
    pub fn with(self, memories: Memories) -> Self {
        Variant { memories, ..self }
    }
}

/// An engine and the functions that its guests can import.
pub(super) struct Machine {
    pub engine: Engine,
    pub linker: Linker<Guest>,
    /// Bytes.
    pub max_stack: usize,
    memories: Memories,
    slots: Arc<Slots>,
}

/// The machine for a variant.
pub(super) fn machine(variant: Variant) -> Arc<Machine> {
    static MACHINES: Lazy<Mutex<HashMap<Variant, Arc<Machine>>>> = Lazy::new(Mutex::default);
    let mut machines = MACHINES.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(machines.entry(variant).or_insert_with(|| Arc::new(Machine::new(variant))))
}

impl Machine {
    /// Without a pool where the host has no address space for it.
    fn new(variant: Variant) -> Self {
        let pooled = engine(variant).map(|engine| (engine, variant.memories));
        let (engine, memories) = pooled.unwrap_or_else(|_| {
            let engine = engine(variant.with(Memories::System));
            (engine.expect("a configuration without demands on the host"), Memories::System)
        });
        let linker = super::linker::linker(&engine);
        let (max_stack, slots) = (variant.max_stack, memories.slots());
        Machine { engine, linker, max_stack, memories, slots }
    }

    /// Room for an instance with so many memories. `None` if there is none left.
    pub fn reserve(&self, memories: u32) -> Option<Slot> {
        self.slots.take(self.memories.slots_of(memories))
    }
}

fn engine(variant: Variant) -> wasmtime::Result<Engine> {
    let mut config = config(variant);
    variant.memories.configure(&mut config);
    Engine::new(&config)
}

/// The code depends on this alone.
pub(super) fn config(variant: Variant) -> Config {
    let mut config = Config::new();
    config.consume_fuel(variant.fuel);
    // For the memory that `interruptible` adds. Programs can't use them.
    config.wasm_custom_page_sizes(true);
    config.memory_init_cow(!variant.memories.copies_data());
    config.max_wasm_stack(variant.max_stack);
    // Never made, but must not be smaller.
    config.async_stack_size(variant.max_stack + (1 << 20));
    config.wasm_backtrace_details(WasmBacktraceDetails::Disable);
    if variant.max_stack > MAX_STACK_TO_WALK {
        config.wasm_backtrace_max_frames(None);
    }
    config
}
