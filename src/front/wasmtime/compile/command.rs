//! How a child process that compiles is started: only JavaScript knows what it runs in.

use std::sync::{Arc, Mutex, PoisonError};

/// What starts a process that loads this addon and calls `work`.
#[derive(Debug, Clone)]
pub struct Command {
    /// The executable and its arguments. The path of the addon comes last.
    pub words: Vec<String>,
    /// `NAME=value` each: all that the child's environment has.
    pub environ: Vec<String>,
}

static COMMAND: Mutex<Option<Arc<Result<Command, String>>>> = Mutex::new(None);

/// Says how, or why there can be no such process.
pub fn set_command(command: Result<Command, String>) {
    *COMMAND.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(command));
}

pub(super) fn command() -> Option<Arc<Result<Command, String>>> {
    COMMAND.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
