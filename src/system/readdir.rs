//! `fd_readdir`.

use std::os::fd::AsFd;

use super::rights::Rights;
use super::{DirectoryEntry, Fd, Pace, Result, System};
use crate::host::{DirectoryStream, lock};

/// What an entry costs, with a system call where the file system does not say what it is.
const COST: usize = 1024;

/// Takes entries one after the other.
pub trait DirectoryVisitor {
    /// Takes an entry; says whether it fitted and there is room for more.
    fn visit(&mut self, entry: &DirectoryEntry) -> bool;
}

impl System {
    /// `fd_readdir`: gives the entries behind `cookie` to `visitor` until it is full. An entry
    /// that did not fit is given again next time.
    ///
    /// Errors: `EBADF`, `ENOTCAPABLE`, `ENOTDIR`; `EINVAL` for a cookie that never was one;
    /// `ECANCELED` when interrupted.
    pub fn fd_readdir(
        &mut self,
        fd: Fd,
        cookie: u64,
        visitor: &mut impl DirectoryVisitor,
    ) -> Result<()> {
        let pace = self.pace();
        self.table.with(fd, Rights::FD_READDIR, |descriptor| {
            let open = descriptor.directory()?;
            let mut stream = lock(&open.stream);
            let stream = match &mut *stream {
                Some(stream) => stream,
                none => none.insert(DirectoryStream::open(open.directory.as_fd())?),
            };
            stream.seek(cookie)?;
            read_entries(stream, cookie, visitor, pace)
        })
    }
}

fn read_entries(
    stream: &mut DirectoryStream,
    mut cookie: u64,
    visitor: &mut impl DirectoryVisitor,
    mut pace: Pace,
) -> Result<()> {
    while let Some(entry) = stream.next_entry()? {
        if !visitor.visit(&entry) {
            stream.put_back(entry, cookie);
            break;
        }
        cookie = entry.next;
        pace.step(COST)?;
    }
    Ok(())
}
