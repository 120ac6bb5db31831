//! Every pointer of every function: results and inputs must lie within memory to the last byte,
//! and a call that is refused for a pointer has done nothing.

mod common;

use common::valid::{Pointer, VALID, Valid};
use common::{Errno, Failure, Guest, NOWHERE};
use wasi_rs::abi::FUNCTIONS;

fn location(pointer: Pointer, arguments: &[u64]) -> (usize, u64) {
    match pointer {
        Pointer::Fixed(index, size) => (index, size),
        Pointer::List(index, length, element) => (index, arguments[length] * element),
    }
}

/// The call, with what the pointer points to moved elsewhere where that is within memory.
fn call_with(valid: &Valid, pointer: Pointer, place: impl Fn(u64, u64) -> u64) -> CallEnd {
    let (mut guest, mut arguments) = (valid.prepare)();
    let (index, size) = location(pointer, &arguments);
    let old = arguments[index];
    let new = place(guest.memory.len() as u64, size);
    if new + size <= guest.memory.len() as u64 {
        let bytes = guest.bytes(old, size as usize).to_vec();
        guest.set(new, &bytes);
    }
    arguments[index] = new;
    let before = tree(&guest);
    let end = guest.try_call(valid.name, &arguments);
    CallEnd { end, changed: tree(&guest) != before }
}

struct CallEnd {
    end: Result<(), Failure>,
    changed: bool,
}

/// Names, sizes and times of all that is in the sandbox.
fn tree(guest: &Guest) -> Vec<(std::ffi::OsString, u64, std::time::SystemTime)> {
    let mut all: Vec<_> = [guest.host(""), guest.host("dir")]
        .iter()
        .filter_map(|directory| std::fs::read_dir(directory).ok())
        .flatten()
        .map(|entry| {
            let entry = entry.unwrap();
            let stat = entry.metadata().unwrap();
            (entry.file_name(), stat.len(), stat.modified().unwrap())
        })
        .collect();
    all.sort();
    all
}

#[test]
fn every_function_has_a_valid_call_and_it_ends_as_it_should() {
    let mut names: Vec<_> = VALID.iter().map(|valid| valid.name).collect();
    let mut all: Vec<_> = FUNCTIONS.iter().map(|function| function.name).collect();
    names.sort_unstable();
    all.sort_unstable();
    assert_eq!(names, all);
    for valid in VALID {
        let (mut guest, arguments) = (valid.prepare)();
        let end = guest.try_call(valid.name, &arguments);
        assert_eq!(end, valid.end, "{}", valid.name);
    }
}

#[test]
fn a_pointer_outside_is_eoverflow_and_nothing_happens() {
    for valid in VALID {
        for &pointer in valid.pointers {
            for place in [|_, _| NOWHERE, |memory, _| memory, |memory, size| memory - size + 1]
                as [fn(u64, u64) -> u64; 3]
            {
                let answer = call_with(valid, pointer, place);
                let expected = Err(Failure::Errno(Errno::Overflow));
                assert_eq!(answer.end, expected, "{} {pointer:?}", valid.name);
                assert!(!answer.changed, "{} {pointer:?}", valid.name);
            }
        }
    }
}

#[test]
fn a_pointer_to_the_last_bytes_is_good() {
    for valid in VALID {
        for &pointer in valid.pointers {
            let answer = call_with(valid, pointer, |memory, size| memory - size);
            assert_eq!(answer.end, valid.end, "{} {pointer:?}", valid.name);
        }
    }
}

#[test]
fn a_pointer_need_not_be_aligned() {
    for valid in VALID {
        for &pointer in valid.pointers {
            let answer = call_with(valid, pointer, |memory, size| (memory - size - 8) | 1);
            assert_eq!(answer.end, valid.end, "{} {pointer:?}", valid.name);
        }
    }
}

#[test]
fn a_length_that_reaches_outside_is_eoverflow() {
    for valid in VALID {
        for &pointer in valid.pointers {
            let Pointer::List(_, length, _) = pointer else {
                continue;
            };
            for count in [NOWHERE, 0x8000_0000, 1 << 16] {
                let (mut guest, mut arguments) = (valid.prepare)();
                arguments[length] = count;
                let before = tree(&guest);
                let end = guest.call(valid.name, &arguments);
                assert_eq!(end, Err(Errno::Overflow), "{} {pointer:?}", valid.name);
                assert_eq!(tree(&guest), before, "{} {pointer:?}", valid.name);
            }
        }
    }
}

/// The functions that take `iovec`s: each buffer is checked before any is used.
#[test]
fn a_buffer_outside_is_eoverflow_and_nothing_happens() {
    let names = ["fd_read", "fd_pread", "fd_write", "fd_pwrite", "sock_recv", "sock_send"];
    for valid in VALID.iter().filter(|valid| names.contains(&valid.name)) {
        for (bad, expected) in [
            ([NOWHERE, 1], Err(Errno::Overflow)),
            ([NOWHERE, NOWHERE], Err(Errno::Overflow)),
            ([1 << 16, 0], Err(Errno::Overflow)),
            ([(1 << 16) - 2, 3], Err(Errno::Overflow)),
            ([0, (1 << 16) + 1], Err(Errno::Overflow)),
            ([64, NOWHERE], Err(Errno::Overflow)),
            ([(1 << 16) - 2, 2], Ok(())),
            ([(1 << 16) - 1, 0], Ok(())),
        ] {
            let (mut guest, mut arguments) = (valid.prepare)();
            let good = guest.put(b"good");
            let list = guest.iovecs(&[[good, 4], bad]);
            arguments[1..3].copy_from_slice(&list);
            let before = tree(&guest);
            let end = guest.call(valid.name, &arguments);
            assert_eq!(end, expected, "{} {bad:x?}", valid.name);
            if end.is_err() {
                assert_eq!(tree(&guest), before, "{} {bad:x?}", valid.name);
            }
        }
    }
}

/// A bad buffer far behind the first 1024 is found before the first is used.
#[test]
fn a_late_buffer_outside_is_eoverflow_and_nothing_is_written() {
    let mut guest = Guest::new();
    guest.grow_memory(1 << 18);
    let fd = guest.create("file");
    let data = guest.put(b"x");
    let mut vectors = vec![[data, 1]; 5000];
    vectors[4999] = [NOWHERE, 1];
    let [vectors, count] = guest.iovecs(&vectors);
    let result = guest.alloc(4);
    let end = guest.call("fd_write", &[fd, vectors, count, result]);
    assert_eq!(end, Err(Errno::Overflow));
    assert_eq!(guest.filestat(fd).unwrap().size, 0);
}

/// Bounds come first, before the descriptor and its rights.
#[test]
fn a_bad_pointer_is_said_before_a_bad_descriptor() {
    for valid in VALID {
        let (Some(&pointer), Some(&(fd, _))) = (valid.pointers.last(), valid.rights.first()) else {
            continue;
        };
        let (mut guest, mut arguments) = (valid.prepare)();
        let (index, _) = location(pointer, &arguments);
        arguments[index] = NOWHERE;
        arguments[fd] = common::CLOSED;
        let end = guest.call(valid.name, &arguments);
        assert_eq!(end, Err(Errno::Overflow), "{}", valid.name);
    }
}

#[test]
fn every_function_on_a_closed_descriptor_is_ebadf() {
    let no_right = [
        "fd_close",
        "fd_fdstat_get",
        "fd_fdstat_set_rights",
        "fd_prestat_get",
        "fd_prestat_dir_name",
        "fd_renumber",
    ];
    for valid in VALID {
        let mut fds: Vec<usize> = valid.rights.iter().map(|&(index, _)| index).collect();
        if no_right.contains(&valid.name) {
            fds.push(0);
        }
        for fd in fds {
            for closed in [common::CLOSED, 5, 0x7FFF_FFFF, NOWHERE] {
                let (mut guest, mut arguments) = (valid.prepare)();
                arguments[fd] = closed;
                let end = guest.call(valid.name, &arguments);
                assert_eq!(end, Err(Errno::Badf), "{} {closed}", valid.name);
            }
        }
    }
}
