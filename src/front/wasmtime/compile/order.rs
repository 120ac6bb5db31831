//! What is asked of the service, and what it answers.

use std::sync::Arc;

use super::code::Source;
use super::limits::Limits;
use crate::front::wasmtime::cache::Cache;
use crate::front::wasmtime::engine::Variant;
use crate::front::wasmtime::failure::Failure;
use crate::front::wasmtime::ready::Ready;

/// What to compile, and how.
pub struct Order {
    pub source: Arc<Source>,
    /// With the usual stack: others take the same code.
    pub variant: Variant,
    pub cache: Option<Cache>,
    pub limits: Limits,
}

/// A program, and the variant that it turned out to be.
pub type Outcome = Result<(Variant, Arc<Ready>), Failure>;
/// Called once, on some thread.
pub type Callback = Box<dyn FnOnce(Outcome) + Send>;

/// For nobody: those who waited have been told otherwise.
pub fn given_up() -> Failure {
    Failure::aborted()
}
