//! Errno numbers.

use crate::system::Errno;

/// Number of an error in both ABIs: `Errno` lists them in the order of
/// [witx](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/typenames.witx).
pub fn number(errno: Errno) -> u16 {
    errno as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_witx() {
        let expected = [
            (Errno::Success, 0),
            (Errno::TooBig, 1),
            (Errno::Badf, 8),
            (Errno::Exist, 20),
            (Errno::Fault, 21),
            (Errno::Inval, 28),
            (Errno::Loop, 32),
            (Errno::NoEnt, 44),
            (Errno::NotDir, 54),
            (Errno::Overflow, 61),
            (Errno::Perm, 63),
            (Errno::Xdev, 75),
            (Errno::NotCapable, 76),
        ];
        for (errno, expected) in expected {
            assert_eq!(number(errno), expected, "{errno}");
        }
    }
}
