//! Arguments and environment.

use crate::host::{Errno, Result};

/// Strings as a C program gets them: each ends with a NUL.
#[derive(Debug, Clone, Default)]
pub struct Strings {
    /// Without the NUL at the end.
    items: Vec<Vec<u8>>,
    size: u32,
}

impl Strings {
    /// A string ends at its first NUL, as it does for the C program that will read it.
    ///
    /// Errors: `E2BIG` when all of them don't fit the 4 GiB that a guest can address.
    pub fn new(items: impl IntoIterator<Item = Vec<u8>>) -> Result<Self> {
        let mut strings = Strings::default();
        for item in items.into_iter().map(until_nul) {
            let size = u32::try_from(item.len() + 1).map_err(|_| Errno::TooBig)?;
            strings.size = strings.size.checked_add(size).ok_or(Errno::TooBig)?;
            strings.items.push(item);
        }
        u32::try_from(strings.items.len()).map_err(|_| Errno::TooBig)?;
        Ok(strings)
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.items.len() as u32
    }

    /// Bytes of all, each with its NUL.
    pub fn size(&self) -> u32 {
        self.size
    }

    /// Each without its NUL.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.items.iter().map(Vec::as_slice)
    }
}

/// What a C program sees of a string.
pub(super) fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_the_nul_of_each_and_ends_at_the_first() {
        let strings = Strings::new([b"ab".to_vec(), b"".to_vec(), b"c\0d".to_vec()]).unwrap();
        assert_eq!(strings.count(), 3);
        assert_eq!(strings.size(), 3 + 1 + 2);
        assert_eq!(strings.iter().collect::<Vec<_>>(), [&b"ab"[..], b"", b"c"]);
    }
}
