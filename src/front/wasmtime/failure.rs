//! Why there is no program or no result.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasmtime::{GcHeapOutOfMemory, Trap, WasmBacktrace};

use super::bounds::Bounds;
use super::short::{lines, short};
use crate::abi::errno;
use crate::front::init;
use crate::system::Errno;

/// A reason to reject, for the JavaScript side to make an error of.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// As `error.code`.
    pub code: String,
    /// As `error.message`.
    pub message: String,
    /// Further properties of the error.
    pub details: Vec<(&'static str, Detail)>,
}

/// Value of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
}

/// A panic is a bug of ours: it fails what it happened in and nothing else.
pub fn guarded<T>(body: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|panic| {
        let told = panic.downcast_ref::<&str>().copied();
        let told = told.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Failure::new("ERR_INTERNAL_ASSERTION", "wasi-rs: a bug in the addon, please report")
            .with("panic", Detail::Text(told.unwrap_or_default().into()))
    })
}

impl Failure {
    /// Without further properties.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Failure { code: code.into(), message: message.into(), details: Vec::new() }
    }

    /// With one more property.
    pub fn with(mut self, name: &'static str, value: Detail) -> Self {
        self.details.push((name, value));
        self
    }

    /// What becomes an `AbortError`.
    pub fn aborted() -> Self {
        Failure::new("ABORT_ERR", "The operation was aborted")
    }

    /// `ERR_WASI_LINK`.
    pub fn link(message: impl Into<String>) -> Self {
        Failure::new("ERR_WASI_LINK", message)
    }

    /// `ERR_WASI_COMPILE`, with the offset that the message tells. Messages about the text format have
    /// several lines.
    pub fn compile(message: impl Into<String>) -> Self {
        let message = message.into();
        let failure = Failure::new("ERR_WASI_COMPILE", lines(&message));
        match offset_in(&message) {
            Some(offset) => failure.with("offset", Detail::Number(offset as f64)),
            None => failure,
        }
    }

    /// What the class WASI throws when descriptors or directories can't be had.
    pub fn init(error: Errno) -> Self {
        Failure::init_saying(error, init::message(error))
    }

    /// The same, of a standard stream by its name.
    pub fn init_stream(error: Errno, name: &str, fd: i32) -> Self {
        Failure::init_saying(error, init::stream(error, name, fd))
    }

    /// The same, of a preopen: a path of the host, and what the guest would call it.
    pub fn init_preopen(error: Errno, path: &str, name: &str) -> Self {
        Failure::init_saying(error, init::preopen(error, path, name))
            .with("path", Detail::Text(path.into()))
            .with("dest", Detail::Text(name.into()))
    }

    fn init_saying(error: Errno, message: String) -> Self {
        Failure::new(init::code(error), message)
            .with("errno", Detail::Number(errno::number(error).into()))
            .with("syscall", Detail::Text(init::SYSCALL.into()))
    }

    /// A file that can't be read, as `fs.open` tells it.
    pub fn file(error: &std::io::Error, path: &str) -> Self {
        let errno: Errno = std::io::Error::from(error.kind()).into();
        let errno =
            error.raw_os_error().map_or(errno, |raw| std::io::Error::from_raw_os_error(raw).into());
        let code = errno.name().to_owned();
        let reason = std::io::Error::from_raw_os_error(error.raw_os_error().unwrap_or(0));
        let reason = reason.to_string().split(" (os error").next().unwrap_or("").to_lowercase();
        let number = -f64::from(error.raw_os_error().unwrap_or(0));
        Failure::new(code.clone(), format!("{code}: {reason}, open '{path}'"))
            .with("errno", Detail::Number(number))
            .with("syscall", Detail::Text("open".into()))
            .with("path", Detail::Text(path.into()))
    }

    /// `ERR_WASI_TRAP`, or `ERR_WASI_OUT_OF_FUEL`, or whatever else ended the guest. The program
    /// has `functions` itself; those behind were added to it and are left out of the backtrace.
    pub(super) fn ended(error: &wasmtime::Error, functions: u32, bounds: &Bounds) -> Self {
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => bounds.fuel(),
            Some(trap @ Trap::StackOverflow) => {
                let reason = format!("{trap}. {}", bounds.stack_advice());
                trapped(error, functions, name(*trap), &reason)
            }
            Some(trap) => trapped(error, functions, name(*trap), &trap.to_string()),
            None if error.is::<GcHeapOutOfMemory<()>>() => {
                let reason = "the heap of garbage-collected objects is full";
                trapped(error, functions, "heap-out-of-memory", reason)
            }
            None => trapped(error, functions, "exception", &error.root_cause().to_string()),
        }
    }
}

fn trapped(error: &wasmtime::Error, functions: u32, name: &str, reason: &str) -> Failure {
    let backtrace = error.downcast_ref::<WasmBacktrace>();
    let backtrace = backtrace.map(|backtrace| readable(backtrace, functions));
    let reason = reason.trim_start_matches("wasm trap: ");
    Failure::new("ERR_WASI_TRAP", format!("The program trapped: {reason}"))
        .with("trap", Detail::Text(name.into()))
        .with("backtrace", Detail::Text(backtrace.unwrap_or_default()))
}

/// Most letters of a name in a backtrace: names are the guest's, and may be made to harm.
const MAX_NAME: usize = 200;
/// Most lines of a backtrace.
const MAX_FRAMES: usize = 50;

/// Names of functions, the innermost first. Offsets would be those of code that nobody knows.
fn readable(backtrace: &WasmBacktrace, functions: u32) -> String {
    let frames = backtrace.frames().iter().filter(|frame| frame.func_index() < functions);
    let names = frames.take(MAX_FRAMES).map(|frame| match frame.func_name() {
        Some(name) => demangled(name),
        None => format!("<wasm function {}>", frame.func_index()),
    });
    names.map(|name| format!("    at {name}\n")).collect()
}

/// Names of Rust as in its sources; others as they are, since what takes those of C++ apart can be
/// made to take for ever.
fn demangled(name: &str) -> String {
    let start: String = name.chars().take(4 * MAX_NAME).collect();
    short(rustc_demangle::demangle(&start), MAX_NAME)
}

/// The number behind "offset 0x", as wasmparser's messages have it.
fn offset_in(message: &str) -> Option<u64> {
    let (_, rest) = message.split_once("offset 0x")?;
    let digits = rest.split(|letter: char| !letter.is_ascii_hexdigit()).next()?;
    u64::from_str_radix(digits, 16).ok()
}

fn name(trap: Trap) -> &'static str {
    match trap {
        Trap::StackOverflow => "stack-overflow",
        Trap::MemoryOutOfBounds => "memory-out-of-bounds",
        Trap::HeapMisaligned => "unaligned-atomic",
        Trap::TableOutOfBounds => "table-out-of-bounds",
        Trap::IndirectCallToNull => "indirect-call-to-null",
        Trap::BadSignature => "indirect-call-type-mismatch",
        Trap::IntegerOverflow => "integer-overflow",
        Trap::IntegerDivisionByZero => "integer-divide-by-zero",
        Trap::BadConversionToInteger => "invalid-conversion-to-integer",
        Trap::UnreachableCodeReached => "unreachable",
        Trap::Interrupt => "interrupt",
        Trap::OutOfFuel => "out-of-fuel",
        Trap::AtomicWaitNonSharedMemory => "atomic-wait-on-unshared-memory",
        Trap::NullReference => "null-reference",
        Trap::ArrayOutOfBounds => "array-out-of-bounds",
        Trap::AllocationTooLarge => "allocation-too-large",
        Trap::CastFailure => "cast-failure",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_offset_in_a_message() {
        assert_eq!(offset_in("unexpected end (at offset 0x1f)"), Some(31));
        assert_eq!(offset_in("at offset 0xA: bad"), Some(10));
        assert_eq!(offset_in("no number"), None);
        assert_eq!(offset_in("offset 0xzz"), None);
    }
}
