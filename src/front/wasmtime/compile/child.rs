//! Compiling in a child process: the side of the parent.
//!
//! The child is whatever runs JavaScript here, with this addon. It has three descriptors: standard
//! input is a pipe into which nothing is ever written, which tells it that the parent is gone;
//! standard output is a file without a name, with the request, then the answer; standard error says
//! what happened if it crashes. It needs no files, no environment and no directory.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ExitStatus, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::answer::{self, Answer};
use super::code::Source;
use super::command::{Command, command};
use super::{addon, request, worker};
use crate::front::wasmtime::bounds::size;
use crate::front::wasmtime::engine::Variant;
use crate::front::wasmtime::failure::Failure;
use crate::system::anonymous_file;

/// How often to look whether the result is still wanted.
const INTERVAL: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
/// How often to look whether a process that closed its standard error has ended: it is about to.
const END_INTERVAL: Duration = Duration::from_millis(1);
const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
/// Bytes of standard error that are kept.
const MAX_STDERR: usize = 4096;

/// Who has a child compile.
pub trait Parent {
    /// The child is killed when it is not.
    fn is_wanted(&self) -> bool;
    /// The child has this number.
    fn started(&self, pid: u32);
    /// Called now and then.
    fn wait(&self);
}

/// Machine code, with its hash behind it, in a file without a name.
pub fn compile(
    source: &Source,
    variant: Variant,
    memory: u64,
    parent: &impl Parent,
) -> Result<File, Failure> {
    let file = anonymous_file().map_err(|error| no_child(error.name()))?;
    let mut file = File::from(file);
    let kind = (variant.fuel, variant.memories.copies_data());
    request::write(&mut file, kind, memory, &source.bytes)
        .map_err(|error| no_child(&error.to_string()))?;
    let mut child = Running::start(&file)?;
    parent.started(child.child.id());
    let status = child.wait(parent);
    match answer::read(&mut file) {
        Some(Answer::Code) if status.is_none_or(|status| status.success()) => Ok(file),
        Some(Answer::Refusal(message)) => Err(Failure::compile(message)),
        _ => Err(crashed(status, &child.said, memory)),
    }
}

/// Machine code, without its hash.
pub fn content(file: &mut File) -> Result<Vec<u8>, Failure> {
    let mut code = Vec::new();
    let read = file.rewind().and_then(|()| file.read_to_end(&mut code));
    read.map_err(|error| no_child(&error.to_string()))?;
    code.truncate(code.len().saturating_sub(blake3::OUT_LEN));
    Ok(code)
}

struct Running {
    child: Child,
    /// `None` once it is closed.
    stderr: Option<ChildStderr>,
    /// The start of what it wrote to standard error.
    said: Vec<u8>,
    /// Its number may be that of another process.
    has_ended: bool,
}

impl Running {
    fn start(file: &File) -> Result<Self, Failure> {
        let known = command();
        let command = match known.as_deref() {
            Some(Ok(command)) => command,
            Some(Err(reason)) => return Err(no_child(reason)),
            None => return Err(no_child("no command is known")),
        };
        let mut child = spawn(command, file).map_err(|error| {
            no_child(&format!("{}: {error}", command.words.first().map_or("", String::as_str)))
        })?;
        let stderr = child.stderr.take();
        Ok(Running { child, stderr, said: Vec::new(), has_ended: false })
    }

    /// Until it has ended: by itself, or because nobody wants the result. `None` if someone else
    /// has taken its status.
    fn wait(&mut self, parent: &impl Parent) -> Option<ExitStatus> {
        loop {
            self.listen_for_a_while();
            let status = self.child.try_wait();
            if !matches!(status, Ok(None)) {
                self.has_ended = true;
                while self.is_ready(&NOW) && self.listen() {}
                return status.ok().flatten();
            }
            if !parent.is_wanted() {
                let _ = self.child.kill();
            }
            parent.wait();
        }
    }

    fn listen_for_a_while(&mut self) {
        if self.stderr.is_none() {
            std::thread::sleep(END_INTERVAL);
        } else if self.is_ready(&INTERVAL) && !self.listen() {
            self.stderr = None;
        }
    }

    fn is_ready(&self, within: &Timespec) -> bool {
        self.stderr.as_ref().is_some_and(|stderr| {
            poll(&mut [PollFd::new(stderr, PollFlags::IN)], Some(within))
                .is_ok_and(|ready| ready > 0)
        })
    }

    /// Whether it said something.
    fn listen(&mut self) -> bool {
        let mut bytes = [0; 1024];
        let stderr = self.stderr.as_mut();
        let count = stderr.and_then(|stderr| stderr.read(&mut bytes).ok()).unwrap_or(0);
        let room = MAX_STDERR - self.said.len();
        self.said.extend_from_slice(&bytes[..count.min(room)]);
        count > 0
    }
}

/// A panic must not leave a process behind.
impl Drop for Running {
    fn drop(&mut self) {
        if !self.has_ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Close-on-exec keeps all other descriptors back. In a group of its own no key pressed at the
/// terminal ends it.
fn spawn(command: &Command, file: &File) -> std::io::Result<Child> {
    let (program, arguments) =
        command.words.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
    let answer: OwnedFd = file.as_fd().try_clone_to_owned()?;
    let environ = command.environ.iter().filter_map(|variable| variable.split_once('='));
    std::process::Command::new(program)
        .args(arguments)
        .arg(addon::path()?)
        .env_clear()
        .envs(environ)
        .envs(worker::environ())
        .current_dir("/")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(answer)
        .stderr(Stdio::piped())
        .spawn()
}

/// Small modules need none.
fn no_child(reason: &str) -> Failure {
    let message = format!(
        "The program may be too expensive to compile in this process, and no child process could \
         be started: {reason}. Compile it elsewhere, with serialize() or `wasi-rs compile`, and \
         load the result with allowPrecompiled"
    );
    Failure::new("ERR_WASI_COMPILE_PROCESS", message)
}

fn crashed(status: Option<ExitStatus>, said: &[u8], memory: u64) -> Failure {
    let said = String::from_utf8_lossy(said);
    let code = status.and_then(|status| status.code());
    if code == Some(worker::NO_THREAD) {
        return Failure::new("EAGAIN", "EAGAIN: no thread to compile in the child process");
    }
    if code == Some(worker::TOO_MUCH_MEMORY) || is_of_memory(&said) {
        let message = format!(
            "Compiling the program took more memory than its limit of {}: the option memoryLimit \
             of compile(), or compileMemoryLimit of run()",
            size(memory)
        );
        return Failure::new("ERR_WASI_COMPILE_MEMORY_LIMIT", message);
    }
    let how = match status.map(|status| (status.signal(), status.code())) {
        Some((Some(signal), _)) => format!("was killed by signal {signal}"),
        Some((None, Some(code))) => format!("exited with code {code}"),
        Some((None, None)) | None => "ended".to_owned(),
    };
    let what = match said.lines().find(|line| !line.trim().is_empty()) {
        Some(line) => format!(": {line}"),
        None => " and wrote nothing to standard error".to_owned(),
    };
    Failure::compile(format!("The process that compiled the program {how}{what}"))
}

/// What Rust, V8 and the addon say when there is no more memory.
fn is_of_memory(said: &str) -> bool {
    let told = ["memory allocation of", "ENOMEM", "out of memory", "Cannot allocate memory"];
    told.iter().any(|text| said.contains(text))
}
