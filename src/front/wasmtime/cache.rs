//! Compiled code on disk, for the next process.
//!
//! Whoever can write the files can run code in this process, so they count only when they are of
//! this user and no one else can write them. A hash in front of the name and one behind the code
//! tell what is whole and what is not; what is not, is compiled again.
#![allow(unsafe_code)] // Loading compiled code.

use std::fs::{DirBuilder, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use wasmtime::{Engine, Module};

/// A directory of compiled code.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    directory: PathBuf,
}

/// Changes when `interruptible` makes other code of the same program.
const REWRITING: u32 = 3;

const HASH: usize = blake3::OUT_LEN;

impl Cache {
    pub fn new(directory: PathBuf) -> Self {
        Cache { directory }
    }

    /// The compiled module, if it is there and can be trusted.
    pub fn load(&self, engine: &Engine, wasm: &[u8]) -> Option<Module> {
        is_ours(&std::fs::metadata(&self.directory).ok()?).then_some(())?;
        let mut file = File::open(self.file(engine, wasm)).ok()?;
        is_ours(&file.metadata().ok()?).then_some(())?;
        is_whole(&mut file)?;
        file.rewind().ok()?;
        // The ones used least are thrown out first.
        let _ = file.set_modified(SystemTime::now());
        // SAFETY: written by `store` of this user, whose files nobody else can write, and whole.
        // The engine looks at version and settings itself.
        unsafe { Module::deserialize_open_file(engine, file) }.ok()
    }

    /// Keeps a compiled module. That it can't be kept is no error: it will be compiled again.
    pub fn store(&self, engine: &Engine, wasm: &[u8], module: &Module) -> Option<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory).ok()?;
        is_ours(&std::fs::metadata(&self.directory).ok()?).then_some(())?;
        let code = module.serialize().ok()?;
        let place = self.file(engine, wasm);
        let temporary = self.directory.join(temporary_name());
        let written = write(&temporary, &code).and_then(|()| std::fs::rename(&temporary, &place));
        if written.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        self.prune();
        written.ok()
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

    fn file(&self, engine: &Engine, wasm: &[u8]) -> PathBuf {
        let mut settings = Settings(blake3::Hasher::new());
        REWRITING.hash(&mut settings);
        engine.precompile_compatibility_hash().hash(&mut settings);
        let key = settings.0.update(wasm).finalize();
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

fn write(path: &Path, code: &[u8]) -> std::io::Result<()> {
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(code)?;
    file.write_all(blake3::hash(code).as_bytes())
}

/// Whether the hash at the end is that of all before.
fn is_whole(file: &mut File) -> Option<()> {
    let length = file.metadata().ok()?.len().checked_sub(HASH as u64)?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(Read::by_ref(file).take(length)).ok()?;
    let mut expected = [0; HASH];
    file.seek(SeekFrom::Start(length)).ok()?;
    file.read_exact(&mut expected).ok()?;
    (hasher.finalize() == blake3::Hash::from(expected)).then_some(())
}
