//! `fd_allocate` reserves all that it is asked for, or leaves the file as it was.
#![cfg(target_os = "linux")]

mod common;

use std::cell::Cell;
use std::os::unix::fs::{FileExt, MetadataExt};

use common::{Answer, Errno, Guest, Interrupt, Setup};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const MIB: u64 = 1 << 20;

thread_local! {
    static PATIENCE: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn look() -> bool {
    let patience = PATIENCE.get();
    PATIENCE.set(patience.saturating_sub(1));
    patience == 0
}

struct Scene {
    guest: Guest,
    fd: u64,
    host: std::fs::File,
}

impl Scene {
    /// A file of 70 MiB, of which 20 bytes are not a hole.
    fn new(interrupt: Interrupt) -> Self {
        let mut guest = Guest::with_setup(Setup { interrupt, ..Setup::default() });
        let fd = guest.create("file");
        let host =
            std::fs::File::options().read(true).write(true).open(guest.host("file")).unwrap();
        host.set_len(70 * MIB).unwrap();
        host.write_all_at(b"0123456789", 10).unwrap();
        host.write_all_at(b"0123456789", 40 * MIB - 5).unwrap();
        // So that what it takes is known.
        host.sync_all().unwrap();
        Scene { guest, fd, host }
    }

    fn allocate(&mut self, offset: u64, length: u64, patience: usize) -> Answer {
        PATIENCE.set(patience);
        let answer = self.guest.call("fd_allocate", &[self.fd, offset, length]);
        PATIENCE.set(usize::MAX);
        answer
    }

    /// Size, and bytes of storage.
    fn taken(&self) -> (u64, u64) {
        let stat = self.host.metadata().unwrap();
        (stat.len(), stat.blocks() * 512)
    }

    /// But for a block that the file system may keep for its own notes of the file.
    #[track_caller]
    fn assert_taken(&self, (size, storage): (u64, u64)) {
        let now = self.taken();
        assert_eq!(now.0, size);
        assert!((storage..=storage + 4096).contains(&now.1), "{} instead of {storage}", now.1);
    }

    #[track_caller]
    fn assert_content(&self) {
        for offset in [10, 40 * MIB - 5] {
            let mut bytes = [0; 12];
            self.host.read_exact_at(&mut bytes, offset).unwrap();
            assert_eq!(&bytes, b"0123456789\0\0");
        }
    }
}

#[test]
fn all_that_is_asked_for_is_there() {
    for interrupt in [Interrupt::NEVER, Interrupt::when(look)] {
        let mut scene = Scene::new(interrupt);
        scene.allocate(7, 100 * MIB, usize::MAX).unwrap();
        let (size, storage) = scene.taken();
        assert_eq!(size, 100 * MIB + 7);
        assert!(storage >= 100 * MIB, "{storage}");
        scene.assert_content();
    }
}

#[test]
fn what_was_taken_before_an_end_is_given_back() {
    let mut scene = Scene::new(Interrupt::when(look));
    let before = scene.taken();
    for patience in 0..3 {
        assert_eq!(scene.allocate(7, 120 * MIB, patience), Err(Errno::Canceled));
        scene.assert_taken(before);
        scene.assert_content();
    }
    assert_eq!(scene.allocate(80 * MIB, 120 * MIB, 1), Err(Errno::Canceled));
    scene.assert_taken(before);
}

#[test]
fn what_was_reserved_before_stays() {
    let mut scene = Scene::new(Interrupt::when(look));
    scene.allocate(0, 32 * MIB, usize::MAX).unwrap();
    let before = scene.taken();
    assert!(before.1 >= 32 * MIB);
    assert_eq!(scene.allocate(0, 120 * MIB, 2), Err(Errno::Canceled));
    scene.assert_taken(before);
    scene.assert_content();
}

#[test]
fn more_than_is_free_takes_nothing() {
    let mut scene = Scene::new(Interrupt::NEVER);
    let before = scene.taken();
    let system = rustix::fs::fstatvfs(&scene.host).unwrap();
    let more = system.f_bfree * system.f_frsize + 100 * MIB;
    assert_eq!(scene.allocate(0, more, usize::MAX), Err(Errno::NoSpc));
    scene.assert_taken(before);
}

/// As nothing else in these tests, this would grow a file beyond the limit that the process has.
#[test]
fn more_than_a_file_may_have_takes_nothing() {
    let mut scene = Scene::new(Interrupt::NEVER);
    let before = scene.taken();
    let limits = getrlimit(Resource::Fsize);
    let current = Some(300 * MIB);
    setrlimit(Resource::Fsize, Rlimit { current, ..limits }).unwrap();
    assert_eq!(scene.allocate(0, 300 * MIB + 1, usize::MAX), Err(Errno::Fbig));
    setrlimit(Resource::Fsize, limits).unwrap();
    scene.assert_taken(before);
}
