//! Any function with any arguments over any memory: nothing panics, nothing is touched but the
//! guest's memory, and every answer is an error of preview1 or none.
#![no_main]

use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use wasi_rs::abi::{FUNCTIONS, Version};
use wasi_rs::system::{Mount, Setup, Stdio, Strings, System};
use wasi_rs_fuzz::memory::{Guarded, MAX};
use wasi_rs_fuzz::tree::Tree;
use wasi_rs_fuzz::{call, descriptors, interrupt, limit_file_size, null};

/// Large enough for a list of buffers that takes two system calls.
const SIZES: [usize; 6] = [0, 1, 67, 500, 4096, MAX];
const MAX_CALLS: usize = 8;

#[derive(Debug)]
struct Input<'a> {
    version: Version,
    shared: bool,
    size: usize,
    calls: Vec<(usize, [u64; 9])>,
    content: &'a [u8],
}

/// Numbers are mostly such that something happens: small, or near the end of memory.
fn argument(input: &mut Unstructured<'_>, size: usize) -> Result<u64> {
    let kind = u8::arbitrary(input)?;
    Ok(match kind {
        0..128 => u64::from(kind % 64),
        128..192 => u64::from(u16::arbitrary(input)?),
        192..216 => (size as u64).wrapping_sub(u64::from(kind - 192)),
        216..224 => u64::from(u32::MAX) - u64::from(kind - 216),
        224..232 => i64::MAX.cast_unsigned() - u64::from(kind - 224),
        232..240 => 1 << (kind - 232 + 26),
        _ => u64::arbitrary(input)?,
    })
}

impl<'a> Input<'a> {
    fn read(input: &mut Unstructured<'a>) -> Result<Self> {
        let flags = u8::arbitrary(input)?;
        let version = if flags & 1 == 0 { Version::Preview1 } else { Version::Unstable };
        let size = SIZES[usize::from(flags >> 2) % SIZES.len()];
        let mut calls = Vec::new();
        for _ in 0..=usize::from(u8::arbitrary(input)?) % MAX_CALLS {
            let function = usize::from(u8::arbitrary(input)?) % FUNCTIONS.len();
            let mut arguments = [0; 9];
            for argument_ in &mut arguments[..FUNCTIONS[function].parameters.len()] {
                *argument_ = argument(input, size)?;
            }
            calls.push((function, arguments));
        }
        let content = input.peek_bytes(input.len()).unwrap_or_default();
        Ok(Input { version, shared: flags & 2 != 0, size, calls, content })
    }
}

/// A directory, mounted read-only, and what it is like.
fn directory() -> &'static (PathBuf, Tree) {
    static DIRECTORY: OnceLock<(PathBuf, Tree)> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        limit_file_size();
        let path = tempfile::tempdir().unwrap().keep();
        std::fs::write(path.join("f"), "0123456789").unwrap();
        std::fs::create_dir(path.join("d")).unwrap();
        std::os::unix::fs::symlink("f", path.join("l")).unwrap();
        let tree = Tree::of(&path);
        (path, tree)
    })
}

fn strings(items: &[&str]) -> Strings {
    Strings::new(items.iter().map(|item| item.as_bytes().to_vec())).unwrap()
}

/// Descriptors 0 and 1 are /dev/null, 2 is a socket with a message, 3 is the directory.
fn run(input: &Input<'_>, memory: &mut Guarded) {
    let (path, _) = directory();
    let (inside, outside) = UnixDatagram::pair().unwrap();
    outside.send(b"message").unwrap();
    let mut system = System::new(Setup {
        args: strings(&["program", "", "argument"]),
        environ: strings(&["NAME=value"]),
        stdio: [null(), null(), inside.as_raw_fd()].map(Stdio::Lent),
        max_files: Some(8),
        interrupt: interrupt(),
        ..Setup::default()
    })
    .unwrap();
    system.preopen(b"/".to_vec(), path, Mount::ReadOnly).unwrap();
    memory.reset(input.size, input.content, input.shared);
    for (function, arguments) in &input.calls {
        let _ = call(&FUNCTIONS[*function], &mut system, memory, input.version, arguments);
    }
}

struct Shared(Guarded);
// SAFETY: a mapping of this process, behind a lock.
unsafe impl Send for Shared {}
static MEMORY: Mutex<Option<Shared>> = Mutex::new(None);

fuzz_target!(|data: &[u8]| {
    let Ok(input) = Input::read(&mut Unstructured::new(data)) else {
        return;
    };
    let (path, tree) = directory();
    null();
    let before = descriptors();
    let mut memory = MEMORY.lock().unwrap();
    let Shared(memory) = memory.get_or_insert_with(|| Shared(Guarded::new()));
    run(&input, memory);
    assert_eq!(descriptors(), before, "descriptors leaked");
    assert!(Tree::of(path) == *tree, "a read-only mount has changed");
});
