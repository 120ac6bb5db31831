//! Reading and writing through lists of buffers.

use arrayvec::ArrayVec;

use crate::abi::{Call, Memory, Region};
use crate::system::{Buffer, Errno, Fd, MAX_BUFFERS, Pace, Result, System};

pub fn fd_pread(call: &mut Call<'_>) -> Result<()> {
    let (vectors, result) = (Vectors::new(call, 1)?, call.region(4, 4)?);
    let (fd, offset) = (call.u32(0), call.u64(3));
    transfer(call.system, vectors, result, |system, buffers, done| {
        system.fd_pread(fd, buffers, offset.checked_add(done).ok_or(Errno::Inval)?)
    })
}

pub fn fd_pwrite(call: &mut Call<'_>) -> Result<()> {
    let (vectors, result) = (Vectors::new(call, 1)?, call.region(4, 4)?);
    let (fd, offset) = (call.u32(0), call.u64(3));
    transfer(call.system, vectors, result, |system, buffers, done| {
        system.fd_pwrite(fd, buffers, offset.checked_add(done).ok_or(Errno::Inval)?)
    })
}

pub fn fd_read(call: &mut Call<'_>) -> Result<()> {
    let (vectors, result) = (Vectors::new(call, 1)?, call.region(3, 4)?);
    let fd: Fd = call.u32(0);
    transfer(call.system, vectors, result, |system, buffers, done| {
        // What there was has been read: the rest of the list must not make the guest wait.
        if done > 0 && system.may_wait(fd) { Ok(0) } else { system.fd_read(fd, buffers) }
    })
}

pub fn fd_write(call: &mut Call<'_>) -> Result<()> {
    let (vectors, result) = (Vectors::new(call, 1)?, call.region(3, 4)?);
    let fd: Fd = call.u32(0);
    transfer(call.system, vectors, result, |system, buffers, _| system.fd_write(fd, buffers))
}

/// A list of `iovec`s in guest memory: pointer and length each.
pub struct Vectors<'m> {
    memory: Memory<'m>,
    list: Region<'m>,
}

const IOVEC_SIZE: usize = 8;

/// Buffers for one system call.
pub type Batch<'m, const N: usize> = ArrayVec<Buffer<'m>, N>;

impl<'m> Vectors<'m> {
    /// The list that the argument at `index` points to; how many there are is the next argument.
    pub fn new(call: &Call<'m>, index: usize) -> Result<Self> {
        let list = call.region(index, u64::from(call.u32(index + 1)) * IOVEC_SIZE as u64)?;
        Ok(Vectors { memory: call.memory, list })
    }

    pub fn count(&self) -> usize {
        self.list.len() / IOVEC_SIZE
    }

    fn get(&self, index: usize) -> Result<Buffer<'m>> {
        let pointer = self.list.read_u32(index * IOVEC_SIZE);
        let length = self.list.read_u32(index * IOVEC_SIZE + 4);
        Ok(self.memory.region(pointer, length.into())?.buffer())
    }

    /// Fills `batch` with the buffers from `index` on. In place: it may be large.
    pub fn fill<const N: usize>(&self, batch: &mut Batch<'m, N>, index: usize) -> Result<()> {
        batch.clear();
        for index in (index..self.count()).take(N) {
            batch.push(self.get(index)?);
        }
        Ok(())
    }

    /// `EOVERFLOW` when a buffer that a later batch will hold lies outside.
    fn check_from(&self, index: usize, pace: &mut Pace) -> Result<()> {
        (index..self.count()).try_for_each(|index| {
            pace.step(COST_OF_CHECK)?;
            self.get(index).map(drop)
        })
    }
}

/// What looking at a buffer costs, and what a system call on a batch of empty ones.
const COST_OF_CHECK: usize = 8;
const COST_OF_BATCH: usize = 64 * 1024;

/// One system call moves less than 2^31 bytes; after as many, another could overflow the result.
const ENOUGH: u64 = 1 << 31;

/// As many buffers as most calls have. Room for as many as a system call takes is 16 KiB of stack,
/// which costs some time even when nothing is there.
const FEW: usize = 8;

/// Moves data in batches until the system moves less than it was given. What has been moved before
/// an error counts.
fn transfer<'m>(
    system: &mut System,
    vectors: Vectors<'m>,
    result: Region<'m>,
    call: impl FnMut(&mut System, &[Buffer<'m>], u64) -> Result<usize>,
) -> Result<()> {
    if vectors.count() <= FEW {
        transfer_in::<FEW>(system, vectors, result, call)
    } else {
        transfer_in::<MAX_BUFFERS>(system, vectors, result, call)
    }
}

#[inline(never)] // The stack of the one must not be the other's.
fn transfer_in<'m, const N: usize>(
    system: &mut System,
    vectors: Vectors<'m>,
    result: Region<'m>,
    mut call: impl FnMut(&mut System, &[Buffer<'m>], u64) -> Result<usize>,
) -> Result<()> {
    let (mut batch, mut pace) = (Batch::<N>::new(), system.pace());
    vectors.fill(&mut batch, 0)?;
    let mut next = batch.len();
    vectors.check_from(next, &mut pace)?;
    let mut total = call(system, &batch, 0)? as u64;
    let mut wanted = size(&batch);
    while total == wanted && total < ENOUGH && next < vectors.count() {
        // A shared list may have changed since it was checked.
        if pace.step(COST_OF_BATCH).is_err() || vectors.fill(&mut batch, next).is_err() {
            break;
        }
        next += batch.len();
        wanted += size(&batch);
        let Ok(moved) = call(system, &batch, total) else {
            break;
        };
        total += moved as u64;
    }
    result.write_u32(0, u32::try_from(total).map_err(|_| Errno::Overflow)?);
    Ok(())
}

fn size(batch: &[Buffer<'_>]) -> u64 {
    batch.iter().map(|buffer| buffer.len() as u64).sum()
}
