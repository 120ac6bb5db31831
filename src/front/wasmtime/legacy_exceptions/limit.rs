//! What a program can't exceed, as the limits that engines have agreed upon have it:
//! <https://webassembly.github.io/spec/js-api/#limits>.

use wasmtime::{Error, Result};

/// Bytes of a function.
pub(super) const FUNCTION_SIZE: usize = 7_654_321;
/// Locals of a function, parameters included.
pub(super) const LOCALS: usize = 50_000;
/// Clauses of a `try_table`.
pub(super) const CLAUSES: usize = 10_000;
/// Results of a type.
pub(super) const RESULTS: usize = 1000;
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
