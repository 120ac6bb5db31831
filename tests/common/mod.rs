//! A guest without an engine: a system, a temporary directory as descriptor 3, and a memory in
//! which every byte that nobody wrote is [`SENTINEL`].
#![allow(dead_code)] // Each test file uses its part.

pub mod ops;
pub mod paths;
pub mod records;
mod results;
pub mod scenes;
pub mod valid;

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

use tempfile::TempDir;
use wasi_rs::abi::{Call, FUNCTIONS, Function, MAX_PARAMETERS, Memory, ValueType};
pub use wasi_rs::abi::{Failure, Version};
pub use wasi_rs::system::{Errno, Interrupt, Mount, Setup, Stdio, Strings, System};

/// What memory holds before anyone writes.
pub const SENTINEL: u8 = 0xEE;
/// The preopened directory.
pub const ROOT: u64 = 3;
/// Its name.
pub const ROOT_NAME: &str = "/sandbox";
/// A descriptor that is not open.
pub const CLOSED: u64 = 77;
/// Never within memory.
pub const NOWHERE: u64 = 0xFFFF_FFFF;

/// The answer to a path that leads outside of its directory.
pub const OUTSIDE: Errno = Errno::NotCapable;

/// What a call answers.
pub type Answer<T = ()> = Result<T, Errno>;

macro_rules! rights {
    ($($name:ident = $bit:literal,)*) => {
        $(pub const $name: u64 = 1 << $bit;)*
    };
}

/// Rights by their names in witx.
pub mod rights {
    rights! {
        FD_DATASYNC = 0, FD_READ = 1, FD_SEEK = 2, FD_FDSTAT_SET_FLAGS = 3, FD_SYNC = 4,
        FD_TELL = 5, FD_WRITE = 6, FD_ADVISE = 7, FD_ALLOCATE = 8, PATH_CREATE_DIRECTORY = 9,
        PATH_CREATE_FILE = 10, PATH_LINK_SOURCE = 11, PATH_LINK_TARGET = 12, PATH_OPEN = 13,
        FD_READDIR = 14, PATH_READLINK = 15, PATH_RENAME_SOURCE = 16, PATH_RENAME_TARGET = 17,
        PATH_FILESTAT_GET = 18, PATH_FILESTAT_SET_SIZE = 19, PATH_FILESTAT_SET_TIMES = 20,
        FD_FILESTAT_GET = 21, FD_FILESTAT_SET_SIZE = 22, FD_FILESTAT_SET_TIMES = 23,
        PATH_SYMLINK = 24, PATH_REMOVE_DIRECTORY = 25, PATH_UNLINK_FILE = 26,
        POLL_FD_READWRITE = 27, SOCK_SHUTDOWN = 28, SOCK_ACCEPT = 29,
    }
    /// All that a regular file can have.
    pub const FILE: u64 = 0x8e0_01ff;
    /// All that a directory can have.
    pub const DIRECTORY: u64 = 0xfbf_fe98;
    /// All that a directory can let others inherit.
    pub const DIRECTORY_INHERITING: u64 = 0xfff_ffff;
    /// All that a pipe or a terminal can have.
    pub const STREAM: u64 = 0x820_004a;
    /// All that a socket can have.
    pub const SOCKET: u64 = 0x3820_004a;
    /// All there are.
    pub const ALL: u64 = 0x3fff_ffff;
}

/// Numbers of `filetype`.
pub mod filetype {
    pub const UNKNOWN: u8 = 0;
    pub const CHARACTER_DEVICE: u8 = 2;
    pub const DIRECTORY: u8 = 3;
    pub const REGULAR_FILE: u8 = 4;
    pub const SOCKET_DGRAM: u8 = 5;
    pub const SOCKET_STREAM: u8 = 6;
    pub const SYMBOLIC_LINK: u8 = 7;
}

/// `oflags`.
pub mod oflags {
    pub const CREAT: u64 = 1;
    pub const DIRECTORY: u64 = 2;
    pub const EXCL: u64 = 4;
    pub const TRUNC: u64 = 8;
}

/// `fdflags`.
pub mod fdflags {
    pub const APPEND: u64 = 1;
    pub const DSYNC: u64 = 2;
    pub const NONBLOCK: u64 = 4;
    pub const RSYNC: u64 = 8;
    pub const SYNC: u64 = 16;
}

/// `whence` of preview1.
pub mod whence {
    pub const SET: u64 = 0;
    pub const CUR: u64 = 1;
    pub const END: u64 = 2;
}

/// See the module.
pub struct Guest {
    pub system: System,
    pub memory: Vec<u8>,
    pub version: Version,
    directory: TempDir,
    /// Everything from here on is free.
    top: usize,
    /// Lent to the system.
    stdio: Vec<OwnedFd>,
}

impl Guest {
    /// With `/dev/null` as standard streams.
    pub fn new() -> Self {
        Guest::with_stdio([null(), null(), null()])
    }

    pub fn unstable() -> Self {
        let mut guest = Guest::new();
        guest.version = Version::Unstable;
        guest
    }

    /// With the standard input given.
    pub fn with_stdin(stdin: impl Into<OwnedFd>) -> Self {
        Guest::with_stdio([stdin.into(), null(), null()])
    }

    pub fn with_stdio(stdio: [OwnedFd; 3]) -> Self {
        let lent = stdio.each_ref().map(|fd| Stdio::Lent(fd.as_raw_fd()));
        let mut guest = Guest::with_setup(Setup { stdio: lent, ..Setup::default() });
        guest.stdio = stdio.into();
        guest
    }

    /// With arguments and environment of its own.
    pub fn with_setup(setup: Setup) -> Self {
        let directory = TempDir::new().unwrap();
        let strings = |items: &[&str]| {
            Strings::new(items.iter().map(|item| item.as_bytes().to_vec())).unwrap()
        };
        let mut system = System::new(Setup {
            args: strings(&["program", "", "äö"]),
            environ: strings(&["NAME=value", "EMPTY="]),
            ..setup
        })
        .unwrap();
        let sandbox = directory.path().join("sandbox");
        std::fs::create_dir(&sandbox).unwrap();
        let fd = system.preopen(ROOT_NAME.into(), &sandbox, Mount::ReadWrite).unwrap();
        assert_eq!(u64::from(fd), ROOT);
        Guest {
            system,
            memory: vec![SENTINEL; 1 << 16],
            version: Version::Preview1,
            directory,
            top: 64,
            stdio: Vec::new(),
        }
    }

    /// One that has the descriptors of this one.
    pub fn sharing(&mut self) -> Self {
        let descriptors = self.system.share(Interrupt::NEVER);
        Guest {
            system: System::sharing(Setup::default(), descriptors),
            memory: vec![SENTINEL; 1 << 16],
            version: self.version,
            directory: TempDir::new().unwrap(),
            top: 64,
            stdio: Vec::new(),
        }
    }

    /// Path of the host to something in the sandbox.
    pub fn host(&self, path: &str) -> PathBuf {
        self.directory.path().join("sandbox").join(path)
    }

    /// Path of the host to something beside the sandbox.
    pub fn outside(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    /// Calls a function by its name, and checks that memory has changed only where it should: not
    /// at all when the call failed.
    pub fn call(&mut self, name: &str, arguments: &[u64]) -> Answer {
        match self.try_call(name, arguments) {
            Ok(()) => Ok(()),
            Err(Failure::Errno(errno)) => Err(errno),
            Err(Failure::Exit(code)) => panic!("{name} exits with {code}"),
        }
    }

    /// Like `call`, but the guest may exit.
    pub fn try_call(&mut self, name: &str, arguments: &[u64]) -> Result<(), Failure> {
        let before = self.memory.clone();
        let result = self.call_unseen(name, &words(name, arguments));
        let written = match result {
            Ok(()) => results::ranges(self, name, arguments),
            Err(_) => Vec::new(),
        };
        assert_unchanged_outside(&before, &self.memory, written, name);
        result
    }

    /// Calls without looking at what it writes.
    pub fn call_unseen(
        &mut self,
        name: &str,
        arguments: &[u64; MAX_PARAMETERS],
    ) -> Result<(), Failure> {
        (function(name).handler)(&mut Call {
            system: &mut self.system,
            memory: Memory::over(&mut self.memory),
            version: self.version,
            arguments,
        })
    }

    /// Makes memory larger.
    pub fn grow_memory(&mut self, size: usize) {
        assert!(size > self.memory.len());
        self.memory.resize(size, SENTINEL);
    }

    /// A place for `length` bytes, aligned, with sentinels around.
    pub fn alloc(&mut self, length: usize) -> u64 {
        let start = self.top;
        self.top = (start + length + 8).next_multiple_of(8);
        assert!(self.top <= self.memory.len(), "the memory is too small");
        start as u64
    }

    /// Runs `body`, then frees what it has allocated.
    pub fn scratch<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> T {
        let start = self.top;
        let result = body(self);
        self.memory[start..self.top].fill(SENTINEL);
        self.top = start;
        result
    }

    /// Puts bytes in memory: the pointer.
    pub fn put(&mut self, bytes: &[u8]) -> u64 {
        let pointer = self.alloc(bytes.len());
        self.set(pointer, bytes);
        pointer
    }

    /// Puts bytes in memory: the pointer and the length.
    pub fn text(&mut self, bytes: impl AsRef<[u8]>) -> [u64; 2] {
        let bytes = bytes.as_ref();
        [self.put(bytes), bytes.len() as u64]
    }

    /// Puts `iovec`s in memory: the pointer and how many there are.
    pub fn iovecs(&mut self, vectors: &[[u64; 2]]) -> [u64; 2] {
        let words: Vec<u8> =
            vectors.iter().flatten().flat_map(|word| (*word as u32).to_le_bytes()).collect();
        [self.put(&words), vectors.len() as u64]
    }

    /// One buffer of `length` bytes: the pointer to it, and the list that has it.
    pub fn buffer(&mut self, length: usize) -> (u64, [u64; 2]) {
        let pointer = self.alloc(length);
        (pointer, self.iovecs(&[[pointer, length as u64]]))
    }

    pub fn set(&mut self, pointer: u64, bytes: &[u8]) {
        self.memory[pointer as usize..][..bytes.len()].copy_from_slice(bytes);
    }

    pub fn bytes(&self, pointer: u64, length: usize) -> &[u8] {
        &self.memory[pointer as usize..][..length]
    }

    fn array<const N: usize>(&self, pointer: u64) -> [u8; N] {
        self.bytes(pointer, N).try_into().unwrap()
    }

    pub fn u16(&self, pointer: u64) -> u16 {
        u16::from_le_bytes(self.array(pointer))
    }

    pub fn u32(&self, pointer: u64) -> u32 {
        u32::from_le_bytes(self.array(pointer))
    }

    pub fn u64(&self, pointer: u64) -> u64 {
        u64::from_le_bytes(self.array(pointer))
    }

    /// Creates a file in the sandbox.
    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.host(path), content).unwrap();
    }

    /// Creates a FIFO in the sandbox, by the program: not every system has a function for it that
    /// is safe to call.
    pub fn fifo(&self, path: &str) {
        let status = std::process::Command::new("mkfifo").arg(self.host(path)).status().unwrap();
        assert!(status.success());
    }

    /// Creates a directory in the sandbox.
    pub fn dir(&self, path: &str) {
        std::fs::create_dir(self.host(path)).unwrap();
    }

    /// Creates a symbolic link in the sandbox.
    pub fn link(&self, target: impl AsRef<std::path::Path>, path: &str) {
        std::os::unix::fs::symlink(target, self.host(path)).unwrap();
    }
}

/// Runs the other tests of this file again, without `openat2` and with as few descriptors as a
/// process usually may have; `caller` is the test that asks.
pub fn repeat_on_the_walk(caller: &str) {
    let child = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 1024; exec \"$0\" --skip \"$1\""])
        .arg(std::env::current_exe().unwrap())
        .arg(caller)
        .env("WASI_RS_NO_OPENAT2", "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "on the walk: {output}");
    assert!(!output.contains("running 0 tests"), "{output}");
}

/// `/dev/null`, for reading and writing.
pub fn null() -> OwnedFd {
    let mut options = File::options();
    let file = options.read(true).write(true).open("/dev/null");
    file.unwrap().into()
}

pub fn function(name: &str) -> &'static Function {
    FUNCTIONS
        .iter()
        .find(|function| function.name == name)
        .unwrap_or_else(|| panic!("there is no {name}"))
}

/// The upper half of an i32 is what no one may look at.
pub fn words(name: &str, arguments: &[u64]) -> [u64; MAX_PARAMETERS] {
    const GARBAGE: u64 = 0xDEAD_BEEF << 32;
    let function = function(name);
    assert_eq!(function.parameters.len(), arguments.len(), "arguments of {name}");
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

fn assert_unchanged_outside(
    before: &[u8],
    after: &[u8],
    mut written: Vec<std::ops::Range<usize>>,
    name: &str,
) {
    written.sort_by_key(|range| range.start);
    let mut unchecked = 0;
    for range in written {
        if range.start > unchecked {
            assert_same(before, after, unchecked..range.start, name);
        }
        unchecked = unchecked.max(range.end);
    }
    assert_same(before, after, unchecked..before.len(), name);
}

fn assert_same(before: &[u8], after: &[u8], range: std::ops::Range<usize>, name: &str) {
    if before[range.clone()] != after[range.clone()] {
        let at = range.clone().find(|&index| before[index] != after[index]);
        panic!("{name} has written at {at:x?}, outside of its results");
    }
}
