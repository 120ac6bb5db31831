//! Clocks.

use rustix::time::{ClockId, clock_getres, clock_gettime};

use super::Timestamp;
use super::types::timestamp;

/// A clock ([preview1 `clockid`](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#clockid)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Wall clock; its epoch is 1970-01-01T00:00:00Z.
    Realtime,
    /// Never goes back; its epoch is undefined.
    Monotonic,
    /// CPU time of the process.
    ProcessCpu,
    /// CPU time of the thread.
    ThreadCpu,
}

impl Clock {
    fn id(self) -> ClockId {
        match self {
            Clock::Realtime => ClockId::Realtime,
            Clock::Monotonic => ClockId::Monotonic,
            Clock::ProcessCpu => ClockId::ProcessCPUTime,
            Clock::ThreadCpu => ClockId::ThreadCPUTime,
        }
    }
}

/// The time, in nanoseconds.
pub fn time(clock: Clock) -> Timestamp {
    let time = clock_gettime(clock.id());
    timestamp(time.tv_sec as _, time.tv_nsec as _)
}

/// The resolution, in nanoseconds.
pub fn resolution(clock: Clock) -> Timestamp {
    let resolution = clock_getres(clock.id());
    timestamp(resolution.tv_sec as _, resolution.tv_nsec as _)
}

/// Lets another thread run.
pub fn yield_now() {
    rustix::thread::sched_yield();
}
