//! Why there is no program or no result.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::short::lines;
use crate::abi::errno;
use crate::front::init;
use crate::system::Errno;

/// A reason to reject, for the JavaScript side to make an error of.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// As `error.code`.
    pub code: String,
    /// As `error.message`.
    pub message: String,
    /// Further properties of the error.
    pub details: Vec<(&'static str, Detail)>,
}

/// Value of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Detail {
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
}

/// A panic is a bug of ours: it fails what it happened in and nothing else.
pub fn guarded<T>(body: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|panic| {
        let told = panic.downcast_ref::<&str>().copied();
        let told = told.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Failure::new("ERR_INTERNAL_ASSERTION", "wasi-rs: a bug in the addon, please report")
            .with("panic", Detail::Text(told.unwrap_or_default().into()))
    })
}

impl Failure {
    /// Without further properties.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Failure { code: code.into(), message: message.into(), details: Vec::new() }
    }

    /// With one more property.
    pub fn with(mut self, name: &'static str, value: Detail) -> Self {
        self.details.push((name, value));
        self
    }

    /// What becomes an `AbortError`.
    pub fn aborted() -> Self {
        Failure::new("ABORT_ERR", "The operation was aborted")
    }

    /// `ERR_WASI_CLOSED`.
    pub fn closed() -> Self {
        Failure::new("ERR_WASI_CLOSED", "The instance is closed")
    }

    /// `ERR_WASI_LINK`.
    pub fn link(message: impl Into<String>) -> Self {
        Failure::new("ERR_WASI_LINK", message)
    }

    /// `ERR_WASI_COMPILE`, with the offset that the message tells. Messages about the text format have
    /// several lines.
    pub fn compile(message: impl Into<String>) -> Self {
        let message = message.into();
        let failure = Failure::new("ERR_WASI_COMPILE", lines(&message));
        match offset_in(&message) {
            Some(offset) => failure.with("offset", Detail::Number(offset as f64)),
            None => failure,
        }
    }

    /// What the class WASI throws when descriptors or directories can't be had.
    pub fn init(error: Errno) -> Self {
        Failure::init_saying(error, init::message(error))
    }

    /// The same, of a standard stream by its name.
    pub fn init_stream(error: Errno, name: &str, fd: i32) -> Self {
        Failure::init_saying(error, init::stream(error, name, fd))
    }

    /// The same, of a preopen: a path of the host, and what the guest would call it.
    pub fn init_preopen(error: Errno, path: &str, name: &str) -> Self {
        Failure::init_saying(error, init::preopen(error, path, name))
            .with("path", Detail::Text(path.into()))
            .with("dest", Detail::Text(name.into()))
    }

    fn init_saying(error: Errno, message: String) -> Self {
        Failure::new(init::code(error), message)
            .with("errno", Detail::Number(errno::number(error).into()))
            .with("syscall", Detail::Text(init::SYSCALL.into()))
    }

    /// A file that can't be read, as `fs.open` tells it.
    pub fn file(error: &std::io::Error, path: &str) -> Self {
        let errno: Errno = std::io::Error::from(error.kind()).into();
        let errno =
            error.raw_os_error().map_or(errno, |raw| std::io::Error::from_raw_os_error(raw).into());
        let code = errno.name().to_owned();
        let reason = std::io::Error::from_raw_os_error(error.raw_os_error().unwrap_or(0));
        let reason = reason.to_string().split(" (os error").next().unwrap_or("").to_lowercase();
        let number = -f64::from(error.raw_os_error().unwrap_or(0));
        let place = match errno {
            Errno::NoEnt => init::where_is(path),
            _ => String::new(),
        };
        Failure::new(code.clone(), format!("{code}: {reason}, open '{path}'{place}"))
            .with("errno", Detail::Number(number))
            .with("syscall", Detail::Text("open".into()))
            .with("path", Detail::Text(path.into()))
    }
}

/// What wasmparser says of a module. It doesn't say that the end of the module is missing.
pub(super) fn damaged(message: String) -> String {
    match message.contains("unexpected end") {
        true => format!("The module is damaged or cut off: {message}"),
        false => message,
    }
}

/// The number behind "offset 0x", with which wasmparser's messages end. A name may look like it.
fn offset_in(message: &str) -> Option<u64> {
    let (_, rest) = message.rsplit_once("offset 0x")?;
    let digits = rest.split(|letter: char| !letter.is_ascii_hexdigit()).next()?;
    u64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_offset_in_a_message() {
        assert_eq!(offset_in("unexpected end (at offset 0x1f)"), Some(31));
        assert_eq!(offset_in("at offset 0xA: bad"), Some(10));
        assert_eq!(offset_in("`offset 0x5` already defined (at offset 0x1f)"), Some(31));
        assert_eq!(offset_in("no number"), None);
        assert_eq!(offset_in("offset 0xzz"), None);
    }
}
