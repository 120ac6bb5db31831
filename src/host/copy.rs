//! Copies between memory of the host and memory that other threads may write at the same time.
#![allow(unsafe_code)] // Raw pointers to guest memory.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

const WORD: usize = size_of::<u64>();

/// Bytes up to the first address that holds an aligned word.
fn bytes_before_words(address: *mut u8, length: usize) -> usize {
    address.align_offset(WORD).min(length)
}

/// Copies from shared memory, by relaxed atomic words and bytes.
///
/// # Safety
///
/// `bytes.len()` bytes from `from` must be readable and be accessed by atomic operations or by
/// WebAssembly and the kernel only.
pub unsafe fn copy_from_shared(from: *mut u8, bytes: &mut [u8]) {
    let (head, rest) = bytes.split_at_mut(bytes_before_words(from, bytes.len()));
    let (words, tail) = rest.as_chunks_mut::<WORD>();
    let words_at = head.len();
    let tail_at = words_at + words.len() * WORD;
    for (index, byte) in head.iter_mut().enumerate() {
        *byte = load_byte(from, index);
    }
    for (index, word) in words.iter_mut().enumerate() {
        // SAFETY: in bounds, as the caller promises; aligned, since the head ends at an aligned
        // address. Atomic, since other threads may write.
        let atomic = unsafe { AtomicU64::from_ptr(from.add(words_at + index * WORD).cast()) };
        *word = atomic.load(Ordering::Relaxed).to_ne_bytes();
    }
    for (index, byte) in tail.iter_mut().enumerate() {
        *byte = load_byte(from, tail_at + index);
    }
}

/// Copies to shared memory, by relaxed atomic words and bytes.
///
/// # Safety
///
/// As for `copy_from_shared`, and the bytes must be writable.
pub unsafe fn copy_to_shared(bytes: &[u8], to: *mut u8) {
    let (head, rest) = bytes.split_at(bytes_before_words(to, bytes.len()));
    let (words, tail) = rest.as_chunks::<WORD>();
    let words_at = head.len();
    let tail_at = words_at + words.len() * WORD;
    for (index, byte) in head.iter().enumerate() {
        store_byte(to, index, *byte);
    }
    for (index, word) in words.iter().enumerate() {
        // SAFETY: as in `copy_from_shared`.
        let atomic = unsafe { AtomicU64::from_ptr(to.add(words_at + index * WORD).cast()) };
        atomic.store(u64::from_ne_bytes(*word), Ordering::Relaxed);
    }
    for (index, byte) in tail.iter().enumerate() {
        store_byte(to, tail_at + index, *byte);
    }
}

fn load_byte(start: *mut u8, index: usize) -> u8 {
    // SAFETY: the callers stay within what their callers promise; every byte is aligned.
    unsafe { AtomicU8::from_ptr(start.add(index)) }.load(Ordering::Relaxed)
}

fn store_byte(start: *mut u8, index: usize, byte: u8) {
    // SAFETY: as in `load_byte`.
    unsafe { AtomicU8::from_ptr(start.add(index)) }.store(byte, Ordering::Relaxed);
}
