//! The bare system calls behind the rows, those that a sandbox cannot do without, but without
//! WebAssembly, checks or errors to translate:
//!
//!     floor DIRECTORY OPERATION [ARGUMENT...]
//!
//! prints the nanoseconds of one operation as JSON. Timed like lib/measure.mjs does. Unix only.

mod beneath;

use std::ffi::{c_char, c_int, c_long, c_uint, c_void, CStr, CString};
use std::fs::File;
use std::io::Error;
use std::os::fd::IntoRawFd;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

extern "C" {
    fn sched_yield() -> c_int;
    fn clock_gettime(clock: c_int, time: *mut [i64; 2]) -> c_int;
    fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    fn lseek(fd: c_int, offset: i64, whence: c_int) -> i64;
    fn read(fd: c_int, buffer: *mut c_void, size: usize) -> isize;
    fn write(fd: c_int, buffer: *const c_void, size: usize) -> isize;
    fn writev(fd: c_int, vectors: *const Vector, count: c_int) -> isize;
    fn pread(fd: c_int, buffer: *mut c_void, size: usize, offset: i64) -> isize;
    fn pwrite(fd: c_int, buffer: *const c_void, size: usize, offset: i64) -> isize;
    fn fstatat(fd: c_int, path: *const c_char, status: *mut Status, flags: c_int) -> c_int;
    fn openat(fd: c_int, path: *const c_char, flags: c_int, ...) -> c_int;
    fn close(fd: c_int) -> c_int;
    fn unlinkat(fd: c_int, path: *const c_char, flags: c_int) -> c_int;
    fn mkdirat(fd: c_int, path: *const c_char, mode: c_uint) -> c_int;
    fn renameat(from: c_int, old: *const c_char, to: c_int, new: *const c_char) -> c_int;
    fn readlinkat(fd: c_int, path: *const c_char, buffer: *mut c_void, size: usize) -> isize;
    fn fdopendir(fd: c_int) -> *mut c_void;
    fn readdir(directory: *mut c_void) -> *const c_void;
    fn rewinddir(directory: *mut c_void);
    fn poll(fds: *mut PollFd, count: c_long, milliseconds: c_int) -> c_int;
}

#[cfg(target_os = "linux")]
extern "C" {
    fn getrandom(buffer: *mut c_void, size: usize, flags: c_uint) -> isize;
}

#[cfg(not(target_os = "linux"))]
extern "C" {
    fn getentropy(buffer: *mut c_void, size: usize) -> c_int;
}

/// Room for a `struct stat`, whose fields nobody reads.
type Status = [u64; 64];

#[repr(C)]
struct Vector {
    data: *const c_void,
    size: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct PollFd {
    fd: c_int,
    events: i16,
    returned: i16,
}

/// Numbers that differ between systems.
#[cfg(target_os = "linux")]
mod flags {
    pub const CREATE_EXCLUSIVE: i32 = 0o300;
    pub const CREATE_TRUNCATE_APPEND: i32 = 0o3100;
    pub const CLOSE_ON_EXEC: i32 = 0o2000000;
    pub const REMOVE_DIRECTORY: i32 = 0x200;
    pub const MONOTONIC: i32 = 1;
}
#[cfg(not(target_os = "linux"))]
mod flags {
    pub const CREATE_EXCLUSIVE: i32 = 0xa00;
    pub const CREATE_TRUNCATE_APPEND: i32 = 0x608;
    pub const CLOSE_ON_EXEC: i32 = 0x1000000;
    pub const REMOVE_DIRECTORY: i32 = 0x80;
    pub const MONOTONIC: i32 = 6;
}

const READ_ONLY: c_int = 0;
const WRITE_ONLY: c_int = 1;
const READ_WRITE: c_int = 2;
const GET_FLAGS: c_int = 3;
const FROM_START: c_int = 0;
const FROM_CURRENT: c_int = 1;
const WRITABLE: i16 = 4;
const PERMISSIONS: c_uint = 0o666;
const DIRECTORY_PERMISSIONS: c_uint = 0o777;
const SEQUENCE: u64 = 4096;

fn expect(good: bool, what: &str) {
    if !good {
        eprintln!("{what}: {}", Error::last_os_error());
        std::process::exit(1);
    }
}

fn expect_count(count: isize, size: usize, what: &str) {
    expect(count == size as isize, what);
}

/// What an operation is given: the directory of the run, its own arguments, and room for results.
struct Context {
    directory: c_int,
    arguments: Vec<String>,
    buffer: Vec<u8>,
    status: Status,
}

impl Context {
    fn path(&self) -> CString {
        CString::new(self.arguments[0].as_str()).expect("no NUL")
    }

    fn number(&self, index: usize) -> usize {
        self.arguments[index].parse().expect("a number")
    }

    fn open(&self, name: &str, flags: c_int) -> c_int {
        let path = CString::new(name).expect("no NUL");
        // SAFETY: the path ends with NUL.
        let fd = unsafe {
            openat(self.directory, path.as_ptr(), flags | flags::CLOSE_ON_EXEC, PERMISSIONS)
        };
        expect(fd >= 0, name);
        fd
    }

    fn close(&self, fd: c_int) {
        // SAFETY: who calls this has opened it.
        expect(unsafe { close(fd) } == 0, "close");
    }
}

#[cfg(target_os = "linux")]
fn random(buffer: &mut [u8]) {
    // SAFETY: the buffer is as long as said.
    let count = unsafe { getrandom(buffer.as_mut_ptr().cast(), buffer.len(), 0) };
    expect_count(count, buffer.len(), "getrandom");
}

#[cfg(not(target_os = "linux"))]
fn random(buffer: &mut [u8]) {
    for piece in buffer.chunks_mut(256) {
        // SAFETY: the buffer is as long as said.
        expect(unsafe { getentropy(piece.as_mut_ptr().cast(), piece.len()) } == 0, "getentropy");
    }
}

type Operation = Box<dyn FnMut(u64)>;

/// A loop over what `operation` does, without a dynamic call for each.
fn repeat(mut operation: impl FnMut() + 'static) -> Operation {
    Box::new(move |times| (0..times).for_each(|_| operation()))
}

// SAFETY, for all operations: pointers are to buffers of the lengths given and to strings that end
// with NUL, all owned by the closure or its context; descriptors stay open.

fn call_operation(name: &str, mut context: Context) -> Result<Operation, Context> {
    let fd = context.open("file", READ_ONLY);
    Ok(match name {
        "sched_yield" => repeat(|| expect(unsafe { sched_yield() } == 0, "sched_yield")),
        "clock" => repeat(move || {
            let mut time = [0; 2];
            expect(unsafe { clock_gettime(flags::MONOTONIC, &mut time) } == 0, "clock_gettime");
            std::hint::black_box(time);
        }),
        "random" => {
            let size = context.number(0);
            repeat(move || random(&mut context.buffer[..size]))
        }
        "fdstat" => repeat(move || expect(unsafe { fcntl(fd, GET_FLAGS) } >= 0, "fcntl")),
        "seek" => repeat(move || expect(unsafe { lseek(fd, 4096, FROM_START) } == 4096, "lseek")),
        "tell" => repeat(move || expect(unsafe { lseek(fd, 0, FROM_CURRENT) } >= 0, "lseek")),
        "pread" => {
            let size = context.number(0);
            repeat(move || {
                let count = unsafe { pread(fd, context.buffer.as_mut_ptr().cast(), size, 0) };
                expect_count(count, size, "pread");
            })
        }
        "pwrite" => {
            let (out, size) = (context.open("out", WRITE_ONLY), context.number(0));
            repeat(move || {
                let count = unsafe { pwrite(out, context.buffer.as_ptr().cast(), size, 0) };
                expect_count(count, size, "pwrite");
            })
        }
        "read" => sequential(context.open("sequential", READ_ONLY), move |file| unsafe {
            read(file, context.buffer.as_mut_ptr().cast(), 4096)
        }),
        "write" => sequential(context.open("out", WRITE_ONLY), move |file| unsafe {
            write(file, context.buffer.as_ptr().cast(), 4096)
        }),
        "fstat" => {
            repeat(move || expect(beneath::status_of_open(fd, &mut context.status) == 0, "fstat"))
        }
        _ => return Err(context),
    })
}

/// Pieces of 4 KiB one after the other, from the start again when the guest does so.
fn sequential(file: c_int, mut transfer: impl FnMut(c_int) -> isize + 'static) -> Operation {
    Box::new(move |times| {
        for index in 0..times {
            if index % SEQUENCE == 0 {
                expect(unsafe { lseek(file, 0, FROM_START) } == 0, "lseek");
            }
            expect_count(transfer(file), 4096, "transfer");
        }
    })
}

/// By where the path leads. Only what may be elsewhere has to be opened to be looked at, and a link
/// that is to be followed is known as one only after a first look.
fn stat(mut context: Context) -> Operation {
    let (directory, path) = (context.directory, context.path());
    let kind = context.arguments[1].clone();
    let mut one = move |call: fn(c_int, &CStr, &mut Status) -> c_int, answer| {
        expect(call(directory, &path, &mut context.status) == answer, "stat");
    };
    match kind.as_str() {
        "flat" => repeat(move || one(beneath::status_of_name, 0)),
        "missing" => repeat(move || one(beneath::status_of_name, -1)),
        "deep" => repeat(move || one(beneath::status, 0)),
        _ => repeat(move || {
            one(beneath::status_of_name, 0);
            one(beneath::status, 0);
        }),
    }
}

fn path_operation(name: &str, mut context: Context) -> Result<Operation, Context> {
    let directory = context.directory;
    Ok(match name {
        "stat" => stat(context),
        "open" => {
            let path = context.path();
            repeat(move || {
                let fd = beneath::open(directory, &path, READ_ONLY);
                expect(fd >= 0, "open");
                context.close(fd);
            })
        }
        "open-missing" => {
            let path = context.path();
            repeat(move || expect(beneath::open(directory, &path, READ_ONLY) == -1, "open"))
        }
        "create" => repeat(move || {
            context.close(context.open("new-file", READ_WRITE | flags::CREATE_EXCLUSIVE));
            expect(unsafe { unlinkat(directory, c"new-file".as_ptr(), 0) } == 0, "unlinkat");
        }),
        "mkdir" => repeat(move || {
            let path = c"new-directory".as_ptr();
            expect(unsafe { mkdirat(directory, path, DIRECTORY_PERMISSIONS) } == 0, "mkdirat");
            expect(unsafe { unlinkat(directory, path, flags::REMOVE_DIRECTORY) } == 0, "unlinkat");
        }),
        // There and back, which the runner halves.
        "rename" => repeat(move || {
            let (a, b) = (c"out".as_ptr(), c"renamed".as_ptr());
            expect(unsafe { renameat(directory, a, directory, b) } == 0, "renameat");
            expect(unsafe { renameat(directory, b, directory, a) } == 0, "renameat");
        }),
        // The directory is opened beneath once for each.
        "rename-deep" => repeat(move || {
            let mut rename = |from: &CStr, to: &CStr| {
                let parent = beneath::open(directory, c"a/b/c", READ_ONLY);
                expect(parent >= 0, "open");
                expect(unsafe { renameat(parent, from.as_ptr(), parent, to.as_ptr()) } == 0, "renameat");
                context.close(parent);
            };
            rename(c"file", c"renamed");
            rename(c"renamed", c"file");
        }),
        "readlink" => {
            let path = context.path();
            repeat(move || {
                let buffer = context.buffer.as_mut_ptr().cast();
                expect(unsafe { readlinkat(directory, path.as_ptr(), buffer, 256) } > 0, "readlinkat");
            })
        }
        "readdir" => {
            let stream = unsafe { fdopendir(context.open(&context.arguments[0], READ_ONLY)) };
            expect(!stream.is_null(), "fdopendir");
            repeat(move || unsafe {
                rewinddir(stream);
                while !readdir(stream).is_null() {}
            })
        }
        "poll-clock" => {
            let milliseconds = context.number(0) as c_int;
            repeat(move || {
                let count = unsafe { poll(std::ptr::null_mut(), 0, milliseconds) };
                expect(count == 0, "poll");
            })
        }
        "poll-fds" => {
            let open = |_| context.open(&context.arguments[0], READ_WRITE);
            let mut fds: Vec<PollFd> = (0..context.number(1))
                .map(open)
                .map(|fd| PollFd { fd, events: WRITABLE, returned: 0 })
                .collect();
            repeat(move || {
                let count = unsafe { poll(fds.as_mut_ptr(), fds.len() as c_long, -1) };
                expect(count as usize == fds.len(), "poll");
            })
        }
        _ => return Err(context),
    })
}

fn program(name: &str, mut context: Context) -> Result<Operation, Context> {
    Ok(match name {
        "cat" => {
            let null = File::options().write(true).open("/dev/null").expect("/dev/null").into_raw_fd();
            repeat(move || cat(&mut context, null))
        }
        "log" => {
            let lines = context.number(0);
            repeat(move || log(&context, lines))
        }
        _ => return Err(context),
    })
}

fn cat(context: &mut Context, to: c_int) {
    let fd = context.open(&context.arguments[0], READ_ONLY);
    let buffer = context.buffer.as_mut_ptr();
    loop {
        let count = unsafe { read(fd, buffer.cast(), 4096) };
        expect(count >= 0, "read");
        if count == 0 {
            break;
        }
        expect_count(unsafe { write(to, buffer.cast(), count as usize) }, count as usize, "write");
    }
    context.close(fd);
}

fn log(context: &Context, lines: usize) {
    let fd = context.open("log", WRITE_ONLY | flags::CREATE_TRUNCATE_APPEND);
    let piece = |size| Vector { data: context.buffer.as_ptr().cast(), size };
    let vectors = [piece(24), piece(56)];
    for _ in 0..lines {
        expect_count(unsafe { writev(fd, vectors.as_ptr(), 2) }, 80, "writev");
    }
    context.close(fd);
}

/// All files beneath a directory, each looked at; how many there are.
fn walk(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let visit = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.expect("an entry");
        if entry.metadata().expect("a status").is_dir() { walk(&entry.path()) } else { 1 }
    };
    entries.map(visit).sum()
}

fn walk_operation(root: &str, arguments: &[String]) -> Operation {
    let directory = Path::new(root).join(&arguments[0]);
    let files: usize = arguments[1].parse().expect("a number");
    repeat(move || expect(walk(&directory) == files, "walk"))
}

fn timed(operation: &mut Operation, times: u64) -> Duration {
    let start = Instant::now();
    operation(times);
    start.elapsed()
}

/// Nanoseconds of one operation: the fastest of five rounds of five milliseconds.
fn measure(operation: &mut Operation) -> f64 {
    let mut times = 1;
    while timed(operation, times) < Duration::from_millis(5) {
        times *= 2;
    }
    let fastest = (0..5).map(|_| timed(operation, times)).min().expect("five");
    fastest.as_nanos() as f64 / times as f64
}

fn operation(root: &str, name: &str, arguments: Vec<String>) -> Option<Operation> {
    if name == "walk" {
        return Some(walk_operation(root, &arguments));
    }
    let directory = File::open(root).expect("the directory").into_raw_fd();
    let context = Context { directory, arguments, buffer: vec![b'x'; 65536], status: [0; 64] };
    program(name, context)
        .or_else(|context| path_operation(name, context))
        .or_else(|context| call_operation(name, context))
        .ok()
}

/// A process of Node always has several threads. Linux then counts a reference to the descriptor in
/// every call that has one, of which a process of one thread is spared (about 40 ns).
fn be_one_of_several_threads() {
    thread::spawn(|| loop {
        thread::sleep(Duration::MAX);
    });
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [root, name, rest @ ..] = arguments.as_slice() else {
        eprintln!("usage: floor DIRECTORY OPERATION [ARGUMENT...]");
        std::process::exit(2);
    };
    let Some(mut operation) = operation(root, name, rest.to_vec()) else {
        eprintln!("unknown operation {name}");
        std::process::exit(2);
    };
    be_one_of_several_threads();
    println!("{{\"ns\":{}}}", measure(&mut operation));
}
