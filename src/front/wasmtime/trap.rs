//! Traps: what a guest did that ended it, and where.

use wasmtime::{GcHeapOutOfMemory, Trap, WasmBacktrace};

use super::bounds::Bounds;
use super::failure::{Detail, Failure};
use super::short::short;

/// `ERR_WASI_TRAP`, or `ERR_WASI_OUT_OF_FUEL`, or whatever else ended the guest. The program
/// has `functions` itself; those behind were added to it and are left out of the backtrace.
pub(super) fn ended(error: &wasmtime::Error, functions: u32, bounds: &Bounds) -> Failure {
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
