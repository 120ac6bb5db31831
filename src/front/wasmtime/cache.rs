//! Compiled code on disk, for the next process.
//!
//! Whoever can write the files can run code in this process, so they count only when they are of
//! this user and no one else can write them. A hash in front of the name and one behind the code
//! tell what is whole and what is not; what is not, is compiled again.

use std::fs::{DirBuilder, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use wasmtime::Engine;

/// A directory of compiled code.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Cache {
    directory: PathBuf,
}

/// Changes when `interruptible` makes other code of the same program.
const REWRITING: u32 = 5;

const HASH: usize = blake3::OUT_LEN;

impl Cache {
    pub fn new(directory: PathBuf) -> Self {
        Cache { directory }
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The code of a program with this hash, if it is there and can be trusted. Opening never waits
    /// and follows no link, whatever is there.
    pub fn load(&self, engine: &Engine, program: &blake3::Hash) -> Option<File> {
        self.is_trusted()?;
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW)
            .open(self.file(engine, program))
            .ok()?;
        let metadata = file.metadata().ok()?;
        (metadata.is_file() && is_ours(&metadata)).then_some(())?;
        is_whole(&mut file)?;
        // The ones used least are thrown out first.
        let _ = file.set_modified(SystemTime::now());
        Some(file)
    }

    /// Keeps the code that `write` writes, and its hash. That it can't be kept is no error: it will
    /// be compiled again.
    pub fn store(
        &self,
        engine: &Engine,
        program: &blake3::Hash,
        write: impl FnOnce(&mut File) -> std::io::Result<()>,
    ) -> Option<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory).ok()?;
        self.is_trusted()?;
        let place = self.file(engine, program);
        let temporary = self.directory.join(temporary_name());
        let written = create(&temporary)
            .and_then(|mut file| write(&mut file))
            .and_then(|()| std::fs::rename(&temporary, &place));
        if written.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        self.prune();
        written.ok()
    }

    fn is_trusted(&self) -> Option<()> {
        let metadata = std::fs::metadata(&self.directory).ok()?;
        (metadata.is_dir() && is_ours(&metadata)).then_some(())
    }

    /// Throws out what was used least when there is too much. What goes wrong here, another
    /// process does at the same time.
    fn prune(&self) {
        let mut files = self.files();
        files.sort_by_key(|file| file.used);
        let mut total: u64 = files.iter().map(|file| file.size).sum();
        for file in files {
            if total <= MAX_TOTAL {
                return;
            }
            total -= file.size;
            let _ = std::fs::remove_file(file.path);
        }
    }

    fn files(&self) -> Vec<Kept> {
        let entries = std::fs::read_dir(&self.directory).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                let metadata = entry.metadata().ok().filter(|metadata| metadata.is_file())?;
                let used = metadata.modified().ok()?;
                Some(Kept { path: entry.path(), size: metadata.len(), used })
            })
            .collect()
    }

    /// The name tells apart all that changes the code.
    fn file(&self, engine: &Engine, program: &blake3::Hash) -> PathBuf {
        let mut settings = Settings(blake3::Hasher::new());
        REWRITING.hash(&mut settings);
        env!("CARGO_PKG_VERSION").hash(&mut settings);
        engine.precompile_compatibility_hash().hash(&mut settings);
        let key = settings.0.update(program.as_bytes()).finalize();
        self.directory.join(format!("{key}.cwasm"))
    }
}

/// Bytes of all files of a cache.
const MAX_TOTAL: u64 = 1 << 30;

struct Kept {
    path: PathBuf,
    size: u64,
    used: SystemTime,
}

/// Collects what an engine's compiled code depends on.
struct Settings(blake3::Hasher);

impl Hasher for Settings {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Not asked for.
    fn finish(&self) -> u64 {
        0
    }
}

/// Of this user, and nobody else can write it.
fn is_ours(metadata: &std::fs::Metadata) -> bool {
    const OTHERS_WRITE: u32 = 0o022;
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & OTHERS_WRITE == 0
}

/// No two threads of any process have the same.
fn temporary_name() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(".{}-{}.new", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The name is new: what has it was left by a process that is gone.
fn create(path: &Path) -> std::io::Result<File> {
    let new = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    new().or_else(|_| std::fs::remove_file(path).and_then(|()| new()))
}

/// Code with its hash behind it.
pub(super) fn write_sealed(file: &mut File, code: &[u8]) -> std::io::Result<()> {
    file.write_all(code)?;
    file.write_all(blake3::hash(code).as_bytes())
}

/// Whether the hash at the end is that of all before.
pub(super) fn is_whole(file: &mut File) -> Option<()> {
    file.rewind().ok()?;
    let length = file.metadata().ok()?.len().checked_sub(HASH as u64)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(Read::by_ref(file).take(length)).ok()?;
    let mut expected = [0; HASH];
    file.seek(SeekFrom::Start(length)).ok()?;
    file.read_exact(&mut expected).ok()?;
    (hasher.finalize() == blake3::Hash::from(expected)).then_some(())
}
