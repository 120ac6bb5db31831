//! The guest's own process.

use crate::abi::{Call, Failure};
use crate::system::{Errno, Result, yield_now};

pub fn proc_exit(call: &mut Call<'_>) -> std::result::Result<(), Failure> {
    Err(Failure::Exit(call.u32(0)))
}

/// A guest has no process of its own that a signal could reach, and must never reach the host's:
/// every signal is one that is not supported.
pub fn proc_raise(_: &mut Call<'_>) -> Result<()> {
    Err(Errno::NoSys)
}

pub fn sched_yield(_: &mut Call<'_>) -> Result<()> {
    yield_now();
    Ok(())
}
