//! Standard streams without a descriptor: bytes that the guest can read, and room for what it
//! writes. They behave like pipes whose other end never lets the guest wait.

use std::sync::{Arc, Mutex, MutexGuard};

use super::pace::in_pieces;
use super::{AtomicFdflags, Buffer, Errno, Fdflags, Filestat, Filetype, Interrupt, Result, lock};

/// A stream in memory of the host.
#[derive(Debug)]
pub struct Channel {
    end: End,
    flags: AtomicFdflags,
    interrupt: Interrupt,
}

#[derive(Debug)]
enum End {
    Input { bytes: Arc<[u8]>, position: Mutex<usize> },
    Output(Output),
}

/// What a guest has written so far.
#[derive(Debug, Clone)]
pub struct Output(Arc<Mutex<Written>>);

#[derive(Debug)]
struct Written {
    bytes: Vec<u8>,
    limit: usize,
    exceeded: bool,
}

impl Output {
    /// Room for `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Output(Arc::new(Mutex::new(Written { bytes: Vec::new(), limit, exceeded: false })))
    }

    /// Takes the bytes out.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.lock().bytes)
    }

    /// A copy of the bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().bytes.clone()
    }

    /// Whether the guest wanted to write more than there was room for. What fitted is there.
    pub fn is_exceeded(&self) -> bool {
        self.lock().exceeded
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        lock(&self.0)
    }
}

impl Written {
    /// Bytes taken, 0 when there is no room at all.
    fn write(&mut self, buffer: Buffer<'_>) -> usize {
        let start = self.bytes.len();
        let length = buffer.len().min(self.limit - start);
        self.exceeded |= length < buffer.len();
        self.bytes.resize(start + length, 0);
        buffer.truncated(length).read(&mut self.bytes[start..]);
        length
    }
}

impl Channel {
    /// The guest can read these bytes, then comes the end.
    pub fn input(bytes: Arc<[u8]>, interrupt: Interrupt) -> Self {
        Channel::new(End::Input { bytes, position: Mutex::new(0) }, interrupt)
    }

    /// The guest can write.
    pub fn output(output: Output, interrupt: Interrupt) -> Self {
        Channel::new(End::Output(output), interrupt)
    }

    fn new(end: End, interrupt: Interrupt) -> Self {
        Channel { end, flags: AtomicFdflags::new(Fdflags::empty()), interrupt }
    }

    /// From now on, this ends its calls.
    pub fn set_interrupt(&mut self, interrupt: Interrupt) {
        self.interrupt = interrupt;
    }

    /// Flags as the guest set them; none changes anything here.
    pub fn flags(&self) -> Fdflags {
        self.flags.get()
    }

    /// Sets the flags.
    pub fn set_flags(&self, flags: Fdflags) {
        self.flags.set(flags);
    }

    /// Reads on. `EBADF` at the writing end.
    pub fn read(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        in_pieces(buffers, self.interrupt, |piece, _| self.read_piece(piece))
    }

    fn read_piece(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        let End::Input { bytes, position } = &self.end else {
            return Err(Errno::Badf);
        };
        let mut position = lock(position);
        let start = *position;
        for buffer in buffers {
            let length = buffer.len().min(bytes.len() - *position);
            buffer.truncated(length).write(&bytes[*position..*position + length]);
            *position += length;
        }
        Ok(*position - start)
    }

    /// Writes. `EBADF` at the reading end; `EFBIG` when there is no more room.
    pub fn write(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        in_pieces(buffers, self.interrupt, |piece, _| self.write_piece(piece))
    }

    fn write_piece(&self, buffers: &[Buffer<'_>]) -> Result<usize> {
        let End::Output(output) = &self.end else {
            return Err(Errno::Badf);
        };
        let mut written = output.lock();
        let total = buffers.iter().map(|buffer| written.write(*buffer)).sum();
        if written.exceeded && total == 0 { Err(Errno::Fbig) } else { Ok(total) }
    }

    /// Bytes that can be read.
    pub fn bytes_to_read(&self) -> u64 {
        match &self.end {
            End::Input { bytes, position } => (bytes.len() - *lock(position)) as u64,
            End::Output(_) => 0,
        }
    }

    /// What there is to say of a pipe without a file.
    pub fn filestat(&self) -> Filestat {
        Filestat {
            dev: 0,
            ino: 0,
            filetype: Filetype::Unknown,
            nlink: 1,
            size: 0,
            atim: 0,
            mtim: 0,
            ctim: 0,
        }
    }
}
