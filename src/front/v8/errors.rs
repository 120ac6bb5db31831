//! The errors of node:wasi: codes and messages are those of the running Node's own.

use std::ffi::CStr;

use super::environment::Glue;
use super::js::{Js, JsResult, Thrown, Value};
use crate::abi::errno;
use crate::system::Errno;

/// Which constructor an error is of.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Error,
    TypeError,
    RangeError,
}

impl Kind {
    pub fn constructor(self) -> &'static CStr {
        match self {
            Kind::Error => c"Error",
            Kind::TypeError => c"TypeError",
            Kind::RangeError => c"RangeError",
        }
    }
}

/// `ERR_INVALID_ARG_TYPE`: `expected` as in "of type string".
pub fn invalid_type(glue: Glue, name: &str, expected: &str, actual: Value) -> Thrown {
    let received = match glue.text(c"receivedType", &[actual]) {
        Ok(received) => received,
        Err(thrown) => return thrown,
    };
    let what = what(name);
    let message = format!("The \"{name}\" {what} must be {expected}. Received {received}");
    glue.throw(Kind::TypeError, "ERR_INVALID_ARG_TYPE", &message)
}

/// `ERR_OUT_OF_RANGE`: `expected` as in "an integer".
pub fn out_of_range(glue: Glue, name: &str, expected: &str, actual: Value) -> Thrown {
    let received = match glue.text(c"receivedNumber", &[actual]) {
        Ok(received) => received,
        Err(thrown) => return thrown,
    };
    let message = format!(
        "The value of \"{name}\" is out of range. It must be {expected}. Received {received}"
    );
    glue.throw(Kind::RangeError, "ERR_OUT_OF_RANGE", &message)
}

/// `ERR_INVALID_ARG_VALUE`.
pub fn invalid_value(glue: Glue, js: Js, name: &str, reason: &str, actual: Value) -> Thrown {
    const LONGEST: usize = 128;
    let message = || -> JsResult<String> {
        let shown = js.as_text(glue.call(c"inspect", &[actual])?)?;
        let units: Vec<u16> = shown.encode_utf16().collect();
        let shown = match units.get(..LONGEST) {
            Some(start) if units.len() > LONGEST => {
                format!("{}...", String::from_utf16_lossy(start))
            }
            _ => shown,
        };
        Ok(format!(
            "The {} '{name}' {reason}. Received {shown}",
            what(name)
        ))
    };
    match message() {
        Ok(message) => glue.throw(Kind::TypeError, "ERR_INVALID_ARG_VALUE", &message),
        Err(thrown) => thrown,
    }
}

fn what(name: &str) -> &'static str {
    if name.contains('.') {
        "property"
    } else {
        "argument"
    }
}

/// `ERR_WASI_ALREADY_STARTED`.
pub fn already_started(glue: Glue) -> Thrown {
    let message = "WASI instance has already started";
    glue.throw(Kind::Error, "ERR_WASI_ALREADY_STARTED", message)
}

/// What a WASI object gives that cannot be made: an error with `errno`, `code` and `syscall`, by
/// the names that node:wasi uses.
pub fn init_failed(glue: Glue, js: Js, error: Errno) -> Thrown {
    let make = || {
        let code = js.string(&format!("UVWASI_{}", error.name()))?;
        let number = js.int32(errno::number(error).into())?;
        glue.call(c"systemError", &[code, number, js.string("uvwasi_init")?])
    };
    make().map_or_else(|thrown| thrown, |error| js.throw(error))
}
