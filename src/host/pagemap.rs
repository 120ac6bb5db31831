//! Which pages of memory were written since they were zero.
//!
//! See <https://docs.kernel.org/admin-guide/mm/pagemap.html>, "IOCTL to scan".

#[cfg(target_os = "linux")]
pub use linux::is_supported;
#[cfg(target_os = "linux")]
pub(super) use linux::written;

/// As many regions can be told at once.
pub(super) const REGIONS: usize = 32;

/// Nothing is known: everything may have been written.
#[cfg(not(target_os = "linux"))]
pub(super) fn written(
    range: std::ops::Range<usize>,
    _most: usize,
    _regions: &mut [std::ops::Range<usize>; REGIONS],
) -> (usize, usize) {
    (0, range.start)
}

/// Whether written pages can be told.
#[cfg(not(target_os = "linux"))]
pub fn is_supported() -> bool {
    false
}

#[cfg(target_os = "linux")]
mod linux {
    #![allow(unsafe_code)] // A system call on pointers.

    use std::fs::File;
    use std::ops::Range;
    use std::os::fd::AsRawFd;

    use rustix::process::{Pid, getpid};
    use std::sync::LazyLock;

    use super::REGIONS;

    /// `struct pm_scan_arg`.
    #[repr(C)]
    #[derive(Default)]
    struct Scan {
        size: u64,
        flags: u64,
        start: u64,
        end: u64,
        walk_end: u64,
        vec: u64,
        vec_len: u64,
        max_pages: u64,
        category_inverted: u64,
        category_mask: u64,
        category_anyof_mask: u64,
        return_mask: u64,
    }

    /// `struct page_region`.
    #[repr(C)]
    #[derive(Clone, Copy, Default)]
    struct Region {
        start: u64,
        end: u64,
        categories: u64,
    }

    const PRESENT: u64 = 1 << 3;
    /// In swap space, or being moved by the kernel at this moment.
    const SWAPPED: u64 = 1 << 4;
    /// The page of zeros that all share.
    const ZERO: u64 = 1 << 5;

    /// `_IOWR('f', 16, struct pm_scan_arg)`.
    const PAGEMAP_SCAN: u32 = 0xc060_6610;

    /// The map of this process. It is of no use to a child that `fork` makes.
    static PAGEMAP: LazyLock<Option<(File, Pid)>> =
        LazyLock::new(|| Some((File::open("/proc/self/pagemap").ok()?, getpid())));

    /// The written pages of a range, as far as they have `most` bytes in all and are not in too many
    /// regions: how many regions there are, and up to where there are no others. What is behind may
    /// have been written, too: everything, where the kernel can't tell.
    ///
    /// A page that was written is present or swapped. It must not be overlooked in either state.
    pub(in crate::host) fn written(
        range: Range<usize>,
        most: usize,
        regions: &mut [Range<usize>; REGIONS],
    ) -> (usize, usize) {
        let Some((file, process)) = &*PAGEMAP else { return (0, range.start) };
        if *process != getpid() {
            return (0, range.start);
        }
        let mut found = [Region::default(); REGIONS];
        let mut scan = Scan {
            size: size_of::<Scan>() as u64,
            start: range.start as u64,
            end: range.end as u64,
            vec: found.as_mut_ptr().expose_provenance() as u64,
            vec_len: REGIONS as u64,
            max_pages: (most / rustix::param::page_size()) as u64,
            category_inverted: ZERO,
            category_mask: ZERO,
            category_anyof_mask: PRESENT | SWAPPED,
            ..Scan::default()
        };
        // The type of the number depends on the C library.
        // SAFETY: writes to the two locals, as far as they say.
        let count = unsafe { libc::ioctl(file.as_raw_fd(), PAGEMAP_SCAN as _, &raw mut scan) };
        let scanned = range.start..scan.walk_end as usize;
        let found = usize::try_from(count).ok().and_then(|count| found.get(..count));
        let is_inside = |found: &Region| {
            let (start, end) = (found.start as usize, found.end as usize);
            scanned.start <= start && start <= end && end <= scanned.end
        };
        // A filter of system calls may pretend that it was done.
        let found = found.filter(|found| found.iter().all(is_inside));
        let is_scanned = (range.start..=range.end).contains(&scanned.end);
        let Some(found) = found.filter(|_| is_scanned) else { return (0, range.start) };
        for (region, found) in regions.iter_mut().zip(found) {
            *region = found.start as usize..found.end as usize;
        }
        (found.len(), scanned.end)
    }

    /// Whether written pages can be told.
    pub fn is_supported() -> bool {
        static IS_SUPPORTED: LazyLock<bool> = LazyLock::new(|| {
            let page = rustix::param::page_size();
            let mut bytes = vec![0_u8; 4 * page];
            bytes.fill(1);
            let bytes = std::hint::black_box(&bytes);
            let start = bytes.as_ptr().addr().next_multiple_of(page);
            let mut regions = [(); REGIONS].map(|()| 0..0);
            let all = start..start + 2 * page;
            written(all.clone(), 2 * page, &mut regions) == (1, all.end) && regions[0] == all
        });
        *IS_SUPPORTED
    }
}
