//! What a child process leaves in the file that it shares with the process: machine code as in a
//! cache entry, or why there is none. Whatever else is there is no answer.

use std::fs::File;
use std::io::{Read, Seek, Write};

use crate::front::wasmtime::cache::{is_whole, write_sealed};

/// Told by the seal behind it.
pub enum Answer {
    Code,
    Refusal(String),
}

/// Bytes of a message. The parser quotes the program.
const MAX_MESSAGE: u64 = 64 << 10;

/// Instead of the hash of code.
fn seal(message: &[u8]) -> blake3::Hash {
    blake3::Hash::from(blake3::derive_key("wasi-rs 2026 why a program was not compiled", message))
}

pub fn write_code(file: &mut File, code: &[u8]) -> std::io::Result<()> {
    empty(file)?;
    write_sealed(file, code)
}

pub fn write_refusal(file: &mut File, message: &str) -> std::io::Result<()> {
    let message = &message.as_bytes()[..message.len().min(MAX_MESSAGE as usize)];
    empty(file)?;
    file.write_all(message)?;
    file.write_all(seal(message).as_bytes())
}

fn empty(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()
}

/// `None` if the child has not come to its end.
pub fn read(file: &mut File) -> Option<Answer> {
    if is_whole(file).is_some() {
        return Some(Answer::Code);
    }
    file.rewind().ok()?;
    let mut bytes = Vec::new();
    file.take(MAX_MESSAGE + 1024).read_to_end(&mut bytes).ok()?;
    let (message, found) = bytes.split_last_chunk::<{ blake3::OUT_LEN }>()?;
    (seal(message) == blake3::Hash::from(*found))
        .then(|| Answer::Refusal(String::from_utf8_lossy(message).into_owned()))
}
