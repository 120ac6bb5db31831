//! How long compiling may take, and how much memory.

use std::time::Duration;

/// What one who waits for code allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From when the compilation starts, or from when it is asked for if that is later.
    pub timeout: Option<Duration>,
    /// Bytes that a child process may have for it.
    pub memory: u64,
}
