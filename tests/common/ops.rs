//! Calls as a guest's C library makes them: memory is allocated, results are read back.

use super::records::{Dirent, Event, Fdstat, Filestat, Subscription, dirents};
use super::{Answer, Guest, ROOT, rights};

/// Arguments of `path_open`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Open {
    pub follow: bool,
    pub oflags: u64,
    pub base: u64,
    pub inheriting: u64,
    pub fdflags: u64,
}

impl Open {
    pub fn with(oflags: u64, base: u64) -> Self {
        Open { oflags, base, ..Open::default() }
    }

    pub fn following(self) -> Self {
        Open { follow: true, ..self }
    }

    pub fn flagged(self, fdflags: u64) -> Self {
        Open { fdflags, ..self }
    }
}

impl Guest {
    /// A call whose last parameter points to a result of `size` bytes.
    fn result<T>(
        &mut self,
        name: &str,
        arguments: &[u64],
        size: usize,
        read: impl FnOnce(&Self, u64) -> T,
    ) -> Answer<T> {
        self.scratch(|guest| {
            let pointer = guest.alloc(size);
            guest.call(name, &[arguments, &[pointer]].concat())?;
            Ok(read(guest, pointer))
        })
    }

    pub fn open(&mut self, directory: u64, path: impl AsRef<[u8]>, open: Open) -> Answer<u64> {
        self.scratch(|guest| {
            let [path, length] = guest.text(path);
            let result = guest.alloc(4);
            guest.call(
                "path_open",
                &[
                    directory,
                    open.follow.into(),
                    path,
                    length,
                    open.oflags,
                    open.base,
                    open.inheriting,
                    open.fdflags,
                    result,
                ],
            )?;
            Ok(guest.u32(result).into())
        })
    }

    /// Opens a file in the sandbox with all rights of a file; creates it.
    pub fn create(&mut self, path: &str) -> u64 {
        let open = Open::with(super::oflags::CREAT, rights::FILE);
        self.open(ROOT, path, open).unwrap()
    }

    /// Opens a directory in the sandbox with all rights of a directory.
    pub fn open_dir(&mut self, path: &str) -> u64 {
        let open = Open {
            oflags: super::oflags::DIRECTORY,
            base: rights::DIRECTORY,
            inheriting: rights::DIRECTORY_INHERITING,
            ..Open::default()
        };
        self.open(ROOT, path, open).unwrap()
    }

    pub fn close(&mut self, fd: u64) -> Answer {
        self.call("fd_close", &[fd])
    }

    /// `fd_read` or `sock_recv`-like: bytes of one buffer.
    pub fn read(&mut self, fd: u64, length: usize) -> Answer<Vec<u8>> {
        self.scratch(|guest| {
            let (buffer, [vectors, count]) = guest.buffer(length);
            let result = guest.alloc(4);
            guest.call("fd_read", &[fd, vectors, count, result])?;
            Ok(guest.bytes(buffer, guest.u32(result) as usize).to_vec())
        })
    }

    pub fn pread(&mut self, fd: u64, length: usize, offset: u64) -> Answer<Vec<u8>> {
        self.scratch(|guest| {
            let (buffer, [vectors, count]) = guest.buffer(length);
            let result = guest.alloc(4);
            guest.call("fd_pread", &[fd, vectors, count, offset, result])?;
            Ok(guest.bytes(buffer, guest.u32(result) as usize).to_vec())
        })
    }

    pub fn write(&mut self, fd: u64, bytes: impl AsRef<[u8]>) -> Answer<u32> {
        self.scratch(|guest| {
            let data = guest.text(bytes);
            let [vectors, count] = guest.iovecs(&[data]);
            let result = guest.alloc(4);
            guest.call("fd_write", &[fd, vectors, count, result])?;
            Ok(guest.u32(result))
        })
    }

    pub fn pwrite(&mut self, fd: u64, bytes: impl AsRef<[u8]>, offset: u64) -> Answer<u32> {
        self.scratch(|guest| {
            let data = guest.text(bytes);
            let [vectors, count] = guest.iovecs(&[data]);
            let result = guest.alloc(4);
            guest.call("fd_pwrite", &[fd, vectors, count, offset, result])?;
            Ok(guest.u32(result))
        })
    }

    pub fn seek(&mut self, fd: u64, offset: i64, whence: u64) -> Answer<u64> {
        let arguments = [fd, offset.cast_unsigned(), whence];
        self.result("fd_seek", &arguments, 8, Guest::u64)
    }

    pub fn tell(&mut self, fd: u64) -> Answer<u64> {
        self.result("fd_tell", &[fd], 8, Guest::u64)
    }

    pub fn time(&mut self, clock: u64) -> Answer<u64> {
        self.result("clock_time_get", &[clock, 0], 8, Guest::u64)
    }

    pub fn fdstat(&mut self, fd: u64) -> Answer<Fdstat> {
        self.result("fd_fdstat_get", &[fd], 24, Guest::fdstat_at)
    }

    pub fn filestat(&mut self, fd: u64) -> Answer<Filestat> {
        self.result("fd_filestat_get", &[fd], 64, Guest::filestat_at)
    }

    pub fn path_filestat(
        &mut self,
        directory: u64,
        follow: bool,
        path: impl AsRef<[u8]>,
    ) -> Answer<Filestat> {
        self.scratch(|guest| {
            let [path, length] = guest.text(path);
            let result = guest.alloc(64);
            let arguments = [directory, follow.into(), path, length, result];
            guest.call("path_filestat_get", &arguments)?;
            Ok(guest.filestat_at(result))
        })
    }

    /// A function that takes a descriptor and a path, such as `path_unlink_file`.
    pub fn on_path(&mut self, name: &str, directory: u64, path: impl AsRef<[u8]>) -> Answer {
        self.scratch(|guest| {
            let [path, length] = guest.text(path);
            guest.call(name, &[directory, path, length])
        })
    }

    pub fn mkdir(&mut self, path: impl AsRef<[u8]>) -> Answer {
        self.on_path("path_create_directory", ROOT, path)
    }

    pub fn rmdir(&mut self, path: impl AsRef<[u8]>) -> Answer {
        self.on_path("path_remove_directory", ROOT, path)
    }

    pub fn unlink(&mut self, path: impl AsRef<[u8]>) -> Answer {
        self.on_path("path_unlink_file", ROOT, path)
    }

    pub fn rename(&mut self, old: impl AsRef<[u8]>, new: impl AsRef<[u8]>) -> Answer {
        self.rename_between((ROOT, old.as_ref()), (ROOT, new.as_ref()))
    }

    pub fn rename_between(&mut self, old: (u64, &[u8]), new: (u64, &[u8])) -> Answer {
        self.scratch(|guest| {
            let ([from, from_length], [to, to_length]) = (guest.text(old.1), guest.text(new.1));
            let arguments = [old.0, from, from_length, new.0, to, to_length];
            guest.call("path_rename", &arguments)
        })
    }

    pub fn hard_link(
        &mut self,
        follow: bool,
        old: impl AsRef<[u8]>,
        new: impl AsRef<[u8]>,
    ) -> Answer {
        self.link_between((ROOT, old.as_ref()), follow, (ROOT, new.as_ref()))
    }

    pub fn link_between(&mut self, old: (u64, &[u8]), follow: bool, new: (u64, &[u8])) -> Answer {
        self.scratch(|guest| {
            let ([from, from_length], [to, to_length]) = (guest.text(old.1), guest.text(new.1));
            let arguments = [old.0, follow.into(), from, from_length, new.0, to, to_length];
            guest.call("path_link", &arguments)
        })
    }

    pub fn symlink(&mut self, content: impl AsRef<[u8]>, path: impl AsRef<[u8]>) -> Answer {
        self.scratch(|guest| {
            let ([content, content_length], [path, length]) =
                (guest.text(content), guest.text(path));
            guest.call("path_symlink", &[content, content_length, ROOT, path, length])
        })
    }

    /// Content of a symbolic link, as much as fits `room` bytes.
    pub fn readlink(&mut self, path: impl AsRef<[u8]>, room: usize) -> Answer<Vec<u8>> {
        self.scratch(|guest| {
            let [path, length] = guest.text(path);
            let (buffer, used) = (guest.alloc(room), guest.alloc(4));
            let arguments = [ROOT, path, length, buffer, room as u64, used];
            guest.call("path_readlink", &arguments)?;
            Ok(guest.bytes(buffer, guest.u32(used) as usize).to_vec())
        })
    }

    /// `atim`, `mtim` and `fstflags` of `path_filestat_set_times`.
    pub fn path_times(&mut self, follow: bool, path: impl AsRef<[u8]>, times: [u64; 3]) -> Answer {
        self.scratch(|guest| {
            let [path, length] = guest.text(path);
            let arguments = [ROOT, follow.into(), path, length];
            guest.call("path_filestat_set_times", &[&arguments[..], &times].concat())
        })
    }

    /// One call of `fd_readdir`: the bytes used.
    pub fn readdir(&mut self, fd: u64, length: usize, cookie: u64) -> Answer<Vec<u8>> {
        self.scratch(|guest| {
            let (buffer, used) = (guest.alloc(length), guest.alloc(4));
            let arguments = [fd, buffer, length as u64, cookie, used];
            guest.call("fd_readdir", &arguments)?;
            Ok(guest.bytes(buffer, guest.u32(used) as usize).to_vec())
        })
    }

    /// All entries of a directory, sorted by name, and the number of calls it took.
    pub fn list(&mut self, fd: u64, length: usize) -> (Vec<Dirent>, usize) {
        let (mut all, mut cookie, mut calls) = (Vec::<Dirent>::new(), 0, 0);
        loop {
            let bytes = self.readdir(fd, length, cookie).unwrap();
            calls += 1;
            let entries = dirents(&bytes);
            cookie = entries.last().map_or(cookie, |entry| entry.next);
            let progress = !entries.is_empty();
            all.extend(entries);
            if bytes.len() < length {
                break;
            }
            assert!(progress, "no entry fits {length} bytes");
        }
        all.sort_by(|one, other| one.name.cmp(&other.name));
        (all, calls)
    }

    /// Names in a directory, sorted, without `.` and `..`.
    pub fn names(&mut self, fd: u64) -> Vec<String> {
        let entries = self.list(fd, 1000).0.into_iter();
        entries.map(|entry| entry.name).filter(|name| name != "." && name != "..").collect()
    }

    /// Subscribes; the user data is 100 and the position in the list.
    pub fn poll(&mut self, subscriptions: &[Subscription]) -> Answer<Vec<Event>> {
        self.scratch(|guest| {
            let version = guest.version;
            let list: Vec<u8> = (100..)
                .zip(subscriptions)
                .flat_map(|(userdata, subscription)| subscription.bytes(version, userdata))
                .collect();
            let list = guest.put(&list);
            let events = guest.alloc(subscriptions.len() * 32);
            let result = guest.alloc(4);
            let arguments = [list, events, subscriptions.len() as u64, result];
            guest.call("poll_oneoff", &arguments)?;
            let count = u64::from(guest.u32(result));
            Ok((0..count).map(|index| guest.event_at(events + index * 32)).collect())
        })
    }
}
