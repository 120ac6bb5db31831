//! What a module imports and exports, with types.

use wasmparser::{
    Export, ExternalKind, GlobalType, Import, MemoryType, Parser, Payload, SectionLimited,
    TableType, TagType, TypeRef, TypeSectionReader, ValType,
};

use super::budget::Budget;
use super::types::{Types, index_of, kind_of};
use super::{Broken, CALLS, Item, List, Memory, Report, Result};
use crate::front::wasmtime::module_limits::ENTRIES;
use crate::front::wasmtime::needs::{
    START, Wanted, expected_imports, refused_import, refused_start,
};

/// What is needed to know the types of imports and exports.
#[derive(Default)]
struct Contents<'w> {
    types: Vec<TypeSectionReader<'w>>,
    imports: Vec<Import<'w>>,
    exports: Vec<Export<'w>>,
    /// By index, imported ones first: the type of each.
    functions: Vec<u32>,
    tables: Vec<TableType>,
    memories: Vec<MemoryType>,
    globals: Vec<GlobalType>,
    tags: Vec<TagType>,
}

/// Tells also of a module that is broken off what is known of it.
pub fn read(wasm: &[u8], report: &mut Report) -> Result<()> {
    let (mut contents, mut budget) = (Contents::default(), Budget::default());
    let read = contents.read(wasm, report, &mut budget);
    contents.tell(report, &mut budget)?;
    read
}

impl<'w> Contents<'w> {
    fn read(&mut self, wasm: &'w [u8], report: &mut Report, budget: &mut Budget) -> Result<()> {
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(types) => self.types.push(types),
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        self.import(import?);
                        check(self.imports.len())?;
                    }
                }
                Payload::FunctionSection(functions) => add(&mut self.functions, functions)?,
                Payload::TableSection(tables) => {
                    for table in tables {
                        self.tables.push(table?.ty);
                        check(self.tables.len())?;
                    }
                }
                Payload::MemorySection(memories) => add(&mut self.memories, memories)?,
                Payload::GlobalSection(globals) => {
                    for global in globals {
                        self.globals.push(global?.ty);
                        check(self.globals.len())?;
                    }
                }
                Payload::TagSection(tags) => add(&mut self.tags, tags)?,
                Payload::ExportSection(exports) => add(&mut self.exports, exports)?,
                Payload::CustomSection(section) => report.sections.add(&section, budget),
                _ => {}
            }
        }
        Ok(())
    }

    fn import(&mut self, import: Import<'w>) {
        match import.ty {
            TypeRef::Func(index) | TypeRef::FuncExact(index) => self.functions.push(index),
            TypeRef::Table(table) => self.tables.push(table),
            TypeRef::Memory(memory) => self.memories.push(memory),
            TypeRef::Global(global) => self.globals.push(global),
            TypeRef::Tag(tag) => self.tags.push(tag),
        }
        self.imports.push(import);
    }

    fn type_of(&self, export: &Export<'_>) -> Option<TypeRef> {
        let index = export.index as usize;
        Some(match export.kind {
            ExternalKind::Func => TypeRef::Func(*self.functions.get(index)?),
            ExternalKind::FuncExact => TypeRef::FuncExact(*self.functions.get(index)?),
            ExternalKind::Table => TypeRef::Table(*self.tables.get(index)?),
            ExternalKind::Memory => TypeRef::Memory(*self.memories.get(index)?),
            ExternalKind::Global => TypeRef::Global(*self.globals.get(index)?),
            ExternalKind::Tag => TypeRef::Tag(*self.tags.get(index)?),
        })
    }

    fn tell(&self, report: &mut Report, budget: &mut Budget) -> Result<()> {
        let exported = || self.exports.iter().filter_map(|export| self.type_of(export));
        let used = self.imports.iter().map(|import| import.ty).chain(exported());
        let types = Types::of(&self.types, used.filter_map(|kind| index_of(&kind)))?;
        report.memories = self.memories();
        self.list_imports(&types, &mut report.imports, budget);
        self.list_exports(&types, &mut report.exports, budget);
        let refused = refused_import(|| self.wanted(&types));
        report.need_imports(refused.or_else(|| expected_imports(|| self.wanted(&types))));
        self.tell_role(&types, report);
        Ok(())
    }

    fn memories(&self) -> Vec<Memory> {
        let is_memory = |import: &&Import<'_>| matches!(import.ty, TypeRef::Memory(_));
        let imported = self.imports.iter().filter(is_memory).count();
        let memories = self.memories.iter().enumerate().map(|(index, memory)| Memory {
            is_imported: index < imported,
            initial: memory.initial,
            maximum: memory.maximum,
            page: 1_u64.checked_shl(memory.page_size_log2.unwrap_or(16)).unwrap_or(0),
            is_shared: memory.shared,
            is_64: memory.memory64,
        });
        memories.collect()
    }

    fn list_imports(&self, types: &Types, list: &mut List, budget: &mut Budget) {
        list.count = self.imports.len();
        for Import { module, name, ty } in &self.imports {
            let shape = types.shape(ty);
            if !budget.take(module.len() + name.len() + shape.as_deref().map_or(0, str::len)) {
                return;
            }
            let (module, name) = (Some((*module).into()), (*name).into());
            list.items.push(Item { module, name, kind: kind_of(ty), shape });
        }
    }

    fn list_exports(&self, types: &Types, list: &mut List, budget: &mut Budget) {
        list.count = self.exports.len();
        for export in &self.exports {
            let kind = self.type_of(export);
            let shape = kind.as_ref().and_then(|kind| types.shape(kind));
            if !budget.take(export.name.len() + shape.as_deref().map_or(0, str::len)) {
                return;
            }
            let kind = kind.as_ref().map_or("unknown", kind_of);
            list.items.push(Item { module: None, name: export.name.into(), kind, shape });
        }
    }

    fn wanted<'s>(&'s self, types: &'s Types) -> impl Iterator<Item = Wanted<'s>> {
        self.imports.iter().map(|Import { module, name, ty }| {
            let shape = types.shape(ty).unwrap_or_default().to_string();
            let is_possible = is_possible(ty, &shape);
            let is_shared = matches!(ty, TypeRef::Memory(memory) if memory.shared);
            Wanted { module, name, kind: kind_of(ty), shape, is_shared, is_possible }
        })
    }

    fn tell_role(&self, types: &Types, report: &mut Report) {
        let functions = || {
            let is_function = |export: &&Export<'_>| {
                matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact)
            };
            self.exports.iter().filter(is_function)
        };
        let start = functions().find(|export| export.name == "_start");
        report.role = Some(if start.is_some() { "command" } else { "reactor" });
        let start = start.and_then(|start| types.shape(&self.type_of(start)?));
        let is_callable = functions().any(|export| export.name != "_initialize");
        let about = if is_callable { CALLS } else { "start" };
        let names = functions().map(|export| export.name);
        if start.as_deref() != Some(START) {
            report.need(about, Some(refused_start(start.as_deref(), names)));
        }
    }
}

/// Whether the host can give it, or make it: numbers, and functions of numbers.
fn is_possible(kind: &TypeRef, shape: &str) -> bool {
    match kind {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => {
            !shape.contains("ref") && !shape.contains("v128")
        }
        TypeRef::Global(global) => !matches!(global.content_type, ValType::V128 | ValType::Ref(_)),
        TypeRef::Table(table) => table.element_type.is_nullable(),
        TypeRef::Memory(memory) => !memory.shared,
        TypeRef::Tag(_) => false,
    }
}

fn add<'w, T: wasmparser::FromReader<'w>>(
    list: &mut Vec<T>,
    section: SectionLimited<'w, T>,
) -> Result<()> {
    for item in section {
        list.push(item?);
        check(list.len())?;
    }
    Ok(())
}

fn check(count: usize) -> Result<()> {
    match count > ENTRIES {
        true => Err(Broken(format!("it has a section of more than {ENTRIES} entries"))),
        false => Ok(()),
    }
}
