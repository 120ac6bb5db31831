//! Descriptors of preopened directories, one for all guests that have the same directory.
//!
//! An object that a program forgets keeps its descriptors until it is collected. With one
//! descriptor a directory, thousands of forgotten objects cost the host no more than one.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, Weak};

use super::lock;

/// What tells one directory from another. While a descriptor of it is open, its inode can't become
/// that of another directory; the mount tells a read-only view from a writable one.
type Identity = (u32, u32, u64, u64);

static OPEN: Mutex<Option<HashMap<Identity, Weak<OwnedFd>>>> = Mutex::new(None);

/// A descriptor of the same directory as `fd`, which is closed if another guest has one.
pub(super) fn directory(fd: OwnedFd) -> Arc<OwnedFd> {
    let Some(identity) = identity(&fd) else {
        return Arc::new(fd);
    };
    let mut open = lock(&OPEN);
    let open = open.get_or_insert_default();
    if let Some(shared) = open.get(&identity).and_then(Weak::upgrade) {
        return shared;
    }
    open.retain(|_, weak| weak.strong_count() > 0);
    let fd = Arc::new(fd);
    open.insert(identity, Arc::downgrade(&fd));
    fd
}

/// `None` on kernels that don't tell mounts apart (before Linux 5.8).
#[cfg(target_os = "linux")]
fn identity(fd: &OwnedFd) -> Option<Identity> {
    use rustix::fs::{AtFlags, StatxFlags, statx};
    let wanted = StatxFlags::INO | StatxFlags::MNT_ID;
    let stat = statx(fd, c"", AtFlags::EMPTY_PATH, wanted).ok()?;
    let known = StatxFlags::from_bits_retain(stat.stx_mask).contains(wanted);
    known.then_some((stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino, stat.stx_mnt_id))
}

/// Each guest has its own, elsewhere.
#[cfg(not(target_os = "linux"))]
fn identity(_: &OwnedFd) -> Option<Identity> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn open(path: &std::path::Path) -> OwnedFd {
        std::fs::File::open(path).unwrap().into()
    }

    #[test]
    fn the_same_directory_is_shared_while_someone_has_it() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let one = directory(open(first.path()));
        assert!(Arc::ptr_eq(&one, &directory(open(first.path()))));
        assert!(!Arc::ptr_eq(&one, &directory(open(second.path()))));
    }

    #[test]
    fn a_directory_that_took_the_name_of_another_is_not_shared() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("dir");
        std::fs::create_dir(&path).unwrap();
        let old = directory(open(&path));
        std::fs::rename(&path, parent.path().join("moved")).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(!Arc::ptr_eq(&old, &directory(open(&path))));
    }
}
