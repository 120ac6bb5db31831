//! Modules from seeds.

use std::collections::HashSet;

use arbitrary::Unstructured;
use wasm_smith::{Config, Module};

use crate::observe;

/// What a module is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// It ends, computes the same everywhere, and tells its state.
    Results,
    /// It may do anything.
    Limits,
}

/// Names of the proposals that a module may use, beside those that all engines have.
#[derive(Debug)]
pub struct Features(HashSet<String>);

impl<'a> FromIterator<&'a str> for Features {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        Features(names.into_iter().map(str::to_owned).collect())
    }
}

/// How often a module may begin a function or a loop, before it traps.
const FUEL: u32 = 300;
/// How often a function is called in a row.
const CALLS: usize = 5_000;
const PAGE: u64 = 65_536;

/// A generator of numbers: <https://prng.di.unimi.it/splitmix64.c>
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count.div_ceil(8)).flat_map(|_| self.next().to_le_bytes()).collect()
    }

    fn one_in(&mut self, chances: u64) -> bool {
        self.next().is_multiple_of(chances)
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        let index = self.next() % values.len() as u64;
        values[usize::try_from(index).expect("below the length")]
    }
}

/// The module of a seed, if there is one.
pub fn module(seed: u64, purpose: Purpose, features: &Features) -> Option<Vec<u8>> {
    let mut random = Random(seed);
    let config = config(&mut random, purpose, features);
    let size = random.one_of(&[500, 2_000, 10_000, 50_000]);
    let bytes = random.bytes(size);
    let mut module = Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
    match purpose {
        Purpose::Limits => observe::amplified(&module.to_bytes(), CALLS).ok(),
        Purpose::Results => {
            let fuel = module.ensure_termination(FUEL).ok()?;
            observe::observable(&module.to_bytes(), (fuel, FUEL)).ok()
        }
    }
}

fn config(random: &mut Random, purpose: Purpose, features: &Features) -> Config {
    let mut may = |name: &str| !random.one_in(4) && features.0.contains(name);
    let mut config = Config {
        gc_enabled: may("gc"),
        exceptions_enabled: may("exceptions"),
        memory64_enabled: may("memory64"),
        tail_call_enabled: may("tail-calls"),
        simd_enabled: may("simd"),
        extended_const_enabled: may("extended-const"),
        max_memories: if may("multi-memory") { 4 } else { 1 },
        ..common()
    };
    config.max_instructions = random.one_of(&[20, 100, 500, 3_000]);
    config.max_funcs = random.one_of(&[3, 10, 40]);
    config.max_nesting_depth = random.one_of(&[3, 10, 30]);
    match purpose {
        Purpose::Results => deterministic(&mut config),
        Purpose::Limits => large(&mut config, random),
    }
    config
}

fn common() -> Config {
    Config {
        max_imports: 0,
        min_types: 1,
        min_funcs: 1,
        export_everything: true,
        reference_types_enabled: true,
        threads_enabled: false,
        relaxed_simd_enabled: false,
        max_tables: 4,
        max_type_size: 200,
        ..Config::default()
    }
}

/// Memories and tables have a maximum, so that growing fails at the same point everywhere; what
/// bits a NaN has is settled.
fn deterministic(config: &mut Config) {
    config.canonicalize_nans = true;
    config.memory_max_size_required = true;
    config.max_memory32_bytes = 16 * PAGE;
    config.max_memory64_bytes = u128::from(16 * PAGE);
    config.table_max_size_required = true;
    config.max_table_elements = 1_000;
    config.limit_arrays_in_const_exprs = true;
}

/// Most programs trap early, unless they can't.
fn large(config: &mut Config, random: &mut Random) {
    config.disallow_traps = !random.one_in(4);
    config.max_instructions = random.one_of(&[100, 1_000, 10_000]);
    config.max_memory32_bytes = 4_096 * PAGE;
    config.max_memory64_bytes = u128::from(4_096 * PAGE);
    config.max_table_elements = 10_000_000;
}
