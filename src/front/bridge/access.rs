//! Memories and globals of guests that stand still. A guest is an instance, or a call of a function of
//! the host. Names are those of exports, null for the memory of WASI calls.
//!
//! All throw: a `RangeError` with `ERR_OUT_OF_RANGE`, or what the guest's place says.

use std::ffi::CString;
use std::ptr;

use super::convert;
use super::handle::Handle;
use crate::front::js::{Js, JsResult, Thrown, Type, Value};
use crate::front::wasmtime::{Access, Failure, Region};

const UNDEFINED: Value = ptr::null_mut();

/// `memorySize(guest, name)`: in bytes.
pub fn memory_size(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let name = name(js, arguments[1])?;
    let size = access(js, arguments[0], |guest| guest.size(name.as_deref()))?;
    js.number(size as f64)
}

/// `readMemory(guest, name, pointer, length)`: a Buffer with a copy.
pub fn read_memory(js: Js, arguments: &[Value]) -> JsResult<Value> {
    js.buffer(&copy(js, arguments, u64::MAX)?)
}

/// `textOfMemory(guest, name, pointer, length)`: a string from UTF-8, up to the next NUL if the length
/// is undefined.
///
/// Throws `ERR_STRING_TOO_LONG`, too.
pub fn text_of_memory(js: Js, arguments: &[Value]) -> JsResult<Value> {
    js.text(&copy(js, arguments, LONGEST_STRING)?)
}

/// `buffer.constants.MAX_STRING_LENGTH`.
const LONGEST_STRING: u64 = 0x1fff_ffe8;

fn copy(js: Js, arguments: &[Value], most: u64) -> JsResult<Vec<u8>> {
    let (name, pointer) = (name(js, arguments[1])?, js.as_f64(arguments[2])? as u64);
    let length = match js.type_of(arguments[3]) {
        Type::Undefined => None,
        _ => Some(js.as_f64(arguments[3])? as u64),
    };
    access(js, arguments[0], |guest| {
        let name = name.as_deref();
        let length = length.map_or_else(|| guest.text_length(name, pointer), Ok)?;
        // No room is made for more than there is.
        guest.check(name, Region { pointer, length })?;
        if length > most {
            return Err(too_long(length));
        }
        let mut bytes = vec![0; length as usize];
        guest.read(name, pointer, &mut bytes)?;
        Ok(bytes)
    })
}

fn too_long(length: u64) -> Failure {
    let message = format!("A string of {length} bytes is too long. Use read() instead");
    Failure::new("ERR_STRING_TOO_LONG", message)
}

/// `writeMemory(guest, name, pointer, bytes)`.
pub fn write_memory(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let (name, pointer) = (name(js, arguments[1])?, js.as_f64(arguments[2])? as u64);
    let bytes = js.copy_bytes(arguments[3])?;
    access(js, arguments[0], |guest| guest.write(name.as_deref(), pointer, &bytes))?;
    Ok(UNDEFINED)
}

/// `growMemory(guest, name, pages)`: how many pages there were before.
pub fn grow_memory(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let (name, pages) = (name(js, arguments[1])?, js.as_f64(arguments[2])? as u64);
    let before = access(js, arguments[0], |guest| guest.grow(name.as_deref(), pages))?;
    Handle::refresh_buffers(js, arguments[0])?;
    js.number(before as f64)
}

/// `memoryBuffer(guest, name)`: an ArrayBuffer over all of the memory of a guest on this thread.
pub fn memory_buffer(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let name = name(js, arguments[1])?;
    let region = access(js, arguments[0], |guest| guest.region(name.as_deref()))?;
    Handle::sync_guest(js, arguments[0])?.buffer(js, name, region)
}

/// `getGlobal(guest, name)`.
pub fn get_global(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let name = js.as_text(arguments[1])?;
    let value = access(js, arguments[0], |guest| guest.get(&name))?;
    convert::value(js, value)
}

/// `setGlobal(guest, name, value)`: lib/ has converted the value to one of the right type.
pub fn set_global(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let name = js.as_text(arguments[1])?;
    let kind = access(js, arguments[0], |guest| guest.get(&name))?.kind();
    if access(js, arguments[0], |guest| guest.is_constant(&name))? {
        let message = format!("The global '{name}' is constant, so its value can't be set");
        return Err(js.throw_type_error(c"ERR_INVALID_STATE", &message));
    }
    let Some(value) = convert::number(js, arguments[2], kind)? else {
        return Err(js.throw_type_error(c"ERR_INVALID_ARG_TYPE", "The value is of another type"));
    };
    access(js, arguments[0], |guest| guest.set(&name, value))?;
    Ok(UNDEFINED)
}

fn name(js: Js, value: Value) -> JsResult<Option<String>> {
    match js.type_of(value) {
        Type::String => js.as_text(value).map(Some),
        _ => Ok(None),
    }
}

fn access<T>(
    js: Js,
    guest: Value,
    body: impl FnOnce(&mut Access<'_>) -> Result<T, Failure>,
) -> JsResult<T> {
    Handle::place(js, guest)?.access(body).map_err(|failure| thrown(js, &failure))
}

fn thrown(js: Js, Failure { code, message, .. }: &Failure) -> Thrown {
    let name = CString::new(code.as_str()).unwrap_or_default();
    match code.as_str() {
        "ERR_OUT_OF_RANGE" => js.throw_range_error(&name, message),
        _ => js.throw_error(&name, message),
    }
}
