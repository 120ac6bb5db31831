//! What lies beside the sandbox: nothing of it may ever change, or be told to a guest.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use crate::common::records::Filestat;

/// What files inside hold.
pub const INSIDE: &[u8] = b"inside";
/// What links inside hold.
pub const INSIDE_TEXT: &str = "text inside";
/// What files outside hold; of another size.
const SECRET: &[u8] = b"the secret of the outside";

/// Plants what the guest works on: the same names inside and outside, so that an operation which
/// escapes finds what it looks for.
pub fn plant(directory: &Path, content: &[u8], text: &str) {
    std::fs::create_dir_all(directory).unwrap();
    for name in ["empty", "full"] {
        std::fs::create_dir(directory.join(name)).unwrap();
    }
    for name in ["file", "full/file"] {
        std::fs::write(directory.join(name), content).unwrap();
    }
    std::os::unix::fs::symlink(text, directory.join("link")).unwrap();
}

/// Everything in a directory but one of its entries, as it was at first.
pub struct Outside {
    directory: PathBuf,
    sandbox: PathBuf,
    before: BTreeMap<PathBuf, Entry>,
    serials: HashSet<u64>,
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    stat: Filestat,
    content: Vec<u8>,
}

impl Outside {
    /// Plants `outside` in a directory that has nothing but the sandbox.
    pub fn plant(directory: PathBuf, sandbox: PathBuf) -> Self {
        let tree = directory.join("outside");
        plant(&tree, SECRET, "secret text");
        plant(&tree.join("inner"), SECRET, "secret text");
        std::fs::write(tree.join("full/secret"), SECRET).unwrap();
        let (before, serials) = (BTreeMap::new(), HashSet::new());
        let mut outside = Outside { directory, sandbox, before, serials };
        outside.before = outside.look();
        outside.serials = outside.before.values().map(|entry| entry.stat.ino).collect();
        outside
    }

    /// Whether this is the serial number of something outside. It stays taken, so no file inside
    /// can get it.
    pub fn has(&self, serial: u64) -> bool {
        self.serials.contains(&serial)
    }

    /// What is no longer as it was. The time of the last change is part of it, and nobody can
    /// set it: so what is changed and changed back shows too.
    pub fn change(&self) -> Option<String> {
        let after = self.look();
        if after == self.before {
            return None;
        }
        let paths: HashSet<_> = self.before.keys().chain(after.keys()).collect();
        let changed = paths.into_iter().filter(|path| self.before.get(*path) != after.get(*path));
        Some(format!("changed outside: {:?}", changed.collect::<Vec<_>>()))
    }

    fn look(&self) -> BTreeMap<PathBuf, Entry> {
        let mut entries = BTreeMap::new();
        self.look_at(&self.directory, &mut entries);
        entries
    }

    fn look_at(&self, path: &Path, entries: &mut BTreeMap<PathBuf, Entry>) {
        use crate::common::filetype::{DIRECTORY, SYMBOLIC_LINK};
        use std::os::unix::ffi::OsStringExt;
        // Our own look sets the time of access.
        let stat = Filestat { atim: 0, ..Filestat::of_host(path) };
        let content = match stat.filetype {
            DIRECTORY => Vec::new(),
            SYMBOLIC_LINK => std::fs::read_link(path).unwrap().into_os_string().into_vec(),
            _ => std::fs::read(path).unwrap(),
        };
        if stat.filetype == DIRECTORY {
            let paths = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
            for path in paths.filter(|path| *path != self.sandbox) {
                self.look_at(&path, entries);
            }
        }
        entries.insert(path.to_owned(), Entry { stat, content });
    }
}
