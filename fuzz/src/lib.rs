//! What the fuzz targets share: a guest without an engine, whose memory lies between guards.

pub mod memory;
pub mod tree;

use std::fs::File;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::OnceLock;

use memory::Guarded;
use wasi_rs::abi::Version;
use wasi_rs::abi::{Call, FUNCTIONS, Failure, Function, MAX_PARAMETERS, ValueType, errno};
use wasi_rs::system::{Errno, Interrupt, System};

/// How many errors there are.
const ERRNOS: u16 = 77;

/// What a call answers, an exit being a success.
pub type Answer = Result<(), Errno>;

/// Nothing waits for longer than one interval.
pub fn interrupt() -> Interrupt {
    Interrupt::when(|| true)
}

/// `/dev/null`, for reading and writing, for as long as the process runs.
pub fn null() -> RawFd {
    static NULL: OnceLock<File> = OnceLock::new();
    let open = || File::options().read(true).write(true).open("/dev/null").unwrap();
    NULL.get_or_init(open).as_raw_fd()
}

/// The function of this name.
pub fn function(name: &str) -> &'static Function {
    FUNCTIONS.iter().find(|function| function.name == name).expect("a function of preview1")
}

/// The upper half of an i32 is what no one may look at.
pub fn words(function: &Function, arguments: &[u64]) -> [u64; MAX_PARAMETERS] {
    const GARBAGE: u64 = 0xDEAD_BEEF << 32;
    let mut words = [GARBAGE; MAX_PARAMETERS];
    for (word, (value, kind)) in words.iter_mut().zip(arguments.iter().zip(function.value_types()))
    {
        *word = match kind {
            ValueType::I32 => GARBAGE | (value & 0xFFFF_FFFF),
            ValueType::I64 => *value,
        };
    }
    words
}

/// Runs a call, and checks what holds for every one: its error is a number of preview1, never
/// `EFAULT` (the kernel was given memory that is not the guest's), and memory around the guest's
/// is as it was; so is the guest's, when the call failed.
pub fn call(
    function: &Function,
    system: &mut System,
    memory: &mut Guarded,
    version: Version,
    arguments: &[u64],
) -> Answer {
    let before = memory.copy();
    let result = (function.handler)(&mut Call {
        system,
        memory: memory.memory(),
        version,
        arguments: &words(function, arguments),
    });
    memory.check_guards(function.name);
    match result {
        Ok(()) | Err(Failure::Exit(_)) => Ok(()),
        Err(Failure::Errno(error)) => {
            assert!(errno::number(error) < ERRNOS, "{}: {error}", function.name);
            assert_ne!(error, Errno::Success, "{} fails with success", function.name);
            assert_ne!(error, Errno::Fault, "{} went out of bounds", function.name);
            assert!(before == memory.copy(), "{} failed with {error} and wrote", function.name);
            Err(error)
        }
    }
}

/// How many descriptors the process has.
pub fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Files of the guest don't grow without bound; the signal for it becomes an error.
pub fn limit_file_size() {
    let limit = libc::rlimit { rlim_cur: 16 << 20, rlim_max: 16 << 20 };
    // SAFETY: sets a limit and an action of this process.
    unsafe {
        libc::setrlimit(libc::RLIMIT_FSIZE, &limit);
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
    }
}
