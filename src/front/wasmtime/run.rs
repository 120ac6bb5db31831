//! Running a command from start to end.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::{ExternType, FuncType};

use super::control::Control;
use super::failure::Failure;
use super::info::shape_of;
use super::instance::Value;
use super::needs::refused_start;
use super::program::Ready;
use super::session::{End, Session};

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
        Outcome {
            started: false,
            failure: Some(failure),
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

/// Runs `_start`. Blocks until the guest has ended: not for the event loop.
pub fn run(ready: &Arc<Ready>, settings: Settings, control: &Arc<Control>) -> Outcome {
    if control.reason().is_some() {
        return Outcome::canceled();
    }
    let timeout = settings.timeout;
    let session = Session::new(ready, settings, control).and_then(|session| {
        session.ready.linked.as_ref().map(drop).map_err(Clone::clone)?;
        check_command(&session)?;
        Ok(session)
    });
    match session {
        Ok(mut session) => {
            let end = session.enter(control, timeout, start);
            session.outcome(match end {
                Ok(()) => Ok(Some(0)),
                Err(End::Exit(code)) => Ok(Some(code)),
                Err(End::Failure(failure)) => Err(failure),
            })
        }
        Err(failure) => Outcome::failed(failure),
    }
}

/// A command exports `_start`, which takes and gives nothing.
fn check_command(session: &Session) -> Result<(), Failure> {
    let start = session.ready.module.get_export("_start");
    match start.as_ref().and_then(ExternType::func) {
        Some(start) if start.params().len() == 0 && start.results().len() == 0 => Ok(()),
        start => Err(no_command(&session.ready, start)),
    }
}

fn no_command(Ready { module, names, .. }: &Ready, start: Option<&FuncType>) -> Failure {
    let functions = module.exports().filter(|export| {
        matches!(export.ty(), ExternType::Func(_)) && !names.contains(export.name())
    });
    let functions = functions.map(|export| export.name());
    refused_start(start.map(shape_of).as_deref(), functions)
}

fn start(session: &mut Session) -> wasmtime::Result<()> {
    let instance = session.instantiate()?;
    let start = instance.get_typed_func::<(), ()>(&mut session.store, "_start")?;
    start.call(&mut session.store, ())
}
