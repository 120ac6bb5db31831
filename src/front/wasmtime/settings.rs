//! What a guest is given, and how far it may go.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use super::imports::Given;

/// Smallest and largest stack of a guest, in bytes. Every thread that runs guests has room for the
/// largest.
pub(super) const MIN_STACK: usize = 64 << 10;
pub(super) const MAX_STACK: usize = 64 << 20;

/// What a guest starts with and how far it may go.
#[derive(Debug)]
pub struct Settings {
    /// Command line, the program's name first.
    pub args: Vec<Vec<u8>>,
    /// `NAME=value` each.
    pub environ: Vec<Vec<u8>>,
    /// Directories: name for the guest, path of the host, whether it is read-only.
    pub preopens: Vec<(String, String, bool)>,
    /// Standard input.
    pub stdin: Stream,
    /// Standard output.
    pub stdout: Stream,
    /// Standard error.
    pub stderr: Stream,
    /// Bytes that each captured stream may have.
    pub max_buffer: usize,
    /// From the start of the guest, or of each call.
    pub timeout: Option<Duration>,
    /// Bytes of all memories and tables.
    pub memory_limit: u64,
    /// What it may use up.
    pub fuel: Option<u64>,
    /// Bytes of its stack.
    pub max_stack: usize,
    /// Descriptors at once.
    pub max_files: Option<u32>,
    /// Of its random numbers.
    pub seed: Option<[u8; 32]>,
    /// Where its clocks start, in nanoseconds since 1970; they stand still then, unless looked at.
    pub clock: Option<u64>,
    /// Whether to tell each WASI call on stderr.
    pub trace: bool,
    /// What it can import besides WASI.
    pub given: Given,
}

/// One of the standard streams.
#[derive(Debug)]
pub enum Stream {
    /// Closed with the guest.
    Fd(OwnedFd),
    /// Bytes to read.
    Input(Arc<[u8]>),
    /// Kept for the outcome.
    Capture,
}
