//! How many descriptors calls on paths need: as many as they hold open at once. One test a file,
//! since it is about the whole process.

mod common;

use std::fs::File;

use common::{Answer, Errno, Guest};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many descriptors must be free for `call` to succeed.
fn needed(mut call: impl FnMut() -> Answer) -> usize {
    let mut taken: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    for free in 0..20 {
        match call() {
            Ok(()) => return free,
            Err(error) => assert_eq!(error, Errno::Mfile),
        }
        taken.pop();
    }
    panic!("20 are not enough");
}

fn check() {
    let limits = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(200), ..limits }).unwrap();
    let mut guest = Guest::new();
    std::fs::create_dir_all(guest.host("a/b/c")).unwrap();
    guest.file("a/b/c/file", "x");
    let once = needed(|| guest.mkdir("a/b/c/dir"));
    assert!(once > 0);
    assert_eq!(needed(|| guest.rename("a/b/c/file", "a/b/c/new")), once);
    assert_eq!(needed(|| guest.hard_link(false, "a/b/c/new", "a/b/c/link")), once);
    assert_eq!(needed(|| guest.rename("a/b/c/new", "a/b/./c/file")), once + 1);
    assert_eq!(needed(|| guest.rename("a/b/c/file", "file")), once);
    let [fd, other] = [(); 2].map(|()| guest.open_dir("a/b"));
    assert_eq!(needed(|| guest.rename_between((fd, b"c/dir"), (fd, b"c/x"))), 1);
    assert_eq!(needed(|| guest.rename_between((fd, b"c/x"), (other, b"c/dir"))), 2);
    for path in ["a/b/c/dir", "a/b/c/link", "file"] {
        assert!(guest.host(path).exists(), "{path}");
    }
    setrlimit(Resource::Nofile, limits).unwrap();
}

#[test]
fn a_directory_that_both_paths_have_is_opened_once() {
    check();
    if std::env::var_os("WASI_RS_NO_OPENAT2").is_none() {
        common::repeat_on_the_walk("none of these");
    }
}
