//! Code of a function that does an instruction over ranges in pieces.

use wasm_encoder::{BlockType, Function, InstructionSink, ValType};

use super::check::Check;
use super::pieces::Bulk;

/// Bytes of a memory, or elements of a table or array, between two checks.
const BYTES_AT_ONCE: i64 = 64 << 10;
const ELEMENTS_AT_ONCE: i64 = 4 << 10;

/// An operand that says where a range begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    pub parameter: u32,
    pub is_64: bool,
    pub of: Of,
    /// What the position grows by for each unit of the length.
    pub scale: i64,
}

/// What a range lies in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Memory(u32),
    Table {
        index: u32,
        is_64: bool,
    },
    /// The array in this parameter.
    Array(u32),
    /// One of data or elements, which may have been dropped: only the instruction knows its size.
    Segment,
}

/// An instruction whose last operand is the length of its ranges.
#[derive(Debug)]
pub(super) struct Ranges {
    pub bulk: Bulk,
    pub parameters: Vec<ValType>,
    pub starts: Vec<Start>,
    /// Two ranges that may overlap: target and source.
    pub may_overlap: bool,
}

/// Locals behind the parameters.
#[derive(Clone, Copy)]
struct Locals {
    /// Of 64 bits: the length, what is done of it, what is next of it, where that begins.
    length: u32,
    done: u32,
    step: u32,
    at: u32,
    /// Whether the end is done first.
    is_backward: u32,
}

impl Ranges {
    pub fn function(&self, check: &Check) -> Function {
        let count = self.parameters.len() as u32;
        let [length, done, step, at, is_backward] = [0, 1, 2, 3, 4].map(|index| count + index);
        let locals = Locals { length, done, step, at, is_backward };
        let mut function = Function::new([(4, ValType::I64), (1, ValType::I32)]);
        let mut code = function.instructions();
        code.block(BlockType::Empty);
        self.keep_length(&mut code, locals);
        check.emit(&mut code);
        for start in &self.starts {
            self.leave_if_outside(&mut code, *start, locals);
        }
        self.choose_direction(&mut code, locals);
        self.pieces(&mut code, check, locals);
        code.return_().end();
        self.whole(&mut code);
        code.end();
        function
    }

    fn keep_length(&self, code: &mut InstructionSink<'_>, locals: Locals) {
        let last = self.parameters.len() as u32 - 1;
        get_wide(code, last, self.parameters[last as usize] == ValType::I64);
        code.local_set(locals.length);
    }

    /// The instruction as it was.
    fn whole(&self, code: &mut InstructionSink<'_>) {
        for parameter in 0..self.parameters.len() as u32 {
            code.local_get(parameter);
        }
        self.bulk.emit(code);
    }

    /// Leaves the block, where the instruction will trap, if it would.
    fn leave_if_outside(&self, code: &mut InstructionSink<'_>, start: Start, locals: Locals) {
        // The end of the range.
        get_wide(code, start.parameter, start.is_64);
        code.local_get(locals.length).i64_const(start.scale).i64_mul().i64_add();
        code.local_tee(locals.at);
        // Nothing that long exists, if the sum does not fit.
        get_wide(code, start.parameter, start.is_64);
        code.i64_lt_u().br_if(0).local_get(locals.at);
        match start.of {
            Of::Memory(index) => {
                code.memory_size(index);
                widen(code, start.is_64);
                code.i64_const(16).i64_shl();
            }
            Of::Table { index, is_64 } => {
                code.table_size(index);
                widen(code, is_64);
            }
            Of::Array(parameter) => {
                code.local_get(parameter).array_len();
                widen(code, false);
            }
            Of::Segment => {
                code.i64_const(u32::MAX.into());
            }
        }
        code.i64_gt_u().br_if(0);
        if matches!(start.of, Of::Segment) {
            self.probe(code, start, locals);
        }
    }

    /// Traps if the segment ends before the range does: nothing, from there on, is out of bounds.
    fn probe(&self, code: &mut InstructionSink<'_>, segment: Start, locals: Locals) {
        let last = self.parameters.len() as u32 - 1;
        for (index, kind) in (0..).zip(&self.parameters) {
            if index == segment.parameter {
                code.local_get(locals.at).i32_wrap_i64();
            } else if index == last || self.is_start(index) {
                zero(code, *kind);
            } else {
                code.local_get(index);
            }
        }
        self.bulk.emit(code);
    }

    fn is_start(&self, parameter: u32) -> bool {
        self.starts.iter().any(|start| start.parameter == parameter)
    }

    /// As `memmove` does it: what overlaps is read before it is written.
    fn choose_direction(&self, code: &mut InstructionSink<'_>, locals: Locals) {
        if let [to, from] = self.starts[..]
            && self.may_overlap
        {
            get_wide(code, to.parameter, to.is_64);
            get_wide(code, from.parameter, from.is_64);
            code.i64_gt_u().local_set(locals.is_backward);
        }
    }

    fn pieces(&self, code: &mut InstructionSink<'_>, check: &Check, locals: Locals) {
        let Locals { length, done, step, at, is_backward } = locals;
        code.loop_(BlockType::Empty);
        let at_once = self.at_once();
        // step = min(length - done, at_once)
        code.local_get(length).local_get(done).i64_sub().local_tee(step).i64_const(at_once);
        code.local_get(step).i64_const(at_once).i64_lt_u().select().local_set(step);
        // at = is_backward ? length - done - step : done
        code.local_get(length).local_get(done).i64_sub().local_get(step).i64_sub();
        code.local_get(done).local_get(is_backward).select().local_set(at);
        self.piece(code, locals);
        code.local_get(done).local_get(step).i64_add().local_set(done);
        check.emit(code);
        code.local_get(done).local_get(length).i64_lt_u().br_if(0).end();
    }

    fn at_once(&self) -> i64 {
        let bytes = self.bulk.small() == super::pieces::SMALL_BYTES;
        if bytes { BYTES_AT_ONCE } else { ELEMENTS_AT_ONCE }
    }

    fn piece(&self, code: &mut InstructionSink<'_>, locals: Locals) {
        let last = self.parameters.len() as u32 - 1;
        for (index, kind) in (0..).zip(&self.parameters) {
            if let Some(start) = self.starts.iter().find(|start| start.parameter == index) {
                get_wide(code, index, start.is_64);
                code.local_get(locals.at).i64_const(start.scale).i64_mul().i64_add();
                narrow(code, *kind);
            } else if index == last {
                code.local_get(locals.step);
                narrow(code, *kind);
            } else {
                code.local_get(index);
            }
        }
        self.bulk.emit(code);
    }
}

fn get_wide(code: &mut InstructionSink<'_>, local: u32, is_64: bool) {
    code.local_get(local);
    widen(code, is_64);
}

fn widen(code: &mut InstructionSink<'_>, is_64: bool) {
    if !is_64 {
        code.i64_extend_i32_u();
    }
}

fn narrow(code: &mut InstructionSink<'_>, kind: ValType) {
    if kind == ValType::I32 {
        code.i32_wrap_i64();
    }
}

fn zero(code: &mut InstructionSink<'_>, kind: ValType) {
    match kind {
        ValType::I64 => code.i64_const(0),
        _ => code.i32_const(0),
    };
}
