//! Structs of the ABI as a guest reads and writes them.

use super::{Guest, Version};

/// `fdstat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fdstat {
    pub filetype: u8,
    pub flags: u64,
    pub base: u64,
    pub inheriting: u64,
}

/// `filestat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filestat {
    pub dev: u64,
    pub ino: u64,
    pub filetype: u8,
    pub nlink: u64,
    pub size: u64,
    pub atim: u64,
    pub mtim: u64,
    pub ctim: u64,
}

impl Filestat {
    /// What the host says of a file, without following a link.
    pub fn of_host(path: &std::path::Path) -> Self {
        use super::filetype::{DIRECTORY, REGULAR_FILE, SYMBOLIC_LINK, UNKNOWN};
        use std::os::unix::fs::MetadataExt;
        let stat = std::fs::symlink_metadata(path).unwrap();
        let nanoseconds = |seconds: i64, rest: i64| (seconds * 1_000_000_000 + rest) as u64;
        Filestat {
            dev: stat.dev(),
            ino: stat.ino(),
            filetype: match stat.file_type() {
                kind if kind.is_dir() => DIRECTORY,
                kind if kind.is_file() => REGULAR_FILE,
                kind if kind.is_symlink() => SYMBOLIC_LINK,
                _ => UNKNOWN,
            },
            nlink: stat.nlink(),
            size: stat.size(),
            atim: nanoseconds(stat.atime(), stat.atime_nsec()),
            mtim: nanoseconds(stat.mtime(), stat.mtime_nsec()),
            ctim: nanoseconds(stat.ctime(), stat.ctime_nsec()),
        }
    }
}

/// `dirent` and the name behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirent {
    pub next: u64,
    pub ino: u64,
    pub filetype: u8,
    pub name: String,
}

/// The whole entries at the start of `bytes`.
pub fn dirents(mut bytes: &[u8]) -> Vec<Dirent> {
    let mut entries = Vec::new();
    while let Some((header, rest)) = bytes.split_at_checked(24) {
        let length = u32::from_le_bytes(header[16..20].try_into().unwrap()) as usize;
        let Some((name, rest)) = rest.split_at_checked(length) else {
            break;
        };
        entries.push(Dirent {
            next: u64::from_le_bytes(header[..8].try_into().unwrap()),
            ino: u64::from_le_bytes(header[8..16].try_into().unwrap()),
            filetype: header[20],
            name: String::from_utf8(name.to_vec()).unwrap(),
        });
        bytes = rest;
    }
    entries
}

/// `event`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    pub userdata: u64,
    pub error: u16,
    pub kind: u8,
    pub nbytes: u64,
    pub hangup: bool,
}

/// `subscription`.
#[derive(Debug, Clone, Copy)]
pub enum Subscription {
    Clock { id: u32, timeout: u64, flags: u16 },
    Read(u64),
    Write(u64),
}

impl Subscription {
    /// So many nanoseconds from now on the monotonic clock.
    pub fn after(timeout: u64) -> Self {
        Subscription::Clock { id: 1, timeout, flags: 0 }
    }

    /// As in memory; padding is `SENTINEL`.
    pub fn bytes(self, version: Version, userdata: u64) -> Vec<u8> {
        let (size, clock) = match version {
            Version::Preview1 => (48, 16),
            Version::Unstable => (56, 24),
        };
        let mut bytes = vec![super::SENTINEL; size];
        bytes[..8].copy_from_slice(&userdata.to_le_bytes());
        match self {
            Subscription::Clock { id, timeout, flags } => {
                bytes[8] = 0;
                bytes[clock..clock + 4].copy_from_slice(&id.to_le_bytes());
                bytes[clock + 8..clock + 16].copy_from_slice(&timeout.to_le_bytes());
                bytes[clock + 16..clock + 24].copy_from_slice(&0_u64.to_le_bytes());
                bytes[clock + 24..clock + 26].copy_from_slice(&flags.to_le_bytes());
            }
            Subscription::Read(fd) => descriptor(&mut bytes, 1, fd),
            Subscription::Write(fd) => descriptor(&mut bytes, 2, fd),
        }
        bytes
    }
}

fn descriptor(bytes: &mut [u8], kind: u8, fd: u64) {
    bytes[8] = kind;
    bytes[16..20].copy_from_slice(&(fd as u32).to_le_bytes());
}

impl Guest {
    pub fn fdstat_at(&self, pointer: u64) -> Fdstat {
        Fdstat {
            filetype: self.bytes(pointer, 1)[0],
            flags: self.u16(pointer + 2).into(),
            base: self.u64(pointer + 8),
            inheriting: self.u64(pointer + 16),
        }
    }

    pub fn filestat_at(&self, pointer: u64) -> Filestat {
        let (nlink, size) = match self.version {
            Version::Preview1 => (self.u64(pointer + 24), pointer + 32),
            Version::Unstable => (self.u32(pointer + 20).into(), pointer + 24),
        };
        Filestat {
            dev: self.u64(pointer),
            ino: self.u64(pointer + 8),
            filetype: self.bytes(pointer + 16, 1)[0],
            nlink,
            size: self.u64(size),
            atim: self.u64(size + 8),
            mtim: self.u64(size + 16),
            ctim: self.u64(size + 24),
        }
    }

    pub fn event_at(&self, pointer: u64) -> Event {
        let flags = self.u16(pointer + 24);
        assert!(flags <= 1, "unknown flags of an event: {flags}");
        Event {
            userdata: self.u64(pointer),
            error: self.u16(pointer + 8),
            kind: self.bytes(pointer + 10, 1)[0],
            nbytes: self.u64(pointer + 16),
            hangup: flags == 1,
        }
    }
}
