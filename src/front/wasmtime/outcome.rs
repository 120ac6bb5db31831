//! What came of a guest.

use std::time::Duration;

use super::failure::Failure;
use super::value::Value;

/// What came of a run or a call.
#[derive(Debug)]
pub struct Outcome {
    /// Whether the guest has begun to run.
    pub started: bool,
    /// Why there is no result.
    pub failure: Option<Failure>,
    /// Of a command that ended by itself.
    pub exit_code: Option<u32>,
    /// Captured output so far.
    pub stdout: Vec<u8>,
    /// Captured output so far.
    pub stderr: Vec<u8>,
    /// How long the guest ran.
    pub duration: Duration,
    /// Where it was counted.
    pub fuel_used: Option<u64>,
    /// Most bytes of memory it ever had.
    pub memory_peak: u64,
    /// Of a call.
    pub results: Vec<Value>,
}

impl Outcome {
    /// It was cancelled before it started.
    pub fn canceled() -> Self {
        Outcome::failed(Failure::aborted())
    }

    /// Nothing has run.
    pub fn failed(failure: Failure) -> Self {
        Outcome { failure: Some(failure), ..Outcome::none() }
    }

    /// There is nothing to tell.
    pub fn none() -> Self {
        Outcome {
            started: false,
            failure: None,
            exit_code: None,
            stdout: Vec::new(),
            stderr: Vec::new(),
            duration: Duration::ZERO,
            fuel_used: None,
            memory_peak: 0,
            results: Vec::new(),
        }
    }
}
