//! One call of every function that succeeds (or ends as it should), for the tests that then spoil
//! one thing about it.

use std::os::unix::net::{UnixListener, UnixStream};

use super::ops::Open;
use super::records::Subscription;
use super::rights::{self, *};
use super::{Errno, Failure, Guest, ROOT, null, whence};

/// A pointer among the parameters, and how many bytes it must point to.
#[derive(Debug, Clone, Copy)]
pub enum Pointer {
    /// Parameter, size.
    Fixed(usize, u64),
    /// Parameter, parameter that holds the length, size of an element.
    List(usize, usize, u64),
}

/// A function, how to prepare a guest for it, and what it needs.
pub struct Valid {
    pub name: &'static str,
    /// A fresh guest with all that the call is about, and the arguments.
    pub prepare: fn() -> (Guest, Vec<u64>),
    pub pointers: &'static [Pointer],
    /// Parameters that are descriptors, and the rights each needs.
    pub rights: &'static [(usize, u64)],
    pub end: Result<(), Failure>,
}

use Pointer::{Fixed, List};

const OK: Result<(), Failure> = Ok(());

macro_rules! valid {
    ($($name:ident [$($pointer:expr),*] [$($right:expr),*] $end:expr, $prepare:expr;)*) => {
        /// Every function once; `poll_oneoff` is refused descriptor by descriptor instead.
        pub const VALID: &[Valid] = &[$(Valid {
            name: stringify!($name),
            prepare: || { let prepare: fn() -> (Guest, Vec<u64>) = $prepare; prepare() },
            pointers: &[$($pointer),*],
            rights: &[$($right),*],
            end: $end,
        },)*];
    };
}

const PATH: Pointer = List(1, 2, 1);
const LATE_PATH: Pointer = List(2, 3, 1);
const VECTORS: Pointer = List(1, 2, 8);
const ACCESS: (usize, u64) = (0, FD_READ | FD_SEEK);

valid! {
    args_get [Fixed(0, 12), Fixed(1, 14)] [] OK, || plain(&[64, 128]);
    args_sizes_get [Fixed(0, 4), Fixed(1, 4)] [] OK, || plain(&[64, 128]);
    clock_res_get [Fixed(1, 8)] [] OK, || plain(&[1, 64]);
    clock_time_get [Fixed(2, 8)] [] OK, || plain(&[1, 0, 64]);
    environ_get [Fixed(0, 8), Fixed(1, 18)] [] OK, || plain(&[64, 128]);
    environ_sizes_get [Fixed(0, 4), Fixed(1, 4)] [] OK, || plain(&[64, 128]);
    fd_advise [] [(0, FD_ADVISE)] OK, || on_file(&[0, 10, 0]);
    fd_allocate [] [(0, FD_ALLOCATE)] OK, || on_file(&[0, 10]);
    fd_close [] [] OK, || on_file(&[]);
    fd_datasync [] [(0, FD_DATASYNC)] OK, || on_file(&[]);
    fd_fdstat_get [Fixed(1, 24)] [] OK, || on_file(&[64]);
    fd_fdstat_set_flags [] [(0, FD_FDSTAT_SET_FLAGS)] OK, || on_file(&[1]);
    fd_fdstat_set_rights [] [] OK, || on_file(&[0, 0]);
    fd_filestat_get [Fixed(1, 64)] [(0, FD_FILESTAT_GET)] OK, || on_file(&[64]);
    fd_filestat_set_size [] [(0, FD_FILESTAT_SET_SIZE)] OK, || on_file(&[3]);
    fd_filestat_set_times [] [(0, FD_FILESTAT_SET_TIMES)] OK, || on_file(&[1, 2, 5]);
    fd_pread [VECTORS, Fixed(4, 4)] [ACCESS] OK, || vectors(0, &[0, 64]);
    fd_prestat_get [Fixed(1, 8)] [] OK, || plain(&[ROOT, 64]);
    fd_prestat_dir_name [List(1, 2, 1)] [] OK, || plain(&[ROOT, 64, 8]);
    fd_pwrite [VECTORS, Fixed(4, 4)] [(0, FD_WRITE | FD_SEEK)] OK, || vectors(0, &[0, 64]);
    fd_read [VECTORS, Fixed(3, 4)] [(0, FD_READ)] OK, || vectors(0, &[64]);
    fd_readdir [List(1, 2, 1), Fixed(4, 4)] [(0, FD_READDIR)] OK, || plain(&[ROOT, 128, 100, 0, 64]);
    fd_renumber [] [] OK, || on_file(&[0]);
    fd_seek [Fixed(3, 8)] [(0, FD_SEEK)] OK, || on_file(&[5, whence::SET, 64]);
    fd_sync [] [(0, FD_SYNC)] OK, || on_file(&[]);
    fd_tell [Fixed(1, 8)] [(0, FD_TELL)] OK, || {
        // The right to seek would do as well.
        let (mut guest, arguments) = on_file(&[64]);
        drop_rights(&mut guest, arguments[0], FD_SEEK);
        (guest, arguments)
    };
    fd_write [VECTORS, Fixed(3, 4)] [(0, FD_WRITE)] OK, || vectors(0, &[64]);
    path_create_directory [PATH] [(0, PATH_CREATE_DIRECTORY)] OK, || on_path("new", &[], &[]);
    path_filestat_get [LATE_PATH, Fixed(4, 64)] [(0, PATH_FILESTAT_GET)] OK,
        || on_path("file", &[0], &[64]);
    path_filestat_set_times [LATE_PATH] [(0, PATH_FILESTAT_SET_TIMES)] OK,
        || on_path("file", &[0], &[1, 2, 5]);
    path_link [LATE_PATH, List(5, 6, 1)] [(0, PATH_LINK_SOURCE), (4, PATH_LINK_TARGET)] OK,
        || on_two_paths(&[0], "file", "new");
    path_open [LATE_PATH, Fixed(8, 4)]
        [(0, PATH_OPEN | PATH_CREATE_FILE | PATH_FILESTAT_SET_SIZE)] OK,
        || on_path("new", &[0], &[9, 0, 0, 0, 64]);
    path_readlink [PATH, List(3, 4, 1), Fixed(5, 4)] [(0, PATH_READLINK)] OK,
        || on_path("link", &[], &[128, 10, 64]);
    path_remove_directory [PATH] [(0, PATH_REMOVE_DIRECTORY)] OK, || on_path("dir", &[], &[]);
    path_rename [PATH, List(4, 5, 1)] [(0, PATH_RENAME_SOURCE), (3, PATH_RENAME_TARGET)] OK,
        || on_two_paths(&[], "file", "new");
    path_symlink [List(0, 1, 1), List(3, 4, 1)] [(2, PATH_SYMLINK)] OK, || {
        let mut guest = sandbox();
        let ([content, content_length], [path, length]) = (guest.text("file"), guest.text("new"));
        (guest, vec![content, content_length, ROOT, path, length])
    };
    path_unlink_file [PATH] [(0, PATH_UNLINK_FILE)] OK, || on_path("file", &[], &[]);
    poll_oneoff [List(0, 2, 48), List(1, 2, 32), Fixed(3, 4)] [] OK, || {
        let mut guest = sandbox();
        let fd = guest.create("file");
        let list = Subscription::Read(fd).bytes(guest.version, 7);
        let list = guest.put(&list);
        let events = guest.alloc(32);
        (guest, vec![list, events, 1, 0])
    };
    proc_exit [] [] Err(Failure::Exit(0xFEDC_BA98)), || plain(&[0xFEDC_BA98]);
    proc_raise [] [] Err(Failure::Errno(Errno::NoSys)), || plain(&[9]);
    random_get [List(0, 1, 1)] [] OK, || plain(&[64, 50]);
    sched_yield [] [] OK, || plain(&[]);
    sock_accept [Fixed(2, 4)] [(0, SOCK_ACCEPT)] OK, || {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        // The connection waits in the queue, even when its other end has closed.
        UnixStream::connect(&path).unwrap();
        (Guest::with_stdin(listener), vec![0, 0, 64])
    };
    sock_recv [VECTORS, Fixed(4, 4), Fixed(5, 2)] [(0, FD_READ)] OK, || on_socket(&[0, 64, 72]);
    sock_send [VECTORS, Fixed(4, 4)] [(0, FD_WRITE)] OK, || on_socket(&[0, 64]);
    sock_shutdown [] [(0, SOCK_SHUTDOWN)] OK, || {
        let (guest, _) = on_socket(&[]);
        (guest, vec![0, 3])
    };
}

/// A guest with a file of ten bytes, an empty directory and a link to the file.
pub fn sandbox() -> Guest {
    let mut guest = Guest::new();
    // Below, the memory is for results at fixed places.
    guest.alloc(512);
    guest.file("file", "0123456789");
    guest.dir("dir");
    guest.link("file", "link");
    guest
}

/// Leaves all rights but these.
pub fn drop_rights(guest: &mut Guest, fd: u64, rights: u64) {
    let stat = guest.fdstat(fd).unwrap();
    let arguments = [fd, stat.base & !rights, stat.inheriting];
    guest.call("fd_fdstat_set_rights", &arguments).unwrap();
}

fn plain(arguments: &[u64]) -> (Guest, Vec<u64>) {
    (sandbox(), arguments.to_vec())
}

fn on_file(rest: &[u64]) -> (Guest, Vec<u64>) {
    let mut guest = sandbox();
    let open = Open::with(0, rights::FILE);
    let fd = guest.open(ROOT, "file", open).unwrap();
    (guest, [&[fd], rest].concat())
}

/// Two buffers of four and two bytes.
fn vectors(skip: usize, rest: &[u64]) -> (Guest, Vec<u64>) {
    let (mut guest, file) = on_file(&[]);
    let (one, two) = (guest.put(b"abcd"), guest.put(b"ef"));
    let list = guest.iovecs(&[[one, 4], [two, 2]]);
    (guest, [&file[skip..], &list, rest].concat())
}

fn on_socket(rest: &[u64]) -> (Guest, Vec<u64>) {
    use std::io::Write;
    let (inside, mut outside) = UnixStream::pair().unwrap();
    outside.write_all(b"hello").unwrap();
    // Kept as a lent descriptor, so that the connection stays.
    let mut guest = Guest::with_stdio([inside.into(), outside.into(), null()]);
    guest.alloc(512);
    let (one, two) = (guest.put(b"abcd"), guest.put(b"ef"));
    let list = guest.iovecs(&[[one, 4], [two, 2]]);
    (guest, [&[0], &list[..], rest].concat())
}

fn on_path(path: &str, before: &[u64], after: &[u64]) -> (Guest, Vec<u64>) {
    let mut guest = sandbox();
    let text = guest.text(path);
    (guest, [&[ROOT], before, &text, after].concat())
}

/// From the root to a directory opened in it.
fn on_two_paths(before: &[u64], old: &str, new: &str) -> (Guest, Vec<u64>) {
    let mut guest = sandbox();
    let directory = guest.open_dir("dir");
    let (old, new) = (guest.text(old), guest.text(new));
    (guest, [&[ROOT], before, &old, &[directory], &new].concat())
}
