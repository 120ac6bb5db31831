//! From guest bytes to typed calls and back: pointers, struct layouts, numbers.

mod calls;
pub mod errno;
mod layout;
mod memory;
mod table;
pub mod trace;
mod witx;

pub use layout::Version;
pub use memory::{Memory, Region};
pub use table::{FUNCTIONS, Function, MAX_PARAMETERS, ValueType};
pub use witx::{Kind, Notation, Parameter};

use crate::system::{Errno, PathArgument, PathBuffer, Result, System};

/// How a call ends, other than well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The guest gets this number.
    Errno(Errno),
    /// The guest does not go on: `proc_exit` with this code.
    Exit(u32),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Failure::Errno(errno)
    }
}

/// One call of a guest: whose it is, its memory, its arguments as the function's
/// [`parameters`](Function::parameters) say, an i32 in the lower half.
pub struct Call<'c> {
    /// Of the guest.
    pub system: &'c mut System,
    /// Of the guest.
    pub memory: Memory<'c>,
    /// Which layouts the guest was compiled for.
    pub version: Version,
    /// Further ones are not looked at. Not copied: each is read where and as wide as it was just
    /// written, which a processor can forward from the pending store.
    pub arguments: &'c [u64; MAX_PARAMETERS],
}

/// Runs a call; every front comes through here. With `trace`, it leaves a line on the standard
/// error of the host.
#[inline]
pub fn call(
    function: &Function,
    call: &mut Call<'_>,
    trace: bool,
) -> std::result::Result<(), Failure> {
    if trace { trace::traced(function, call) } else { (function.handler)(call) }
}

impl<'c> Call<'c> {
    fn u8(&self, index: usize) -> u8 {
        self.arguments[index] as u8
    }

    fn u16(&self, index: usize) -> u16 {
        self.arguments[index] as u16
    }

    fn u32(&self, index: usize) -> u32 {
        self.arguments[index] as u32
    }

    fn u64(&self, index: usize) -> u64 {
        self.arguments[index]
    }

    fn i64(&self, index: usize) -> i64 {
        self.arguments[index].cast_signed()
    }

    /// The region that the argument at `index` points to.
    fn region(&self, index: usize, length: u64) -> Result<Region<'c>> {
        self.memory.region(self.u32(index), length)
    }

    /// The path that the argument at `index` points to, copied to `buffer`; its length is the next
    /// argument. Only bounds are an error here.
    fn path<'b>(&self, index: usize, buffer: &'b mut PathBuffer) -> Result<PathArgument<'b>> {
        let region = self.region(index, self.u32(index + 1).into())?;
        if let Err(error) = buffer.reserve(region.len()).map(|bytes| region.read(0, bytes)) {
            return Ok(Err(error));
        }
        Ok(buffer.check())
    }
}
