//! Makes a program look, after a bounded amount of work at the latest, whether it should end.
//!
//! wasmtime's own ways to end a program cost too much in tight loops: a check that may call the
//! host keeps values from staying in registers. This one reads a byte of a memory that the program
//! gets beside its own, and traps:
//!
//! ```wat
//! (if (i32.atomic.load8_u $interrupt (i32.const 0)) (then unreachable))
//! ```
//!
//! An atomic load is never moved or left out. There is a check
//!
//! - at the head of each loop, and at the start of each function that calls others (`body`);
//! - wherever a path could otherwise pass a budget since the last one (`paths`), by a table of what
//!   each instruction costs (`cost`);
//! - between the pieces of instructions whose operands decide how long they take (`pieces`).
//!
//! What happens before the first instruction is bounded, too (`constants`). The start function
//! becomes an export, to be called when the byte can be reached.

mod added;
mod body;
mod check;
mod constants;
mod cost;
mod editor;
mod facts;
mod inline;
mod name_section;
mod names;
mod paths;
mod pieces;
mod price;
mod range;
mod refusal;
mod sections;

pub(super) use names::Names;
pub(super) use refusal::Refusal;

use refusal::Result;

/// What the memory of the byte adds to those of the program, in bytes.
pub(super) const SIZE: u64 = 1;

/// The program with checks, from one that is valid.
///
/// Errors: the program is larger than what can be taken once the checks are in it.
pub(super) fn interruptible(wasm: &[u8]) -> Result<Vec<u8>> {
    let facts = facts::Facts::of(wasm)?;
    constants::limit(wasm)?;
    sections::rewrite(wasm, &facts)
}
