//! What must be known of a module before its functions are rewritten.

use wasmparser::{
    CompositeInnerType, ElementItems, FunctionBody, Operator, Parser, Payload, RefType,
    StorageType, TypeRef,
};

use super::paths::LEAF;
use super::price::{Price, Prices};
use super::{Refusal, Result};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub types: Vec<Type>,
    /// Entries of the type section: groups of types that refer to each other.
    pub groups: u32,
    /// Types of all functions, those imported first.
    pub functions: Vec<u32>,
    pub imported_functions: u32,
    /// Whether addresses have 64 bits.
    pub memories: Vec<bool>,
    /// Type of the elements, and whether indexes have 64 bits.
    pub tables: Vec<(RefType, bool)>,
    /// Types of the elements of each segment.
    pub elements: Vec<RefType>,
    pub exports: Vec<String>,
    pub start: Option<u32>,
    /// Of the functions that the module defines.
    pub bodies: Vec<Body>,
}

/// What of a type decides what using it costs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Type {
    Function { parameters: u32, results: u32 },
    Struct { fields: u32 },
    Array { element: StorageType, is_mutable: bool },
    Continuation,
}

/// How a call of a function is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// It begins with a check, since it makes calls.
    Checked,
    /// It has neither calls nor loops, and costs as little as this.
    Leaf(u32),
    /// Anything else. It makes its first check, or ends, before it has cost more than `LEAF`.
    Other,
}

impl Facts {
    pub fn of(wasm: &[u8]) -> Result<Self> {
        let mut facts = Facts::default();
        for payload in Parser::new(0).parse_all(wasm) {
            facts.take(payload?)?;
        }
        Ok(facts)
    }

    fn take(&mut self, payload: Payload<'_>) -> Result<()> {
        match payload {
            Payload::TypeSection(section) => {
                self.groups = section.count();
                for group in section {
                    let group = group?;
                    self.types.extend(group.types().map(|of| Type::of(&of.composite_type.inner)));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    self.import(import?.ty)?;
                }
            }
            Payload::FunctionSection(section) => {
                for function in section {
                    self.functions.push(function?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    self.table(&table?.ty);
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let memory = memory?;
                    if memory.shared {
                        return Err(Refusal::SharedMemory);
                    }
                    self.memory(memory)?;
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    self.exports.push(export?.name.into());
                }
            }
            Payload::StartSection { func, .. } => self.start = Some(func),
            Payload::ElementSection(section) => {
                for segment in section {
                    self.elements.push(type_of(&segment?.items));
                }
            }
            Payload::CodeSectionEntry(body) => {
                let body = self.body(&body)?;
                self.bodies.push(body);
            }
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, import: TypeRef) -> Result<()> {
        match import {
            TypeRef::Func(index) | TypeRef::FuncExact(index) => {
                self.functions.push(index);
                self.imported_functions += 1;
            }
            TypeRef::Table(table) => self.table(&table),
            TypeRef::Memory(memory) => self.memory(memory)?,
            TypeRef::Global(_) | TypeRef::Tag(_) => {}
        }
        Ok(())
    }

    fn memory(&mut self, memory: wasmparser::MemoryType) -> Result<()> {
        self.memories.push(memory.memory64);
        match memory.page_size_log2 {
            None => Ok(()),
            Some(_) => Err(Refusal::CustomPageSize),
        }
    }

    fn table(&mut self, table: &wasmparser::TableType) {
        self.tables.push((table.element_type, table.table64));
    }

    fn body(&self, body: &FunctionBody<'_>) -> Result<Body> {
        let mut prices = Prices::new(self, self.type_of_defined(self.bodies.len()));
        let mut cost = Some(self.prologue(body)?);
        let mut reader = body.get_operators_reader()?;
        while !reader.eof() {
            let operator = reader.read()?;
            match prices.of(&operator) {
                Price::Call { .. } => return Ok(Body::Checked),
                Price::Fixed(more) => cost = cost.map(|cost| cost.saturating_add(more)),
                Price::Bulk | Price::Heavy => cost = None,
            }
            if matches!(operator, Operator::Loop { .. }) {
                cost = None;
            }
        }
        Ok(cost.filter(|cost| *cost <= LEAF).map_or(Body::Other, Body::Leaf))
    }

    /// Making room for locals, which start as zeros.
    pub fn prologue(&self, body: &FunctionBody<'_>) -> Result<u32> {
        const LOCALS_AT_ONCE: u32 = 8;
        let mut locals = 0_u32;
        for local in body.get_locals_reader()? {
            locals = locals.saturating_add(local?.0);
        }
        Ok(locals / LOCALS_AT_ONCE)
    }

    /// `None` for functions that are imported.
    pub fn defined(&self, function: u32) -> Option<Body> {
        let index = function.checked_sub(self.imported_functions)?;
        // Bodies behind the one that asks are not known while they are looked at.
        Some(self.bodies.get(index as usize).copied().unwrap_or(Body::Other))
    }

    pub fn type_of(&self, index: u32) -> Type {
        self.types.get(index as usize).copied().unwrap_or(Type::Continuation)
    }

    pub fn type_of_function(&self, function: u32) -> Type {
        self.functions
            .get(function as usize)
            .map_or(Type::Continuation, |index| self.type_of(*index))
    }

    /// The `index`th of those that the module defines.
    pub fn type_of_defined(&self, index: usize) -> Type {
        self.type_of_function(self.imported_functions.saturating_add(index as u32))
    }
}

impl Type {
    fn of(inner: &CompositeInnerType) -> Self {
        match inner {
            CompositeInnerType::Func(function) => Type::Function {
                parameters: function.params().len() as u32,
                results: function.results().len() as u32,
            },
            CompositeInnerType::Struct(of) => Type::Struct { fields: of.fields.len() as u32 },
            CompositeInnerType::Array(of) => {
                Type::Array { element: of.0.element_type, is_mutable: of.0.mutable }
            }
            CompositeInnerType::Cont(_) => Type::Continuation,
        }
    }

    /// Values that move when something of this type is used.
    pub fn arity(self) -> u32 {
        match self {
            Type::Function { parameters, results } => parameters + results,
            Type::Struct { fields } => fields,
            Type::Array { .. } | Type::Continuation => 0,
        }
    }
}

fn type_of(items: &ElementItems<'_>) -> RefType {
    match items {
        ElementItems::Functions(_) => RefType::FUNCREF,
        ElementItems::Expressions(of, _) => *of,
    }
}
