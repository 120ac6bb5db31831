//! What a child is asked for, in the file that it shares with the process.

use std::fs::File;
use std::io::{Read, Seek, Write};

/// See the module.
pub struct Request {
    pub fuel: bool,
    /// Whether the code is to copy the data of the program, see `Memories`.
    pub copies_data: bool,
    /// Bytes beyond those that the child has from the start.
    pub memory: u64,
    pub source: Vec<u8>,
}

const MAGIC: &[u8; 8] = b"wasi-rs?";
/// Never a hash: the request itself can't be taken for an answer.
const END: [u8; blake3::OUT_LEN] = [0; blake3::OUT_LEN];

pub fn write(
    file: &mut File,
    (fuel, copies_data): (bool, bool),
    memory: u64,
    source: &[u8],
) -> std::io::Result<()> {
    file.write_all(MAGIC)?;
    file.write_all(&[u8::from(fuel), u8::from(copies_data)])?;
    file.write_all(&memory.to_le_bytes())?;
    file.write_all(source)?;
    file.write_all(&END)
}

/// `None` for what is no request.
pub fn read(file: &mut File) -> Option<Request> {
    let (mut magic, mut kind, mut memory) = ([0; 8], [0; 2], [0; 8]);
    file.rewind().ok()?;
    file.read_exact(&mut magic).ok()?;
    file.read_exact(&mut kind).ok()?;
    file.read_exact(&mut memory).ok()?;
    let mut source = Vec::new();
    file.read_to_end(&mut source).ok()?;
    let length = source.len().checked_sub(END.len())?;
    let is_request = magic == *MAGIC && source[length..] == END;
    source.truncate(length);
    let memory = u64::from_le_bytes(memory);
    let [fuel, copies_data] = kind.map(|byte| byte != 0);
    is_request.then_some(Request { fuel, copies_data, memory, source })
}
