//! What an operation has done is looked at and undone, through descriptors of the directories
//! inside: where it must have happened, whatever the names lead to by now.

use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering::Relaxed;

use rustix::fs::AtFlags;
use rustix::io::Errno as Os;

use super::Seen;
use super::scene::Scene;

const SECOND: u64 = 1_000_000_000;

impl Scene {
    /// A time that was never set before, in nanoseconds.
    pub fn stamp(&self) -> u64 {
        self.last_stamp.fetch_add(SECOND, Relaxed) + SECOND
    }

    /// After times were set: whether they are those of the object inside.
    pub fn check_stamp(&self, link_here: bool) -> Seen {
        if self.setting.position.is_last() {
            // It may be anywhere by now, but the outside shows whether it was there.
            return if link_here { Seen::Link } else { Seen::Inside };
        }
        let stat = rustix::fs::statat(&self.holder, self.name, AtFlags::SYMLINK_NOFOLLOW);
        Seen::inside_if(stat.unwrap().st_mtime as u64 * SECOND == self.last_stamp.load(Relaxed))
    }

    /// After something was created: removes it from where it should be.
    pub fn remove_new(&self, flags: AtFlags) -> Seen {
        Seen::inside_if(rustix::fs::unlinkat(&self.holder, self.name, flags).is_ok())
    }

    /// After something was removed: plants it again where it should be missing.
    pub fn replant(&self) -> Seen {
        if !self.setting.position.is_last() {
            let missing = self.is_missing();
            if missing {
                self.plant_inside();
            }
            return Seen::inside_if(missing);
        }
        // Nobody exchanges anything as long as one of the two is missing.
        if self.is_link_outside(&self.parked, "swap") {
            self.plant_inside();
            Seen::Inside
        } else {
            rustix::fs::symlinkat(&self.target, &self.place, "swap").unwrap();
            Seen::Link
        }
    }

    /// After something was moved to `got` in the root: moves it back.
    pub fn bring_back(&self) -> Seen {
        self.move_back(&self.root, "got")
    }

    /// After something was moved to `second`: moves it back.
    pub fn bring_second_back(&self) -> Seen {
        self.move_back(&self.holder, "second")
    }

    fn move_back(&self, from: &OwnedFd, name: &str) -> Seen {
        let link = self.is_link_outside(from, name);
        let done =
            self.is_missing() && rustix::fs::renameat(from, name, &self.holder, self.name).is_ok();
        if link { Seen::Link } else { Seen::inside_if(done) }
    }

    /// Whether what the path names is gone.
    fn is_missing(&self) -> bool {
        let stat = rustix::fs::statat(&self.holder, self.name, AtFlags::SYMLINK_NOFOLLOW);
        matches!(stat, Err(Os::NOENT))
    }

    /// After `got` in the root was made a hard link to something.
    pub fn remove_got(&self) -> Seen {
        self.remove_hard_link(&self.root, "got")
    }

    /// After `second` was made a hard link to something.
    pub fn remove_second(&self) -> Seen {
        self.remove_hard_link(&self.holder, "second")
    }

    fn remove_hard_link(&self, directory: &OwnedFd, name: &str) -> Seen {
        let link = self.is_link_outside(directory, name);
        let stat = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW);
        let inside = stat.is_ok_and(|stat| !self.outside.has(stat.st_ino));
        let removed = rustix::fs::unlinkat(directory, name, AtFlags::empty());
        if link { Seen::Link } else { Seen::inside_if(inside && removed.is_ok()) }
    }

    /// After `spare` was moved onto what the path names: moves it back.
    pub fn bring_spare_back(&self, spare: &str) -> Seen {
        if self.setting.position.is_last() {
            self.dig_spare_out(spare);
        } else if rustix::fs::renameat(&self.holder, self.name, &self.root, spare).is_err() {
            return Seen::Escape("there is nothing inside".into());
        }
        // A new name is to be new again.
        let is_done = self.operation.entry == "new" && !self.setting.position.is_last();
        if is_done { Seen::Inside } else { self.replant() }
    }

    /// The spare has replaced the link or what it is exchanged for; in the second case it is no
    /// matter which of the two files inside becomes the spare.
    fn dig_spare_out(&self, spare: &str) {
        // From here on nobody exchanges: see `replant`.
        rustix::fs::renameat(&self.place, "swap", &self.root, "taken").unwrap();
        if self.is_link_outside(&self.root, "taken") {
            rustix::fs::renameat(&self.parked, "swap", &self.root, spare).unwrap();
            rustix::fs::renameat(&self.root, "taken", &self.parked, "swap").unwrap();
        } else {
            rustix::fs::renameat(&self.root, "taken", &self.root, spare).unwrap();
        }
    }
}
