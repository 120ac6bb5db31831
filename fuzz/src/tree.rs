//! What a tree of files is like, so that a change shows.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// All that a change of a file would change: times of access are left out, since looking changes
/// them.
#[derive(Debug, PartialEq, Eq)]
struct Node {
    ino: u64,
    mode: u32,
    links: u64,
    size: u64,
    changed: (i64, i64),
    modified: (i64, i64),
    content: Vec<u8>,
}

/// A directory and everything in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<PathBuf, Node>);

impl Tree {
    /// Of one directory and all in it.
    pub fn of(path: &Path) -> Self {
        let mut tree = Tree::default();
        tree.add(path, usize::MAX);
        tree
    }

    /// Adds a file, or a directory and so many levels in it.
    pub fn add(&mut self, path: &Path, levels: usize) {
        let Ok(stat) = fs::symlink_metadata(path) else {
            return;
        };
        let mut content = Vec::new();
        if stat.is_file() {
            content = fs::read(path).unwrap();
        } else if stat.is_symlink() {
            content = fs::read_link(path).unwrap().as_os_str().as_bytes().to_vec();
        } else if stat.is_dir() && levels > 0 {
            for entry in fs::read_dir(path).unwrap() {
                self.add(&entry.unwrap().path(), levels - 1);
            }
        }
        let node = Node {
            ino: stat.ino(),
            mode: stat.mode(),
            links: stat.nlink(),
            size: stat.size(),
            changed: (stat.ctime(), stat.ctime_nsec()),
            modified: (stat.mtime(), stat.mtime_nsec()),
            content,
        };
        self.0.insert(path.to_owned(), node);
    }

    /// Whether a file in it has this number.
    pub fn has_ino(&self, ino: u64) -> bool {
        self.0.values().any(|node| node.ino == ino)
    }
}
