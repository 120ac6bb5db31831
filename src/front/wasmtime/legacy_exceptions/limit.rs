//! What a program can't exceed, and what is said of one that would.

use wasmtime::{Error, Result};

pub(super) use crate::front::wasmtime::module_limits::{CLAUSES, FUNCTION_SIZE, LOCALS, RESULTS};

/// Parameters and results of all types that are added. Our own: hardly any are, in programs that
/// compilers make.
pub(super) const ADDED_VALUES: usize = 1_000_000;

/// Fails when there are more than can be.
pub(super) fn at_most(limit: usize, actual: usize, what: &str, offset: u64) -> Result<()> {
    if actual <= limit {
        return Ok(());
    }
    let why = format!("would need {actual} {what}, but at most {limit} are allowed");
    Err(refused(&why, offset))
}

/// Says why a program's legacy exception instructions can't be translated.
pub(super) fn refused(why: &str, offset: u64) -> Error {
    Error::msg(format!("legacy exception instructions {why} (at offset {offset:#x})"))
}
