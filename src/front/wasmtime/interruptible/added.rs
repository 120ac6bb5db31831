//! The functions that are added to a module: their types, and what they do.

use wasm_encoder::{BlockType, FuncType, Function, HeapType, InstructionSink, RefType, ValType};
use wasmparser::StorageType;

use super::check::Check;
use super::facts::{Facts, Type};
use super::pieces::{Bulk, Pieces};
use super::range::{Of, Ranges, Start};
use super::{Refusal, Result};

/// A function.
pub(super) struct Added {
    pub of: FuncType,
    pub code: Function,
}

/// The function that does `bulk`, which may be made of others.
pub(super) fn added(
    bulk: Bulk,
    facts: &Facts,
    check: &Check,
    pieces: &mut Pieces,
) -> Result<Added> {
    if let Some(ranges) = ranges(bulk, facts)? {
        let code = ranges.function(check);
        return Ok(Added { of: FuncType::new(ranges.parameters, []), code });
    }
    Ok(NewArray::new(bulk, facts)?.function(check, pieces))
}

const fn index(is_64: bool) -> ValType {
    if is_64 { ValType::I64 } else { ValType::I32 }
}

const fn memory(parameter: u32, index: u32, is_64: bool) -> Start {
    Start { parameter, is_64, of: Of::Memory(index), scale: 1 }
}

const fn table(parameter: u32, index: u32, is_64: bool) -> Start {
    Start { parameter, is_64, of: Of::Table { index, is_64 }, scale: 1 }
}

/// Its reference is the parameter before.
const fn array(parameter: u32) -> Start {
    Start { parameter, is_64: false, of: Of::Array(parameter - 1), scale: 1 }
}

const fn segment(parameter: u32, scale: i64) -> Start {
    Start { parameter, is_64: false, of: Of::Segment, scale }
}

/// `None` for those that make an array.
fn ranges(bulk: Bulk, facts: &Facts) -> Result<Option<Ranges>> {
    let is_64 = |index: u32| facts.memories.get(index as usize).copied().unwrap_or_default();
    let i32 = ValType::I32;
    let (parameters, starts, may_overlap) = match bulk {
        Bulk::MemoryFill { memory: target } => {
            let wide = is_64(target);
            (vec![index(wide), i32, index(wide)], vec![memory(0, target, wide)], false)
        }
        Bulk::MemoryCopy { to, from } => {
            let (to_64, from_64) = (is_64(to), is_64(from));
            let parameters = vec![index(to_64), index(from_64), index(to_64 && from_64)];
            (parameters, vec![memory(0, to, to_64), memory(1, from, from_64)], to == from)
        }
        Bulk::MemoryInit { memory: target, .. } => {
            let wide = is_64(target);
            (vec![index(wide), i32, i32], vec![memory(0, target, wide), segment(1, 1)], false)
        }
        Bulk::TableFill { table: target } => {
            let (element, wide) = element(facts, target)?;
            (vec![index(wide), element, index(wide)], vec![table(0, target, wide)], false)
        }
        Bulk::TableCopy { to, from } => {
            let ((_, to_64), (_, from_64)) = (element(facts, to)?, element(facts, from)?);
            let parameters = vec![index(to_64), index(from_64), index(to_64 && from_64)];
            (parameters, vec![table(0, to, to_64), table(1, from, from_64)], to == from)
        }
        Bulk::TableInit { table: target, .. } => {
            let (_, wide) = element(facts, target)?;
            (vec![index(wide), i32, i32], vec![table(0, target, wide), segment(1, 1)], false)
        }
        Bulk::ArrayFill { of } => {
            (vec![reference(of), i32, value(facts, of)?, i32], vec![array(1)], false)
        }
        Bulk::ArrayCopy { to, from } => {
            let parameters = vec![reference(to), i32, reference(from), i32, i32];
            (parameters, vec![array(1), array(3)], true)
        }
        Bulk::ArrayInitData { of, .. } => {
            let scale = size(storage(facts, of)?.0);
            (vec![reference(of), i32, i32, i32], vec![array(1), segment(2, scale)], false)
        }
        Bulk::ArrayInitElem { of, .. } => {
            (vec![reference(of), i32, i32, i32], vec![array(1), segment(2, 1)], false)
        }
        Bulk::ArrayNew { .. }
        | Bulk::ArrayNewDefault { .. }
        | Bulk::ArrayNewData { .. }
        | Bulk::ArrayNewElem { .. } => return Ok(None),
    };
    Ok(Some(Ranges { bulk, parameters, starts, may_overlap }))
}

/// Type of the elements of a table, and whether its indexes have 64 bits.
fn element(facts: &Facts, table: u32) -> Result<(ValType, bool)> {
    let (element, is_64) = facts.tables.get(table as usize).ok_or_else(Refusal::unknown)?;
    Ok((ValType::Ref((*element).try_into()?), *is_64))
}

fn reference(of: u32) -> ValType {
    ValType::Ref(RefType { nullable: true, heap_type: HeapType::Concrete(of) })
}

/// What an array holds, and whether that can be changed.
fn storage(facts: &Facts, of: u32) -> Result<(StorageType, bool)> {
    match facts.type_of(of) {
        Type::Array { element, is_mutable } => Ok((element, is_mutable)),
        _ => Err(Refusal::unknown()),
    }
}

/// What is on the operand stack for an element.
fn value(facts: &Facts, of: u32) -> Result<ValType> {
    Ok(match storage(facts, of)?.0 {
        StorageType::I8 | StorageType::I16 => ValType::I32,
        StorageType::Val(kind) => kind.try_into()?,
    })
}

/// Bytes of an element.
fn size(element: StorageType) -> i64 {
    use wasmparser::ValType::{F32, F64, I32, I64, Ref, V128};
    match element {
        StorageType::I8 => 1,
        StorageType::I16 => 2,
        StorageType::Val(I32 | F32 | Ref(_)) => 4,
        StorageType::Val(I64 | F64) => 8,
        StorageType::Val(V128) => 16,
    }
}

fn has_default(element: StorageType) -> bool {
    !matches!(element, StorageType::Val(wasmparser::ValType::Ref(of)) if !of.is_nullable())
}

/// Most bytes and most elements of an array. Making a larger one traps, as it does where there is
/// no memory for it: its zeros alone would take too long.
const MOST_BYTES: i64 = 256 << 20;
const MOST_ELEMENTS: i64 = 32 << 20;
/// Most elements of an array that can't be made in pieces.
const MOST_AT_ONCE: i64 = 1 << 20;

/// An instruction that makes an array. Its last operand is the length.
struct NewArray {
    bulk: Bulk,
    of: u32,
    operands: Vec<ValType>,
    /// What fills an array of zeros in pieces.
    filled_by: Option<Bulk>,
    most: i32,
}

impl NewArray {
    fn new(bulk: Bulk, facts: &Facts) -> Result<Self> {
        let (of, first, filled_by) = match bulk {
            Bulk::ArrayNewDefault { of } => (of, None, None),
            Bulk::ArrayNew { of } => (of, Some(value(facts, of)?), Some(Bulk::ArrayFill { of })),
            Bulk::ArrayNewData { of, data } => {
                (of, Some(ValType::I32), Some(Bulk::ArrayInitData { of, data }))
            }
            Bulk::ArrayNewElem { of, element } => {
                (of, Some(ValType::I32), Some(Bulk::ArrayInitElem { of, element }))
            }
            _ => return Err(Refusal::unknown()),
        };
        let (element, is_mutable) = storage(facts, of)?;
        let filled_by = filled_by.filter(|_| is_mutable && has_default(element));
        let at_once = filled_by.is_none() && first.is_some();
        let most = if at_once { MOST_AT_ONCE } else { MOST_ELEMENTS };
        let most = most.min(MOST_BYTES / size(element)) as i32;
        let operands = first.into_iter().chain([ValType::I32]).collect();
        Ok(NewArray { bulk, of, operands, filled_by, most })
    }

    fn length(&self) -> u32 {
        self.operands.len() as u32 - 1
    }

    /// Segments are not longer than the module, and traps for them come first.
    fn is_bounded(&self) -> bool {
        matches!(self.bulk, Bulk::ArrayNewData { .. } | Bulk::ArrayNewElem { .. })
    }

    fn function(&self, check: &Check, pieces: &mut Pieces) -> Added {
        let mut function = Function::new([(1, reference(self.of))]);
        let mut code = function.instructions();
        let length = self.length();
        code.block(BlockType::Empty);
        check.emit(&mut code);
        code.local_get(length).i32_const(self.most).i32_gt_u().if_(BlockType::Empty);
        if !self.is_bounded() {
            // More than any heap has.
            code.i32_const(-1).local_set(length);
        }
        code.br(1).end();
        if let Some(filled_by) = self.filled_by {
            self.make_in_pieces(&mut code, pieces.function(filled_by));
        }
        code.end();
        self.operands(&mut code);
        self.bulk.emit(&mut code);
        code.end();
        let made = RefType { nullable: false, heap_type: HeapType::Concrete(self.of) };
        Added { of: FuncType::new(self.operands.clone(), [ValType::Ref(made)]), code: function }
    }

    /// With zeros, which are then filled.
    fn make_in_pieces(&self, code: &mut InstructionSink<'_>, fill: u32) {
        let made = self.length() + 1;
        code.local_get(self.length()).array_new_default(self.of).local_tee(made).i32_const(0);
        self.operands(code);
        code.call(fill).local_get(made).ref_as_non_null().return_();
    }

    fn operands(&self, code: &mut InstructionSink<'_>) {
        for operand in 0..=self.length() {
            code.local_get(operand);
        }
    }
}
