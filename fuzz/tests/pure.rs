//! Calls that need the host for next to nothing, so that they run under Miri, which then checks
//! every access of guest memory. Built natively they are ordinary tests.

use std::fs::File;
use std::os::fd::AsRawFd;

use wasi_rs::abi::{Call, Failure, Memory, Version};
use wasi_rs::system::{Errno, Setup, Stdio, Strings, System};
use wasi_rs_fuzz::{function, words};

struct Guest {
    system: System,
    memory: Vec<u8>,
    shared: bool,
    version: Version,
    _null: File,
}

fn strings(items: &[&str]) -> Strings {
    Strings::new(items.iter().map(|item| item.as_bytes().to_vec())).unwrap()
}

impl Guest {
    fn new(version: Version, shared: bool) -> Self {
        let null = File::options().read(true).write(true).open("/dev/null").unwrap();
        let system = System::new(Setup {
            args: strings(&["program", "", "äö"]),
            environ: strings(&["NAME=value"]),
            stdio: [0; 3].map(|_| Stdio::Lent(null.as_raw_fd())),
            max_files: Some(8),
            ..Setup::default()
        });
        let memory = vec![0xEE; 1 << 10];
        Guest { system: system.unwrap(), memory, shared, version, _null: null }
    }

    fn call(&mut self, name: &str, arguments: &[u64]) -> Result<(), Failure> {
        let (start, size) = (self.memory.as_mut_ptr(), self.memory.len());
        (function(name).handler)(&mut Call {
            system: &mut self.system,
            // SAFETY: this thread alone uses the memory, which lives longer than the call.
            memory: unsafe { Memory::new(start, size, self.shared) },
            version: self.version,
            arguments: &words(function(name), arguments),
        })
    }

    fn refused(&mut self, name: &str, arguments: &[u64], expected: Errno) {
        let before = self.memory.clone();
        assert_eq!(self.call(name, arguments), Err(Failure::Errno(expected)), "{name}");
        assert!(self.memory == before, "{name} has written");
    }
}

fn everywhere(test: fn(&mut Guest)) {
    for version in [Version::Preview1, Version::Unstable] {
        for shared in [false, true] {
            test(&mut Guest::new(version, shared));
        }
    }
}

#[test]
fn strings_and_sizes() {
    everywhere(|guest| {
        for (start, odd) in [(64, 0), (65, 3)] {
            guest.call("args_sizes_get", &[start, start + 4]).unwrap();
            guest.call("args_get", &[start, 128 + odd]).unwrap();
            guest.call("environ_sizes_get", &[start, start + 4]).unwrap();
            guest.call("environ_get", &[start, 1024 - 11]).unwrap();
            assert_eq!(&guest.memory[1024 - 11..], b"NAME=value\0");
        }
        guest.refused("args_get", &[64, 1024 - 13], Errno::Overflow);
    });
}

#[test]
fn state_of_a_descriptor() {
    everywhere(|guest| {
        for pointer in [64, 67, 1000] {
            guest.call("fd_fdstat_get", &[1, pointer]).unwrap();
            assert_eq!(guest.memory[pointer as usize], 2);
        }
        guest.call("fd_fdstat_set_rights", &[1, 0x42, 0]).unwrap();
        guest.refused("fd_fdstat_set_rights", &[1, 0x43, 0], Errno::NotCapable);
        guest.refused("fd_fdstat_get", &[1, 1001], Errno::Overflow);
        guest.refused("fd_prestat_get", &[1, 64], Errno::Badf);
        guest.refused("fd_prestat_dir_name", &[1, 64, 8], Errno::Badf);
        guest.refused("fd_filestat_set_times", &[1, 0, 0, 3], Errno::Inval);
        guest.call("fd_renumber", &[1, 2]).unwrap();
        guest.call("fd_close", &[2]).unwrap();
        guest.refused("fd_close", &[2], Errno::Badf);
    });
}

#[test]
fn paths_are_decoded_before_they_are_refused() {
    everywhere(|guest| {
        guest.memory[64..72].copy_from_slice(b"a/../\xFFb\0");
        for (start, length) in [(64, 5), (64, 8), (65, 0), (69, 2), (0, 1024)] {
            guest.refused("path_unlink_file", &[0, start, length], Errno::NotDir);
            guest.refused("path_filestat_get", &[7, 0, start, length, 100], Errno::Badf);
            guest.refused("path_rename", &[0, start, length, 0, start, length], Errno::NotDir);
            guest.refused("path_symlink", &[start, length, 0, start, length], Errno::NotDir);
            let open = [0, 1, start, length, 0xFFFF, u64::MAX, u64::MAX, 0xFFFF, 64];
            guest.refused("path_open", &open, Errno::NotDir);
        }
        guest.refused("path_unlink_file", &[0, 64, 1024], Errno::Overflow);
    });
}

#[test]
fn lists_of_buffers_are_decoded_before_they_are_refused() {
    everywhere(|guest| {
        // Overlapping each other, the list itself and the end.
        let list = [[64_u32, 40], [0, 1024], [1023, 1], [1023, 0]].map(|pair| {
            let [pointer, length] = pair.map(u32::to_le_bytes);
            [pointer, length].concat()
        });
        guest.memory[64..96].copy_from_slice(&list.concat());
        guest.call("fd_fdstat_set_rights", &[1, 0, 0]).unwrap();
        guest.refused("fd_read", &[1, 64, 4, 100], Errno::NotCapable);
        guest.refused("fd_pwrite", &[1, 64, 4, 0, 100], Errno::NotCapable);
        guest.refused("fd_write", &[9, 64, 4, 100], Errno::Badf);
        guest.refused("sock_recv", &[1, 64, 4, 0, 100, 104], Errno::NotSock);
        guest.refused("sock_send", &[1, 64, 4, 1, 100], Errno::Inval);
        guest.memory[92] = 2;
        guest.refused("fd_write", &[1, 64, 4, 100], Errno::Overflow);
    });
}

#[test]
fn time_chance_and_the_end() {
    everywhere(|guest| {
        guest.call("clock_time_get", &[1, 0, 67]).unwrap();
        guest.refused("clock_time_get", &[4, 0, 64], Errno::Inval);
        guest.call("random_get", &[3, 1000]).unwrap();
        guest.call("random_get", &[1023, 1]).unwrap();
        guest.refused("random_get", &[1023, 2], Errno::Overflow);
        guest.refused("proc_raise", &[1], Errno::NoSys);
        assert_eq!(guest.call("proc_exit", &[7]), Err(Failure::Exit(7)));
    });
}

/// A clock that is due, and a descriptor that is not open, of which the host knows nothing.
#[test]
fn subscriptions_and_events_may_overlap() {
    everywhere(|guest| {
        guest.memory[64..512].fill(0);
        let size = if guest.version == Version::Preview1 { 48 } else { 56 };
        let second = 64 + size;
        guest.memory[64] = 5;
        guest.memory[second] = 6;
        guest.memory[second + 8] = 1;
        guest.memory[second + 16] = 9;
        guest.call("poll_oneoff", &[64, 70, 2, 400]).unwrap();
        assert_eq!(guest.memory[400], 2);
        assert_eq!((guest.memory[70], guest.memory[102], guest.memory[110]), (5, 6, 8));
        guest.memory[72] = 3;
        guest.refused("poll_oneoff", &[64, 128, 1, 400], Errno::Inval);
    });
}
