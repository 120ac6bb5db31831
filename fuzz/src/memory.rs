//! Guest memory between guards.

use std::ptr;

use wasi_rs::abi::Memory;

/// Most bytes of guest memory.
pub const MAX: usize = 1 << 16;
const PAGE: usize = 1 << 12;
/// In every byte before the guest's first.
const GUARD: u8 = 0xA5;

/// It ends where a page starts that no one can access, and starts behind bytes that no one may
/// change: so it is aligned as its size happens to be.
pub struct Guarded {
    mapping: *mut u8,
    size: usize,
    shared: bool,
}

impl Guarded {
    /// Reserves the pages.
    pub fn new() -> Self {
        let (access, kind) = (libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping, whose inner pages become accessible.
        let mapping = unsafe {
            let mapping = libc::mmap(ptr::null_mut(), MAX + 3 * PAGE, access, kind, -1, 0);
            assert_ne!(mapping, libc::MAP_FAILED);
            let inner = mapping.byte_add(PAGE);
            let access = libc::PROT_READ | libc::PROT_WRITE;
            assert_eq!(libc::mprotect(inner, MAX + PAGE, access), 0);
            ptr::write_bytes(inner.cast::<u8>(), GUARD, MAX + PAGE);
            inner.cast::<u8>()
        };
        Guarded { mapping, size: 0, shared: false }
    }

    /// Gives the guest `size` bytes, which start with `content`; the others are 0.
    pub fn reset(&mut self, size: usize, content: &[u8], shared: bool) {
        assert!(size <= MAX);
        let old = self.start();
        // SAFETY: both lie within the mapping.
        unsafe { ptr::write_bytes(old, GUARD, self.size) };
        (self.size, self.shared) = (size, shared);
        // SAFETY: as above.
        unsafe { ptr::write_bytes(self.start(), 0, size) };
        self.write(0, &content[..content.len().min(size)]);
    }

    /// For one call.
    pub fn memory(&mut self) -> Memory<'_> {
        // SAFETY: within the mapping, which `self` alone uses.
        unsafe { Memory::new(self.start(), self.size, self.shared) }
    }

    /// What the guest would write by itself.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        assert!(at + bytes.len() <= self.size);
        // SAFETY: just checked.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.start().add(at), bytes.len()) };
    }

    /// What the guest would read by itself.
    pub fn read(&self, at: usize, length: usize) -> Vec<u8> {
        self.copy()[at..at + length].to_vec()
    }

    /// All of it.
    pub fn copy(&self) -> Vec<u8> {
        // SAFETY: within the mapping, and nobody else uses it now.
        unsafe { std::slice::from_raw_parts(self.start(), self.size).to_vec() }
    }

    /// Panics when a byte before the first is not what it was.
    pub fn check_guards(&self, name: &str) {
        let length = (MAX + PAGE - self.size).min(PAGE);
        // SAFETY: the mapping starts at least a page before the guest's memory.
        let guard = unsafe { std::slice::from_raw_parts(self.start().sub(length), length) };
        assert!(guard.iter().all(|&byte| byte == GUARD), "{name} wrote before the memory");
    }

    fn start(&self) -> *mut u8 {
        // SAFETY: the size is less than the mapping's.
        unsafe { self.mapping.add(MAX + PAGE - self.size) }
    }
}

impl Default for Guarded {
    fn default() -> Self {
        Guarded::new()
    }
}
