//! Lines of traces.

mod common;

use std::time::Duration;

use common::records::Subscription;
use common::valid::VALID;
use common::{CLOSED, Guest, NOWHERE, ROOT, SENTINEL, Version, function, words};
use wasi_rs::abi::trace::Line;
use wasi_rs::abi::{Call, FUNCTIONS, MAX_PARAMETERS, Memory};

/// What `body` does with a call.
fn with_call<T>(
    guest: &mut Guest,
    arguments: &[u64; MAX_PARAMETERS],
    body: impl FnOnce(&mut Call<'_>) -> T,
) -> T {
    body(&mut Call {
        system: &mut guest.system,
        memory: Memory::over(&mut guest.memory),
        version: guest.version,
        arguments,
    })
}

/// Of a call that takes 12 µs and a bit.
fn line(guest: &mut Guest, name: &str, arguments: &[u64]) -> String {
    let function = function(name);
    with_call(guest, &words(name, arguments), |call| {
        let line = Line::entering(function, call);
        let result = (function.handler)(call);
        line.leaving(call, result, Duration::from_nanos(12_999))
    })
}

/// Without the time.
fn short(guest: &mut Guest, name: &str, arguments: &[u64]) -> String {
    let line = line(guest, name, arguments);
    line.strip_suffix(" <0.000012>").expect("a time").to_string()
}

#[track_caller]
fn check(guest: &mut Guest, name: &str, arguments: &[u64], expected: &str) {
    assert_eq!(short(guest, name, arguments), expected);
}

/// One call of every function that succeeds, but for the time that `clock_time_get` gives.
const LINES: &[&str] = &[
    "args_get(argv=0x40, argv_buf=0x80) = 0",
    "args_sizes_get(argc=0x40, argv_buf_size=0x80) = 0 argc=3 argv_buf_size=14",
    "clock_res_get(id=MONOTONIC, resolution=0x40) = 0 resolution=1",
    "clock_time_get(id=MONOTONIC, precision=0, time=0x40) = 0 time=",
    "environ_get(environ=0x40, environ_buf=0x80) = 0",
    "environ_sizes_get(environc=0x40, environ_buf_size=0x80) = 0 environc=2 environ_buf_size=18",
    "fd_advise(fd=4, offset=0, len=10, advice=NORMAL) = 0",
    "fd_allocate(fd=4, offset=0, len=10) = 0",
    "fd_close(fd=4) = 0",
    "fd_datasync(fd=4) = 0",
    "fd_fdstat_get(fd=4, stat=0x40) = 0 stat={fs_filetype=REGULAR_FILE, fs_flags=0, \
     fs_rights_base=0x8e001ff, fs_rights_inheriting=0x0}",
    "fd_fdstat_set_flags(fd=4, flags=APPEND) = 0",
    "fd_fdstat_set_rights(fd=4, fs_rights_base=0x0, fs_rights_inheriting=0x0) = 0",
    "fd_filestat_get(fd=4, buf=0x40) = 0 buf={filetype=REGULAR_FILE, size=10, ...}",
    "fd_filestat_set_size(fd=4, size=3) = 0",
    "fd_filestat_set_times(fd=4, atim=1, mtim=2, fst_flags=ATIM|MTIM) = 0",
    "fd_pread(fd=4, iovs=[{0x248, 4}, {0x258, 2}], offset=0, nread=0x40) = 0 nread=6",
    "fd_prestat_get(fd=3, buf=0x40) = 0 buf={pr_name_len=8}",
    "fd_prestat_dir_name(fd=3, path=0x40, path_len=8) = 0 path=\"/sandbox\"",
    "fd_pwrite(fd=4, iovs=[{0x248, 4}, {0x258, 2}], offset=0, nwritten=0x40) = 0 nwritten=6",
    "fd_read(fd=4, iovs=[{0x248, 4}, {0x258, 2}], nread=0x40) = 0 nread=6",
    "fd_readdir(fd=3, buf=0x80, buf_len=100, cookie=0, bufused=0x40) = 0 bufused=100",
    "fd_renumber(fd=4, to=0) = 0",
    "fd_seek(fd=4, offset=5, whence=SET, newoffset=0x40) = 0 newoffset=5",
    "fd_sync(fd=4) = 0",
    "fd_tell(fd=4, offset=0x40) = 0 offset=0",
    "fd_write(fd=4, iovs=[{0x248, 4}, {0x258, 2}], nwritten=0x40) = 0 nwritten=6",
    "path_create_directory(fd=3, path=\"new\") = 0",
    "path_filestat_get(fd=3, flags=0, path=\"file\", buf=0x40) = 0 \
     buf={filetype=REGULAR_FILE, size=10, ...}",
    "path_filestat_set_times(fd=3, flags=0, path=\"file\", atim=1, mtim=2, \
     fst_flags=ATIM|MTIM) = 0",
    "path_link(old_fd=3, old_flags=0, old_path=\"file\", new_fd=4, new_path=\"new\") = 0",
    "path_open(fd=3, dirflags=0, path=\"new\", oflags=CREAT|TRUNC, fs_rights_base=0x0, \
     fs_rights_inheriting=0x0, fdflags=0, opened_fd=0x40) = 0 opened_fd=4",
    "path_readlink(fd=3, path=\"link\", buf=0x80, buf_len=10, bufused=0x40) = 0 \
     buf=\"file\" bufused=4",
    "path_remove_directory(fd=3, path=\"dir\") = 0",
    "path_rename(fd=3, old_path=\"file\", new_fd=4, new_path=\"new\") = 0",
    "path_symlink(old_path=\"file\", fd=3, new_path=\"new\") = 0",
    "path_unlink_file(fd=3, path=\"file\") = 0",
    "poll_oneoff(in=[{userdata=0x7, FD_READ, fd=4}], out=0x280, nsubscriptions=1, nevents=0x0) = 0 \
     out=[{userdata=0x7, FD_READ, nbytes=10}] nevents=1",
    "proc_exit(rval=4275878552)",
    "proc_raise(sig=KILL) = ENOSYS",
    "random_get(buf=0x40, buf_len=50) = 0",
    "sched_yield() = 0",
    "sock_accept(fd=0, flags=0, opened_fd=0x40) = 0 opened_fd=4",
    "sock_recv(fd=0, ri_data=[{0x248, 4}, {0x258, 2}], ri_flags=0, ro_datalen=0x40, \
     ro_flags=0x48) = 0 ro_datalen=5 ro_flags=0",
    "sock_send(fd=0, si_data=[{0x248, 4}, {0x258, 2}], si_flags=0, so_datalen=0x40) = 0 \
     so_datalen=6",
    "sock_shutdown(fd=0, how=RD|WR) = 0",
];

#[test]
fn every_function() {
    assert_eq!(LINES.len(), FUNCTIONS.len());
    for (valid, expected) in VALID.iter().zip(LINES) {
        let (mut guest, arguments) = (valid.prepare)();
        let line = line(&mut guest, valid.name, &arguments);
        let rest = line.strip_prefix(expected).unwrap_or_else(|| panic!("{expected}\n{line}"));
        match valid.name {
            "clock_time_get" => assert!(rest.ends_with(" <0.000012>"), "{line}"),
            "proc_exit" => assert_eq!(rest, ""),
            _ => assert_eq!(rest, " <0.000012>", "{line}"),
        }
    }
}

#[test]
fn time_is_in_seconds_and_whole_microseconds() {
    let line = |elapsed| {
        with_call(&mut Guest::new(), &[9; MAX_PARAMETERS], |call| {
            Line::entering(function("fd_close"), call).leaving(call, Ok(()), elapsed)
        })
    };
    assert_eq!(line(Duration::ZERO), "fd_close(fd=9) = 0 <0.000000>");
    assert_eq!(line(Duration::from_millis(61_002)), "fd_close(fd=9) = 0 <61.002000>");
}

#[test]
fn a_failure_has_its_name_and_no_results() {
    let mut guest = Guest::new();
    check(&mut guest, "fd_close", &[CLOSED], "fd_close(fd=77) = EBADF");
    check(&mut guest, "fd_tell", &[CLOSED, 64], "fd_tell(fd=77, offset=0x40) = EBADF");
}

#[test]
fn flags_have_names_and_what_has_none_is_hexadecimal() {
    let mut guest = Guest::new();
    let [path, length] = guest.text("a");
    check(
        &mut guest,
        "path_open",
        &[CLOSED, 5, path, length, 0xFFFF, u64::MAX, 1 << 29, 0x1F, 0xFFFF],
        "path_open(fd=77, dirflags=SYMLINK_FOLLOW|0x4, path=\"a\", \
         oflags=CREAT|DIRECTORY|EXCL|TRUNC|0xfff0, fs_rights_base=0xffffffffffffffff, \
         fs_rights_inheriting=0x20000000, fdflags=APPEND|DSYNC|NONBLOCK|RSYNC|SYNC, \
         opened_fd=0xffff) = EOVERFLOW",
    );
    let times = "fd_filestat_set_times(fd=77, atim=0, mtim=18446744073709551615, \
                 fst_flags=ATIM_NOW|MTIM_NOW) = EBADF";
    check(&mut guest, "fd_filestat_set_times", &[CLOSED, 0, u64::MAX, 10], times);
    check(&mut guest, "sock_shutdown", &[0, 0x1F6], "sock_shutdown(fd=0, how=WR|0xf4) = ENOTSUP");
    let [list, count] = guest.iovecs(&[[0, 1]]);
    check(
        &mut guest,
        "sock_recv",
        &[0, list, count, 3, 64, 72],
        "sock_recv(fd=0, ri_data=[{0x0, 1}], ri_flags=RECV_PEEK|RECV_WAITALL, ro_datalen=0x40, \
         ro_flags=0x48) = ENOTSOCK",
    );
    check(
        &mut guest,
        "sock_send",
        &[0, list, count, 0x10002, 64],
        "sock_send(fd=0, si_data=[{0x0, 1}], si_flags=0x2, so_datalen=0x40) = EINVAL",
    );
}

#[test]
fn numbers_have_names_as_far_as_there_are_names() {
    let mut guest = Guest::new();
    for (signal, name) in [(0, "NONE"), (30, "SYS"), (31, "31"), (0x1FF, "255")] {
        let expected = format!("proc_raise(sig={name}) = ENOSYS");
        check(&mut guest, "proc_raise", &[signal], &expected);
    }
    for (advice, end) in [(5, "NOREUSE) = EBADF"), (6, "6) = EINVAL")] {
        let expected = format!("fd_advise(fd=77, offset=1, len=2, advice={end}");
        check(&mut guest, "fd_advise", &[CLOSED, 1, 2, advice], &expected);
    }
    let clock = "clock_res_get(id=4294967295, resolution=0x0) = EINVAL";
    check(&mut guest, "clock_res_get", &[0xFFFF_FFFF, 0], clock);
}

#[test]
fn whence_depends_on_the_version() {
    for (mut guest, names) in [
        (Guest::new(), ["SET", "CUR", "END", "3"]),
        (Guest::unstable(), ["CUR", "END", "SET", "3"]),
    ] {
        for (whence, name) in (0..).zip(names) {
            let line = short(&mut guest, "fd_seek", &[CLOSED, -2_i64 as u64, whence, 64]);
            let expected = format!("fd_seek(fd=77, offset=-2, whence={name}, newoffset=0x40) = ");
            assert!(line.starts_with(&expected), "{line}");
        }
    }
}

#[test]
fn the_size_of_an_unstable_file_is_where_it_is() {
    let mut guest = Guest::unstable();
    guest.file("file", "01234");
    let [path, length] = guest.text("file");
    let expected = "path_filestat_get(fd=3, flags=SYMLINK_FOLLOW, path=\"file\", buf=0x200) = 0 \
                    buf={filetype=REGULAR_FILE, size=5, ...}";
    check(&mut guest, "path_filestat_get", &[ROOT, 1, path, length, 512], expected);
}

fn create(guest: &mut Guest, path: &[u8]) -> String {
    let [path, length] = guest.text(path);
    let line = short(guest, "path_create_directory", &[CLOSED, path, length]);
    let line = line.strip_prefix("path_create_directory(fd=77, path=").unwrap();
    line.strip_suffix(") = EBADF").unwrap().to_string()
}

#[test]
fn strings_are_escaped() {
    let mut guest = Guest::new();
    for (path, expected) in [
        (&b""[..], r#""""#),
        (b"a b/'c'", r#""a b/'c'""#),
        (b"\"\\\n\t\r\0\x1b[2J\x7f", r#""\"\\\n\t\r\0\u{1b}[2J\u{7f}""#),
        ("größer/\u{202e}".as_bytes(), r#""größer/\u{202e}""#),
        (b"\xff\xc3a\xe2\x82", r#""\xff\xc3a\xe2\x82""#),
    ] {
        assert_eq!(create(&mut guest, path), expected);
    }
}

#[test]
fn strings_are_cut_at_64_bytes() {
    let mut guest = Guest::new();
    let whole = "x".repeat(64);
    assert_eq!(create(&mut guest, whole.as_bytes()), format!("{whole:?}"));
    let longer = format!("{whole}y");
    assert_eq!(create(&mut guest, longer.as_bytes()), format!("{whole:?}..., path_len=65"));
    let split = format!("{}ä", "x".repeat(63));
    let expected = format!("\"{}\\xc3\"..., path_len=65", "x".repeat(63));
    assert_eq!(create(&mut guest, split.as_bytes()), expected);
}

#[test]
fn a_pointer_out_of_bounds_is_a_number_and_so_is_the_length() {
    let mut guest = Guest::new();
    for (pointer, length) in [(NOWHERE, 0), (0xFFFF, 2), (0x10000, 0), (64, NOWHERE)] {
        let expected =
            format!("path_unlink_file(fd=3, path={pointer:#x}, path_len={length}) = EOVERFLOW");
        check(&mut guest, "path_unlink_file", &[ROOT, pointer, length], &expected);
        let expected =
            format!("fd_read(fd=0, iovs={pointer:#x}, iovs_len={length}, nread=0x0) = EOVERFLOW");
        check(&mut guest, "fd_read", &[0, pointer, length, 0], &expected);
    }
    let expected = "poll_oneoff(in=0xfff0, out=0x40, nsubscriptions=1, nevents=0x40) = EOVERFLOW";
    check(&mut guest, "poll_oneoff", &[0xFFF0, 64, 1, 64], expected);
    check(&mut guest, "fd_tell", &[0, NOWHERE], "fd_tell(fd=0, offset=0xffffffff) = EOVERFLOW");
}

#[test]
fn lists_are_cut_after_four() {
    let mut guest = Guest::new();
    let vector = [NOWHERE, 3];
    let [list, _] = guest.iovecs(&[vector; 5]);
    let shown = "{0xffffffff, 3}";
    for (count, expected) in [
        (0, "[]".to_string()),
        (1, format!("[{shown}]")),
        (4, format!("[{shown}, {shown}, {shown}, {shown}]")),
        (5, format!("[{shown}, {shown}, {shown}, {shown}, ...], iovs_len=5")),
    ] {
        let line = short(&mut guest, "fd_write", &[CLOSED, list, count, 0]);
        let start = format!("fd_write(fd=77, iovs={expected}, nwritten=0x0) = ");
        assert!(line.starts_with(&start), "{line}");
    }
}

#[test]
fn subscriptions_and_events_are_shown_with_what_they_are_about() {
    for version in [Version::Preview1, Version::Unstable] {
        let mut guest = Guest::new();
        guest.version = version;
        let list = [
            Subscription::Clock { id: 0, timeout: 1, flags: 1 },
            Subscription::after(u64::MAX),
            Subscription::Write(CLOSED),
            Subscription::Read(0),
        ];
        let bytes = list.map(|item| item.bytes(version, 0xAB)).concat();
        let (list, out) = (guest.put(&bytes), guest.alloc(128));
        let line = short(&mut guest, "poll_oneoff", &[list, out, 4, 0]);
        let (call, results) = line.split_once(" = 0 ").unwrap();
        let expected = "poll_oneoff(in=[{userdata=0xab, CLOCK, id=REALTIME, timeout=1, ABSTIME}, \
            {userdata=0xab, CLOCK, id=MONOTONIC, timeout=18446744073709551615}, \
            {userdata=0xab, FD_WRITE, fd=77}, {userdata=0xab, FD_READ, fd=0}]";
        assert!(call.starts_with(expected), "{call}");
        assert!(results.starts_with("out=[{userdata=0xab, "), "{results}");
        assert!(results.contains("{userdata=0xab, CLOCK}"), "{results}");
        assert!(results.contains("{userdata=0xab, FD_WRITE, error=8}"), "{results}");
        assert!(results.ends_with(" nevents=3"), "{results}");
    }
}

#[test]
fn a_subscription_of_no_kind_shows_why_it_is_refused() {
    let mut guest = Guest::new();
    let list = guest.put(&[0xEE; 48]);
    let expected = "poll_oneoff(in=[{userdata=0xeeeeeeeeeeeeeeee, EINVAL}], out=0x200, \
                    nsubscriptions=1, nevents=0x0) = EINVAL";
    check(&mut guest, "poll_oneoff", &[list, 512, 1, 0], expected);
}

/// Arguments are shown as they were, even where the result takes their place.
#[test]
fn results_may_overwrite_arguments() {
    let mut guest = Guest::new();
    let [path, length] = guest.text("path");
    guest.dir("path");
    let expected = format!(
        "path_open(fd=3, dirflags=0, path=\"path\", oflags=0, fs_rights_base=0x0, \
         fs_rights_inheriting=0x0, fdflags=0, opened_fd={path:#x}) = 0 opened_fd=4"
    );
    check(&mut guest, "path_open", &[ROOT, 0, path, length, 0, 0, 0, 0, path], &expected);
}

/// Nothing panics, not even over results that nobody wrote.
#[test]
fn any_arguments_over_any_memory_make_a_short_line() {
    for size in [0, 1, 31, 512] {
        let mut guest = Guest::new();
        guest.memory = vec![SENTINEL; size];
        let size = size as u64;
        for argument in [0, 1, 64, size.wrapping_sub(8), size.wrapping_sub(1), size, u64::MAX] {
            for function in FUNCTIONS {
                let line = with_call(&mut guest, &[argument; MAX_PARAMETERS], |call| {
                    Line::entering(function, call).leaving(call, Ok(()), Duration::MAX)
                });
                assert!(line.starts_with(function.name), "{line}");
                assert!(line.len() < 2048 && !line.contains('\n'), "{line}");
            }
        }
    }
}
