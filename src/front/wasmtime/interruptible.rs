//! Makes a program look, in every loop, at every recursion and before every instruction that may
//! take long, whether it should end.
//!
//! wasmtime's own ways to end a program cost too much in tight loops: a check that may call the
//! host keeps values from staying in registers. This one reads a word of a memory that the program
//! gets beside its own, and traps:
//!
//! ```wat
//! (if (i32.atomic.load $interrupt (i32.const 0)) (then unreachable))
//! ```
//!
//! An atomic load is never moved or left out. The start function becomes an export, to be called
//! when the word can be reached.

use std::ops::Range;

use wasm_encoder::{Encode, ExportKind, ExportSection, MemoryType, Module, RawSection, SectionId};
use wasmparser::{BinaryReaderError, FunctionBody, Operator, Parser, Payload, TypeRef};

/// Export of the memory whose first word ends the program when it is not 0.
pub(super) const INTERRUPT: &str = "\0wasi-rs interrupt";
/// Export of the function that was the start function.
pub(super) const START: &str = "\0wasi-rs start";
/// What the memory adds to those of the program, in bytes.
pub(super) const SIZE: u64 = 65_536;

/// Whether an export is one of ours.
pub(super) fn is_ours(export: &str) -> bool {
    export == INTERRUPT || export == START
}

type Result<T> = std::result::Result<T, BinaryReaderError>;

/// The program with checks, from one that is valid.
pub(super) fn interruptible(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut rewriter = Rewriter::new(wasm)?;
    for payload in Parser::new(0).parse_all(wasm) {
        rewriter.take(payload?)?;
    }
    rewriter.add_missing_before(LAST);
    Ok(rewriter.module.finish())
}

struct Rewriter<'w> {
    wasm: &'w [u8],
    module: Module,
    /// Encoded check.
    check: Vec<u8>,
    /// Encoded additions, taken when they have been written.
    memory: Option<Vec<u8>>,
    exports: Option<(u32, Vec<u8>)>,
    /// Bodies so far, and how many there will be.
    bodies: Vec<u8>,
    count: u32,
    left: u32,
}

/// Position of a section in a module; the numbers of sections are not in order.
fn position(id: u8) -> u8 {
    const ORDER: [SectionId; 13] = [
        SectionId::Type,
        SectionId::Import,
        SectionId::Function,
        SectionId::Table,
        SectionId::Memory,
        SectionId::Tag,
        SectionId::Global,
        SectionId::Export,
        SectionId::Start,
        SectionId::Element,
        SectionId::DataCount,
        SectionId::Code,
        SectionId::Data,
    ];
    let found = ORDER.iter().position(|section| *section as u8 == id);
    // Custom sections may be anywhere.
    found.map_or(0, |position| position as u8 + 1)
}

const LAST: u8 = u8::MAX;

impl<'w> Rewriter<'w> {
    fn new(wasm: &'w [u8]) -> Result<Self> {
        let (memories, start) = look(wasm)?;
        let mut exports = ExportSection::new();
        exports.export(INTERRUPT, ExportKind::Memory, memories);
        if let Some(start) = start {
            exports.export(START, ExportKind::Func, start);
        }
        let exports = Some((exports.len(), without_count(&exports)));
        Ok(Rewriter {
            wasm,
            module: Module::new(),
            check: check(memories),
            memory: Some(memory()),
            exports,
            bodies: Vec::new(),
            count: 0,
            left: 0,
        })
    }

    fn take(&mut self, payload: Payload<'w>) -> Result<()> {
        match &payload {
            Payload::MemorySection(section) => {
                let entries = section.original_position()..section.range().end;
                self.extend(SectionId::Memory, section.count(), entries);
            }
            Payload::ExportSection(section) => {
                let entries = section.original_position()..section.range().end;
                self.extend(SectionId::Export, section.count(), entries);
            }
            Payload::StartSection { .. } => {}
            Payload::CodeSectionStart { count, .. } => {
                self.add_missing_before(position(SectionId::Code as u8));
                (self.count, self.left) = (*count, *count);
                self.end_code();
            }
            Payload::CodeSectionEntry(body) => self.function(body)?,
            other => {
                if let Some((id, range)) = other.as_section() {
                    self.copy(id, range);
                }
            }
        }
        Ok(())
    }

    fn copy(&mut self, id: u8, range: Range<u64>) {
        self.add_missing_before(position(id));
        let data = self.bytes(range);
        self.module.section(&RawSection { id, data });
    }

    /// Offsets are those of a slice, so they fit.
    fn bytes(&self, range: Range<u64>) -> &'w [u8] {
        &self.wasm[range.start as usize..range.end as usize]
    }

    /// Writes a list with our additions behind it.
    fn extend(&mut self, id: SectionId, count: u32, entries: Range<u64>) {
        self.add_missing_before(position(id as u8));
        let (added, addition) = match id {
            SectionId::Memory => (1, self.memory.take().unwrap_or_default()),
            _ => self.exports.take().unwrap_or_default(),
        };
        let mut data = Vec::new();
        (count + added).encode(&mut data);
        data.extend_from_slice(self.bytes(entries));
        data.extend_from_slice(&addition);
        self.module.section(&RawSection { id: id as u8, data: &data });
    }

    /// Sections that the program doesn't have, and we need, before the one at `next`.
    fn add_missing_before(&mut self, next: u8) {
        if next > position(SectionId::Memory as u8)
            && let Some(memory) = self.memory.take()
        {
            self.section_of(SectionId::Memory, 1, &memory);
        }
        if next > position(SectionId::Export as u8)
            && let Some((count, exports)) = self.exports.take()
        {
            self.section_of(SectionId::Export, count, &exports);
        }
    }

    fn section_of(&mut self, id: SectionId, count: u32, entries: &[u8]) {
        let mut data = Vec::new();
        count.encode(&mut data);
        data.extend_from_slice(entries);
        self.module.section(&RawSection { id: id as u8, data: &data });
    }

    fn function(&mut self, body: &FunctionBody<'_>) -> Result<()> {
        let body = self.checked(body)?;
        body.as_slice().encode(&mut self.bodies);
        self.left -= 1;
        self.end_code();
        Ok(())
    }

    fn end_code(&mut self) {
        if self.left == 0 {
            let bodies = std::mem::take(&mut self.bodies);
            self.section_of(SectionId::Code, self.count, &bodies);
        }
    }

    /// A check at the head of each loop, before what takes long, and at the start of functions that call others: they may
    /// come back to themselves.
    fn checked(&self, body: &FunctionBody<'_>) -> Result<Vec<u8>> {
        let mut reader = body.get_operators_reader()?;
        let start = reader.original_position();
        let (mut places, mut calls) = (Vec::new(), false);
        while !reader.eof() {
            let before = reader.original_position();
            let operator = reader.read()?;
            if matches!(operator, Operator::Loop { .. }) {
                places.push(reader.original_position());
            } else if takes_long(&operator) {
                places.push(before);
            }
            calls |= is_call(&operator);
        }
        if calls {
            places.insert(0, start);
        }
        let range = body.range();
        let length = self.bytes(range.clone()).len();
        let mut checked = Vec::with_capacity(length + places.len() * self.check.len());
        let mut copied = range.start;
        for place in places {
            checked.extend_from_slice(self.bytes(copied..place));
            checked.extend_from_slice(&self.check);
            copied = place;
        }
        checked.extend_from_slice(self.bytes(copied..range.end));
        Ok(checked)
    }
}

/// Instructions whose time grows with an operand. What they do once started is not interrupted.
fn takes_long(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::MemoryFill { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryInit { .. }
            | Operator::MemoryGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::TableGrow { .. }
            | Operator::ArrayNew { .. }
            | Operator::ArrayNewDefault { .. }
            | Operator::ArrayFill { .. }
            | Operator::ArrayCopy { .. }
            | Operator::ArrayInitData { .. }
            | Operator::ArrayInitElem { .. }
    )
}

fn is_call(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
    )
}

/// How many memories there are, and the start function.
fn look(wasm: &[u8]) -> Result<(u32, Option<u32>)> {
    let (mut memories, mut start) = (0, None);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    memories += u32::from(matches!(import?.ty, TypeRef::Memory(_)));
                }
            }
            Payload::MemorySection(section) => memories += section.count(),
            Payload::StartSection { func, .. } => start = Some(func),
            Payload::CodeSectionStart { .. } => break,
            _ => {}
        }
    }
    Ok((memories, start))
}

fn check(memory: u32) -> Vec<u8> {
    let mut code = Vec::new();
    let mut sink = wasm_encoder::InstructionSink::new(&mut code);
    sink.i32_const(0)
        .i32_atomic_load(wasm_encoder::MemArg {
            offset: 0,
            align: 2,
            target: wasm_encoder::MemArgTarget::Memory(memory),
            ordering: None,
        })
        .if_(wasm_encoder::BlockType::Empty)
        .unreachable()
        .end();
    code
}

fn memory() -> Vec<u8> {
    let mut encoded = Vec::new();
    MemoryType {
        minimum: 1,
        maximum: Some(1),
        memory64: false,
        shared: false,
        page_size_log2: None,
    }
    .encode(&mut encoded);
    encoded
}

/// Entries of a section, without how many there are.
fn without_count(exports: &ExportSection) -> Vec<u8> {
    let mut encoded = Vec::new();
    exports.encode(&mut encoded);
    // Size of the section, then the count, which fits a byte.
    let length = leb_length((encoded.len() - 1) as u32);
    encoded.split_off(length + 1)
}

/// Bytes that a number takes when it takes as few as can be.
fn leb_length(number: u32) -> usize {
    let mut encoded = Vec::new();
    number.encode(&mut encoded);
    encoded.len()
}
