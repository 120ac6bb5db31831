//! The heap of the process.
#![allow(unsafe_code)] // A function of the C library.

/// Gives memory back to the operating system that the C library keeps for later allocations. Only
/// glibc keeps much: each of its arenas as much as there was at once.
/// See <https://man7.org/linux/man-pages/man3/malloc_trim.3.html>.
pub fn trim_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it takes no pointer, and may be called by any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
