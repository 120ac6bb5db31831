//! Types of a module as in the text format, made when they are asked for.

use std::collections::HashMap;
use std::sync::Arc;

use wasmparser::{
    CompositeInnerType, GlobalType, MemoryType, RefType, TableType, TypeRef, TypeSectionReader,
    ValType,
};

use super::Result;
use crate::front::wasmtime::shape;

/// The types of functions that are needed, by index.
#[derive(Default)]
pub struct Types(HashMap<u32, Arc<str>>);

impl Types {
    /// Goes through the sections once, for the types of these numbers.
    pub fn of(
        sections: &[TypeSectionReader<'_>],
        wanted: impl Iterator<Item = u32>,
    ) -> Result<Self> {
        let mut types: HashMap<u32, Arc<str>> = wanted.map(|index| (index, "".into())).collect();
        let mut index = 0;
        for group in sections.iter().cloned().flatten() {
            for kind in group?.types() {
                if let Some(shape) = types.get_mut(&index) {
                    *shape = function(&kind.composite_type.inner).into();
                }
                index += 1;
            }
        }
        types.retain(|_, shape| !shape.is_empty());
        Ok(Types(types))
    }

    /// Of an import or an export.
    pub fn shape(&self, kind: &TypeRef) -> Option<Arc<str>> {
        match kind {
            TypeRef::Func(index) | TypeRef::FuncExact(index) => self.0.get(index).cloned(),
            TypeRef::Tag(tag) => {
                let shape = self.0.get(&tag.func_type_idx)?;
                Some(format!("(tag{}", shape.strip_prefix("(func")?).into())
            }
            TypeRef::Memory(memory) => Some(memory_shape(memory).into()),
            TypeRef::Table(table) => Some(table_shape(table).into()),
            TypeRef::Global(global) => Some(global_shape(global).into()),
        }
    }
}

/// The type of a function, which an import or an export of this kind has.
pub fn index_of(kind: &TypeRef) -> Option<u32> {
    match kind {
        TypeRef::Func(index) | TypeRef::FuncExact(index) => Some(*index),
        TypeRef::Tag(tag) => Some(tag.func_type_idx),
        _ => None,
    }
}

/// As `WebAssembly.Module.exports` names it.
pub fn kind_of(kind: &TypeRef) -> &'static str {
    match kind {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => "function",
        TypeRef::Table(_) => "table",
        TypeRef::Memory(_) => "memory",
        TypeRef::Global(_) => "global",
        TypeRef::Tag(_) => "tag",
    }
}

/// Empty for what is no function.
fn function(kind: &CompositeInnerType) -> String {
    match kind {
        CompositeInnerType::Func(function) => {
            let text =
                |types: &[ValType]| types.iter().map(|kind| value(*kind)).collect::<Vec<_>>();
            shape::function(text(function.params()).iter(), text(function.results()).iter())
        }
        _ => String::new(),
    }
}

fn value(kind: ValType) -> String {
    match kind {
        ValType::Ref(reference) => reference_shape(reference),
        kind => kind.to_string(),
    }
}

/// The parser shows an index of a type as `(module 3)`.
fn reference_shape(kind: RefType) -> String {
    let text = kind.to_string();
    let parts = text.split_once("(module ").and_then(|(start, rest)| {
        let (index, end) = rest.split_once(')')?;
        Some(format!("{start}{index}{end}"))
    });
    parts.unwrap_or(text)
}

fn limits(is_64: bool, initial: u64, maximum: Option<u64>) -> String {
    let width = if is_64 { "i64 " } else { "" };
    let maximum = maximum.map(|maximum| format!(" {maximum}"));
    format!("{width}{initial}{}", maximum.unwrap_or_default())
}

fn memory_shape(memory: &MemoryType) -> String {
    let shared = if memory.shared { " shared" } else { "" };
    let page = memory.page_size_log2.and_then(|log2| 1_u64.checked_shl(log2));
    let page = page.map(|bytes| format!(" (pagesize {bytes})")).unwrap_or_default();
    format!("(memory {}{shared}{page})", limits(memory.memory64, memory.initial, memory.maximum))
}

fn table_shape(table: &TableType) -> String {
    let limits = limits(table.table64, table.initial, table.maximum);
    format!("(table {limits} {})", reference_shape(table.element_type))
}

fn global_shape(global: &GlobalType) -> String {
    let kind = value(global.content_type);
    if global.mutable { format!("(global (mut {kind}))") } else { format!("(global {kind})") }
}
