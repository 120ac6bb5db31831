//! From a program to machine code, and from machine code to a module. Both the process and its
//! children compile by this.

use std::borrow::Cow;
use std::sync::Arc;

use wasmparser::{Chunk, Parser, Payload};
use wasmtime::{Engine, Module};

use crate::front::wasmtime::failure::{Failure, damaged};
use crate::front::wasmtime::interruptible::interruptible;
use crate::front::wasmtime::kind::Kind;
use crate::front::wasmtime::legacy_exceptions;
use crate::front::wasmtime::short::line;

/// A program as it was given, binary or text.
pub struct Source {
    pub bytes: Vec<u8>,
    pub hash: blake3::Hash,
}

impl Source {
    pub fn new(bytes: Vec<u8>) -> Self {
        let hash = blake3::hash(&bytes);
        Source { bytes, hash }
    }

    /// Errors: that it is no module, as far as its start tells; machine code is never taken for
    /// one.
    pub fn checked(bytes: Vec<u8>) -> Result<Arc<Self>, Failure> {
        match Kind::of(&bytes).refusal() {
            Some(message) => Err(Failure::compile(message)),
            None => Ok(Arc::new(Source::new(bytes))),
        }
    }

    /// Bytes of its data segments. `None` where that is not known.
    pub fn data_size(&self) -> Option<u64> {
        match self.is_binary() {
            true => Some(data_size(&self.bytes)),
            // The data of a short text is short.
            false => (self.bytes.len() <= SHORT_TEXT).then_some(0),
        }
    }

    pub fn is_binary(&self) -> bool {
        self.bytes.starts_with(b"\0asm")
    }
}

/// Without looking into the functions. What is no module has none.
fn data_size(mut wasm: &[u8]) -> u64 {
    let mut parser = Parser::new(0);
    loop {
        let Ok(Chunk::Parsed { consumed, payload }) = parser.parse(wasm, true) else { return 0 };
        let range = match payload {
            Payload::DataSection(section) => return section.range().end - section.range().start,
            Payload::CodeSectionStart { size, .. } => {
                parser.skip_section();
                consumed as u64 + u64::from(size)
            }
            Payload::End(_) => return 0,
            _ => consumed as u64,
        };
        let Some(rest) = usize::try_from(range).ok().and_then(|range| wasm.get(range..)) else {
            return 0;
        };
        wasm = rest;
    }
}

/// Text up to this size is translated in the process.
pub const SHORT_TEXT: usize = 64 << 10;

/// The binary format, from either.
pub fn binary(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Failure> {
    if bytes.starts_with(b"\0asm") {
        return Ok(bytes.into());
    }
    wat::parse_bytes(bytes).map_err(|error| Failure::compile(error.to_string()))
}

/// Machine code for engines like this one. Validates first, so that the offsets in errors are those
/// of the program as it was given.
pub(super) fn machine_code(engine: &Engine, wasm: &[u8]) -> Result<Vec<u8>, Failure> {
    let compiled = || {
        let wasm = without_legacy_exceptions(engine, wasm)?;
        let checked = interruptible(&wasm).map_err(wasmtime::Error::new)?;
        engine.precompile_module(&checked)
    };
    compiled().map_err(|error| Failure::compile(damaged(line(&format!("{error:#}")))))
}

/// A valid program that wasmtime compiles. Most are that already.
fn without_legacy_exceptions<'w>(
    engine: &Engine,
    wasm: &'w [u8],
) -> wasmtime::Result<Cow<'w, [u8]>> {
    if Module::validate(engine, wasm).is_ok() {
        return Ok(Cow::Borrowed(wasm));
    }
    legacy_exceptions::validate(wasm)?;
    legacy_exceptions::translate(wasm).map(Cow::Owned)
}
