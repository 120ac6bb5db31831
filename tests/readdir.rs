//! `fd_readdir`: every entry exactly once, whatever the buffer.

mod common;

use common::ops::Open;
use common::records::{Dirent, Filestat, dirents};
use common::rights::{self, FD_READ, FD_READDIR};
use common::{CLOSED, Errno, Guest, ROOT, filetype, oflags};

/// A guest whose sandbox has one of each kind.
fn all_kinds() -> Guest {
    let guest = Guest::new();
    guest.file("file", "content");
    guest.dir("dir");
    guest.link("nowhere", "link");
    guest.fifo("fifo");
    std::os::unix::net::UnixListener::bind(guest.host("socket")).unwrap();
    guest.file("a name that is longer than the others ä\u{1F600}", "");
    guest
}

fn whole(guest: &mut Guest, fd: u64) -> Vec<u8> {
    let bytes = guest.readdir(fd, 4096, 0).unwrap();
    assert!(bytes.len() < 4096);
    bytes
}

#[test]
fn an_empty_directory_has_itself_and_its_parent() {
    let mut guest = Guest::new();
    guest.dir("dir");
    let directory = guest.open_dir("dir");
    let (entries, _) = guest.list(directory, 100);
    let names: Vec<_> = entries.iter().map(|entry| &*entry.name).collect();
    assert_eq!(names, [".", ".."]);
    assert!(entries.iter().all(|entry| entry.filetype == filetype::DIRECTORY));
    assert_eq!(entries[0].ino, guest.filestat(directory).unwrap().ino);
    assert_eq!(entries[1].ino, guest.filestat(ROOT).unwrap().ino);
}

#[test]
fn entries_have_the_serial_number_and_the_type_of_the_file() {
    let mut guest = all_kinds();
    let (entries, _) = guest.list(ROOT, 4096);
    let names: Vec<_> = entries.iter().map(|entry| &*entry.name).collect();
    let long = "a name that is longer than the others ä\u{1F600}";
    assert_eq!(names, [".", "..", long, "dir", "fifo", "file", "link", "socket"]);
    for entry in entries.iter().filter(|entry| entry.name != "..") {
        let stat = guest.path_filestat(ROOT, false, &entry.name).unwrap();
        assert_eq!(entry.ino, stat.ino, "{}", entry.name);
        assert_eq!(entry.filetype, stat.filetype, "{}", entry.name);
    }
    let kinds: Vec<_> = entries.iter().map(|entry| entry.filetype).collect();
    assert_eq!(
        kinds[3..],
        [
            filetype::DIRECTORY,
            filetype::UNKNOWN,
            filetype::REGULAR_FILE,
            filetype::SYMBOLIC_LINK,
            filetype::SOCKET_STREAM,
        ]
    );
}

#[test]
fn an_entry_is_24_bytes_and_the_name_without_padding() {
    let mut guest = Guest::new();
    guest.dir("dir");
    guest.file("dir/name", "");
    let directory = guest.open_dir("dir");
    let buffer = guest.alloc(200);
    let arguments = [directory, buffer, 200, 0, 0];
    guest.call("fd_readdir", &arguments).unwrap();
    let used = guest.u32(0) as usize;
    assert_eq!(used, 3 * 24 + 1 + 2 + 4);
    let bytes = guest.bytes(buffer, used);
    let entries = dirents(bytes);
    let expected: Vec<u8> = entries
        .iter()
        .flat_map(|entry| {
            let mut bytes = [entry.next, entry.ino].map(u64::to_le_bytes).concat();
            bytes.extend((entry.name.len() as u32).to_le_bytes());
            // Padding stays as it was.
            bytes.extend([entry.filetype, 0xEE, 0xEE, 0xEE]);
            bytes.extend(entry.name.as_bytes());
            bytes
        })
        .collect();
    assert_eq!(bytes, expected);
    let name = entries.iter().find(|entry| entry.name == "name").unwrap();
    assert_eq!(name.ino, Filestat::of_host(&guest.host("dir/name")).ino);
}

#[test]
fn any_buffer_is_filled_with_the_start_of_the_listing() {
    let mut guest = all_kinds();
    let all = whole(&mut guest, ROOT);
    for length in 0..all.len() + 40 {
        let bytes = guest.readdir(ROOT, length, 0).unwrap();
        assert_eq!(bytes, all[..length.min(all.len())], "{length}");
    }
}

#[test]
fn from_any_entry_any_buffer_is_filled_with_what_follows() {
    let mut guest = all_kinds();
    let all = whole(&mut guest, ROOT);
    let mut start = 0;
    for entry in dirents(&all) {
        start += 24 + entry.name.len();
        for length in 0..120 {
            let bytes = guest.readdir(ROOT, length, entry.next).unwrap();
            let rest = &all[start..];
            assert_eq!(bytes, rest[..length.min(rest.len())], "{length}");
        }
    }
    assert_eq!(start, all.len());
}

/// From the smallest that holds the longest entry on.
#[test]
fn with_any_buffer_every_entry_comes_exactly_once() {
    let mut guest = Guest::new();
    for n in 0..60 {
        guest.file(&"n".repeat(n % 20 + 1).replacen('n', &n.to_string(), 1), "");
    }
    let (expected, _) = guest.list(ROOT, 10_000);
    assert_eq!(expected.len(), 62);
    let longest = expected.iter().map(|entry| entry.name.len()).max().unwrap();
    assert!(longest <= 24);
    for length in 24 + longest..120 {
        assert_eq!(guest.list(ROOT, length).0, expected, "{length}");
    }
}

/// As a C library does that starts small: it grows the buffer until the entry fits.
#[test]
fn a_buffer_that_grows_byte_by_byte_gets_every_entry_once() {
    let mut guest = all_kinds();
    let expected = dirents(&whole(&mut guest, ROOT));
    let (mut found, mut cookie) = (Vec::<Dirent>::new(), 0);
    'next: loop {
        for length in 0.. {
            let bytes = guest.readdir(ROOT, length, cookie).unwrap();
            if let Some(entry) = dirents(&bytes).pop() {
                cookie = entry.next;
                found.push(entry);
                continue 'next;
            }
            if bytes.len() < length {
                break 'next;
            }
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn behind_the_last_entry_there_is_nothing() {
    let mut guest = all_kinds();
    let last = dirents(&whole(&mut guest, ROOT)).pop().unwrap().next;
    for _ in 0..3 {
        assert_eq!(guest.readdir(ROOT, 1000, last), Ok(Vec::new()));
    }
    assert_eq!(guest.readdir(ROOT, 0, last), Ok(Vec::new()));
}

#[test]
fn cookies_can_be_used_again_and_in_any_order() {
    let mut guest = all_kinds();
    let all = dirents(&whole(&mut guest, ROOT));
    for (index, entry) in all.iter().enumerate().rev() {
        for _ in 0..2 {
            let rest = guest.readdir(ROOT, 4096, entry.next).unwrap();
            assert_eq!(dirents(&rest), all[index + 1..]);
        }
    }
}

#[test]
fn cookie_0_starts_again_and_sees_what_is_new() {
    let mut guest = Guest::new();
    guest.file("old", "");
    assert_eq!(guest.names(ROOT), ["old"]);
    guest.file("new", "");
    assert_eq!(guest.names(ROOT), ["new", "old"]);
    std::fs::remove_file(guest.host("old")).unwrap();
    assert_eq!(guest.names(ROOT), ["new"]);
    guest.mkdir("dir").unwrap();
    assert_eq!(guest.names(ROOT), ["dir", "new"]);
}

#[test]
fn cookie_0_after_a_partial_entry_sees_what_is_new() {
    let mut guest = Guest::new();
    assert_eq!(guest.readdir(ROOT, 10, 0).unwrap().len(), 10);
    guest.file("new", "");
    assert_eq!(guest.names(ROOT), ["new"]);
}

#[test]
fn two_descriptors_of_a_directory_have_their_own_place() {
    let mut guest = all_kinds();
    let all = whole(&mut guest, ROOT);
    let other = guest.open_dir(".");
    let first = dirents(&guest.readdir(ROOT, 60, 0).unwrap())[0].clone();
    assert_eq!(whole(&mut guest, other), all);
    let rest = guest.readdir(ROOT, 4096, first.next).unwrap();
    assert_eq!(rest, all[24 + first.name.len()..]);
}

#[test]
fn entries_that_stay_come_once_while_others_come_and_go() {
    let mut guest = Guest::new();
    for n in 0..300 {
        guest.file(&format!("stays {n:03}"), "");
        guest.file(&format!("goes {n:03}"), "");
    }
    let (mut found, mut cookie, mut round) = (Vec::new(), 0, 0);
    loop {
        let bytes = guest.readdir(ROOT, 200, cookie).unwrap();
        let entries = dirents(&bytes);
        cookie = entries.last().map_or(cookie, |entry| entry.next);
        found.extend(entries.into_iter().map(|entry| entry.name));
        if bytes.len() < 200 {
            break;
        }
        std::fs::remove_file(guest.host(&format!("goes {round:03}"))).ok();
        guest.file(&format!("comes {round:03}"), "");
        round += 1;
        assert!(round < 1000, "the listing does not end");
    }
    let mut stays: Vec<_> = found.into_iter().filter(|name| name.starts_with("stays")).collect();
    stays.sort();
    let expected: Vec<_> = (0..300).map(|n| format!("stays {n:03}")).collect();
    assert_eq!(stays, expected);
}

/// As `rm -r` does.
#[test]
fn entries_can_be_removed_as_they_are_read() {
    let mut guest = Guest::new();
    for n in 0..500 {
        guest.file(&n.to_string(), "");
    }
    let mut cookie = 0;
    loop {
        let bytes = guest.readdir(ROOT, 100, cookie).unwrap();
        for entry in dirents(&bytes) {
            cookie = entry.next;
            if entry.name != "." && entry.name != ".." {
                guest.unlink(&entry.name).unwrap();
            }
        }
        if bytes.len() < 100 {
            break;
        }
    }
    assert_eq!(guest.names(ROOT), [""; 0]);
}

#[test]
fn a_removed_directory_has_no_entries_and_is_no_crash() {
    let mut guest = Guest::new();
    guest.dir("dir");
    let (read, fresh) = (guest.open_dir("dir"), guest.open_dir("dir"));
    assert_eq!(guest.names(read), [""; 0]);
    guest.rmdir("dir").unwrap();
    for fd in [read, fresh] {
        assert_eq!(guest.readdir(fd, 1000, 0), Ok(Vec::new()));
    }
}

#[test]
fn a_cookie_from_two_to_the_63_on_is_einval() {
    let mut guest = Guest::new();
    for cookie in [1 << 63, u64::MAX] {
        let answer = guest.readdir(ROOT, 1000, cookie);
        assert_eq!(answer, Err(Errno::Inval));
    }
}

#[test]
fn a_cookie_that_never_was_one_is_no_crash() {
    let mut guest = all_kinds();
    let all: Vec<_> = dirents(&whole(&mut guest, ROOT));
    for cookie in [1, 2, 12_345, 1 << 40, (1 << 63) - 1] {
        if let Ok(bytes) = guest.readdir(ROOT, 4096, cookie) {
            let known = |entry: &Dirent| all.iter().any(|other| other.name == entry.name);
            assert!(dirents(&bytes).iter().all(known));
        }
    }
    assert_eq!(dirents(&whole(&mut guest, ROOT)), all);
}

#[test]
fn only_a_directory_open_for_it_can_be_read() {
    let mut guest = all_kinds();
    let file = guest.create("file");
    let open = Open::with(oflags::DIRECTORY, rights::DIRECTORY & !FD_READDIR);
    let refused = guest.open(ROOT, "dir", open).unwrap();
    for (fd, errno) in [
        (file, Errno::NotCapable),
        (refused, Errno::NotCapable),
        (0, Errno::NotDir),
        (CLOSED, Errno::Badf),
    ] {
        assert_eq!(guest.readdir(fd, 1000, 0), Err(errno));
    }
}

#[test]
fn a_directory_opened_for_reading_only_can_still_be_listed() {
    let mut guest = all_kinds();
    let open = Open::with(0, FD_READ | FD_READDIR);
    let fd = guest.open(ROOT, "dir", open).unwrap();
    assert_eq!(guest.list(fd, 100).0.len(), 2);
}

#[test]
fn a_hundred_thousand_entries_are_read_in_as_many_calls_as_their_bytes_need() {
    const COUNT: usize = 100_000;
    let mut guest = Guest::new();
    let directory = guest.open_dir(".");
    for n in 0..COUNT {
        guest.file(&format!("{n:06}"), "");
    }
    let (entries, calls) = guest.list(directory, 4096);
    let names = entries[2..].iter().map(|entry| entry.name.clone());
    assert!(names.eq((0..COUNT).map(|n| format!("{n:06}"))));
    // A call gives all but the last entry, which may have to be given again.
    let per_call = 4096 / 30 - 1;
    assert!(calls <= COUNT / per_call + 2, "{calls} calls");
}

#[test]
fn a_cookie_that_is_none_leaves_the_listing_as_it_was() {
    let mut guest = all_kinds();
    let all = whole(&mut guest, ROOT);
    let first = guest.readdir(ROOT, 40, 0).unwrap();
    let entries = dirents(&first);
    let cookie = entries[0].next;
    assert_eq!(guest.readdir(ROOT, 40, u64::MAX), Err(Errno::Inval));
    let rest = guest.readdir(ROOT, 4096, cookie).unwrap();
    assert_eq!(rest, all[all.len() - rest.len()..]);
    assert_eq!(dirents(&rest).len() + 1, dirents(&all).len());
}
