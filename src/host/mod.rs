//! The operating system: typed operations on descriptors and, beneath a directory's descriptor,
//! on paths. Flags and errors of the system stay here.

mod allocate;
mod buffer;
mod channel;
mod clock;
mod copy;
mod directory;
mod errno;
mod file;
mod heap;
mod interrupt;
mod limits;
mod lock;
mod memory_file;
mod mount;
mod pace;
mod pagemap;
mod path;
mod poll;
mod random;
mod readdir;
mod reservation;
mod resolve;
mod shared;
mod socket;
mod stack;
mod stream;
mod terminal;
mod thread;
mod types;

pub use buffer::{Buffer, MAX_BUFFERS, Received};
pub use channel::{Channel, Output};
pub use clock::{Clock, Time, yield_now};
pub use copy::{copy_from_shared, copy_to_shared};
pub use directory::{Directory, OpenOptions, Place};
pub use errno::{Errno, Result};
pub use file::{File, filetype};
pub use heap::trim_heap;
pub use interrupt::{Interrupt, Permits, Signal};
pub use limits::default_max_files;
pub use lock::lock;
pub use memory_file::{MemoryFile, anonymous};
pub use mount::Mount;
pub use pace::Pace;
pub use pagemap::is_supported as can_tell_written_pages;
pub use path::{GuestPath, PathBuffer};
pub use poll::{Interest, Ready, bytes_available, poll};
pub use random::Random;
pub use readdir::{DirectoryEntry, DirectoryStream};
pub use reservation::Reservation;
pub use socket::{ReceiveFlags, Shutdown};
pub use stack::stack_left;
pub use stream::{Stream, close, duplicate, null_device, pipe};
pub use thread::Thread;
pub use types::{
    Access, Advice, AtomicFdflags, Fdflags, Filestat, Filetype, Oflags, SetTime, SetTimes,
    Timestamp, Whence,
};
