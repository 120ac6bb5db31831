//! Compiling in a child process: the side of the child. See `child`.
#![allow(unsafe_code)] // Takes over standard input and output; ends the process.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::FromRawFd;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, setpriority_pgrp, setrlimit};
use wasmtime::Engine;

use super::answer;
use super::code::{binary, machine_code};
use super::limits::LONG;
use super::memory;
use super::request::{self, Request};
use crate::front::wasmtime::engine::{Variant, config};
use crate::front::wasmtime::failure::{Failure, guarded};
use crate::front::wasmtime::memories::Memories;
use crate::front::wasmtime::processors::processors;

/// Tells the addon in the child that this is what it is for, and how many threads compile. They have
/// stacks that nested code does not use up.
pub fn environ() -> [(&'static str, String); 3] {
    let threads = processors().min(MOST_THREADS).to_string();
    [(MARK, "1".into()), ("RUST_MIN_STACK", THREAD_STACK.to_string()), (THREADS, threads)]
}

const MARK: &str = "WASI_RS_COMPILE_HERE";
const THREADS: &str = "RAYON_NUM_THREADS";
const MOST_THREADS: usize = 8;

/// Exit code.
pub const TOO_MUCH_MEMORY: i32 = 37;
const NO_REQUEST: i32 = 38;
pub const NO_THREAD: i32 = 39;

/// Touched only as far as it is needed.
const STACK: usize = 256 << 20;
/// The same. The system counts all of it as data.
const THREAD_STACK: u64 = 64 << 20;
/// For the threads and buffers around the compiler, beside the stacks.
const BESIDE: u64 = 64 << 20;
const NICE: i32 = 5;
const WATCH: Duration = Duration::from_millis(20);

/// Whether this process was started to compile.
pub fn is_child() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Reads the request, answers, and ends the process. Does nothing in a process that was not started
/// for this.
pub fn work() {
    if !is_child() {
        return;
    }
    // SAFETY: the parent gave these descriptors to nobody else.
    let (stdin, mut file) = unsafe { (File::from_raw_fd(0), File::from_raw_fd(1)) };
    spawn(1 << 16, move || end_with_parent(stdin));
    let Some(request) = request::read(&mut file) else { exit(NO_REQUEST) };
    let memory = request.memory;
    let compiling = spawn(STACK, move || {
        limit(memory);
        answer(request, file);
        exit(0);
    });
    let _ = compiling.join();
    exit(NO_REQUEST);
}

fn spawn(stack: usize, body: impl FnOnce() + Send + 'static) -> std::thread::JoinHandle<()> {
    let thread = std::thread::Builder::new().stack_size(stack);
    thread.spawn(body).unwrap_or_else(|_| exit(NO_THREAD))
}

/// Nothing is ever written into the pipe.
fn end_with_parent(mut stdin: File) {
    loop {
        match stdin.read(&mut [0; 64]) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    exit(0);
}

fn answer(request: Request, mut file: File) {
    let code = guarded(|| compile(&request)).and_then(|code| code);
    let written = match code {
        Ok(code) => answer::write_code(&mut file, &code),
        // With the memory that is left, the compiler's threads can't be started.
        Err(failure) if told(&failure).contains("ThreadPoolBuildError") => exit(TOO_MUCH_MEMORY),
        Err(failure) => answer::write_refusal(&mut file, &told(&failure)),
    };
    if let Err(error) = written {
        eprintln!("the result can't be written: {error}");
        exit(NO_REQUEST);
    }
}

fn told(failure: &Failure) -> String {
    let details = failure.details.iter().filter(|(name, _)| *name == "panic");
    details.fold(failure.message.clone(), |told, (_, detail)| format!("{told} ({detail:?})"))
}

/// No guest runs here: the engine needs no memory for them. That makes no difference to the code.
fn compile(request: &Request) -> Result<Vec<u8>, Failure> {
    let memories = if request.copies_data { Memories::Kept } else { Memories::System };
    let config = config(Variant { fuel: request.fuel, ..Variant::usual(memories) });
    let engine = Engine::new(&config).map_err(|error| Failure::compile(format!("{error:#}")))?;
    let wasm = binary(&request.source)?;
    machine_code(&engine, &wasm)
}

/// What can't be set does without: the parent has limits of its own.
fn limit(memory: u64) {
    let to = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
    let _ = setrlimit(Resource::Core, to(0));
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    if let Some(now) = memory::of_process("/proc/self/status", "VmData:") {
        let beside = BESIDE + threads() * THREAD_STACK;
        let all = now.saturating_add(memory).saturating_add(beside);
        let _ = setrlimit(Resource::Data, to(all));
    }
    let most = resident().saturating_add(memory);
    spawn(1 << 16, move || watch(most));
}

/// Those that compile, which are started after the limit is set.
fn threads() -> u64 {
    let number = std::env::var(THREADS).ok().and_then(|number| number.parse().ok());
    number.unwrap_or(MOST_THREADS as u64)
}

/// The limit of the system does not count all memory everywhere. What takes long steps back behind
/// what does not: the process has a group of its own.
fn watch(most: u64) {
    let start = Instant::now();
    while resident() <= most {
        std::thread::sleep(WATCH);
        if start.elapsed() > LONG {
            let _ = setpriority_pgrp(None, NICE);
        }
    }
    exit(TOO_MUCH_MEMORY);
}

/// Bytes of this process in memory; where that can't be told, the most there ever were.
fn resident() -> u64 {
    memory::of_process("/proc/self/status", "VmRSS:").unwrap_or_else(most_resident)
}

fn most_resident() -> u64 {
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: writes to a local, of which zero is a valid value.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    usage.ru_maxrss.cast_unsigned().saturating_mul(unit)
}

/// Without what others have registered for the end of the process.
fn exit(code: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(code) }
}
