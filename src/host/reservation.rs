//! Address space for the memory of one guest after the other.
#![allow(unsafe_code)] // Maps memory, and zeroes it.

use std::ffi::c_void;
use std::io::{ErrorKind, Result};
use std::ops::Range;
use std::ptr;

#[cfg(target_os = "linux")]
use rustix::mm::Advice;
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags};

use super::pagemap::{REGIONS, written};

/// Bytes that can become accessible, between two guards that never do.
#[derive(Debug)]
pub struct Reservation {
    /// Of the first guard.
    base: *mut c_void,
    guard: usize,
    capacity: usize,
    accessible: usize,
    /// Changing what is accessible failed. Part of it may have changed all the same.
    is_broken: bool,
}

// SAFETY: it owns its memory, which any thread may access.
unsafe impl Send for Reservation {}
// SAFETY: the same. What changes it takes it exclusively.
unsafe impl Sync for Reservation {}

/// Bytes up to which zeroing is quicker than asking which pages were written.
const SMALL: usize = 64 << 10;
/// Bytes that stay in memory for the next guest, if they were written.
const KEEP: usize = 256 << 10;

impl Reservation {
    /// `guard` is a multiple of a page of the host, and `capacity` is rounded up to one.
    ///
    /// Errors: `ENOMEM` where there is no such address space.
    pub fn new(capacity: usize, guard: usize) -> Result<Self> {
        let capacity = pages(capacity)?;
        let length = capacity.checked_add(2 * guard).ok_or(ErrorKind::OutOfMemory)?;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: memory of its own, where the system finds room for it.
        let base = unsafe {
            rustix::mm::mmap_anonymous(ptr::null_mut(), length, ProtFlags::empty(), flags)?
        };
        let new = Reservation { base, guard, capacity, accessible: 0, is_broken: false };
        // Huge pages would keep more in memory than guests use.
        #[cfg(target_os = "linux")]
        // SAFETY: its own memory, whose content stays as it is.
        unsafe {
            let _ = rustix::mm::madvise(base, length, Advice::LinuxNoHugepage);
        }
        Ok(new)
    }

    /// Where the bytes begin. They stay there.
    pub fn start(&self) -> *mut u8 {
        self.base.cast::<u8>().wrapping_add(self.guard)
    }

    /// Bytes that can become accessible.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Bytes that are accessible now.
    pub fn accessible(&self) -> usize {
        self.accessible
    }

    /// Whether `size` bytes, up to the end of their last page, are what is accessible now.
    pub fn is_accessible(&self, size: usize) -> bool {
        pages(size).is_ok_and(|size| size == self.accessible)
    }

    /// Makes the first `size` bytes accessible, up to the end of their last page, and no others.
    /// Those that were not accessible before are zero.
    ///
    /// Errors: `ENOMEM` beyond the capacity, or where the system has no memory.
    pub fn set_accessible(&mut self, size: usize) -> Result<()> {
        let size = pages(size)?;
        if size > self.capacity {
            return Err(ErrorKind::OutOfMemory.into());
        }
        let changed = if size < self.accessible {
            self.protect(size..self.accessible, MprotectFlags::empty())
        } else {
            self.make_accessible(size)
        };
        self.is_broken |= changed.is_err();
        changed?;
        self.accessible = size;
        Ok(())
    }

    /// Where it fails half-way, all is as before, if the system can do that.
    fn make_accessible(&self, size: usize) -> Result<()> {
        let new = self.accessible..size;
        if new.is_empty() {
            return Ok(());
        }
        let made = self.protect(new.clone(), MprotectFlags::READ | MprotectFlags::WRITE);
        if made.is_err() {
            let _ = self.protect(new, MprotectFlags::empty());
        }
        made
    }

    /// Makes all that is accessible zero.
    ///
    /// Errors: what the system says, and that something failed before; it must not be used any more
    /// then.
    pub fn clear(&mut self) -> Result<()> {
        if self.is_broken {
            return Err(ErrorKind::Other.into());
        }
        if self.accessible <= SMALL {
            self.zero(0..self.accessible);
            return Ok(());
        }
        let mut regions = [(); REGIONS].map(|()| 0..0);
        let address = self.start().addr();
        let all = address..address + self.accessible;
        let (found, end) = written(all, KEEP, &mut regions);
        for region in &regions[..found] {
            self.zero(region.start - address..region.end - address);
        }
        self.give_back(end - address..self.accessible)
    }

    fn zero(&self, range: Range<usize>) {
        assert!(range.start <= range.end && range.end <= self.accessible);
        // SAFETY: accessible memory that nobody else has.
        unsafe { self.start().add(range.start).write_bytes(0, range.len()) };
    }

    /// The pages are zero when they are used again: those that the system gives for them.
    fn give_back(&self, range: Range<usize>) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        #[cfg(not(target_os = "linux"))]
        return Err(ErrorKind::Unsupported.into());
        #[cfg(target_os = "linux")]
        // SAFETY: its own memory, which nobody else has.
        unsafe {
            let start = self.start().add(range.start).cast();
            Ok(rustix::mm::madvise(start, range.len(), Advice::LinuxDontNeed)?)
        }
    }

    fn protect(&self, range: Range<usize>, flags: MprotectFlags) -> Result<()> {
        // SAFETY: its own memory; no guest uses the range while it changes.
        unsafe {
            let start = self.start().add(range.start).cast();
            Ok(rustix::mm::mprotect(start, range.len(), flags)?)
        }
    }
}

/// The size, rounded up to whole pages.
fn pages(size: usize) -> Result<usize> {
    let rounded = size.checked_next_multiple_of(rustix::param::page_size());
    rounded.ok_or(ErrorKind::OutOfMemory.into())
}

impl Drop for Reservation {
    fn drop(&mut self) {
        // SAFETY: its own memory, which nobody has any more.
        let unmapped = unsafe { rustix::mm::munmap(self.base, self.capacity + 2 * self.guard) };
        // It fails where that would make too many maps out of one.
        if unmapped.is_err() {
            let _ = self.give_back(0..self.accessible);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 4096;
    const CAPACITY: usize = 64 << 20;

    fn bytes(reservation: &mut Reservation) -> &mut [u8] {
        // SAFETY: accessible memory that nobody else has.
        unsafe { std::slice::from_raw_parts_mut(reservation.start(), reservation.accessible) }
    }

    fn is_zero(reservation: &mut Reservation) -> bool {
        bytes(reservation).iter().all(|byte| *byte == 0)
    }

    fn reservation(size: usize) -> Reservation {
        let mut reservation = Reservation::new(CAPACITY, 1 << 20).expect("address space");
        reservation.set_accessible(size).expect("memory");
        reservation
    }

    #[test]
    fn is_zero_after_each_guest() {
        for size in [1, PAGE, SMALL, SMALL + PAGE, 3 << 20, CAPACITY] {
            let mut reservation = reservation(size);
            for step in [1, 3 * PAGE + 7, 11 * PAGE, 300 * PAGE] {
                bytes(&mut reservation).iter_mut().step_by(step).for_each(|byte| *byte = 1);
                reservation.clear().expect("memory as new");
                assert!(is_zero(&mut reservation), "{size} {step}");
            }
        }
    }

    #[test]
    fn what_was_accessible_before_is_zero_when_it_is_again() {
        let mut reservation = reservation(4 << 20);
        bytes(&mut reservation).fill(7);
        reservation.clear().expect("memory as new");
        reservation.set_accessible(PAGE).expect("less");
        assert!(reservation.is_accessible(1) && !reservation.is_accessible(PAGE + 1));
        reservation.set_accessible(8 << 20).expect("more");
        assert!(is_zero(&mut reservation));
    }

    #[test]
    fn has_its_limits() {
        let mut reservation = reservation(PAGE);
        assert!(reservation.set_accessible(CAPACITY + 1).is_err());
        assert!(reservation.set_accessible(usize::MAX).is_err());
        assert_eq!((reservation.accessible, reservation.capacity()), (PAGE, CAPACITY));
        assert!(Reservation::new(1 << 60, PAGE).is_err());
    }

    #[test]
    fn is_not_used_again_after_a_failure() {
        let mut reservation = reservation(PAGE);
        reservation.is_broken = true;
        assert!(reservation.clear().is_err());
    }

    /// Pages of which the kernel has made swap space, or would: they are written, and not present.
    #[test]
    #[cfg(target_os = "linux")]
    fn pages_that_were_moved_out_are_zero_too() {
        let mut reservation = reservation(2 << 20);
        bytes(&mut reservation).fill(7);
        let (start, length) = (reservation.start().cast(), reservation.accessible);
        // Without swap space, it does nothing.
        // SAFETY: its own memory.
        let _ = unsafe { rustix::mm::madvise(start, length, Advice::LinuxPageOut) };
        reservation.clear().expect("memory as new");
        assert!(is_zero(&mut reservation));
    }
}
