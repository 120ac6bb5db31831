//! Instructions whose time grows with an operand, done in pieces with checks between them.
//!
//! Unless it turns out to be small (`inline`), each becomes a call of a function that is added to
//! the module. That does it in pieces, after having made sure that all of it is within bounds: as
//! the specification wants it, nothing is written when the instruction traps. What is out of bounds
//! is left to the instruction itself, for the right trap.
//!
//! <https://webassembly.github.io/spec/core/exec/instructions.html#memory-instructions>

use std::collections::HashMap;

use wasm_encoder::InstructionSink;
use wasmparser::Operator;

use super::Result;
use super::added::{Added, added};
use super::check::Check;
use super::facts::Facts;

/// An instruction, with what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Bulk {
    MemoryFill { memory: u32 },
    MemoryCopy { to: u32, from: u32 },
    MemoryInit { memory: u32, data: u32 },
    TableFill { table: u32 },
    TableCopy { to: u32, from: u32 },
    TableInit { table: u32, element: u32 },
    ArrayFill { of: u32 },
    ArrayCopy { to: u32, from: u32 },
    ArrayInitData { of: u32, data: u32 },
    ArrayInitElem { of: u32, element: u32 },
    ArrayNew { of: u32 },
    ArrayNewDefault { of: u32 },
    ArrayNewData { of: u32, data: u32 },
    ArrayNewElem { of: u32, element: u32 },
}

/// Most bytes that are moved without a check, and most elements of a table or array.
pub(super) const SMALL_BYTES: u64 = 1024;
pub(super) const SMALL_ELEMENTS: u64 = 64;

impl Bulk {
    /// `None` for other instructions.
    pub fn of(operator: &Operator<'_>) -> Option<Self> {
        Some(match *operator {
            Operator::MemoryFill { mem: memory } => Bulk::MemoryFill { memory },
            Operator::MemoryCopy { dst_mem: to, src_mem: from } => Bulk::MemoryCopy { to, from },
            Operator::MemoryInit { mem: memory, data_index: data } => {
                Bulk::MemoryInit { memory, data }
            }
            Operator::TableFill { table } => Bulk::TableFill { table },
            Operator::TableCopy { dst_table: to, src_table: from } => Bulk::TableCopy { to, from },
            Operator::TableInit { table, elem_index: element } => {
                Bulk::TableInit { table, element }
            }
            Operator::ArrayFill { array_type_index: of } => Bulk::ArrayFill { of },
            Operator::ArrayCopy { array_type_index_dst: to, array_type_index_src: from } => {
                Bulk::ArrayCopy { to, from }
            }
            Operator::ArrayInitData { array_type_index: of, array_data_index: data } => {
                Bulk::ArrayInitData { of, data }
            }
            Operator::ArrayInitElem { array_type_index: of, array_elem_index: element } => {
                Bulk::ArrayInitElem { of, element }
            }
            Operator::ArrayNew { array_type_index: of } => Bulk::ArrayNew { of },
            Operator::ArrayNewDefault { array_type_index: of } => Bulk::ArrayNewDefault { of },
            Operator::ArrayNewData { array_type_index: of, array_data_index: data } => {
                Bulk::ArrayNewData { of, data }
            }
            Operator::ArrayNewElem { array_type_index: of, array_elem_index: element } => {
                Bulk::ArrayNewElem { of, element }
            }
            _ => return None,
        })
    }

    /// Whether a length is done at once anyway.
    pub fn is_small(self, length: u64) -> bool {
        length <= self.small()
    }

    pub fn small(self) -> u64 {
        match self {
            Bulk::MemoryFill { .. } | Bulk::MemoryCopy { .. } | Bulk::MemoryInit { .. } => {
                SMALL_BYTES
            }
            _ => SMALL_ELEMENTS,
        }
    }

    /// Whether it makes an array, for which garbage may have to be collected.
    pub fn allocates(self) -> bool {
        matches!(
            self,
            Bulk::ArrayNew { .. }
                | Bulk::ArrayNewDefault { .. }
                | Bulk::ArrayNewData { .. }
                | Bulk::ArrayNewElem { .. }
        )
    }

    /// Whether its length has 64 bits.
    pub fn is_length_64(self, facts: &Facts) -> bool {
        let memory = |index: u32| facts.memories.get(index as usize).is_some_and(|is_64| *is_64);
        let table = |index: u32| facts.tables.get(index as usize).is_some_and(|(_, is_64)| *is_64);
        match self {
            Bulk::MemoryFill { memory: target } => memory(target),
            Bulk::MemoryCopy { to, from } => memory(to) && memory(from),
            Bulk::TableFill { table: target } => table(target),
            Bulk::TableCopy { to, from } => table(to) && table(from),
            _ => false,
        }
    }

    /// The instruction itself.
    pub fn emit(self, code: &mut InstructionSink<'_>) {
        match self {
            Bulk::MemoryFill { memory } => code.memory_fill(memory),
            Bulk::MemoryCopy { to, from } => code.memory_copy(to, from),
            Bulk::MemoryInit { memory, data } => code.memory_init(memory, data),
            Bulk::TableFill { table } => code.table_fill(table),
            Bulk::TableCopy { to, from } => code.table_copy(to, from),
            Bulk::TableInit { table, element } => code.table_init(table, element),
            Bulk::ArrayFill { of } => code.array_fill(of),
            Bulk::ArrayCopy { to, from } => code.array_copy(to, from),
            Bulk::ArrayInitData { of, data } => code.array_init_data(of, data),
            Bulk::ArrayInitElem { of, element } => code.array_init_elem(of, element),
            Bulk::ArrayNew { of } => code.array_new(of),
            Bulk::ArrayNewDefault { of } => code.array_new_default(of),
            Bulk::ArrayNewData { of, data } => code.array_new_data(of, data),
            Bulk::ArrayNewElem { of, element } => code.array_new_elem(of, element),
        };
    }
}

/// The functions that are added, in the order in which they were asked for.
#[derive(Debug)]
pub(super) struct Pieces {
    /// Index of the first one.
    first: u32,
    known: HashMap<Bulk, u32>,
    /// In the order of their indexes. Making one may ask for others.
    all: Vec<Bulk>,
}

impl Pieces {
    pub fn new(first: u32) -> Self {
        Pieces { first, known: HashMap::new(), all: Vec::new() }
    }

    /// Each with its type. While one is made, it may ask for more.
    pub fn functions(mut self, facts: &Facts, check: &Check) -> Result<Vec<Added>> {
        let mut functions = Vec::new();
        while let Some(bulk) = self.all.get(functions.len()).copied() {
            functions.push(added(bulk, facts, check, &mut self)?);
        }
        Ok(functions)
    }

    /// Index of the type of a function that is added, in a module that has so many itself.
    pub fn type_of(&self, function: u32, types: usize) -> u32 {
        types as u32 + (function - self.first)
    }

    /// Index of the function that does this.
    pub fn function(&mut self, bulk: Bulk) -> u32 {
        let next = self.first.saturating_add(self.all.len() as u32);
        *self.known.entry(bulk).or_insert_with(|| {
            self.all.push(bulk);
            next
        })
    }
}
