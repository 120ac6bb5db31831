//! What can be known of a program without running it.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use wasmtime::{ExternType, FuncType, MemoryType, Module, ValType};

use super::interruptible::Names;
use super::needs::Wanted;
use super::shape;
use super::value::{Crossing, Kind};

/// See the module.
#[derive(Debug, Clone)]
pub struct Info {
    /// What it needs.
    pub imports: Vec<Import>,
    /// What it offers: name and shape.
    pub exports: Vec<(String, Shape)>,
    /// Bytes of its source.
    pub size: usize,
}

/// An import.
#[derive(Debug, Clone)]
pub struct Import {
    /// First part of its name.
    pub module: String,
    /// Second part.
    pub name: String,
    /// As of an export.
    pub kind: &'static str,
}

/// What an export is.
#[derive(Debug, Clone)]
pub struct Shape {
    /// As `WebAssembly.Module.exports` names it.
    pub kind: &'static str,
    /// Of a function. Functions of one type share it: the types of a small module may be large,
    /// and its functions many.
    pub signature: Option<Arc<Signature>>,
}

/// Types of a function.
#[derive(Debug)]
pub struct Signature {
    /// As in the text format.
    pub parameters: Vec<String>,
    /// The same.
    pub results: Vec<String>,
}

impl Info {
    /// Of a module with `added` exports, which are left out, and `size` bytes of source.
    pub(super) fn of(module: &Module, added: &Names, size: usize) -> Self {
        let imports = module.imports().map(|import| Import {
            module: import.module().into(),
            name: import.name().into(),
            kind: kind_of(&import.ty()),
        });
        let mut signatures = Signatures::default();
        let exports = module.exports().filter(|export| !added.contains(export.name()));
        let exports = exports.map(|export| {
            let kind = export.ty();
            let signature = kind.func().map(|function| signatures.of(function));
            (export.name().into(), Shape { kind: kind_of(&kind), signature })
        });
        Info { imports: imports.collect(), exports: exports.collect(), size }
    }
}

/// Signatures so far, by hash of their types.
#[derive(Default)]
struct Signatures {
    hashes: RandomState,
    known: HashMap<u64, Vec<(FuncType, Arc<Signature>)>>,
}

impl Signatures {
    fn of(&mut self, function: &FuncType) -> Arc<Signature> {
        let known = self.known.entry(self.hashes.hash_one(function)).or_default();
        if let Some((_, signature)) = known.iter().find(|(kind, _)| FuncType::eq(kind, function)) {
            return Arc::clone(signature);
        }
        let signature = Arc::new(Signature::of(function));
        known.push((function.clone(), Arc::clone(&signature)));
        signature
    }
}

impl Signature {
    fn of(function: &FuncType) -> Self {
        let names =
            |types: &mut dyn Iterator<Item = ValType>| types.map(|kind| kind.to_string()).collect();
        let (parameters, results) = (names(&mut function.params()), names(&mut function.results()));
        Signature { parameters, results }
    }
}

/// Of a function.
pub(super) fn signature_of(kind: &ExternType) -> Option<Signature> {
    kind.func().map(Signature::of)
}

/// An import, for `needs`.
pub(super) fn wanted<'m>(module: &'m str, name: &'m str, kind: &ExternType) -> Wanted<'m> {
    let shape = kind.func().map_or_else(|| kind_of(kind).into(), shape_of);
    let is_shared = kind.memory().is_some_and(MemoryType::is_shared);
    let is_possible = is_possible(kind);
    Wanted { module, name, kind: kind_of(kind), shape, is_shared, is_possible }
}

/// Whether the host can give it, or make it.
fn is_possible(kind: &ExternType) -> bool {
    match kind {
        ExternType::Func(function) => Crossing::of(function).is_some(),
        ExternType::Global(global) => Kind::of(global.content()).is_some(),
        ExternType::Table(table) => table.element().is_nullable(),
        ExternType::Memory(memory) => !memory.is_shared(),
        ExternType::Tag(_) => false,
    }
}

/// As in the text format, or the start of it.
pub(super) fn shape_of(function: &FuncType) -> String {
    // The engine's iterators can't be cloned.
    let (parameters, results): (Vec<_>, Vec<_>) =
        (function.params().collect(), function.results().collect());
    shape::function(parameters.iter(), results.iter())
}

/// As `WebAssembly.Module.exports` names it.
pub(super) fn kind_of(kind: &ExternType) -> &'static str {
    match kind {
        ExternType::Func(_) => "function",
        ExternType::Global(_) => "global",
        ExternType::Table(_) => "table",
        ExternType::Memory(_) => "memory",
        ExternType::Tag(_) => "tag",
    }
}
