//! Whether a module is surely cheap to compile: in time and in memory, and also to validate.
//!
//! One pass over the binary, which need not be valid, adds up what each part can cost, in units of
//! about a microsecond and a kilobyte in the worst case, and stops where that is too much. What
//! costs much more than its bytes: values times the places where the compiler has to keep each of
//! them apart (operands of blocks, branches and calls; locals that are alive at them), functions
//! that have nothing in them, and images of memories and tables.

mod body;
mod instruction;

use std::collections::HashMap;

use wasmparser::{
    BinaryReaderError, BlockType, Catch, CompositeInnerType, ContType, Data, DataKind,
    ElementItems, ElementKind, FrameKind, FuncType, FunctionBody, ModuleArity, Operator, Parser,
    Payload, RefType, SubType, TypeRef,
};

use body::Body;
use instruction::{extra, is_joint, is_object};

/// Units that a module may cost.
const BUDGET: u64 = 300_000;
/// Of any instruction.
const INSTRUCTION: u64 = 2;
/// Of a function without anything in it, with what lets the host call it.
const FUNCTION: u64 = 40;
/// Of a parameter or result of a function type, beyond those that fit into registers: it is handed
/// over by code of its own.
const VALUE: u64 = 8;
/// Of an operand of an instruction, beyond the same.
const OPERAND: u64 = 5;
const REGISTERS: u64 = 4;
/// Of a handler, for each call that it covers.
const HANDLER: u64 = 25;
/// Of a value of what a clause of `try_table` catches, whether it is ever thrown or not.
const CAUGHT: u64 = 60;
/// Beyond as many it costs more than in proportion.
const MOST_CAUGHT: u64 = 16;
/// Objects and their fields in all constant expressions together: one function makes them all, in
/// which those before stay alive.
const MOST_OF_OBJECTS: u64 = 64;
/// Of an element of a segment.
const ELEMENT: u64 = 10;
/// Bytes that are copied, per unit.
const BYTES: u64 = 64;
/// Bytes of the image of a memory, and elements of that of a table, per unit.
const MEMORY_IMAGE: u64 = 256;
const TABLE_IMAGE: u64 = 32;
/// Larger ones are not made.
const MOST_OF_MEMORY: u64 = 16 << 20;
const MOST_OF_TABLE: u64 = 1 << 20;
/// Values that are alive where control splits or meets, per unit.
const ALIVE: u64 = 4;
/// Values that are alive at an instruction, per unit: on the stack, and in locals.
const STACKED: u64 = 16;
const STORED: u64 = 64;
/// Pairs of places where control splits or meets in one function, per unit: values that stay in
/// registers from one to the next are compared with each other.
const PAIRS: u64 = 96;
/// Pairs of such places and values that blocks take or give, per unit.
const BLOCK_VALUES: u64 = 32;
/// Loops within each other: the cost grows faster than with their number.
const MOST_LOOPS: u64 = 16;

/// It is too much, or can't be told: what can't be read, say.
struct TooMuch;

impl From<BinaryReaderError> for TooMuch {
    fn from(_: BinaryReaderError) -> Self {
        TooMuch
    }
}

type Result<T = ()> = std::result::Result<T, TooMuch>;

/// See the module.
pub fn is_cheap(wasm: &[u8]) -> bool {
    Estimate::default().module(wasm).is_ok()
}

#[derive(Default)]
struct Estimate {
    cost: u64,
    types: Vec<SubType>,
    /// Types of functions and tags, by number.
    functions: Vec<u32>,
    imported: usize,
    bodies: usize,
    tags: Vec<u32>,
    /// In constant expressions, with their fields.
    objects: u64,
    body: Body,
}

impl Estimate {
    fn add(&mut self, units: u64) -> Result {
        self.cost = self.cost.saturating_add(units);
        if self.cost > BUDGET { Err(TooMuch) } else { Ok(()) }
    }

    fn module(&mut self, wasm: &[u8]) -> Result {
        self.add(wasm.len() as u64 / BYTES)?;
        for payload in Parser::new(0).parse_all(wasm) {
            self.payload(payload?)?;
        }
        Ok(())
    }

    fn payload(&mut self, payload: Payload<'_>) -> Result {
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    for kind in group?.into_types() {
                        self.kind(kind)?;
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.import(import?.ty)?;
                }
            }
            Payload::FunctionSection(section) => {
                for kind in section {
                    let kind = kind?;
                    self.add(FUNCTION + 2 * VALUE * self.values_of(kind))?;
                    self.functions.push(kind);
                }
            }
            Payload::TagSection(section) => {
                for tag in section {
                    self.tags.push(tag?.func_type_idx);
                    self.add(1)?;
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let table = table?;
                    self.add(10 + table.ty.initial.min(MOST_OF_TABLE) / TABLE_IMAGE)?;
                }
            }
            Payload::MemorySection(section) => self.add(10 * u64::from(section.count()))?,
            Payload::ExportSection(section) => self.add(2 * u64::from(section.count()))?,
            Payload::GlobalSection(section) => {
                for global in section {
                    self.constant(&global?.init_expr)?;
                }
            }
            Payload::ElementSection(section) => {
                for element in section {
                    let element = element?;
                    self.elements(element.kind, element.items)?;
                }
            }
            Payload::DataSection(section) => {
                let mut images = HashMap::new();
                for data in section {
                    self.data(&data?, &mut images)?;
                }
                for (from, to) in images.into_values() {
                    self.add((to.saturating_sub(from)).min(MOST_OF_MEMORY) / MEMORY_IMAGE)?;
                }
            }
            Payload::CodeSectionEntry(body) => self.function(&body)?,
            _ => {}
        }
        Ok(())
    }

    /// Each type of functions has a way to call the host.
    fn kind(&mut self, kind: SubType) -> Result {
        let units = match &kind.composite_type.inner {
            CompositeInnerType::Func(kind) => {
                FUNCTION + VALUE * beyond_registers(kind.params().len() + kind.results().len())
            }
            CompositeInnerType::Struct(kind) => 4 + kind.fields.len() as u64,
            _ => 4,
        };
        self.types.push(kind);
        self.add(units)
    }

    /// Each function has a way from and to the host.
    fn import(&mut self, kind: TypeRef) -> Result {
        if let TypeRef::Func(kind) | TypeRef::FuncExact(kind) = kind {
            self.functions.push(kind);
            self.imported += 1;
            return self.add(FUNCTION + VALUE * self.values_of(kind));
        }
        if let TypeRef::Tag(tag) = kind {
            self.tags.push(tag.func_type_idx);
        }
        self.add(10)
    }

    fn fields_of(&self, kind: u32) -> u64 {
        let kind = self.types.get(kind as usize);
        kind.and_then(|kind| self.sub_type_arity(kind)).map_or(0, |(fields, _)| fields.into())
    }

    fn values_of(&self, kind: u32) -> u64 {
        let kind = self.types.get(kind as usize);
        let arity = kind.and_then(|kind| self.sub_type_arity(kind)).unwrap_or((0, 0));
        beyond_registers(arity.0 as usize + arity.1 as usize)
    }

    fn constant(&mut self, expression: &wasmparser::ConstExpr<'_>) -> Result {
        self.add(4 + expression.get_binary_reader().bytes_remaining() as u64)?;
        let mut operators = expression.get_operators_reader();
        while !operators.eof() {
            self.objects += match operators.read()? {
                Operator::StructNew { struct_type_index: kind }
                | Operator::StructNewDefault { struct_type_index: kind } => {
                    1 + self.fields_of(kind)
                }
                Operator::ArrayNewFixed { array_size, .. } => 1 + u64::from(array_size),
                operator if is_object(&operator) => 1,
                _ => 0,
            };
        }
        if self.objects > MOST_OF_OBJECTS { Err(TooMuch) } else { Ok(()) }
    }

    fn elements(&mut self, kind: ElementKind<'_>, items: ElementItems<'_>) -> Result {
        if let ElementKind::Active { offset_expr, .. } = kind {
            self.constant(&offset_expr)?;
        }
        match items {
            ElementItems::Functions(items) => self.add(4 + ELEMENT * u64::from(items.count())),
            ElementItems::Expressions(_, items) => {
                for item in items {
                    self.add(ELEMENT)?;
                    self.constant(&item?)?;
                }
                Ok(())
            }
        }
    }

    fn data(&mut self, data: &Data<'_>, images: &mut HashMap<u32, (u64, u64)>) -> Result {
        if let DataKind::Active { memory_index, offset_expr } = &data.kind {
            self.constant(offset_expr)?;
            let image = images.entry(*memory_index).or_insert((u64::MAX, 0));
            let start = start_of(offset_expr);
            image.0 = image.0.min(start.unwrap_or(0));
            let end = start.unwrap_or(MOST_OF_MEMORY).saturating_add(data.data.len() as u64);
            image.1 = image.1.max(end);
        }
        self.add(4)
    }

    fn function(&mut self, body: &FunctionBody<'_>) -> Result {
        let kind = self.functions.get(self.imported + self.bodies).copied();
        self.bodies += 1;
        let block = kind.map_or(BlockType::Empty, BlockType::FuncType);
        let parameters = self.block_type_arity(block).map_or(0, |(parameters, _)| parameters);
        self.body.start(block);
        self.instructions(body, u64::from(parameters))?;
        let Body { used, joints, instructions, values, .. } = self.body;
        let in_memory = used.saturating_sub(2 * REGISTERS);
        self.add(used.saturating_mul(joints) / ALIVE)?;
        self.add(joints.saturating_mul(joints) / PAIRS)?;
        self.add(joints.saturating_mul(values) / BLOCK_VALUES)?;
        self.add(in_memory.saturating_mul(instructions) / STORED)
    }

    fn instructions(&mut self, body: &FunctionBody<'_>, parameters: u64) -> Result {
        let mut locals = parameters;
        for declared in body.get_locals_reader()? {
            locals += u64::from(declared?.0);
            self.add(1)?;
        }
        self.add(locals / 8)?;
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() && !self.body.frames.is_empty() {
            self.operator(&operators.read()?)?;
        }
        Ok(())
    }

    fn operator(&mut self, operator: &Operator<'_>) -> Result {
        let (taken, given) = operator.operator_arity(self).ok_or(TooMuch)?;
        let (taken, given) = (u64::from(taken), u64::from(given));
        let Body { height, loops, handlers, .. } = self.body;
        self.body.instructions += 1;
        self.add(
            INSTRUCTION + OPERAND * beyond_registers((taken + given) as usize) + height / STACKED,
        )?;
        if loops > MOST_LOOPS {
            return Err(TooMuch);
        }
        if is_joint(operator) {
            self.body.joints += 1 + loops / 2;
            self.add((1 + loops / 2) * (height / ALIVE) + handlers * HANDLER)?;
        }
        if matches!(
            operator,
            Operator::Catch { .. } | Operator::CatchAll | Operator::Delegate { .. }
        ) {
            self.add(HANDLER * self.body.joints)?;
        }
        if let Operator::TryTable { try_table } = operator {
            self.clauses(&try_table.catches)?;
        }
        self.add(extra(operator, taken, |kind| self.fields_of(kind)))?;
        self.body.act(operator, taken, given);
        Ok(())
    }
}

impl Estimate {
    fn clauses(&mut self, clauses: &[Catch]) -> Result {
        for clause in clauses {
            let caught = match clause {
                Catch::One { tag, .. } | Catch::OneRef { tag, .. } => {
                    u64::from(self.tag_type_arity(*tag).ok_or(TooMuch)?.0)
                }
                Catch::All { .. } | Catch::AllRef { .. } => 0,
            };
            if caught > MOST_CAUGHT {
                return Err(TooMuch);
            }
            self.body.joints += 1;
            self.body.values += caught;
            self.add(HANDLER + CAUGHT * caught)?;
        }
        Ok(())
    }
}

fn beyond_registers(values: usize) -> u64 {
    (values as u64).saturating_sub(REGISTERS)
}

/// Where a segment starts, as far as that is known before there is an instance.
fn start_of(offset: &wasmparser::ConstExpr<'_>) -> Option<u64> {
    match offset.get_operators_reader().read().ok()? {
        Operator::I32Const { value } => Some(value.cast_unsigned().into()),
        Operator::I64Const { value } => Some(value.cast_unsigned()),
        _ => None,
    }
}

impl ModuleArity for Estimate {
    fn sub_type_at(&self, kind: u32) -> Option<&SubType> {
        self.types.get(kind as usize)
    }

    fn tag_type_arity(&self, tag: u32) -> Option<(u32, u32)> {
        self.sub_type_arity(self.sub_type_at(*self.tags.get(tag as usize)?)?)
    }

    fn type_index_of_function(&self, function: u32) -> Option<u32> {
        self.functions.get(function as usize).copied()
    }

    /// Not supported.
    fn func_type_of_cont_type(&self, _: &ContType) -> Option<&FuncType> {
        None
    }

    fn sub_type_of_ref_type(&self, kind: &RefType) -> Option<&SubType> {
        self.sub_type_at(kind.type_index()?.as_module_index()?)
    }

    fn control_stack_height(&self) -> u32 {
        u32::try_from(self.body.frames.len()).unwrap_or(u32::MAX)
    }

    fn label_block(&self, depth: u32) -> Option<(BlockType, FrameKind)> {
        let index = self.body.frames.len().checked_sub(depth as usize + 1)?;
        self.body.frames.get(index).map(|frame| (frame.block, frame.kind))
    }
}
