//! JavaScript values through Node-API, one short method for each operation.
#![allow(unsafe_code)] // Node-API is a C interface.
#![cfg_attr(not(feature = "wasmtime"), allow(dead_code))] // The bridge uses the rest.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use napi::{Error, Status, sys};

/// Any JavaScript value; valid until the native function returns.
pub type Value = sys::napi_value;

/// An exception is pending in the environment: nothing is left to do but to return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thrown;

/// What an operation gives that may throw.
pub type JsResult<T> = Result<T, Thrown>;

impl From<Thrown> for Error {
    /// napi-rs leaves an exception that is already pending as it is.
    fn from(_: Thrown) -> Self {
        Error::new(Status::PendingException, String::new())
    }
}

/// Type of a value, as `typeof` tells it, with `null` apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    Undefined,
    Null,
    Boolean,
    Number,
    String,
    Object,
    Function,
    BigInt,
    Symbol,
}

/// The environment of the native function that runs.
#[derive(Clone, Copy)]
pub struct Js(pub sys::napi_env);

/// An open scope, closed when dropped, also by a panic.
struct HandleScope {
    js: Js,
    scope: sys::napi_handle_scope,
}

impl Drop for HandleScope {
    fn drop(&mut self) {
        // SAFETY: opened by `scoped`; those opened later are closed by now, as they nest.
        unsafe { sys::napi_close_handle_scope(self.js.0, self.scope) };
    }
}

/// Calls a Node-API function that gives one value.
macro_rules! value {
    ($self:ident, $function:ident($($argument:expr),*)) => {{
        let mut result = ptr::null_mut();
        // SAFETY: the environment is that of the running native function, the values belong to
        // it, and the result is written to a local.
        $self.check(unsafe { sys::$function($self.0, $($argument,)* &mut result) }).map(|()| result)
    }};
}

/// For C, where a NUL ends a text.
fn terminated(text: &str) -> CString {
    CString::new(text.replace('\0', "\\0")).unwrap_or_default()
}

impl Js {
    /// Anything but success leaves an exception behind: the one pending, or one made here.
    pub fn check(self, status: sys::napi_status) -> JsResult<()> {
        if status == sys::Status::napi_ok {
            return Ok(());
        }
        let mut pending = false;
        // SAFETY: writes to a local.
        unsafe { sys::napi_is_exception_pending(self.0, &mut pending) };
        if !pending {
            let message = format!("wasi-rs: Node-API status {}", Status::from(status));
            self.throw_error(c"ERR_INTERNAL_ASSERTION", &message);
        }
        Err(Thrown)
    }

    /// Throws a plain `Error` with a code.
    pub fn throw_error(self, code: &CStr, message: &str) -> Thrown {
        let message = terminated(message);
        // SAFETY: both strings end with a NUL.
        unsafe { sys::napi_throw_error(self.0, code.as_ptr(), message.as_ptr()) };
        Thrown
    }

    /// Throws a `TypeError` with a code.
    pub fn throw_type_error(self, code: &CStr, message: &str) -> Thrown {
        let message = terminated(message);
        // SAFETY: both strings end with a NUL.
        unsafe { sys::napi_throw_type_error(self.0, code.as_ptr(), message.as_ptr()) };
        Thrown
    }

    /// Throws a `RangeError` with a code.
    pub fn throw_range_error(self, code: &CStr, message: &str) -> Thrown {
        let message = terminated(message);
        // SAFETY: both strings end with a NUL.
        unsafe { sys::napi_throw_range_error(self.0, code.as_ptr(), message.as_ptr()) };
        Thrown
    }

    /// Ends the process as an uncaught exception does, if one is pending that nobody can catch.
    pub fn report_exception(self) {
        let mut exception = ptr::null_mut();
        // SAFETY: writes to a local; the value is of this environment.
        unsafe {
            if sys::napi_get_and_clear_last_exception(self.0, &mut exception)
                == sys::Status::napi_ok
            {
                sys::napi_fatal_exception(self.0, exception);
            }
        }
    }

    /// Goes on as if nothing had been thrown. Gives what was thrown, undefined for nothing.
    pub fn take_exception(self) -> JsResult<Value> {
        value!(self, napi_get_and_clear_last_exception())
    }

    /// The same, for those who don't want to know.
    pub fn forget_exception(self) {
        let _ = self.take_exception();
    }

    /// Conversion to a number, which may run JavaScript.
    pub fn to_number(self, value: Value) -> JsResult<Value> {
        value!(self, napi_coerce_to_number(value))
    }

    /// A copy of the bytes of a `Uint8Array`.
    pub fn copy_bytes(self, array: Value) -> JsResult<Vec<u8>> {
        let (start, length) = self.bytes(array)?;
        let mut bytes = vec![0; length];
        if length > 0 {
            // SAFETY: the array's own bytes, which may be shared with other threads.
            unsafe { crate::system::copy_from_shared(start, &mut bytes) };
        }
        Ok(bytes)
    }

    /// Throws a value.
    pub fn throw(self, error: Value) -> Thrown {
        // SAFETY: the value belongs to the environment.
        unsafe { sys::napi_throw(self.0, error) };
        Thrown
    }

    /// Forgets the values that `body` makes when it is done, not only when the native function is.
    pub fn scoped(self, body: impl FnOnce() -> JsResult<()>) -> JsResult<()> {
        let mut scope = ptr::null_mut();
        // SAFETY: writes to a local.
        self.check(unsafe { sys::napi_open_handle_scope(self.0, &mut scope) })?;
        let _closed_at_last = HandleScope { js: self, scope };
        body()
    }

    /// A new object.
    pub fn object(self) -> JsResult<Value> {
        value!(self, napi_create_object())
    }

    /// Sets a property.
    pub fn set(self, object: Value, name: &CStr, value: Value) -> JsResult<()> {
        // SAFETY: values of this environment; the name ends with a NUL.
        self.check(unsafe { sys::napi_set_named_property(self.0, object, name.as_ptr(), value) })
    }

    /// An array of values.
    pub fn array(self, values: &[Value]) -> JsResult<Value> {
        let array = value!(self, napi_create_array_with_length(values.len()))?;
        for (index, value) in (0..).zip(values) {
            // SAFETY: values of this environment.
            self.check(unsafe { sys::napi_set_element(self.0, array, index, *value) })?;
        }
        Ok(array)
    }

    pub fn number(self, value: f64) -> JsResult<Value> {
        value!(self, napi_create_double(value))
    }

    pub fn bigint(self, value: i64) -> JsResult<Value> {
        value!(self, napi_create_bigint_int64(value))
    }

    /// Of a BigInt, modulo 2^64.
    pub fn as_i64(self, value: Value) -> JsResult<i64> {
        let (mut result, mut lossless) = (0, false);
        // SAFETY: writes to locals.
        self.check(unsafe {
            sys::napi_get_value_bigint_int64(self.0, value, &mut result, &mut lossless)
        })?;
        Ok(result)
    }

    /// Of a number, as `ToInt32` has it.
    pub fn as_i32(self, value: Value) -> JsResult<i32> {
        let mut result = 0;
        // SAFETY: writes to a local.
        self.check(unsafe { sys::napi_get_value_int32(self.0, value, &mut result) })?;
        Ok(result)
    }

    pub fn undefined(self) -> JsResult<Value> {
        value!(self, napi_get_undefined())
    }

    pub fn null(self) -> JsResult<Value> {
        value!(self, napi_get_null())
    }

    pub fn boolean(self, value: bool) -> JsResult<Value> {
        value!(self, napi_get_boolean(value))
    }

    pub fn int32(self, value: i32) -> JsResult<Value> {
        value!(self, napi_create_int32(value))
    }

    pub fn string(self, text: &str) -> JsResult<Value> {
        self.text(text.as_bytes())
    }

    /// From UTF-8; what is not valid becomes U+FFFD.
    pub fn text(self, bytes: &[u8]) -> JsResult<Value> {
        let start: *const c_char = bytes.as_ptr().cast();
        value!(self, napi_create_string_utf8(start, bytes.len() as isize))
    }

    /// A Buffer that holds a copy.
    pub fn buffer(self, bytes: &[u8]) -> JsResult<Value> {
        let unused = ptr::null_mut();
        value!(self, napi_create_buffer_copy(bytes.len(), bytes.as_ptr().cast(), unused))
    }

    /// Detaches an ArrayBuffer. `false` if it can't be.
    pub fn detach(self, buffer: Value) -> bool {
        // SAFETY: a value of this environment; it fails for what is no ArrayBuffer.
        unsafe { sys::napi_detach_arraybuffer(self.0, buffer) == sys::Status::napi_ok }
    }

    /// An ArrayBuffer without bytes.
    pub fn empty_buffer(self) -> JsResult<Value> {
        let mut start = ptr::null_mut();
        value!(self, napi_create_arraybuffer(0, &mut start))
    }

    /// Evaluates a script.
    pub fn run(self, script: &str) -> JsResult<Value> {
        let script = self.string(script)?;
        value!(self, napi_run_script(script))
    }

    pub fn get(self, object: Value, name: &CStr) -> JsResult<Value> {
        value!(self, napi_get_named_property(object, name.as_ptr()))
    }

    pub fn element(self, array: Value, index: u32) -> JsResult<Value> {
        value!(self, napi_get_element(array, index))
    }

    pub fn call(self, this: Value, function: Value, arguments: &[Value]) -> JsResult<Value> {
        let (length, start) = (arguments.len(), arguments.as_ptr());
        value!(self, napi_call_function(this, function, length, start))
    }

    /// A function whose calls get `data`.
    pub fn function(
        self,
        name: &str,
        callback: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> Value,
        data: *mut std::ffi::c_void,
    ) -> JsResult<Value> {
        let start: *const c_char = name.as_ptr().cast();
        let length = name.len() as isize;
        value!(self, napi_create_function(start, length, Some(callback), data))
    }

    /// Runs `finalizer` with `data` once the object has been collected, or with the environment.
    ///
    /// # Safety
    ///
    /// `finalizer` must be able to take `data`, on this thread, at any later time.
    pub unsafe fn when_gone(
        self,
        object: Value,
        data: *mut std::ffi::c_void,
        finalizer: unsafe extern "C" fn(
            sys::napi_env,
            *mut std::ffi::c_void,
            *mut std::ffi::c_void,
        ),
    ) -> JsResult<()> {
        let (no_hint, no_reference) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: promised by the caller.
        self.check(unsafe {
            let finalizer = Some(finalizer);
            sys::napi_add_finalizer(self.0, object, data, finalizer, no_hint, no_reference)
        })
    }

    pub fn type_of(self, value: Value) -> Type {
        let mut kind = sys::ValueType::napi_undefined;
        // SAFETY: writes to a local. It fails only for a value that is none.
        unsafe { sys::napi_typeof(self.0, value, &mut kind) };
        match kind {
            sys::ValueType::napi_undefined => Type::Undefined,
            sys::ValueType::napi_null => Type::Null,
            sys::ValueType::napi_boolean => Type::Boolean,
            sys::ValueType::napi_number => Type::Number,
            sys::ValueType::napi_string => Type::String,
            sys::ValueType::napi_object | sys::ValueType::napi_external => Type::Object,
            sys::ValueType::napi_function => Type::Function,
            sys::ValueType::napi_bigint => Type::BigInt,
            _ => Type::Symbol,
        }
    }

    pub fn is_undefined(self, value: Value) -> bool {
        self.type_of(value) == Type::Undefined
    }

    pub fn array_length(self, array: Value) -> JsResult<u32> {
        let mut result = 0;
        // SAFETY: writes to a local.
        self.check(unsafe { sys::napi_get_array_length(self.0, array, &mut result) })?;
        Ok(result)
    }

    /// Conversion to boolean, which runs no JavaScript.
    pub fn truthy(self, value: Value) -> JsResult<bool> {
        let boolean = value!(self, napi_coerce_to_bool(value))?;
        let mut result = false;
        // SAFETY: writes to a local.
        self.check(unsafe { sys::napi_get_value_bool(self.0, boolean, &mut result) })?;
        Ok(result)
    }

    /// Of a number.
    pub fn as_f64(self, value: Value) -> JsResult<f64> {
        let mut result = 0.0;
        // SAFETY: writes to a local.
        self.check(unsafe { sys::napi_get_value_double(self.0, value, &mut result) })?;
        Ok(result)
    }

    /// UTF-8 of a string; lone surrogates become U+FFFD.
    pub fn as_text(self, string: Value) -> JsResult<String> {
        let mut length = 0;
        // SAFETY: without a buffer, only the length is written.
        self.check(unsafe {
            sys::napi_get_value_string_utf8(self.0, string, ptr::null_mut(), 0, &mut length)
        })?;
        let mut bytes = vec![0_u8; length + 1];
        // SAFETY: the buffer holds the string and its NUL.
        self.check(unsafe {
            let start = bytes.as_mut_ptr().cast();
            sys::napi_get_value_string_utf8(self.0, string, start, bytes.len(), &mut length)
        })?;
        bytes.truncate(length);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Where the bytes of a `Uint8Array` are, and how many.
    pub fn bytes(self, array: Value) -> JsResult<(*mut u8, usize)> {
        let (mut start, mut length) = (ptr::null_mut(), 0);
        // SAFETY: writes to locals; what is not asked for is null.
        self.check(unsafe {
            let unused_type = ptr::null_mut();
            let (unused_buffer, unused_offset) = (ptr::null_mut(), ptr::null_mut());
            sys::napi_get_typedarray_info(
                self.0,
                array,
                unused_type,
                &mut length,
                &mut start,
                unused_buffer,
                unused_offset,
            )
        })?;
        Ok((start.cast(), length))
    }
}
