//! Resolution in user space, one component at a time.
//!
//! No step asks the kernel for `..` or lets it follow a link: the way back up is walked again from
//! the root, by names, beyond the few directories that are kept open. So a directory renamed or
//! replaced meanwhile cannot lead outside, and however long the path, it needs few descriptors.

use std::collections::VecDeque;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::OFlags;

use super::{CREATE_MODE, Errno, HANDLE, Interrupt, OUTSIDE, Result};
use crate::host::Pace;

/// Most symbolic links that one path may go through (as Linux has it).
const MAX_LINKS: usize = 40;

/// What a step costs: some microseconds.
const STEP: usize = 16 * 1024;

/// Opens `path` beneath `root`, with the answers that `openat2(RESOLVE_BENEATH)` gives. Links can
/// make it take a million steps, so `interrupt` ends it with `ECANCELED`.
pub(super) fn open(
    root: BorrowedFd<'_>,
    path: &CStr,
    flags: OFlags,
    interrupt: Interrupt,
) -> Result<OwnedFd> {
    let (mut walk, mut pace) = (Walk::new(root), Pace::new(interrupt));
    walk.set_pending(path.to_bytes().to_vec())?;
    loop {
        pace.step(STEP)?;
        if let Some(opened) = walk.step(flags)? {
            return Ok(opened);
        }
    }
}

/// Deepest directory, as many levels as a path can name. Links could lead deeper, but going back
/// up from there would take too long.
const MAX_DEPTH: usize = 2048;

/// Most directories on the way that are kept open.
const MAX_OPEN: usize = 32;

struct Walk<'r> {
    root: BorrowedFd<'r>,
    /// The directory reached, unless it is the root, and some of those before it.
    open: VecDeque<OwnedFd>,
    /// Names of the directories between the root and here.
    entered: Vec<CString>,
    links: usize,
    /// What is still to be resolved, from here.
    pending: Vec<u8>,
}

/// The next component.
struct Component {
    name: CString,
    is_last: bool,
    /// A slash follows: it must be a directory, and a link is followed.
    slash: bool,
}

impl<'r> Walk<'r> {
    fn new(root: BorrowedFd<'r>) -> Self {
        let (open, entered, pending) = (VecDeque::new(), Vec::new(), Vec::new());
        Walk { root, open, entered, links: 0, pending }
    }

    fn here(&self) -> BorrowedFd<'_> {
        self.open.back().map_or(self.root, AsFd::as_fd)
    }

    fn set_pending(&mut self, path: Vec<u8>) -> Result<()> {
        if path.first() == Some(&b'/') {
            return Err(OUTSIDE);
        }
        self.pending = path;
        Ok(())
    }

    fn step(&mut self, flags: OFlags) -> Result<Option<OwnedFd>> {
        let component = self.next_component()?;
        match component.name.to_bytes() {
            b"." => {}
            b".." => self.leave()?,
            _ if component.is_last => return self.open_last(component, flags),
            _ => return self.enter(component).map(|()| None),
        }
        if component.is_last { self.open_at(c".", flags).map(Some) } else { Ok(None) }
    }

    fn next_component(&mut self) -> Result<Component> {
        let end = self.pending.iter().position(|&byte| byte == b'/').unwrap_or(self.pending.len());
        let rest = self.pending[end..].iter().position(|&byte| byte != b'/');
        let component = Component {
            name: CString::new(&self.pending[..end]).map_err(|_| Errno::Inval)?,
            is_last: rest.is_none(),
            slash: end < self.pending.len(),
        };
        self.pending.drain(..rest.map_or(self.pending.len(), |start| end + start));
        Ok(component)
    }

    fn enter(&mut self, component: Component) -> Result<()> {
        if self.entered.len() == MAX_DEPTH {
            return Err(Errno::NameTooLong);
        }
        if let Err(error) = self.enter_directory(&component.name) {
            if !matches!(error, Errno::NotDir | Errno::Loop) {
                return Err(error);
            }
            if let Some(target) = self.link_target(&component.name) {
                return self.follow(target, true);
            }
            // Perhaps it was a link, and is a directory again.
            self.enter_directory(&component.name)?;
        }
        self.entered.push(component.name);
        Ok(())
    }

    fn enter_directory(&mut self, name: &CStr) -> Result<()> {
        let flags = HANDLE | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let directory = self.open_at(name, flags)?;
        if self.open.len() == MAX_OPEN {
            self.open.pop_front();
        }
        self.open.push_back(directory);
        Ok(())
    }

    fn leave(&mut self) -> Result<()> {
        self.entered.pop().ok_or(OUTSIDE)?;
        self.open.pop_back();
        if self.open.is_empty() {
            let names = std::mem::take(&mut self.entered);
            names.iter().try_for_each(|name| self.enter_directory(name))?;
            self.entered = names;
        }
        Ok(())
    }

    fn open_last(&mut self, last: Component, flags: OFlags) -> Result<Option<OwnedFd>> {
        let creates = flags.contains(OFlags::CREATE);
        if creates && last.slash {
            return Err(Errno::IsDir);
        }
        let follows = (last.slash || !flags.contains(OFlags::NOFOLLOW))
            && !(creates && flags.contains(OFlags::EXCL));
        if follows && let Some(target) = self.link_target(&last.name) {
            return self.follow(target, last.slash).map(|()| None);
        }
        let directory = if last.slash { OFlags::DIRECTORY } else { OFlags::empty() };
        match self.open_at(&last.name, flags | directory) {
            Ok(opened) if follows && is_link(&opened) => self.look_again(last),
            Err(Errno::Loop) if follows => self.look_again(last),
            opened => opened.map(Some),
        }
    }

    /// It has become a link meanwhile.
    fn look_again(&mut self, component: Component) -> Result<Option<OwnedFd>> {
        self.follow(component.name, component.slash).map(|()| None)
    }

    /// Goes on with the content of a link in place of its name.
    fn follow(&mut self, target: CString, slash: bool) -> Result<()> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Errno::Loop);
        }
        let mut path = target.into_bytes();
        if slash {
            path.push(b'/');
        }
        path.append(&mut self.pending);
        self.set_pending(path)
    }

    fn link_target(&self, name: &CStr) -> Option<CString> {
        rustix::fs::readlinkat(self.here(), name, Vec::new()).ok()
    }

    /// Opens an entry of the directory here; a link is never followed.
    fn open_at(&self, name: &CStr, flags: OFlags) -> Result<OwnedFd> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(self.here(), name, flags, CREATE_MODE)?)
    }
}

/// A handle is opened to a link itself where it must not be followed.
fn is_link(handle: &OwnedFd) -> bool {
    let stat = rustix::fs::fstat(handle);
    stat.is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode).is_symlink())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_way_can_be_ended() {
        let root = std::fs::File::open(std::env::temp_dir()).unwrap();
        let walk = |components: usize, interrupt| {
            let path = CString::new("./".repeat(components)).unwrap();
            open(root.as_fd(), &path, HANDLE, interrupt).map(drop)
        };
        let now = Interrupt::when(|| true);
        assert_eq!(walk(1000, now), Err(Errno::Canceled));
        assert_eq!(walk(10, now), Ok(()));
        assert_eq!(walk(1000, Interrupt::NEVER), Ok(()));
    }
}
