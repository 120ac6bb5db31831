//! The errors of node:wasi. Their messages are made by glue.js, out of the running Node's own.

use super::environment::Glue;
use super::options::Preopen;
use crate::abi::errno;
use crate::front::init;
use crate::front::js::{JsResult, Thrown, Value};
use crate::system::Errno;

impl Glue {
    /// Throws `ERR_INVALID_ARG_TYPE`; `expected` as in "of type string".
    pub fn invalid_type(self, name: &str, expected: &str, actual: Value) -> Thrown {
        let make = || {
            let arguments = [self.js.string(name)?, self.js.string(expected)?, actual];
            self.call(c"invalidType", &arguments)
        };
        self.throw(make())
    }

    /// Throws `ERR_OUT_OF_RANGE`; `expected` as in "an integer".
    pub fn out_of_range(self, name: &str, expected: &str, actual: Value) -> Thrown {
        let make = || {
            let arguments = [self.js.string(name)?, self.js.string(expected)?, actual];
            self.call(c"outOfRange", &arguments)
        };
        self.throw(make())
    }

    /// Throws `ERR_INVALID_ARG_VALUE`.
    pub fn invalid_value(self, name: &str, reason: &str, actual: Value) -> Thrown {
        let make = || {
            let arguments = [self.js.string(name)?, self.js.string(reason)?, actual];
            self.call(c"invalidValue", &arguments)
        };
        self.throw(make())
    }

    /// Throws `ERR_INVALID_ARG_VALUE`, for a property that is no option.
    pub fn invalid_option(self, name: &str, reason: &str) -> Thrown {
        let make =
            || self.call(c"invalidOption", &[self.js.string(name)?, self.js.string(reason)?]);
        self.throw(make())
    }

    /// Throws `ERR_WASI_ALREADY_STARTED`.
    pub fn already_started(self) -> Thrown {
        self.throw(self.call(c"alreadyStarted", &[]))
    }

    /// Throws what a WASI object gives that cannot be made: an error with `errno`, `code` and
    /// `syscall`, by the names that node:wasi uses; if a preopen is why, also with `path` and
    /// `dest`, as errors of node:fs about two paths have them.
    pub fn init_failed(self, error: Errno, message: &str, preopen: Option<&Preopen>) -> Thrown {
        let make = || {
            let code = self.js.string(&init::code(error))?;
            let number = self.js.int32(errno::number(error).into())?;
            let syscall = self.js.string(init::SYSCALL)?;
            let mut arguments = vec![self.js.string(message)?, code, number, syscall];
            if let Some(Preopen { name, path, .. }) = preopen {
                arguments.extend([self.js.string(path)?, self.js.string(name)?]);
            }
            self.call(c"systemError", &arguments)
        };
        self.throw(make())
    }

    /// Throws an error, or what making it has thrown.
    fn throw(self, error: JsResult<Value>) -> Thrown {
        error.map_or_else(|thrown| thrown, |error| self.js.throw(error))
    }
}
