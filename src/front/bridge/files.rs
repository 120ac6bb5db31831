//! Descriptors of the host's own: pipes and files in memory.
#![allow(unsafe_code)] // Bytes of JavaScript.

use std::ffi::CString;
use std::os::fd::IntoRawFd;
use std::ptr;

use super::guest_ends;
use super::handle::Handle;
use crate::front::js::{Js, JsResult, Thrown, Value};
use crate::system::{self, Buffer, Errno, MemoryFile};

const UNDEFINED: Value = ptr::null_mut();

/// `pipe(guestReads)`: `[reader, writer]`, descriptors. One end is for a guest, and to be closed by
/// `closeGuestEnd`. The other one is the caller's.
pub fn pipe(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let guest_reads = js.truthy(arguments[0])?;
    let ends = system::pipe().map_err(|error| failed(js, error, "no pipe"))?;
    let [reader, writer] = ends.map(IntoRawFd::into_raw_fd);
    guest_ends::keep(js, if guest_reads { reader } else { writer });
    js.array(&[js.int32(reader)?, js.int32(writer)?])
}

/// `nullDevice()`: a descriptor for writing that is the caller's. Not by `node:fs`, whose
/// permissions are about files.
pub fn null_device(js: Js, _: &[Value]) -> JsResult<Value> {
    let device = system::null_device().map_err(|error| failed(js, error, "no null device"))?;
    js.int32(device.into_raw_fd())
}

/// `closeGuestEnd(fd)`, of an end of `pipe`.
pub fn close_guest_end(js: Js, arguments: &[Value]) -> JsResult<Value> {
    guest_ends::close(js, js.as_i32(arguments[0])?);
    Ok(UNDEFINED)
}

/// `memoryFile(bytes)`: `[fd, handle]`. It is closed by `closeMemoryFile`, and when the handle is
/// collected or the environment ends.
pub fn memory_file(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let initial = buffer(js, arguments[0])?;
    let made = MemoryFile::new().and_then(|file| file.write(initial).map(|_| file));
    let file = made.map_err(|error| failed(js, error, "no file in memory"))?;
    let fd = js.int32(file.number())?;
    let handle = Handle::MemoryFile(Some(file).into()).into_value(js)?;
    js.array(&[fd, handle])
}

/// `memoryFileSize(handle)`: bytes.
pub fn memory_file_size(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let size = Handle::memory_file(js, arguments[0], MemoryFile::size)?;
    js.number(size.map_err(|error| lost(js, error))? as f64)
}

/// `readMemoryFile(handle, bytes)`: how many it has filled, from the start of the file.
pub fn read_memory_file(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let bytes = buffer(js, arguments[1])?;
    let read = Handle::memory_file(js, arguments[0], |file| file.read(bytes))?;
    js.number(read.map_err(|error| lost(js, error))? as f64)
}

/// `clearMemoryFile(handle)`: removes all content; the position is at the start then.
pub fn clear_memory_file(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let cleared = Handle::memory_file(js, arguments[0], MemoryFile::clear)?;
    cleared.map_err(|error| lost(js, error))?;
    Ok(UNDEFINED)
}

/// `closeMemoryFile(handle)`.
pub fn close_memory_file(js: Js, arguments: &[Value]) -> JsResult<Value> {
    Handle::close_memory_file(js, arguments[0])?;
    Ok(UNDEFINED)
}

/// The bytes of a `Uint8Array`, for as long as the function runs that has it as an argument.
fn buffer<'a>(js: Js, array: Value) -> JsResult<Buffer<'a>> {
    let (start, length) = js.bytes(array)?;
    // SAFETY: the argument keeps them, and no JavaScript runs meanwhile that could take them away.
    Ok(unsafe { Buffer::new(start, length) })
}

fn lost(js: Js, error: Errno) -> Thrown {
    failed(js, error, "the descriptor of the MemoryFile was closed by someone else")
}

fn failed(js: Js, error: Errno, what: &str) -> Thrown {
    let code = CString::new(error.name()).unwrap_or_default();
    js.throw_error(&code, &format!("{}: {what}", error.name()))
}
