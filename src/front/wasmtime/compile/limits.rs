//! How long compiling may take, and how much memory.

use std::time::Duration;

/// After this time a compilation counts as one that takes long.
pub const LONG: Duration = Duration::from_secs(1);

/// What one who waits for code allows.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From when the code is asked for: waiting for a place counts, reading a cache does not.
    pub timeout: Option<Duration>,
    /// Bytes that a child process may have for it.
    pub memory: u64,
}
