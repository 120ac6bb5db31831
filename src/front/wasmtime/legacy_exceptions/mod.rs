//! Turns the exception instructions of older toolchains (`try`, `catch`, `catch_all`, `delegate`,
//! `rethrow`), which wasmtime does not compile, into those of the specification (`try_table`,
//! `throw_ref`).
//!
//! ```wat
//! (try (result i32)            (block $end (result i32)
//!   (do body)                    (block $all (result exnref)
//!   (catch $tag                    (block $one (result i32)
//!     first)               =>        (try_table (result i32) (catch $tag $one) (catch_all_ref $all)
//!   (catch_all                         body)
//!     (rethrow 0)))                  (br $end))
//!                                  first (br $end))
//!                                (local.set $exception) (throw_ref (local.get $exception)))
//! ```
//!
//! Legacy: <https://github.com/WebAssembly/exception-handling/blob/main/proposals/exception-handling/legacy/Exceptions.md>
//!
//! Functions that have no `try` stay as they are, to the byte; so does everything else, but for
//! types that are appended. What is written is longer by a constant factor at most.

mod limit;
mod rewrite;
mod survey;
mod types;

#[cfg(test)]
mod tests;

use std::ops::Range;

use wasm_encoder::{Encode, Module, RawSection, SectionId};
use wasmparser::{FunctionBody, Parser, Payload};
use wasmtime::Result;
use wasmtime_wasmparser::{Validator, WasmFeatures};

use types::Types;

/// Says whether a program is valid where legacy instructions are, which wasmtime can't be asked.
pub(super) fn validate(wasm: &[u8]) -> Result<()> {
    let features = WasmFeatures::WASM3 | WasmFeatures::THREADS | WasmFeatures::LEGACY_EXCEPTIONS;
    Validator::new_with_features(features).validate_all(wasm)?;
    Ok(())
}

/// The program without legacy instructions. It must be valid, apart from being legacy.
pub(super) fn translate(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut translation = Translation::new(wasm);
    for payload in Parser::new(0).parse_all(wasm) {
        translation.read(payload?)?;
    }
    Ok(translation.finish())
}

struct Translation<'w> {
    wasm: &'w [u8],
    /// Numbers of sections and where they are, without their header.
    sections: Vec<(u8, Range<usize>)>,
    /// Where the entries of the type section are, and how many.
    type_entries: (u32, Range<usize>),
    types: Types,
    /// Types of the functions that have a body.
    functions: Vec<u32>,
    /// Encoded bodies so far.
    bodies: Vec<u8>,
    count: u32,
}

impl<'w> Translation<'w> {
    fn new(wasm: &'w [u8]) -> Self {
        Translation {
            wasm,
            sections: Vec::new(),
            type_entries: (0, 0..0),
            types: Types::default(),
            functions: Vec::new(),
            bodies: Vec::new(),
            count: 0,
        }
    }

    fn read(&mut self, payload: Payload<'w>) -> Result<()> {
        if let Some((id, range)) = payload.as_section() {
            self.sections.push((id, indices(range)));
        }
        match payload {
            Payload::TypeSection(section) => {
                let entries = section.original_position()..section.range().end;
                self.type_entries = (section.count(), indices(entries));
                self.types.read(section)?;
            }
            Payload::ImportSection(section) => self.types.read_imports(section)?,
            Payload::TagSection(section) => self.types.read_tags(section)?,
            Payload::FunctionSection(section) => {
                self.functions = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::CodeSectionEntry(body) => self.function(&body)?,
            // Offsets into bodies, which are other ones now.
            Payload::CustomSection(section) if section.name().starts_with("metadata.code.") => {
                self.sections.pop();
            }
            _ => {}
        }
        Ok(())
    }

    fn function(&mut self, body: &FunctionBody<'_>) -> Result<()> {
        let kind = self.functions[self.count as usize];
        self.count += 1;
        let survey = survey::survey(body)?;
        if survey.is_legacy() {
            let rewritten = rewrite::rewrite(self.wasm, body, kind, &survey, &mut self.types)?;
            rewritten.as_slice().encode(&mut self.bodies);
        } else {
            self.wasm[indices(body.range())].encode(&mut self.bodies);
        }
        Ok(())
    }

    fn finish(self) -> Vec<u8> {
        let mut module = Module::new();
        for (id, range) in &self.sections {
            if *id == SectionId::Type as u8 {
                section(&mut module, *id, &self.all_types());
            } else if *id == SectionId::Code as u8 {
                section(&mut module, *id, &list(self.count, &[&self.bodies]));
            } else {
                section(&mut module, *id, &self.wasm[range.clone()]);
            }
        }
        module.finish()
    }

    fn all_types(&self) -> Vec<u8> {
        let (count, entries) = &self.type_entries;
        let (added, addition) = self.types.added();
        list(count + added, &[&self.wasm[entries.clone()], addition])
    }
}

fn section(module: &mut Module, id: u8, data: &[u8]) {
    module.section(&RawSection { id, data });
}

fn list(count: u32, entries: &[&[u8]]) -> Vec<u8> {
    let mut list = Vec::new();
    count.encode(&mut list);
    for part in entries {
        list.extend_from_slice(part);
    }
    list
}

/// Offsets are those of a slice, so they fit.
fn indices(range: Range<u64>) -> Range<usize> {
    range.start as usize..range.end as usize
}
