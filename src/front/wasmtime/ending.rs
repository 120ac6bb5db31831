//! Why a guest, or a call within it, has come to an end without a result.

use wasmtime::{GcHeapOutOfMemory, Trap};

use super::failure::{Detail, Failure};
use super::life::Reason;
use super::limits::MemoryLimit;
use super::store::Guest;
use super::trap::ended;

/// A function of the host has thrown something, which the host keeps under this number, if it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thrown(pub Option<u32>);

/// What unwinds a guest that does not go on, without being a trap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// `proc_exit` with this code.
    Exit(u32),
    /// There is a reason to end it.
    Ended,
    /// The function of the host with this number has thrown.
    Thrown(u32, Thrown),
}

impl std::fmt::Display for Stop {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{self:?}")
    }
}

impl std::error::Error for Stop {}

/// How a call ends that gives no value.
pub(super) enum End {
    Exit(u32),
    Failure(Failure),
}

impl End {
    /// Where nobody expects an exit.
    pub fn into_failure(self) -> Failure {
        match self {
            End::Failure(failure) => failure,
            End::Exit(code) => {
                let code = code.cast_signed();
                Failure::new("ERR_WASI_EXIT", format!("The program exited with code {code}"))
                    .with("exitCode", Detail::Number(code.into()))
            }
        }
    }
}

impl Guest {
    /// What came of a call. `reason` tells why the guest was ended, if it was: nothing else counts
    /// then.
    pub(super) fn told<T>(
        &mut self,
        result: Result<wasmtime::Result<T>, Failure>,
        reason: impl FnOnce(&Self) -> Option<Reason>,
    ) -> Result<T, End> {
        if matches!(&result, Ok(Err(error)) if self.exceeded_memory(error)) {
            self.life.end(Reason::Memory);
        }
        match (result, reason(self)) {
            (Err(bug), _) => Err(End::Failure(bug)),
            (Ok(_), Some(reason)) => Err(End::Failure(self.failure(reason))),
            (Ok(Ok(result)), None) => Ok(result),
            (Ok(Err(error)), None) => Err(self.end(&error)),
        }
    }

    /// The engine tries to make do with less before it gives up: what was refused once need not be
    /// what the guest ended of.
    fn exceeded_memory(&mut self, error: &wasmtime::Error) -> bool {
        let wanted_too_much = error.is::<MemoryLimit>()
            || error.is::<GcHeapOutOfMemory<()>>()
            || error.downcast_ref::<Trap>() == Some(&Trap::AllocationTooLarge);
        wanted_too_much && std::mem::take(&mut self.limits.exceeded)
    }

    /// What to tell of a guest that was ended.
    fn failure(&self, reason: Reason) -> Failure {
        match reason {
            Reason::Timeout => {
                self.bounds.timeout(self.calling.map(|number| self.profile.host_function(number)))
            }
            Reason::Abort => Failure::aborted(),
            Reason::Close => Failure::closed(),
            Reason::Memory => self.bounds.memory(self.profile.initial_memory()),
            Reason::MaxBuffer => self.bounds.buffer(self.wrote_too_much().unwrap_or_default()),
        }
    }

    /// What came of a guest that ended by itself.
    fn end(&self, error: &wasmtime::Error) -> End {
        if let Some(NoRoom(reason)) = error.downcast_ref() {
            return End::Failure(refused(reason));
        }
        match error.downcast_ref::<Stop>() {
            Some(Stop::Exit(code)) => End::Exit(*code),
            Some(Stop::Thrown(number, thrown)) => {
                End::Failure(kept(self.profile.thrown(*number), *thrown))
            }
            _ => End::Failure(ended(error, self.profile.names.functions, &self.bounds)),
        }
    }
}

/// With where the host finds what was thrown.
fn kept(failure: Failure, Thrown(number): Thrown) -> Failure {
    match number {
        Some(number) => failure.with("thrown", Detail::Number(number.into())),
        None => failure,
    }
}

/// The system has no memory for an instance.
#[derive(Debug)]
struct NoRoom(String);

impl std::fmt::Display for NoRoom {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for NoRoom {}

/// Nothing of the guest runs while its instance is made, but its data may not fit.
pub(super) fn no_room(error: wasmtime::Error) -> wasmtime::Error {
    let is_of_guest =
        error.is::<Trap>() || error.is::<MemoryLimit>() || error.is::<GcHeapOutOfMemory<()>>();
    if is_of_guest { error } else { wasmtime::Error::new(NoRoom(error.root_cause().to_string())) }
}

fn refused(reason: &str) -> Failure {
    let message = format!(
        "The system has no memory for another instance: {reason}. Close instances that you no \
         longer need, or raise the limit of the address space (ulimit -v)"
    );
    Failure::new("ERR_WASI_TOO_MANY_INSTANCES", message)
}
