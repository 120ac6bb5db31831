//! A sandbox in which something is exchanged all the time for a link to the outside.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use rustix::fs::{CWD, Mode, OFlags, RenameFlags};
use rustix::io::Errno as Os;

use super::Operation;
use super::outside::{INSIDE, INSIDE_TEXT, Outside, plant};
use crate::common::Guest;

/// Which component of the path is exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    First,
    Middle,
    /// The directory that holds the last component.
    Parent,
    /// The same, with `..` behind it.
    Dots,
    Last,
    /// The last one, with a slash behind it.
    Slash,
    /// The only one.
    Only,
}

/// What is exchanged, and how.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub position: Position,
    /// Whether the link to the outside is absolute.
    pub absolute: bool,
    /// Exchanged by renaming three times, so that for moments there is nothing.
    pub by_threes: bool,
}

impl Position {
    pub fn is_last(self) -> bool {
        matches!(self, Position::Last | Position::Slash | Position::Only)
    }

    /// The path of what is exchanged, and the path to it or through it.
    fn paths(self, entry: &str) -> (&'static str, String) {
        match self {
            Position::First => ("swap", format!("swap/inner/{entry}")),
            Position::Middle => ("top/swap", format!("top/swap/inner/{entry}")),
            Position::Parent => ("top/swap", format!("top/swap/{entry}")),
            Position::Dots => ("top/swap", format!("top/swap/inner/../{entry}")),
            Position::Last => ("top/swap", "top/swap".into()),
            Position::Slash => ("top/swap", "top/swap/".into()),
            Position::Only => ("swap", "swap".into()),
        }
    }

    /// The directory that holds what the path names, and its name there.
    fn holder(self, swapped: &Path, entry: &'static str) -> (PathBuf, &'static str) {
        match self {
            Position::First | Position::Middle => (swapped.join("inner"), entry),
            Position::Parent | Position::Dots => (swapped.to_owned(), entry),
            _ => (swapped.parent().unwrap().to_owned(), "swap"),
        }
    }
}

impl Setting {
    /// Content of the link to the outside.
    fn target(self, guest: &Guest, swapped: &str, entry: &str) -> PathBuf {
        let outside = match (self.absolute, swapped) {
            (true, _) => guest.outside("outside"),
            (false, "swap") => "../outside".into(),
            (false, _) => "../../outside".into(),
        };
        if self.position.is_last() { outside.join(entry) } else { outside }
    }
}

/// See the module. In the sandbox there are also a `spare` file and a `spare_dir`.
pub struct Scene {
    /// The path that the guest uses.
    pub path: String,
    /// A new name, beside what the path names.
    pub second: String,
    pub outside: Outside,
    pub setting: Setting,
    pub(super) operation: &'static Operation,
    /// Content of the link to the outside.
    pub(super) target: PathBuf,
    pub(super) root: OwnedFd,
    /// The directory in which `swap` is exchanged.
    pub(super) place: OwnedFd,
    /// The directory in which the other `swap` waits.
    pub(super) parked: OwnedFd,
    /// The directory inside that holds what the path names, and its name there.
    pub(super) holder: OwnedFd,
    pub(super) name: &'static str,
    pub(super) last_stamp: AtomicU64,
}

impl Scene {
    pub fn new(guest: &Guest, operation: &'static Operation, setting: Setting) -> Self {
        let position = setting.position;
        let (swapped, path) = position.paths(operation.entry);
        let real = guest.host(swapped);
        let outside = Outside::plant(guest.outside(""), guest.outside("sandbox"));
        plant_sandbox(guest, &real, position);
        let (holder, name) = position.holder(&real, operation.entry);
        let scene = Scene {
            second: beside(&path, "second"),
            path,
            outside,
            setting,
            operation,
            target: setting.target(guest, swapped, operation.entry),
            root: open(CWD, guest.host("")),
            place: open(CWD, real.parent().unwrap()),
            parked: open(CWD, guest.host("parked")),
            holder: open(CWD, holder),
            name,
            last_stamp: AtomicU64::new(0),
        };
        if position.is_last() {
            scene.plant_inside();
        }
        rustix::fs::symlinkat(&scene.target, &scene.parked, "swap").unwrap();
        scene
    }

    /// Exchanges once. Not when the guest has taken away what is exchanged.
    pub fn swap(&self) -> bool {
        let result = if self.setting.by_threes {
            rustix::fs::renameat(&self.place, "swap", &self.parked, "aside")
                .and_then(|()| rustix::fs::renameat(&self.parked, "swap", &self.place, "swap"))
                .and_then(|()| rustix::fs::renameat(&self.parked, "aside", &self.parked, "swap"))
        } else {
            let flags = RenameFlags::EXCHANGE;
            rustix::fs::renameat_with(&self.place, "swap", &self.parked, "swap", flags)
        };
        match result {
            Ok(()) => true,
            Err(Os::NOENT) if self.setting.position.is_last() => false,
            Err(error) => panic!("exchanging fails: {error}"),
        }
    }

    pub(super) fn is_link_outside(&self, directory: &OwnedFd, name: &str) -> bool {
        let content = rustix::fs::readlinkat(directory, name, Vec::new());
        content.is_ok_and(|content| self.is_target(content.as_bytes()))
    }

    /// Whether this is the content of the link to the outside, which is inside itself.
    pub fn is_target(&self, content: &[u8]) -> bool {
        content == self.target.as_os_str().as_encoded_bytes()
    }

    /// Plants where the path leads what belongs there.
    pub(super) fn plant_inside(&self) {
        let (holder, name) = (&self.holder, self.name);
        match self.operation.entry {
            "link" => rustix::fs::symlinkat(INSIDE_TEXT, holder, name).unwrap(),
            "empty" => plant_directory(holder, name),
            "full" => {
                plant_directory(holder, name);
                plant_file(&open(holder, name), "file");
            }
            // A name that is new elsewhere is taken at the end of the path.
            _ => plant_file(holder, name),
        }
    }
}

/// All but what is to be planted at the end of the path.
fn plant_sandbox(guest: &Guest, real: &Path, position: Position) {
    for directory in ["top", "parked", "spare_dir"] {
        guest.dir(directory);
    }
    guest.file("spare", INSIDE);
    if !position.is_last() {
        plant(real, INSIDE, INSIDE_TEXT);
        plant(&real.join("inner"), INSIDE, INSIDE_TEXT);
    }
}

/// A path with another last component.
fn beside(path: &str, name: &str) -> String {
    let slash = path.trim_end_matches('/').rfind('/');
    format!("{}{name}", slash.map_or("", |slash| &path[..=slash]))
}

fn plant_directory(holder: &OwnedFd, name: &str) {
    rustix::fs::mkdirat(holder, name, Mode::from_raw_mode(0o777)).unwrap();
}

fn plant_file(holder: &OwnedFd, name: &str) {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = rustix::fs::openat(holder, name, flags, Mode::from_raw_mode(0o666)).unwrap();
    rustix::io::write(file, INSIDE).unwrap();
}

/// Opens a directory.
fn open(start: impl AsFd, path: impl rustix::path::Arg) -> OwnedFd {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(start, path, flags, Mode::empty()).unwrap()
}
