//! Why a program can't be rewritten.

use wasm_encoder::reencode;
use wasmparser::BinaryReaderError;

use crate::front::wasmtime::needs::THREADS;

/// See the module.
#[derive(Debug)]
pub enum Refusal {
    /// It is not valid after all.
    Invalid(BinaryReaderError),
    /// It would be larger than modules may be.
    TooLarge(String),
    /// It uses a proposal that is only enabled for what is added to it:
    /// <https://github.com/WebAssembly/custom-page-sizes>.
    CustomPageSize,
    /// It is for several threads. Memories that it imports are refused with its imports.
    SharedMemory,
}

pub(super) type Result<T> = std::result::Result<T, Refusal>;

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Invalid(error) => error.fmt(formatter),
            Refusal::TooLarge(reason) => formatter.write_str(reason),
            Refusal::SharedMemory => formatter.write_str(THREADS),
            Refusal::CustomPageSize => formatter.write_str(
                "The program has a memory with a page size of its own, which is not supported. \
                 Compile it without the proposal custom-page-sizes",
            ),
        }
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// An index that a valid module can't have.
    pub fn unknown() -> Self {
        Refusal::TooLarge("The program refers to an index that does not exist".into())
    }
}

impl From<BinaryReaderError> for Refusal {
    fn from(error: BinaryReaderError) -> Self {
        Refusal::Invalid(error)
    }
}

/// Types of a module whose indexes stay as they are.
impl From<reencode::Error<std::convert::Infallible>> for Refusal {
    fn from(error: reencode::Error<std::convert::Infallible>) -> Self {
        Refusal::TooLarge(format!("The program has a type that can't be used here: {error}"))
    }
}
