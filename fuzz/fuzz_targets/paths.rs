//! Sequences of calls on hostile paths. Beside the sandbox lie a tree that no path may reach and one
//! mounted read-only: neither ever changes, and nothing of the first is ever told.
#![no_main]

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use wasi_rs::abi::Version;
use wasi_rs::system::{Mount, Setup, Stdio, System};
use wasi_rs_fuzz::memory::Guarded;
use wasi_rs_fuzz::tree::Tree;
use wasi_rs_fuzz::{Answer, call, descriptors, function, interrupt, limit_file_size, null};

const MAX_OPERATIONS: usize = 24;
const MEMORY: usize = 1 << 15;
/// Where things are in guest memory.
const PATHS: [usize; 2] = [0x1000, 0x2800];
const VECTOR: usize = 0x20;
const RESULT: usize = 0x40;
const BUFFER: usize = 0x4000;
const BUFFER_SIZE: usize = 0x2000;

/// What the file outside holds, and the name of another that no path names: neither may ever be
/// in guest memory.
const SECRET: &[u8] = b"TOP-SECRET-CONTENT";
const UNNAMED: &[u8] = b"NAME-THAT-NO-ONE-KNOWS";

/// A component of a path in the lower five bits, what follows it in the upper three.
#[derive(Debug, Arbitrary)]
struct HostilePath(Vec<u8>);

/// 3 is the sandbox, 4 a directory in it, 5 the read-only mount; from 6 on, what has been opened.
#[derive(Debug, Arbitrary)]
struct Fd(u8);

#[derive(Debug, Arbitrary)]
enum Operation {
    CreateDirectory(Fd, HostilePath),
    RemoveDirectory(Fd, HostilePath),
    UnlinkFile(Fd, HostilePath),
    Filestat(Fd, bool, HostilePath),
    SetTimes(Fd, bool, HostilePath, u8),
    Link(Fd, bool, HostilePath, Fd, HostilePath),
    Rename(Fd, HostilePath, Fd, HostilePath),
    Symlink(HostilePath, Fd, HostilePath),
    Readlink(Fd, HostilePath),
    Open { fd: Fd, follow: bool, path: HostilePath, oflags: u8, fdflags: u8, access: u8 },
    Close(Fd),
    Renumber(Fd, Fd),
    Readdir(Fd, u8, u16),
    Read(Fd),
    Write(Fd),
    SetSize(Fd, u8),
    FdFilestat(Fd),
    FdSetTimes(Fd),
}

#[derive(Debug, Arbitrary)]
struct Input {
    version: bool,
    shared: bool,
    operations: Vec<Operation>,
}

/// Directories of this process.
struct World {
    top: PathBuf,
    /// What must not change, and what must not be told.
    fixed: Tree,
    hidden: Tree,
    memory: Guarded,
}

// SAFETY: the memory is a mapping of this process; the world is behind a lock.
unsafe impl Send for World {}

impl World {
    fn new() -> Self {
        limit_file_size();
        let top = tempfile::tempdir().unwrap().keep();
        let outside = top.join("outside");
        fs::create_dir_all(outside.join("dir")).unwrap();
        fs::create_dir(outside.join("empty")).unwrap();
        fs::write(outside.join("secret"), SECRET).unwrap();
        fs::write(outside.join(std::ffi::OsStr::from_bytes(UNNAMED)), SECRET).unwrap();
        fs::write(outside.join("dir").join("file"), SECRET).unwrap();
        symlink("secret", outside.join("link")).unwrap();
        let sealed = top.join("sealed");
        fs::create_dir_all(sealed.join("dir")).unwrap();
        fs::write(sealed.join("file"), "sealed").unwrap();
        symlink("../sandbox", sealed.join("up")).unwrap();
        symlink("file", sealed.join("link")).unwrap();
        fs::create_dir(top.join("sandbox")).unwrap();
        let mut world = World {
            fixed: Tree::default(),
            hidden: Tree::of(&outside),
            memory: Guarded::new(),
            top,
        };
        world.hidden.add(&world.top, 0);
        world.fixed = world.look();
        world
    }

    fn look(&self) -> Tree {
        let mut tree = Tree::of(&self.top.join("outside"));
        tree.add(&self.top.join("sealed"), usize::MAX);
        // Names beside the sandbox would change the directory that holds them all.
        tree.add(&self.top, 0);
        tree
    }

    fn fill_sandbox(&self) {
        let sandbox = self.top.join("sandbox");
        for entry in fs::read_dir(&sandbox).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                fs::remove_dir_all(entry.path()).unwrap();
            } else {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        let at = |name: &str| sandbox.join(name);
        fs::create_dir(at("dir")).unwrap();
        fs::write(at("file"), "content").unwrap();
        fs::write(at("dir/file"), "inner").unwrap();
        symlink("../outside", at("up")).unwrap();
        symlink("../outside/secret", at("link")).unwrap();
        symlink(self.top.join("outside/secret"), at("absolute")).unwrap();
        symlink("dir/../..", at("dots")).unwrap();
        symlink("dir", at("to_dir")).unwrap();
        symlink("loop", at("loop")).unwrap();
        symlink("/proc/self/cwd", at("magic")).unwrap();
    }

    fn path(&self, path: &HostilePath) -> Vec<u8> {
        let mut bytes = Vec::new();
        for code in path.0.iter().take(24) {
            self.component(code & 31, &mut bytes);
            bytes.extend_from_slice(match code >> 5 {
                0..4 => b"/",
                4 => b"//",
                5 => b"/./",
                6 => b"/../",
                _ => b"",
            });
        }
        // Mostly without a slash at the end.
        if path.0.last().is_some_and(|code| code >> 5 < 3) {
            bytes.pop();
        }
        bytes
    }

    fn component(&self, code: u8, bytes: &mut Vec<u8>) {
        let text: &[u8] = match code {
            0 => b"a",
            1 => b"b",
            2 => b"c",
            3 => b"dir",
            4 => b"file",
            5 => b"link",
            6 => b"up",
            7 => b"absolute",
            8 => b"dots",
            9 => b"to_dir",
            10 => b"loop",
            11 => b"magic",
            12 => b"..",
            13 => b".",
            14 => b"",
            15 => b"...",
            16 => b"outside",
            17 => b"secret",
            18 => b"sandbox",
            19 => b"sealed",
            20 => b"empty",
            21 => &[b'x'; 255],
            22 => &[b'x'; 256],
            23 => b"..\0",
            24 => b"\xFF",
            25 => b"\xC0\xAF..",
            26 => "\u{202E}ä".as_bytes(),
            27 => b"../../../../../../../../../..",
            28 => b"/proc/self/root",
            29 => b"\\..\\",
            30 => self.top.as_os_str().as_bytes(),
            _ => b"/",
        };
        bytes.extend_from_slice(text);
    }
}

struct Guest<'w> {
    world: &'w mut World,
    system: System,
    version: Version,
}

impl Guest<'_> {
    fn call(&mut self, name: &str, arguments: &[u64]) -> Answer {
        let function = function(name);
        call(function, &mut self.system, &mut self.world.memory, self.version, arguments)
    }

    /// Puts a path in one of two places: pointer and length.
    fn put(&mut self, path: &HostilePath, place: usize) -> [u64; 2] {
        let bytes = self.world.path(path);
        let length = bytes.len().min(PATHS[1] - PATHS[0]);
        self.world.memory.write(PATHS[place], &bytes[..length]);
        [PATHS[place] as u64, length as u64]
    }

    fn on_path(&mut self, name: &str, before: &[u64], path: &HostilePath, after: &[u64]) -> Answer {
        let path = self.put(path, 0);
        self.call(name, &[before, &path, after].concat())
    }

    fn vector(&mut self) -> [u64; 3] {
        let words = [BUFFER as u32, BUFFER_SIZE as u32].map(u32::to_le_bytes);
        self.world.memory.write(VECTOR, &words.concat());
        [VECTOR as u64, 1, RESULT as u64]
    }

    fn run(&mut self, operation: &Operation) {
        use Operation::*;
        let result = RESULT as u64;
        // Else a number of an earlier answer would be taken for a new one.
        self.world.memory.write(RESULT, &[0; 64]);
        let answer = match operation {
            CreateDirectory(fd, path) => {
                self.on_path("path_create_directory", &[fd.number()], path, &[])
            }
            RemoveDirectory(fd, path) => {
                self.on_path("path_remove_directory", &[fd.number()], path, &[])
            }
            UnlinkFile(fd, path) => self.on_path("path_unlink_file", &[fd.number()], path, &[]),
            Filestat(fd, follow, path) => {
                let before = [fd.number(), (*follow).into()];
                let answer = self.on_path("path_filestat_get", &before, path, &[result]);
                self.check_filestat(answer)
            }
            SetTimes(fd, follow, path, flags) => {
                let before = [fd.number(), (*follow).into()];
                let after = [1, 2, (*flags).into()];
                self.on_path("path_filestat_set_times", &before, path, &after)
            }
            Link(old_fd, follow, old, new_fd, new) => {
                let (old, new) = (self.put(old, 0), self.put(new, 1));
                let before = [old_fd.number(), (*follow).into()];
                self.call("path_link", &[&before, &old[..], &[new_fd.number()], &new].concat())
            }
            Rename(old_fd, old, new_fd, new) => {
                let (old, new) = (self.put(old, 0), self.put(new, 1));
                let (old_fd, new_fd) = ([old_fd.number()], [new_fd.number()]);
                self.call("path_rename", &[&old_fd[..], &old, &new_fd, &new].concat())
            }
            Symlink(content, fd, path) => {
                let (content, path) = (self.put(content, 0), self.put(path, 1));
                self.call("path_symlink", &[&content[..], &[fd.number()], &path].concat())
            }
            Readlink(fd, path) => {
                let after = [BUFFER as u64, BUFFER_SIZE as u64, result];
                self.on_path("path_readlink", &[fd.number()], path, &after)
            }
            Open { fd, follow, path, oflags, fdflags, access } => {
                let [base, inheriting] = rights(*access);
                let before = [fd.number(), (*follow).into()];
                let after = [(*oflags).into(), base, inheriting, (*fdflags).into(), result];
                self.on_path("path_open", &before, path, &after)
            }
            Close(fd) => self.call("fd_close", &[fd.number()]),
            Renumber(from, to) => self.call("fd_renumber", &[from.number(), to.number()]),
            Readdir(fd, cookie, size) => {
                let size = u64::from(*size) % BUFFER_SIZE as u64;
                let arguments = [fd.number(), BUFFER as u64, size, (*cookie).into(), result];
                let answer = self.call("fd_readdir", &arguments);
                self.check_entries(answer)
            }
            Read(fd) => {
                let vector = self.vector();
                self.call("fd_pread", &[fd.number(), vector[0], vector[1], 0, vector[2]])
            }
            Write(fd) => {
                let vector = self.vector();
                self.call("fd_write", &[&[fd.number()], &vector[..]].concat())
            }
            SetSize(fd, size) => {
                self.call("fd_filestat_set_size", &[fd.number(), u64::from(*size) << 16])
            }
            FdFilestat(fd) => {
                let answer = self.call("fd_filestat_get", &[fd.number(), result]);
                self.check_filestat(answer)
            }
            FdSetTimes(fd) => self.call("fd_filestat_set_times", &[fd.number(), 1, 2, 5]),
        };
        if answer.is_ok() {
            self.check_memory(operation);
        }
    }

    fn check_filestat(&self, answer: Answer) -> Answer {
        let number = self.world.memory.read(RESULT + 8, 8).try_into().unwrap();
        let ino = u64::from_le_bytes(number);
        assert!(answer.is_err() || !self.world.hidden.has_ino(ino), "a look outside: {ino}");
        answer
    }

    /// Only `..` of the sandbox itself is allowed to have a number from outside.
    fn check_entries(&self, answer: Answer) -> Answer {
        let used = self.world.memory.read(RESULT, 4).try_into().unwrap();
        let bytes = self.world.memory.read(BUFFER, u32::from_le_bytes(used) as usize);
        let mut rest = &bytes[..];
        while answer.is_ok() && rest.len() >= 24 {
            let ino = u64::from_le_bytes(rest[8..16].try_into().unwrap());
            let length = u32::from_le_bytes(rest[16..20].try_into().unwrap()) as usize;
            let Some(name) = rest.get(24..24 + length) else {
                break;
            };
            let is_parent = name == b"..";
            assert!(is_parent || !self.world.hidden.has_ino(ino), "an entry from outside: {ino}");
            rest = &rest[24 + length..];
        }
        answer
    }

    fn check_memory(&self, operation: &Operation) {
        let memory = self.world.memory.copy();
        for hidden in [SECRET, UNNAMED] {
            let found = memory.windows(hidden.len()).any(|window| window == hidden);
            assert!(!found, "{operation:?} tells what is outside");
        }
    }
}

impl Fd {
    fn number(&self) -> u64 {
        match self.0 % 16 {
            // Paths start here most often.
            13.. => 3,
            number => number.into(),
        }
    }
}

/// All that a directory can have, and can let others inherit, with reading, writing or both.
fn rights(access: u8) -> [u64; 2] {
    const FILE: u64 = 0x8e0_01ff;
    const DIRECTORY: u64 = 0xfbf_fe98;
    // What a read-only mount can give.
    const READING: u64 = 0x820_20a6 | 1 << 14 | 1 << 15 | 1 << 18;
    match access % 6 {
        0 => [1 << 1 | 1 << 2 | 1 << 21, 0],
        1 => [1 << 6 | 1 << 22, 0],
        2 => [FILE, 0],
        3 => [DIRECTORY, DIRECTORY | FILE],
        4 => [READING, READING],
        _ => [u64::from(access) << 8, 0],
    }
}

fn run(input: &Input, world: &mut World) {
    world.fill_sandbox();
    world.memory.reset(MEMORY, &[], input.shared);
    let version = if input.version { Version::Preview1 } else { Version::Unstable };
    let stdio = [null(); 3].map(Stdio::Lent);
    let setup = Setup { stdio, interrupt: interrupt(), ..Setup::default() };
    let mut system = System::new(setup).unwrap();
    let mut preopen = |path: &Path, mount| system.preopen(b"/".to_vec(), path, mount).unwrap();
    preopen(&world.top.join("sandbox"), Mount::ReadWrite);
    preopen(&world.top.join("sandbox/dir"), Mount::ReadWrite);
    preopen(&world.top.join("sealed"), Mount::ReadOnly);
    let mut guest = Guest { world, system, version };
    for operation in input.operations.iter().take(MAX_OPERATIONS) {
        guest.run(operation);
    }
}

static WORLD: Mutex<Option<World>> = Mutex::new(None);

fuzz_target!(|input: Input| {
    let mut world = WORLD.lock().unwrap();
    let world = world.get_or_insert_with(World::new);
    null();
    let before = descriptors();
    run(&input, world);
    assert_eq!(descriptors(), before, "descriptors leaked");
    assert!(world.look() == world.fixed, "something outside has changed");
});
