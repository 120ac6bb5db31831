//! WASI preview1 with typed arguments: descriptors, rights, files, paths, time. No guest pointer
//! comes this far.

mod descriptor;
mod descriptors;
mod fds;
mod fresh;
mod paths;
mod poll;
mod readdir;
mod rights;
mod sockets;
mod strings;
mod table;

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::sync::Arc;

use descriptor::{Descriptor, OpenDirectory};
use descriptors::Descriptors;
pub use descriptors::{SharedDescriptors, WeakDescriptors};
pub use fds::Fdstat;
use fresh::Fresh;
pub use paths::{Open, PathArgument};
pub use poll::{Event, EventKind, Subscription, SubscriptionKind};
pub use readdir::DirectoryVisitor;
pub use rights::{Rights, RightsPair};
pub use strings::Strings;
use strings::until_nul;
use table::Entry;
pub use table::Fd;

use crate::host::{Access, Channel, Directory, Random, Stream, default_max_files};
pub use crate::host::{
    Advice, Buffer, Clock, DirectoryEntry, Errno, Fdflags, Filestat, Filetype, GuestPath,
    Interrupt, MAX_BUFFERS, MemoryFile, Mount, Oflags, Output, Pace, PathBuffer, Permits,
    ReceiveFlags, Received, Reservation, Result, SetTime, SetTimes, Shutdown, Signal, Thread, Time,
    Timestamp, Whence, anonymous as anonymous_file, can_tell_written_pages, close,
    copy_from_shared, copy_to_shared, duplicate, lock, null_device, pipe, stack_left, trim_heap,
    yield_now,
};

/// What a guest starts with.
#[derive(Debug, Default)]
pub struct Setup {
    /// Command line arguments, the first by convention the program's name.
    pub args: Strings,
    /// Environment, each `NAME=value`.
    pub environ: Strings,
    /// Descriptors of the host that the guest has as 0 to 2.
    pub stdio: [Stdio; 3],
    /// How many descriptors it may have at once, these and preopens included; by default a quarter
    /// of what the host may have, and 65,536 at most.
    pub max_files: Option<u32>,
    /// What ends its calls.
    pub interrupt: Interrupt,
    /// Seed of its random numbers; by default they are as random as the host's.
    pub seed: Option<[u8; 32]>,
    /// Its clocks.
    pub time: Time,
}

/// What the guest has as a standard stream. Unless it is lent, the guest can read the first and
/// write the others, and do nothing else with them.
#[derive(Debug)]
pub enum Stdio {
    /// A descriptor that stays the host's, with all rights of its kind.
    Lent(i32),
    /// A descriptor that is closed with the guest's.
    Given(OwnedFd),
    /// Bytes to read.
    Input(Arc<[u8]>),
    /// Room to write into.
    Output(Output),
}

impl Default for Stdio {
    fn default() -> Self {
        Stdio::Lent(0)
    }
}

/// All that one guest can see and do.
#[derive(Debug)]
pub struct System {
    /// Command line arguments, the first by convention the program's name.
    pub args: Strings,
    /// Environment, each `NAME=value`.
    pub environ: Strings,
    table: Descriptors,
    random: Random,
    time: Time,
    interrupt: Interrupt,
}

impl System {
    /// A guest that has descriptors 0 to 2, from the host, and nothing else.
    ///
    /// Errors: `EBADF` when one of `stdio` is not open; `EINVAL` when it is of no kind that a
    /// guest can use (an epoll instance, for example); `EMFILE` when there are too many.
    pub fn new(setup: Setup) -> Result<Self> {
        let Setup { args, environ, stdio, max_files, interrupt, seed, time } = setup;
        let mut table = Descriptors::new(max_files.unwrap_or_else(default_max_files));
        for (stream, access) in stdio.into_iter().zip([Access::Read, Access::Write, Access::Write])
        {
            let is_lent = matches!(stream, Stdio::Lent(_));
            let descriptor = standard_stream(stream, interrupt)?;
            let filetype = descriptor.filetype();
            let most = RightsPair::most_for(filetype, descriptor.is_terminal());
            let rights = if is_lent { most } else { most.only(access, filetype) };
            table.insert(Entry { descriptor, rights }, interrupt)?;
        }
        let random = seed.map_or_else(Random::default, Random::from_seed);
        Ok(System { args, environ, table, random, time, interrupt })
    }

    /// A guest that has the descriptors of others. Of `setup`, what concerns descriptors is the
    /// business of who made them.
    pub fn sharing(setup: Setup, descriptors: SharedDescriptors) -> Self {
        let Setup { args, environ, interrupt, seed, time, .. } = setup;
        let table = Descriptors::Shared(descriptors);
        let random = seed.map_or_else(Random::default, Random::from_seed);
        System { args, environ, table, random, time, interrupt }
    }

    /// Lets other guests, also of other threads, have the same descriptors, now and from now on.
    /// `interrupt` must end waits of whichever thread asks it.
    pub fn share(&mut self, interrupt: Interrupt) -> SharedDescriptors {
        self.interrupt = interrupt;
        self.table.share(interrupt)
    }

    /// Gives the guest a directory of the host, under the name it will know it by, with the next
    /// free descriptor (3 for the first). Name and path end at their first NUL.
    ///
    /// Errors: `ENOENT`, `ENOTDIR`, `EACCES` and what else opening it gives; `EMFILE`.
    pub fn preopen(&mut self, name: Vec<u8>, path: &Path, mount: Mount) -> Result<Fd> {
        let path = OsString::from_vec(until_nul(path.as_os_str().as_bytes().to_vec()));
        let directory = Directory::open_unchecked(path.as_ref(), mount, self.interrupt)?;
        let open = OpenDirectory::new(directory, Some(until_nul(name)), Fdflags::empty());
        let most = RightsPair::most_for(Filetype::Directory, false);
        let rights = match mount {
            Mount::ReadWrite => most,
            Mount::ReadOnly => most.without_changes(),
        };
        let descriptor = Descriptor::Directory(open);
        self.table.insert(Entry { descriptor, rights }, self.interrupt)
    }

    /// For work of a size that the guest names.
    pub fn pace(&self) -> Pace {
        Pace::new(self.interrupt)
    }

    /// `random_get`: fills `bytes` from a cryptographic generator.
    ///
    /// Errors: those of the kernel's generator, which gives the seed.
    pub fn random_get(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.random.fill(bytes)
    }

    /// `clock_time_get`: nanoseconds.
    pub fn clock_time_get(&mut self, clock: Clock) -> Timestamp {
        self.time.now(clock)
    }

    /// `clock_res_get`: nanoseconds.
    pub fn clock_res_get(&self, clock: Clock) -> Timestamp {
        self.time.resolution(clock)
    }

    /// Closes all descriptors; those lent by the host stay open there, and shared ones as long as
    /// another guest has them. Every call on a descriptor is `EBADF` from then on.
    pub fn close(&mut self) {
        self.table = Descriptors::new(0);
    }
}

fn standard_stream(stream: Stdio, interrupt: Interrupt) -> Result<Descriptor> {
    Ok(match stream {
        Stdio::Lent(fd) => Descriptor::Stream(Stream::lent(fd, interrupt)?),
        Stdio::Given(fd) => Descriptor::Stream(Stream::given(fd, interrupt)?),
        Stdio::Input(bytes) => Descriptor::Channel(Channel::input(bytes, interrupt)),
        Stdio::Output(output) => Descriptor::Channel(Channel::output(output, interrupt)),
    })
}
