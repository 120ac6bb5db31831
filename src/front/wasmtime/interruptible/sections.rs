//! Writing the module anew: its sections as they were, with what is added behind it.

use std::ops::Range;

use wasm_encoder::{Encode, ExportKind, ExportSection, Module, RawSection, SectionId};
use wasmparser::{Parser, Payload};

use super::added::Added;
use super::body::edits;
use super::check::{Check, MEMORY};
use super::editor::{Editor, bytes};
use super::facts::Facts;
use super::name_section::shortened;
use super::names::Names;
use super::pieces::Pieces;
use super::{Refusal, Result};
use crate::front::wasmtime::module_limits::{ENTRIES, MEMORIES, NAME};

/// See the module.
pub(super) fn rewrite(wasm: &[u8], facts: &Facts) -> Result<Vec<u8>> {
    check_limits(facts)?;
    // Bodies first: they say which functions must be added, and those come in earlier sections.
    let (bodies, added) = code(wasm, facts)?;
    let mut rewriter = Rewriter {
        wasm,
        module: Module::new(),
        additions: Additions::new(facts, &added),
        bodies: (facts.bodies.len() as u32 + added.len() as u32, bodies),
    };
    for payload in Parser::new(0).parse_all(wasm) {
        rewriter.take(payload?);
    }
    rewriter.add_missing_before(LAST);
    Ok(rewriter.module.finish())
}

fn check_limits(facts: &Facts) -> Result<()> {
    if facts.memories.len() >= MEMORIES {
        return Err(Refusal::TooLarge(format!(
            "The program has {} memories, but at most {} are allowed, because checking for the \
             timeout needs one more",
            facts.memories.len(),
            MEMORIES - 1,
        )));
    }
    if facts.exports.len() > ENTRIES - 2 {
        return Err(Refusal::TooLarge(format!(
            "The program has {} exports, but at most {} are allowed, because checking for the \
             timeout needs two more",
            facts.exports.len(),
            ENTRIES - 2,
        )));
    }
    if names(facts).interrupt.len() > NAME {
        return Err(Refusal::TooLarge(format!(
            "The program has an export whose name begins with so many NULs that no longer one is \
             left: names have at most {NAME} bytes",
        )));
    }
    Ok(())
}

fn names(facts: &Facts) -> Names {
    Names::beside(facts.exports.iter().map(String::as_str), facts.functions.len() as u32)
}

/// Entries of the code section, and the functions that are added.
fn code(wasm: &[u8], facts: &Facts) -> Result<(Vec<u8>, Vec<Added>)> {
    let check = Check::new(facts.memories.len() as u32);
    let mut pieces = Pieces::new(facts.functions.len() as u32);
    let mut bodies = Vec::new();
    let mut index = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload? {
            let edits = edits(index, &body, facts, &mut pieces)?;
            let editor = Editor { wasm, facts, check: &check, pieces: &pieces };
            editor.edited(&body, &edits)?.as_slice().encode(&mut bodies);
            index += 1;
        }
    }
    let added = pieces.functions(facts, &check)?;
    if facts.functions.len() + added.len() > ENTRIES || facts.types.len() + added.len() > ENTRIES {
        return Err(Refusal::TooLarge(format!(
            "The program has {} functions and {} types, but at most {ENTRIES} of each are \
             allowed, and checking for the timeout needs {} more",
            facts.functions.len(),
            facts.types.len(),
            added.len(),
        )));
    }
    for Added { code, .. } in &added {
        code.encode(&mut bodies);
    }
    Ok((bodies, added))
}

/// What a section gets behind its own entries.
#[derive(Debug)]
struct Addition {
    id: SectionId,
    count: u32,
    entries: Vec<u8>,
}

/// In the order of the sections. Taken when they have been written.
#[derive(Debug)]
struct Additions(Vec<Addition>);

impl Additions {
    fn new(facts: &Facts, added: &[Added]) -> Self {
        let count = added.len() as u32;
        let mut types = Vec::new();
        let mut functions = Vec::new();
        let mut memory = Vec::new();
        for (index, Added { of, .. }) in (facts.types.len() as u32..).zip(added) {
            function_type(of, &mut types);
            index.encode(&mut functions);
        }
        MEMORY.encode(&mut memory);
        let (exports, export_count) = exports(facts);
        let all = [
            (SectionId::Type, count, types),
            (SectionId::Function, count, functions),
            (SectionId::Memory, 1, memory),
            (SectionId::Export, export_count, exports),
        ];
        let all = all.map(|(id, count, entries)| Addition { id, count, entries });
        Additions(all.into_iter().filter(|addition| addition.count > 0).collect())
    }

    fn take(&mut self, is_due: impl Fn(u8) -> bool) -> Option<Addition> {
        let index = self.0.iter().position(|addition| is_due(addition.id as u8))?;
        Some(self.0.remove(index))
    }
}

fn function_type(of: &wasm_encoder::FuncType, types: &mut Vec<u8>) {
    const FUNCTION: u8 = 0x60;
    types.push(FUNCTION);
    of.params().encode(types);
    of.results().encode(types);
}

/// Entries of the export section, and how many.
fn exports(facts: &Facts) -> (Vec<u8>, u32) {
    let names = names(facts);
    let mut exports = ExportSection::new();
    exports.export(&names.interrupt, ExportKind::Memory, facts.memories.len() as u32);
    if let Some(start) = facts.start {
        exports.export(&names.start, ExportKind::Func, start);
    }
    let count = exports.len();
    let mut encoded = Vec::new();
    exports.encode(&mut encoded);
    // Size of the section, then the count, which fits a byte.
    let size = leb_length((encoded.len() - 1) as u32);
    (encoded.split_off(size + 1), count)
}

/// Bytes that a number takes when it takes as few as can be.
fn leb_length(number: u32) -> usize {
    let mut encoded = Vec::new();
    number.encode(&mut encoded);
    encoded.len()
}

struct Rewriter<'w> {
    wasm: &'w [u8],
    module: Module,
    additions: Additions,
    /// How many, and their encoding.
    bodies: (u32, Vec<u8>),
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

impl Rewriter<'_> {
    fn take(&mut self, payload: Payload<'_>) {
        match &payload {
            Payload::StartSection { .. } | Payload::CodeSectionEntry(_) => {}
            // Offsets into bodies, which are other ones now.
            Payload::CustomSection(section) if section.name().starts_with("metadata.code.") => {}
            Payload::CustomSection(section) => match shortened(section) {
                Some(short) => drop(self.module.section(&short)),
                None => self.copy(SectionId::Custom as u8, section.range(), None),
            },
            Payload::CodeSectionStart { .. } => {
                self.add_missing_before(position(SectionId::Code as u8));
                let (count, bodies) = std::mem::take(&mut self.bodies);
                self.section(SectionId::Code as u8, count, &[&bodies]);
            }
            other => {
                if let Some((id, range)) = other.as_section() {
                    self.add_missing_before(position(id));
                    self.copy(id, range, entries(other));
                }
            }
        }
    }

    /// A section as it was, or with what is added behind its entries.
    fn copy(&mut self, id: u8, range: Range<u64>, entries: Option<(u32, Range<u64>)>) {
        let addition = self.additions.take(|due| due == id);
        match (addition, entries) {
            (Some(addition), Some((count, entries))) => {
                let entries = bytes(self.wasm, entries);
                self.section(id, count + addition.count, &[entries, &addition.entries]);
            }
            _ => {
                let data = bytes(self.wasm, range);
                self.module.section(&RawSection { id, data });
            }
        }
    }

    /// Sections that the program doesn't have, and we need, before the one at `next`.
    fn add_missing_before(&mut self, next: u8) {
        while let Some(Addition { id, count, entries }) =
            self.additions.take(|due| position(due) < next)
        {
            self.section(id as u8, count, &[&entries]);
        }
    }

    fn section(&mut self, id: u8, count: u32, entries: &[&[u8]]) {
        let mut data = Vec::new();
        count.encode(&mut data);
        for entries in entries {
            data.extend_from_slice(entries);
        }
        self.module.section(&RawSection { id, data: &data });
    }
}

/// How many, and where: of those sections that something may be added to.
fn entries(payload: &Payload<'_>) -> Option<(u32, Range<u64>)> {
    macro_rules! of {
        ($section:expr) => {
            Some(($section.count(), $section.original_position()..$section.range().end))
        };
    }
    match payload {
        Payload::TypeSection(section) => of!(section),
        Payload::FunctionSection(section) => of!(section),
        Payload::MemorySection(section) => of!(section),
        Payload::ExportSection(section) => of!(section),
        _ => None,
    }
}
