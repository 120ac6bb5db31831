//! Clocks.

use std::time::Duration;

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
fn time(clock: Clock) -> Timestamp {
    let time = clock_gettime(clock.id());
    timestamp(time.tv_sec as _, time.tv_nsec as _)
}

/// The resolution, in nanoseconds.
fn resolution(clock: Clock) -> Timestamp {
    let resolution = clock_getres(clock.id());
    timestamp(resolution.tv_sec as _, resolution.tv_nsec as _)
}

/// The clocks that one guest sees.
#[derive(Debug, Clone, Copy, Default)]
pub enum Time {
    /// Those of the host.
    #[default]
    Real,
    /// Time that passes only when it is looked at or waited for, so that a program does the same
    /// each time.
    Virtual {
        /// Of the wall clock at the start.
        start: Timestamp,
        /// Since the start.
        passed: Timestamp,
    },
}

/// How much virtual time passes with each look.
const STEP: Timestamp = 1_000;

impl Time {
    /// Virtual time, the wall clock at `start` nanoseconds since 1970.
    pub fn starting_at(start: Timestamp) -> Self {
        Time::Virtual { start, passed: 0 }
    }

    /// Whether time passes only as told.
    pub fn is_virtual(self) -> bool {
        matches!(self, Time::Virtual { .. })
    }

    /// The time, in nanoseconds.
    pub fn now(&mut self, clock: Clock) -> Timestamp {
        match self {
            Time::Real => time(clock),
            Time::Virtual { start, passed } => {
                *passed = passed.saturating_add(STEP);
                let origin = if clock == Clock::Realtime { *start } else { 0 };
                origin.saturating_add(*passed)
            }
        }
    }

    /// The resolution, in nanoseconds.
    pub fn resolution(self, clock: Clock) -> Timestamp {
        if self.is_virtual() { STEP } else { resolution(clock) }
    }

    /// Lets virtual time pass.
    pub fn advance(&mut self, duration: Duration) {
        if let Time::Virtual { passed, .. } = self {
            let nanoseconds = Timestamp::try_from(duration.as_nanos()).unwrap_or(Timestamp::MAX);
            *passed = passed.saturating_add(nanoseconds);
        }
    }
}

/// Lets another thread run.
pub fn yield_now() {
    rustix::thread::sched_yield();
}
