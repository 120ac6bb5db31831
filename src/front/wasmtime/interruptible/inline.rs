//! Instructions over ranges stay where they are when the length turns out to be small: calling the
//! function that does them in pieces would cost more than many of them.
//!
//! ```wat
//! (local.tee $length) (local.get $length) (i32.const 1024) (i32.gt_u)
//! (if (param …) (then (call $pieces)) (else (memory.copy)))
//! ```

use wasm_encoder::{BlockType, Encode, InstructionSink, ValType};
use wasmparser::FunctionBody;

use super::Result;
use super::facts::Type;
use super::pieces::Bulk;
use crate::front::wasmtime::module_limits::LOCALS;

/// A local for lengths of 32 bits, and one for those of 64, if they are needed.
#[derive(Debug)]
pub(super) struct Scratch {
    next: u32,
    /// In the order in which they were asked for: whether it has 64 bits.
    locals: Vec<bool>,
}

/// An instruction with what does it.
#[derive(Debug)]
pub(super) struct Piecewise {
    pub bulk: Bulk,
    /// Keeps the length. `None` where the function can't have any more.
    pub local: Option<u32>,
    pub function: u32,
}

impl Scratch {
    /// Behind the parameters and locals of a function.
    pub fn behind(of: Type, body: &FunctionBody<'_>) -> Result<Self> {
        let mut next = match of {
            Type::Function { parameters, .. } => parameters,
            _ => 0,
        };
        for local in body.get_locals_reader()? {
            next = next.saturating_add(local?.0);
        }
        Ok(Scratch { next, locals: Vec::new() })
    }

    pub fn local(&mut self, is_64: bool) -> Option<u32> {
        let known = self.locals.iter().position(|kind| *kind == is_64);
        let index = known.unwrap_or(self.locals.len()) as u32;
        if self.next.saturating_add(index) >= LOCALS as u32 {
            return None;
        }
        if known.is_none() {
            self.locals.push(is_64);
        }
        Some(self.next + index)
    }

    /// How many groups of locals are declared behind those of the function.
    pub fn groups(&self) -> u32 {
        self.locals.len() as u32
    }

    /// Their declarations.
    pub fn encode(&self, code: &mut Vec<u8>) {
        for is_64 in &self.locals {
            1_u32.encode(code);
            index(*is_64).encode(code);
        }
    }

    pub fn is_64(&self, local: u32) -> bool {
        self.locals.get((local - self.next) as usize).is_some_and(|is_64| *is_64)
    }
}

fn index(is_64: bool) -> ValType {
    if is_64 { ValType::I64 } else { ValType::I32 }
}

impl Piecewise {
    /// `block` is the index of the type of its function.
    pub fn emit(&self, code: &mut InstructionSink<'_>, scratch: &Scratch, block: u32) {
        let Some(local) = self.local else {
            code.call(self.function);
            return;
        };
        code.local_tee(local).local_get(local);
        if scratch.is_64(local) {
            code.i64_const(self.bulk.small().cast_signed()).i64_gt_u();
        } else {
            code.i32_const(self.bulk.small() as i32).i32_gt_u();
        }
        code.if_(BlockType::FunctionType(block)).call(self.function).else_();
        self.bulk.emit(code);
        code.end();
    }
}
