//! A path as the guest gave it, checked once and ready for the kernel.

use std::ffi::CStr;

use arrayvec::ArrayVec;

use super::{Errno, Result};

/// Longest path including the NUL at its end (`PATH_MAX` of Linux).
const MAX: usize = 4096;

/// A path relative to a directory: not empty, valid UTF-8, without NUL, shorter than 4096 bytes.
///
/// It lives on the stack, so that looking at a file allocates nothing.
#[derive(Debug, Clone)]
pub struct GuestPath {
    /// With one NUL at the end.
    bytes: ArrayVec<u8, MAX>,
}

impl GuestPath {
    /// Most bytes of a path.
    pub const MAX_LENGTH: u32 = MAX as u32 - 1;

    /// Checks and copies a path.
    ///
    /// Errors: `ENOENT` for an empty path, as POSIX has it; `ENAMETOOLONG` from 4096 bytes on;
    /// `EINVAL` for a NUL; `EILSEQ` for bytes that are not UTF-8, since a preview1
    /// [`string`](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/typenames.witx)
    /// is a sequence of Unicode characters.
    pub fn new(bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| Errno::Ilseq)?;
        if text.is_empty() {
            return Err(Errno::NoEnt);
        }
        if text.as_bytes().contains(&0) {
            return Err(Errno::Inval);
        }
        let mut copy = ArrayVec::new();
        copy.try_extend_from_slice(bytes).map_err(|_| Errno::NameTooLong)?;
        copy.try_push(0).map_err(|_| Errno::NameTooLong)?;
        Ok(GuestPath { bytes: copy })
    }

    /// The path for a system call.
    pub(super) fn as_c_str(&self) -> &CStr {
        c_str(&self.bytes)
    }

    /// Without the NUL at the end.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.bytes.len() - 1]
    }

    pub(super) fn is_absolute(&self) -> bool {
        self.bytes[0] == b'/'
    }

    /// One name that no kernel lookup can take anywhere but to an entry of the directory itself:
    /// no slash, neither `.` nor `..`.
    pub(super) fn is_plain_name(&self) -> bool {
        let path = self.as_bytes();
        !path.contains(&b'/') && path != b"." && path != b".."
    }

    /// Whether the last component must be looked up like a directory's: it ends with a slash, or
    /// it is `.` or `..`. The kernel follows a symbolic link there even when told not to.
    pub(super) fn ends_like_directory(&self) -> bool {
        let path = self.as_bytes();
        matches!(path.rsplit(|&byte| byte == b'/').next(), Some(b"" | b"." | b".."))
    }

    /// Whether the last component is `..`, which names nothing in the directory before it.
    pub(super) fn ends_in_dot_dot(&self) -> bool {
        let mut components = self.as_bytes().rsplit(|&byte| byte == b'/');
        components.find(|component| !component.is_empty()) == Some(b"..")
    }

    /// The path up to the last component, and that component with its trailing slashes.
    ///
    /// The first is `None` when there is just one component.
    pub(super) fn split_last(&mut self) -> (Option<&CStr>, &CStr) {
        let path = self.as_bytes();
        let trimmed = path.len() - path.iter().rev().take_while(|&&byte| byte == b'/').count();
        match path[..trimmed].iter().rposition(|&byte| byte == b'/') {
            None => (None, self.as_c_str()),
            Some(0) => (Some(c"/"), c_str(&self.bytes[1..])),
            Some(slash) => {
                self.bytes[slash] = 0;
                (Some(c_str(&self.bytes[..=slash])), c_str(&self.bytes[slash + 1..]))
            }
        }
    }
}

/// `bytes` has one NUL, at its end: see `GuestPath::new` and `split_last`.
fn c_str(bytes: &[u8]) -> &CStr {
    CStr::from_bytes_with_nul(bytes).expect("one NUL, at the end")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(path: &str) -> (Option<String>, String) {
        let mut path = GuestPath::new(path.as_bytes()).unwrap();
        let (parent, last) = path.split_last();
        let text = |part: &CStr| part.to_str().unwrap().to_owned();
        (parent.map(text), text(last))
    }

    #[test]
    fn refuses_what_no_kernel_call_may_see() {
        let refused = |bytes: &[u8]| GuestPath::new(bytes).unwrap_err();
        assert_eq!(refused(b""), Errno::NoEnt);
        assert_eq!(refused(b"a\0b"), Errno::Inval);
        assert_eq!(refused(b"a\0"), Errno::Inval);
        assert_eq!(refused(b"a\xff"), Errno::Ilseq);
        assert_eq!(refused(&[b'a'; 4096]), Errno::NameTooLong);
        assert_eq!(GuestPath::new(&[b'a'; 4095]).unwrap().as_bytes().len(), 4095);
    }

    #[test]
    fn splits_before_the_last_component() {
        assert_eq!(split("a"), (None, "a".into()));
        assert_eq!(split("a/"), (None, "a/".into()));
        assert_eq!(split("a/b"), (Some("a".into()), "b".into()));
        assert_eq!(split("a//b//"), (Some("a/".into()), "b//".into()));
        assert_eq!(split("/b"), (Some("/".into()), "b".into()));
        assert_eq!(split("a/.."), (Some("a".into()), "..".into()));
    }

    #[test]
    fn knows_how_it_ends() {
        let path = |text: &str| GuestPath::new(text.as_bytes()).unwrap();
        for like_directory in [".", "..", "a/", "a/.", "a/..", "/"] {
            assert!(path(like_directory).ends_like_directory(), "{like_directory}");
            assert!(!path(like_directory).is_plain_name(), "{like_directory}");
        }
        assert!(!path("a/b").ends_like_directory());
        assert!(["..", "../", "a/..//"].iter().all(|up| path(up).ends_in_dot_dot()));
        assert!(
            ["/", "a", "../a", "...", "a/."].iter().all(|other| !path(other).ends_in_dot_dot())
        );
        assert!(path("...").is_plain_name());
        assert!(!path("a/b").is_plain_name());
    }
}
