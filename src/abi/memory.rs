//! The guest's linear memory. Nothing here makes a Rust reference to it: other threads may write
//! it at any time, and so may the guest after the call.
#![allow(unsafe_code)] // The one place that dereferences guest pointers.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering};

use crate::system::{Buffer, Errno, Result, copy_from_shared, copy_to_shared};

/// Linear memory for the time of one call.
#[derive(Clone, Copy)]
pub struct Memory<'m> {
    start: *mut u8,
    size: usize,
    shared: bool,
    lifetime: PhantomData<&'m ()>,
}

/// A piece of linear memory that has been found to lie within it.
#[derive(Clone, Copy)]
pub struct Region<'m> {
    start: *mut u8,
    length: usize,
    shared: bool,
    lifetime: PhantomData<&'m ()>,
}

impl<'m> Memory<'m> {
    /// # Safety
    ///
    /// `size` bytes from `start` must be readable and writable for all of `'m`. Unless `shared`,
    /// nothing else may access them meanwhile.
    pub unsafe fn new(start: *mut u8, size: usize, shared: bool) -> Self {
        Memory { start, size, shared, lifetime: PhantomData }
    }

    /// Memory that nobody shares.
    pub fn over(bytes: &'m mut [u8]) -> Self {
        // SAFETY: the slice is borrowed for 'm, by this value alone.
        unsafe { Memory::new(bytes.as_mut_ptr(), bytes.len(), false) }
    }

    /// The `length` bytes at `pointer`.
    ///
    /// Errors: `EOVERFLOW`, as node:wasi gives it, when they don't all lie within the memory. A
    /// pointer to the very end is outside, even with length 0.
    pub fn region(self, pointer: u32, length: u64) -> Result<Region<'m>> {
        let pointer = usize::try_from(pointer).map_err(|_| Errno::Overflow)?;
        let length = usize::try_from(length).map_err(|_| Errno::Overflow)?;
        if pointer >= self.size || length > self.size - pointer {
            return Err(Errno::Overflow);
        }
        // SAFETY: pointer < size, so this stays within the memory.
        let start = unsafe { self.start.add(pointer) };
        Ok(Region { start, length, shared: self.shared, lifetime: PhantomData })
    }
}

impl<'m> Region<'m> {
    /// Bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// For the kernel to read or write in place.
    pub fn buffer(&self) -> Buffer<'m> {
        // SAFETY: the region lies within memory that is valid for 'm.
        unsafe { Buffer::new(self.start, self.length) }
    }

    /// Copies `bytes.len()` bytes from `offset` on. Panics outside the region.
    pub fn read(&self, offset: usize, bytes: &mut [u8]) {
        let from = self.at(offset, bytes.len());
        if self.shared {
            // SAFETY: as below; memory that is shared is accessed atomically everywhere.
            unsafe { copy_from_shared(from, bytes) };
        } else {
            // SAFETY: `at` has checked the bounds; nobody shares this memory, and `bytes` is a
            // Rust slice, of which guest memory is never part.
            unsafe { std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), bytes.len()) };
        }
    }

    /// Copies `bytes` to `offset`. Panics outside the region.
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        let to = self.at(offset, bytes.len());
        if self.shared {
            // SAFETY: as for reading.
            unsafe { copy_to_shared(bytes, to) };
        } else {
            // SAFETY: as in `read`.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
        }
    }

    /// Writes as much of `bytes` at `offset` as fits.
    pub fn write_truncated(&self, offset: usize, bytes: &[u8]) {
        let room = self.length.saturating_sub(offset);
        if room > 0 {
            self.write(offset, &bytes[..bytes.len().min(room)]);
        }
    }

    fn at(&self, offset: usize, length: usize) -> *mut u8 {
        assert!(offset <= self.length && length <= self.length - offset, "outside of the region");
        // SAFETY: offset is at most the length of the region.
        unsafe { self.start.add(offset) }
    }

    fn read_array<const N: usize>(&self, offset: usize) -> [u8; N] {
        let mut bytes = [0; N];
        self.read(offset, &mut bytes);
        bytes
    }

    /// The byte at `offset`.
    pub fn read_u8(&self, offset: usize) -> u8 {
        self.read_array::<1>(offset)[0]
    }

    /// Writes a byte.
    pub fn write_u8(&self, offset: usize, value: u8) {
        self.write(offset, &[value]);
    }
}

/// Numbers are where their alignment wants them, but for guests that don't care: one access then,
/// shared or not.
macro_rules! numbers {
    ($($number:ident, $atomic:ident, $read:ident, $write:ident;)*) => {
        impl Region<'_> {$(
            /// The little-endian number at `offset`.
            pub fn $read(&self, offset: usize) -> $number {
                let from = self.at(offset, size_of::<$number>()).cast::<$number>();
                if !from.is_aligned() {
                    return $number::from_le_bytes(self.read_array(offset));
                }
                // SAFETY: in bounds, since `at` has checked them, and aligned. Atomic, since
                // other threads may write.
                $number::from_le(unsafe { $atomic::from_ptr(from) }.load(Ordering::Relaxed))
            }

            /// Writes a little-endian number.
            pub fn $write(&self, offset: usize, value: $number) {
                let to = self.at(offset, size_of::<$number>()).cast::<$number>();
                if !to.is_aligned() {
                    return self.write(offset, &value.to_le_bytes());
                }
                // SAFETY: as for reading.
                unsafe { $atomic::from_ptr(to) }.store(value.to_le(), Ordering::Relaxed);
            }
        )*}
    };
}

numbers! {
    u16, AtomicU16, read_u16, write_u16;
    u32, AtomicU32, read_u32, write_u32;
    u64, AtomicU64, read_u64, write_u64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_lies_within_or_is_refused() {
        let mut bytes = [0; 16];
        let memory = Memory::over(&mut bytes);
        assert_eq!(memory.region(0, 16).unwrap().len(), 16);
        assert_eq!(memory.region(15, 1).unwrap().len(), 1);
        assert!(memory.region(15, 0).unwrap().is_empty());
        for (pointer, length) in [(0, 17), (15, 2), (16, 0), (17, 0), (u32::MAX, 1), (0, u64::MAX)]
        {
            assert_eq!(memory.region(pointer, length).err(), Some(Errno::Overflow));
        }
    }

    /// Every alignment of both ends, with sentinels around.
    #[test]
    fn shared_copies_are_exact() {
        for start in 0..9 {
            for length in 0..26 {
                let mut words = [0xEEEE_EEEE_EEEE_EEEE_u64; 6];
                // SAFETY: 48 bytes of a live array; this thread alone uses them.
                let memory = unsafe { Memory::new(words.as_mut_ptr().cast(), 48, true) };
                let data: Vec<u8> = (1..=length).collect();
                let region = memory.region(start, length.into()).unwrap();
                region.write(0, &data);
                let mut copy = vec![0; data.len()];
                region.read(0, &mut copy);
                assert_eq!(copy, data);
                let mut all = [0; 48];
                memory.region(0, 48).unwrap().read(0, &mut all);
                let written = start as usize..start as usize + data.len();
                assert_eq!(all[written.clone()], data);
                let outside = (0..48).filter(|index| !written.contains(index));
                assert!(outside.into_iter().all(|index| all[index] == 0xEE));
            }
        }
    }

    #[test]
    #[should_panic(expected = "outside of the region")]
    fn a_write_outside_the_region_panics() {
        let mut bytes = [0; 16];
        Memory::over(&mut bytes).region(0, 4).unwrap().write_u32(1, 0);
    }

    #[test]
    fn truncates_at_the_end() {
        let mut bytes = [0xEE; 8];
        let memory = Memory::over(&mut bytes);
        let region = memory.region(2, 4).unwrap();
        region.write_truncated(2, b"abc");
        region.write_truncated(4, b"x");
        region.write_truncated(9, b"x");
        assert_eq!(&bytes, b"\xEE\xEE\xEE\xEEab\xEE\xEE");
    }
}
