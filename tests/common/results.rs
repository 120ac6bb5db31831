//! Where each function writes when it succeeds: exactly these bytes, padding left out.

use std::ops::Range;

use super::{Guest, Version};

/// Ranges of memory that `name`, called with `arguments`, has written. Lengths that the call
/// itself reports are read from memory as it is after the call.
pub fn ranges(guest: &mut Guest, name: &str, arguments: &[u64]) -> Vec<Range<usize>> {
    let argument = |index: usize| arguments[index] & 0xFFFF_FFFF;
    let at = |index: usize, length: u64| range(argument(index), 0, length);
    let fields = |index: usize, fields: &[(u64, u64)]| {
        fields.iter().map(|&(offset, length)| range(argument(index), offset, length)).collect()
    };
    match name {
        "args_get" => strings(&guest.system.args, argument(0), argument(1)),
        "environ_get" => strings(&guest.system.environ, argument(0), argument(1)),
        "args_sizes_get" | "environ_sizes_get" => vec![at(0, 4), at(1, 4)],
        "clock_res_get" | "fd_tell" => vec![at(1, 8)],
        "clock_time_get" => vec![at(2, 8)],
        "fd_fdstat_get" => fields(1, &[(0, 1), (2, 2), (8, 16)]),
        "fd_filestat_get" => fields(1, filestat(guest.version)),
        "fd_pread" => filled(guest, argument(1), argument(4)),
        "fd_prestat_get" => fields(1, &[(0, 1), (4, 4)]),
        "fd_prestat_dir_name" => {
            let name = guest.system.preopen_name(argument(0) as u32).unwrap();
            vec![at(1, name.len() as u64)]
        }
        "fd_pwrite" | "sock_send" => vec![at(4, 4)],
        "fd_read" => filled(guest, argument(1), argument(3)),
        "fd_readdir" => vec![at(1, guest.u32(argument(4)).into()), at(4, 4)],
        "fd_seek" => vec![at(3, 8)],
        "fd_write" => vec![at(3, 4)],
        "path_filestat_get" => fields(4, filestat(guest.version)),
        "path_open" => vec![at(8, 4)],
        "path_readlink" => vec![at(3, guest.u32(argument(5)).into()), at(5, 4)],
        "poll_oneoff" => events(guest, argument(1), argument(3)),
        "random_get" => vec![at(0, argument(1))],
        "sock_accept" => vec![at(2, 4)],
        "sock_recv" => {
            let mut ranges = filled(guest, argument(1), argument(4));
            ranges.push(at(5, 2));
            ranges
        }
        _ => Vec::new(),
    }
}

fn range(pointer: u64, offset: u64, length: u64) -> Range<usize> {
    let start = (pointer + offset) as usize;
    start..start + length as usize
}

fn filestat(version: Version) -> &'static [(u64, u64)] {
    match version {
        Version::Preview1 => &[(0, 17), (24, 40)],
        Version::Unstable => &[(0, 17), (20, 36)],
    }
}

fn strings(strings: &super::Strings, pointers: u64, bytes: u64) -> Vec<Range<usize>> {
    vec![range(pointers, 0, u64::from(strings.count()) * 4), range(bytes, 0, strings.size().into())]
}

/// As many bytes of the buffers, in order, as the result says, and the result.
fn filled(guest: &Guest, vectors: u64, result: u64) -> Vec<Range<usize>> {
    let mut ranges = vec![range(result, 0, 4)];
    let mut left = u64::from(guest.u32(result));
    let mut vector = vectors;
    while left > 0 {
        let length = left.min(guest.u32(vector + 4).into());
        ranges.push(range(guest.u32(vector).into(), 0, length));
        left -= length;
        vector += 8;
    }
    ranges
}

fn events(guest: &Guest, events: u64, result: u64) -> Vec<Range<usize>> {
    let mut ranges = vec![range(result, 0, 4)];
    for index in 0..u64::from(guest.u32(result)) {
        ranges.push(range(events, index * 32, 11));
        ranges.push(range(events, index * 32 + 16, 10));
    }
    ranges
}
