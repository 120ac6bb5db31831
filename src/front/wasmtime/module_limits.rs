//! How large a module can be, as engines have agreed upon:
//! <https://webassembly.github.io/spec/js-api/#limits>. What is added to a program must not exceed
//! that.

/// Bytes of the body of a function.
pub(super) const FUNCTION_SIZE: usize = 7_654_321;
/// Locals of a function, parameters included.
pub(super) const LOCALS: usize = 50_000;
/// Results of a type.
pub(super) const RESULTS: usize = 1000;
/// Clauses of a `try_table`.
pub(super) const CLAUSES: usize = 10_000;
/// Memories.
pub(super) const MEMORIES: usize = 100;
/// Functions, types or exports.
pub(super) const ENTRIES: usize = 1_000_000;
/// Bytes of a name.
pub(super) const NAME: usize = 100_000;
