//! Paths while the host moves what they lead through, and paths at the limits of the host.

mod common;

use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicBool, Ordering};

use common::ops::Open;
use common::records::Filestat;
use common::rights::FD_READ;
use common::{Errno, Guest, Mount, OUTSIDE, ROOT, rights};

fn sandbox() -> Guest {
    let guest = Guest::new();
    std::fs::write(guest.outside("secret"), "secret").unwrap();
    std::fs::create_dir(guest.outside("outside")).unwrap();
    std::fs::write(guest.outside("outside/file"), "secret").unwrap();
    guest.dir("dir");
    guest.dir("dir/sub");
    guest.file("dir/sub/file", "inside");
    guest.file("secret", "inside");
    guest
}

/// Opens `path` again and again while the host does `change`: what is read never is the secret.
fn never_reads_the_secret(guest: &mut Guest, path: &str, change: impl FnMut() + Send) {
    let done = AtomicBool::new(false);
    let mut found = 0;
    std::thread::scope(|scope| {
        let mut change = change;
        let done = &done;
        scope.spawn(move || {
            while !done.load(Ordering::Relaxed) {
                change();
            }
        });
        for _ in 0..5000 {
            let open = Open::with(0, FD_READ).following();
            if let Ok(fd) = guest.open(ROOT, path, open) {
                let content = guest.read(fd, 100).unwrap_or_default();
                guest.close(fd).unwrap();
                if content != b"inside" {
                    done.store(true, Ordering::Relaxed);
                    panic!("{path} led to {:?}", String::from_utf8_lossy(&content));
                }
                found += 1;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(found > 0, "{path} never led anywhere");
}

#[test]
fn a_directory_exchanged_for_a_link_to_the_outside_does_not_lead_there() {
    let mut guest = sandbox();
    guest.link("../outside", "link");
    let [directory, link] = ["dir/sub", "link"].map(|path| guest.host(path));
    never_reads_the_secret(&mut guest, "dir/sub/file", || {
        let flags = rustix::fs::RenameFlags::EXCHANGE;
        let here = rustix::fs::CWD;
        rustix::fs::renameat_with(here, &directory, here, &link, flags).unwrap();
    });
}

#[test]
fn a_directory_moved_outside_does_not_take_the_dots_along() {
    let mut guest = sandbox();
    let (inside, outside) = (guest.host("dir/sub"), guest.outside("outside/sub"));
    never_reads_the_secret(&mut guest, "dir/sub/../../secret", || {
        std::fs::rename(&inside, &outside).unwrap();
        std::fs::rename(&outside, &inside).unwrap();
    });
}

#[test]
fn a_descriptor_follows_its_directory_wherever_the_host_moves_it() {
    let mut guest = sandbox();
    let directory = guest.open_dir("dir/sub");
    for to in ["moved", "dir/back"] {
        guest.rename("dir/sub", to).unwrap();
        let fd = guest.open(directory, "file", Open::with(0, FD_READ));
        assert_eq!(guest.read(fd.unwrap(), 9).unwrap(), b"inside");
        guest.rename(to, "dir/sub").unwrap();
    }
    std::fs::rename(guest.host("dir/sub"), guest.outside("outside/sub")).unwrap();
    assert_eq!(guest.names(directory), ["file"]);
    guest.on_path("path_create_directory", directory, "new").unwrap();
    assert!(guest.outside("outside/sub/new").is_dir());
    let open = Open::with(0, FD_READ).following();
    for path in ["../file", "..", "new/../../file"] {
        let answer = guest.open(directory, path, open);
        assert_eq!(answer, Err(OUTSIDE), "{path}");
    }
}

#[test]
fn a_descriptor_of_a_removed_directory_finds_nothing_and_creates_nothing() {
    let mut guest = sandbox();
    guest.dir("gone");
    let directory = guest.open_dir("gone");
    guest.rmdir("gone").unwrap();
    let open = Open::with(common::oflags::CREAT, rights::FILE);
    assert_eq!(guest.open(directory, "new", open), Err(Errno::NoEnt));
    assert_eq!(guest.open(directory, "../secret", open), Err(OUTSIDE));
    let answer = guest.on_path("path_create_directory", directory, "new");
    assert_eq!(answer, Err(Errno::NoEnt));
    assert!(guest.path_filestat(directory, true, ".").is_ok());
}

#[test]
fn a_link_may_hold_what_is_no_unicode() {
    let mut guest = sandbox();
    let name = std::ffi::OsStr::from_bytes(b"raw \xFF");
    let directory = guest.host("").join(name);
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("file"), "inside").unwrap();
    guest.link(name, "raw");
    let fd = guest.open(ROOT, "raw/file", Open::with(0, FD_READ));
    assert_eq!(guest.read(fd.unwrap(), 9).unwrap(), b"inside");
    assert_eq!(guest.readlink("raw", 9).unwrap(), b"raw \xFF");
    let bytes = guest.readdir(ROOT, 1000, 0).unwrap();
    assert!(bytes.windows(5).any(|window| window == b"raw \xFF"));
}

/// More directories than a process may usually hold open.
#[test]
fn a_path_through_1900_directories_is_good() {
    let mut guest = sandbox();
    let path = "d/".repeat(1900);
    std::fs::create_dir_all(guest.host(&path)).unwrap();
    let file = path.clone() + "file";
    let answer = guest.open(ROOT, &file, Open::with(common::oflags::CREAT, FD_READ));
    let stat = guest.path_filestat(ROOT, true, &file);
    let expected = guest.host(&file).exists().then(|| Filestat::of_host(&guest.host(&file)));
    // What removes the temporary directory would hold all of them open at once.
    std::fs::remove_file(guest.host(&file)).ok();
    for depth in (1..=1900).rev() {
        std::fs::remove_dir(guest.host(&path[..depth * 2])).unwrap();
    }
    assert_eq!(answer.map(drop), Ok(()));
    assert_eq!(stat.ok(), expected);
}

/// Links of the kernel that are no paths.
#[test]
fn the_magic_links_of_proc_lead_nowhere() {
    let mut guest = sandbox();
    let fd = guest.system.preopen("proc".into(), "/proc/self".as_ref(), Mount::ReadWrite);
    let fd = fd.unwrap().into();
    let open = Open::with(0, FD_READ).following();
    for path in ["root", "root/etc", "cwd", "cwd/Cargo.toml", "exe", "fd/0"] {
        let answer = guest.open(fd, path, open);
        assert!(matches!(answer, Err(OUTSIDE | Errno::Loop)), "{path}");
        let answer = guest.path_filestat(fd, true, path);
        assert!(matches!(answer, Err(OUTSIDE | Errno::Loop)), "{path}");
    }
    assert!(guest.open(fd, "status", open).is_ok());
}

/// On a kernel without `openat2`.
#[test]
fn all_of_this_holds_for_the_walk_in_user_space() {
    common::repeat_on_the_walk("all_of_this_holds_for_the_walk_in_user_space");
}
