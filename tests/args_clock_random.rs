//! Arguments, environment, clocks, random bytes, and the process.

mod common;

use common::{Errno, Failure, Guest, NOWHERE, Strings, Version};

fn strings(items: &[&[u8]]) -> Strings {
    Strings::new(items.iter().map(|item| item.to_vec())).unwrap()
}

#[test]
fn args_sizes_count_strings_and_bytes_with_their_nuls() {
    let mut guest = Guest::new();
    guest.call("args_sizes_get", &[64, 68]).unwrap();
    assert_eq!((guest.u32(64), guest.u32(68)), (3, 14));
    guest.call("environ_sizes_get", &[80, 84]).unwrap();
    assert_eq!((guest.u32(80), guest.u32(84)), (2, 18));
}

#[test]
fn args_are_written_one_after_the_other_with_a_pointer_to_each() {
    let mut guest = Guest::new();
    guest.call("args_get", &[64, 128]).unwrap();
    let pointers = [128_u32, 136, 137].map(u32::to_le_bytes).concat();
    assert_eq!(guest.bytes(64, 12), pointers);
    assert_eq!(guest.bytes(128, 15), b"program\0\0\xC3\xA4\xC3\xB6\0\xEE");
}

#[test]
fn the_environment_is_written_like_the_args() {
    let mut guest = Guest::new();
    guest.call("environ_get", &[64, 128]).unwrap();
    let pointers = [128_u32, 139].map(u32::to_le_bytes).concat();
    assert_eq!(guest.bytes(64, 8), pointers);
    assert_eq!(guest.bytes(128, 19), b"NAME=value\0EMPTY=\0\xEE");
}

#[test]
fn arbitrary_bytes_arrive_as_they_are_and_a_string_ends_at_its_nul() {
    let mut guest = Guest::new();
    guest.system.args = strings(&[b"\xff\xfe", b"a\nb\"c", b"cut\0off"]);
    guest.call("args_get", &[64, 128]).unwrap();
    assert_eq!(guest.bytes(128, 14), b"\xff\xfe\0a\nb\"c\0cut\0\xEE");
}

#[test]
fn without_any_strings_nothing_is_written() {
    for (get, sizes) in [("args_get", "args_sizes_get"), ("environ_get", "environ_sizes_get")] {
        let mut guest = Guest::new();
        guest.system.args = Strings::default();
        guest.system.environ = Strings::default();
        guest.call(sizes, &[64, 68]).unwrap();
        assert_eq!(guest.bytes(64, 8), [0; 8]);
        guest.call(get, &[128, 256]).unwrap();
        guest.call(get, &[0, 0]).unwrap();
        assert_eq!(guest.bytes(128, 200), [0xEE; 200]);
    }
}

#[test]
fn ten_thousand_arguments_arrive() {
    let mut guest = Guest::new();
    guest.grow_memory(1 << 20);
    let items: Vec<Vec<u8>> = (0..10_000).map(|n| format!("arg {n}").into()).collect();
    guest.system.args = Strings::new(items.clone()).unwrap();
    let pointers = guest.alloc(4 * items.len());
    let bytes = guest.alloc(guest.system.args.size() as usize);
    guest.call("args_get", &[pointers, bytes]).unwrap();
    for (item, pointer) in items.iter().zip((pointers..).step_by(4)) {
        let start = u64::from(guest.u32(pointer));
        assert_eq!(guest.bytes(start, item.len()), item);
        assert_eq!(guest.bytes(start + item.len() as u64, 1), [0]);
    }
}

#[test]
fn the_result_may_fill_the_memory_but_not_exceed_it() {
    let end = 1 << 16;
    let mut guest = Guest::new();
    guest.call("args_get", &[end - 26, end - 14]).unwrap();
    let mut guest = Guest::new();
    for (pointers, bytes) in [(end - 11, 64), (64, end - 13), (end, 64), (64, NOWHERE)] {
        let answer = guest.call("args_get", &[pointers, bytes]);
        assert_eq!(answer, Err(Errno::Overflow));
    }
}

#[test]
fn every_clock_has_a_resolution_of_at_most_ten_milliseconds() {
    for clock in 0..4 {
        let mut guest = Guest::new();
        guest.call("clock_res_get", &[clock, 64]).unwrap();
        assert!((1..=10_000_000).contains(&guest.u64(64)), "clock {clock}");
    }
}

#[test]
fn an_unknown_clock_is_einval() {
    let mut guest = Guest::new();
    for clock in [4, 5, 99, 0x7FFF_FFFF, 0xFFFF_FFFF] {
        let resolution = guest.call("clock_res_get", &[clock, 64]);
        assert_eq!(resolution, Err(Errno::Inval));
        let time = guest.call("clock_time_get", &[clock, 0, 64]);
        assert_eq!(time, Err(Errno::Inval));
    }
}

#[test]
fn no_clock_goes_back_and_the_precision_does_not_matter() {
    let mut guest = Guest::new();
    for clock in 1..4 {
        let mut last = 0;
        for precision in [0, 1, 1_000_000_000, u64::MAX] {
            guest.call("clock_time_get", &[clock, precision, 64]).unwrap();
            assert!(guest.u64(64) >= last, "clock {clock}");
            last = guest.u64(64);
        }
        assert!(last > 0, "clock {clock}");
    }
}

#[test]
fn two_monotonic_readings_differ() {
    let mut guest = Guest::new();
    let first = guest.time(1).unwrap();
    assert!(guest.time(1).unwrap() > first);
}

#[test]
fn realtime_is_the_time_of_the_host() {
    let now = || {
        let time = std::time::SystemTime::now();
        let since = time.duration_since(std::time::UNIX_EPOCH).unwrap();
        u64::try_from(since.as_nanos()).unwrap()
    };
    let mut guest = Guest::new();
    let before = now();
    let time = guest.time(0).unwrap();
    assert!((before..=now()).contains(&time));
}

#[test]
fn cpu_clocks_count_work() {
    let mut guest = Guest::new();
    for clock in [2, 3] {
        let before = guest.time(clock).unwrap();
        while guest.time(clock).unwrap() < before + 1_000_000 {}
        assert!(guest.time(clock).unwrap() > before);
    }
}

#[test]
fn random_bytes_fill_any_length_and_no_more() {
    for length in [0, 1, 7, 255, 256, 257, 4095, 4096, 4097, 40_000] {
        let mut guest = Guest::new();
        guest.call("random_get", &[64, length]).unwrap();
        let bytes = guest.bytes(64, length as usize);
        if length >= 64 {
            // One byte in 256 is the sentinel by chance.
            let untouched = bytes.iter().filter(|&&byte| byte == 0xEE).count();
            assert!(untouched < bytes.len() / 4, "{length}");
        }
    }
}

#[test]
fn random_bytes_reach_the_first_and_the_last_byte() {
    let differs = |index: u64| {
        (0..20).any(|_| {
            let mut guest = Guest::new();
            guest.call("random_get", &[64, 5000]).unwrap();
            guest.bytes(64 + index, 1) != [0xEE]
        })
    };
    assert!(differs(0) && differs(4095) && differs(4096) && differs(4999));
}

#[test]
fn two_draws_of_random_bytes_differ() {
    let mut guest = Guest::new();
    guest.call("random_get", &[64, 32]).unwrap();
    guest.call("random_get", &[128, 32]).unwrap();
    assert_ne!(guest.bytes(64, 32), guest.bytes(128, 32));
}

#[test]
fn exit_ends_with_the_code_whole() {
    for code in [0, 1, 33, 255, 256, 0xFFFF_FFFF] {
        let end = Guest::new().try_call("proc_exit", &[u64::from(code)]);
        assert_eq!(end, Err(Failure::Exit(code)));
    }
}

#[test]
fn no_signal_is_supported() {
    let mut guest = Guest::new();
    for signal in 0..=32 {
        assert_eq!(guest.call("proc_raise", &[signal]), Err(Errno::NoSys));
    }
}

#[test]
fn yielding_succeeds() {
    assert_eq!(Guest::new().call("sched_yield", &[]), Ok(()));
}

/// These have no layout that differs.
#[test]
fn the_older_abi_has_the_same_strings_and_clocks() {
    let mut guest = Guest::unstable();
    assert_eq!(guest.version, Version::Unstable);
    guest.call("args_sizes_get", &[64, 68]).unwrap();
    assert_eq!((guest.u32(64), guest.u32(68)), (3, 14));
    guest.call("environ_get", &[80, 128]).unwrap();
    assert_eq!(guest.bytes(128, 11), b"NAME=value\0");
    assert!(guest.time(1).unwrap() > 0);
}
