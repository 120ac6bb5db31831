//! The processors that this process may use.

use once_cell::sync::Lazy;

/// How many there are. Asking the system takes some file reads, so it is asked once.
pub(super) fn processors() -> usize {
    static PROCESSORS: Lazy<usize> =
        Lazy::new(|| std::thread::available_parallelism().map_or(1, usize::from));
    *PROCESSORS
}
