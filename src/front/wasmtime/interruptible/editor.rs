//! Writing the body of a function anew, with its edits.

use std::ops::Range;

use wasm_encoder::{Encode, InstructionSink};
use wasmparser::{BinaryReader, FunctionBody};

use super::body::{Edit, Edits};
use super::check::Check;
use super::facts::Facts;
use super::pieces::Pieces;
use super::{Refusal, Result};
use crate::front::wasmtime::module_limits::FUNCTION_SIZE;

/// See the module.
pub(super) struct Editor<'e> {
    pub wasm: &'e [u8],
    pub facts: &'e Facts,
    pub check: &'e Check,
    pub pieces: &'e Pieces,
}

impl Editor<'_> {
    /// Errors: it is larger than a function may be.
    pub fn edited(&self, body: &FunctionBody<'_>, edits: &Edits) -> Result<Vec<u8>> {
        let range = body.range();
        let size = (range.end - range.start) as usize;
        let mut code = Vec::with_capacity(size + edits.edits.len() * 16);
        let mut copied = self.locals(body, edits, &mut code)?;
        for edit in &edits.edits {
            match edit {
                Edit::Check(place) => {
                    code.extend_from_slice(bytes(self.wasm, copied..*place));
                    code.extend_from_slice(self.check.encoded());
                    copied = *place;
                }
                Edit::Pieces(place, piecewise) => {
                    code.extend_from_slice(bytes(self.wasm, copied..place.start));
                    let block = self.pieces.type_of(piecewise.function, self.facts.types.len());
                    let mut sink = InstructionSink::new(&mut code);
                    piecewise.emit(&mut sink, &edits.scratch, block);
                    copied = place.end;
                }
            }
        }
        code.extend_from_slice(bytes(self.wasm, copied..range.end));
        if code.len() > FUNCTION_SIZE {
            return Err(too_large(size, code.len()));
        }
        Ok(code)
    }

    /// Writes the declarations of locals. Gives where those of the function end.
    fn locals(&self, body: &FunctionBody<'_>, edits: &Edits, code: &mut Vec<u8>) -> Result<u64> {
        let range = body.range();
        if edits.scratch.groups() == 0 {
            return Ok(range.start);
        }
        let instructions = body.get_operators_reader()?.original_position();
        let declarations = bytes(self.wasm, range.start..instructions);
        let mut reader = BinaryReader::new(declarations, range.start);
        let groups = reader.read_var_u32()?;
        (groups + edits.scratch.groups()).encode(code);
        code.extend_from_slice(bytes(self.wasm, reader.original_position()..instructions));
        edits.scratch.encode(code);
        Ok(instructions)
    }
}

fn too_large(size: usize, with_checks: usize) -> Refusal {
    Refusal::TooLarge(format!(
        "A function of the program has {size} bytes, {with_checks} with checks for the timeout, \
         but at most {FUNCTION_SIZE} are allowed"
    ))
}

/// Offsets are those of a slice, so they fit.
pub(super) fn bytes(wasm: &[u8], range: Range<u64>) -> &[u8] {
    &wasm[range.start as usize..range.end as usize]
}
