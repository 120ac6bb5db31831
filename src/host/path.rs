//! A path as the guest gave it, checked once and ready for the kernel.

use std::ffi::CStr;

use arrayvec::ArrayVec;

use super::{Errno, Result};

/// Longest path including the NUL at its end (`PATH_MAX` of Linux).
const MAX: usize = 4096;

/// Room for a path, on the stack of the call: looking at a file allocates nothing.
#[derive(Debug, Default)]
pub struct PathBuffer(ArrayVec<u8, MAX>);

impl PathBuffer {
    /// Most bytes of a path.
    pub const MAX_LENGTH: usize = MAX - 1;

    /// Room for `length` bytes, to be written before they are checked.
    ///
    /// Errors: `ENAMETOOLONG` from 4096 bytes on.
    pub fn reserve(&mut self, length: usize) -> Result<&mut [u8]> {
        if length > Self::MAX_LENGTH {
            return Err(Errno::NameTooLong);
        }
        self.0.clear();
        self.0.extend(std::iter::repeat_n(0, length));
        Ok(&mut self.0)
    }

    /// The path written here.
    ///
    /// Errors: `ENOENT` for an empty path, as POSIX has it; `EINVAL` for a NUL; `EILSEQ` for bytes
    /// that are not UTF-8, since a preview1
    /// [`string`](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/typenames.witx)
    /// is a sequence of Unicode characters.
    pub fn check(&mut self) -> Result<GuestPath<'_>> {
        let text = std::str::from_utf8(&self.0).map_err(|_| Errno::Ilseq)?;
        if text.is_empty() {
            return Err(Errno::NoEnt);
        }
        if text.as_bytes().contains(&0) {
            return Err(Errno::Inval);
        }
        self.0.push(0);
        Ok(GuestPath { bytes: &mut self.0 })
    }
}

/// A path relative to a directory: not empty, valid UTF-8, without NUL, shorter than 4096 bytes.
#[derive(Debug)]
pub struct GuestPath<'b> {
    /// With one NUL at the end.
    bytes: &'b mut [u8],
}

impl GuestPath<'_> {
    /// The path for a system call.
    pub(super) fn as_c_str(&self) -> &CStr {
        c_str(self.bytes)
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

/// `bytes` has one NUL, at its end: see `PathBuffer::check` and `split_last`.
fn c_str(bytes: &[u8]) -> &CStr {
    CStr::from_bytes_with_nul(bytes).expect("one NUL, at the end")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_path<T>(path: &[u8], test: impl FnOnce(Result<GuestPath<'_>>) -> T) -> T {
        let mut buffer = PathBuffer::default();
        match buffer.reserve(path.len()) {
            Ok(bytes) => bytes.copy_from_slice(path),
            Err(error) => return test(Err(error)),
        }
        test(buffer.check())
    }

    fn split(path: &str) -> (Option<String>, String) {
        with_path(path.as_bytes(), |path| {
            let mut path = path.unwrap();
            let (parent, last) = path.split_last();
            let text = |part: &CStr| part.to_str().unwrap().to_owned();
            (parent.map(text), text(last))
        })
    }

    #[test]
    fn refuses_what_no_kernel_call_may_see() {
        let refused = |bytes: &[u8]| with_path(bytes, |path| path.unwrap_err());
        assert_eq!(refused(b""), Errno::NoEnt);
        assert_eq!(refused(b"a\0b"), Errno::Inval);
        assert_eq!(refused(b"a\0"), Errno::Inval);
        assert_eq!(refused(b"a\xff"), Errno::Ilseq);
        assert_eq!(refused(&[b'a'; 4096]), Errno::NameTooLong);
        let longest = with_path(&[b'a'; 4095], |path| path.unwrap().as_bytes().len());
        assert_eq!(longest, PathBuffer::MAX_LENGTH);
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
        let is = |path: &str, test: fn(&GuestPath<'_>) -> bool| {
            with_path(path.as_bytes(), |path| test(&path.unwrap()))
        };
        for path in [".", "..", "a/", "a/.", "a/..", "/"] {
            assert!(is(path, |path| path.ends_like_directory()), "{path}");
            assert!(!is(path, |path| path.is_plain_name()), "{path}");
        }
        for path in ["..", "../", "a/..//"] {
            assert!(is(path, |path| path.ends_in_dot_dot()), "{path}");
        }
        for path in ["/", "a", "../a", "...", "a/."] {
            assert!(!is(path, |path| path.ends_in_dot_dot()), "{path}");
        }
        assert!(!is("a/b", |path| path.ends_like_directory()));
        assert!(is("...", |path| path.is_plain_name()));
        assert!(!is("a/b", |path| path.is_plain_name()));
    }
}
