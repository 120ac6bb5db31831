//! Calls that programs make in their loops don't allocate.
#![allow(unsafe_code)] // An allocator that counts.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::valid::VALID;
use common::words;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's allocator does the work. The counter is a plain thread-local number, which
// needs no allocation itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const WITHOUT: &[&str] = &[
    "args_sizes_get",
    "clock_time_get",
    "fd_fdstat_get",
    "fd_filestat_get",
    "fd_pread",
    "fd_pwrite",
    "fd_read",
    "fd_seek",
    "fd_tell",
    "fd_write",
    "path_filestat_get",
    "random_get",
    "sched_yield",
];

/// Allocations of the second of two equal calls: the first may open or seed something.
fn allocations(name: &str) -> usize {
    let valid = VALID.iter().find(|valid| valid.name == name).expect("among the valid calls");
    let (mut guest, arguments) = (valid.prepare)();
    guest.call(name, &arguments).unwrap();
    let words = words(name, &arguments);
    let before = ALLOCATIONS.get();
    let result = guest.call_unseen(name, &words);
    let count = ALLOCATIONS.get() - before;
    result.unwrap();
    count
}

#[test]
fn reading_writing_seeking_and_looking_allocate_nothing() {
    for name in WITHOUT {
        assert_eq!(allocations(name), 0, "{name}");
    }
}

/// The counter counts.
#[test]
fn reading_a_link_allocates() {
    assert!(allocations("path_readlink") > 0);
}
