//! Traces of calls, like those of strace(1): one line a call on the standard error of the host.
//!
//! ```text
//! fd_write(fd=1, iovs=[{0x410, 12}], nwritten=0x400) = 0 nwritten=12 <0.000012>
//! fd_close(fd=9) = EBADF <0.000001>
//! ```
//!
//! A line is written when its call is over: of one that waits for ever there is none.

mod show;

use std::io::Write;
use std::time::{Duration, Instant};

use super::{Call, Failure, Function, Kind, Parameter};

/// Whether the environment asks for traces: `WASI_RS_STRACE` is set, other than to nothing or `0`.
pub fn is_asked_for() -> bool {
    std::env::var_os("WASI_RS_STRACE").is_some_and(|value| !value.is_empty() && value != "0")
}

/// Runs a call and writes its line.
#[cold]
#[inline(never)]
pub(super) fn traced(function: &Function, call: &mut Call<'_>) -> Result<(), Failure> {
    let line = Line::entering(function, call);
    let start = Instant::now();
    let result = (function.handler)(call);
    let mut line = line.leaving(call, result, start.elapsed());
    line.push('\n');
    // In one write, so that lines of several threads don't mix. Whoever has closed the stream does
    // not want to read it: that must not be the guest's problem.
    let _ = std::io::stderr().write_all(line.as_bytes());
    result
}

/// A line of a trace. It begins before the call, whose results may overwrite its arguments.
pub struct Line<'f> {
    function: &'f Function,
    text: String,
}

impl<'f> Line<'f> {
    /// Name and arguments.
    pub fn entering(function: &'f Function, call: &Call<'_>) -> Self {
        let arguments = arguments(function, call).join(", ");
        Line { function, text: format!("{}({arguments})", function.name) }
    }

    /// Adds how the call ended: `0` and the results, or the error; then the time it took, in
    /// seconds. Nothing when the guest has exited.
    pub fn leaving(
        self,
        call: &Call<'_>,
        result: Result<(), Failure>,
        elapsed: Duration,
    ) -> String {
        let Line { function, text } = self;
        let end = match result {
            Err(Failure::Exit(_)) => return text,
            Err(Failure::Errno(errno)) => errno.to_string(),
            Ok(()) => format!("0{}", results(function, call).concat()),
        };
        format!("{text} = {end} <{}.{:06}>", elapsed.as_secs(), elapsed.subsec_micros())
    }
}

/// Each as `name=value`. A length is left out where all that it counts has been shown.
fn arguments(function: &Function, call: &Call<'_>) -> Vec<String> {
    let mut shown = Vec::new();
    let mut counted = false;
    for (index, Parameter { name, kind }) in function.parameters.iter().enumerate() {
        let argument = show::argument(call, index, *kind);
        if *kind != Kind::Length || !counted {
            shown.push(format!("{name}={}", argument.text));
        }
        counted = argument.whole;
    }
    shown
}

/// Each as ` name=value`.
fn results(function: &Function, call: &Call<'_>) -> Vec<String> {
    let parameters = function.parameters.iter().enumerate();
    let result = |(index, parameter): (usize, &Parameter)| {
        let value = show::result(call, index, parameter.kind)?;
        Some(format!(" {}={value}", parameter.name))
    };
    parameters.filter_map(result).collect()
}
