//! What a program imports beyond WASI: functions and numbers of the host, and memories and tables, of
//! which each instance gets its own.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use wasmtime::{ExternType, FuncType, ImportType, Module, RefType, TableType, ValType};

use super::failure::Failure;
use super::info::wanted;
use super::needs::{Wanted, ambiguous_import, missing_imports, refused_import};
use super::value::{Crossing, Kind, Value};
use super::wasi::offered;

/// A function that a program expects of its host.
#[derive(Debug)]
pub struct HostFunction {
    /// First part of its name.
    pub module: String,
    /// Second part.
    pub name: String,
    /// Types of its parameters and results.
    pub signature: Arc<Crossing>,
}

/// A number that a program expects of its host.
#[derive(Debug)]
pub struct HostGlobal {
    /// First part of its name.
    pub module: String,
    /// Second part.
    pub name: String,
    /// Its type.
    pub kind: Kind,
}

/// What a program expects of its host. The numbers of functions and globals are their places in these
/// lists.
#[derive(Debug, Default)]
pub struct Imports {
    /// Each once, whatever it is imported for.
    pub functions: Vec<HostFunction>,
    /// The same.
    pub globals: Vec<HostGlobal>,
    /// How many memories are made for each instance.
    pub(super) memories: u32,
    /// Bytes of the largest of them when it is made.
    pub(super) memory: u64,
}

/// What of this a guest is given.
#[derive(Debug, Default)]
pub struct Given {
    /// Whether there is a function for each number.
    pub functions: Vec<bool>,
    /// The value for each number.
    pub globals: Vec<Option<Value>>,
}

/// More functions of the host than any program has. Each takes memory before anything runs.
const MOST: usize = 10_000;

impl Imports {
    /// Errors: `ERR_WASI_LINK` for what can't be had in any case.
    pub(super) fn of(module: &Module) -> Result<Self, Failure> {
        if let Some(refused) = refused_import(|| imports(module)) {
            return Err(refused);
        }
        let (mut imports, mut types) = (Imports::default(), HashMap::new());
        let is_other = |import: &ImportType<'_>| offered(import.module(), import.name()).is_none();
        for import in module.imports().filter(is_other) {
            match types.entry((import.module(), import.name())) {
                Entry::Vacant(entry) => {
                    entry.insert(import.ty());
                    imports.add(&import);
                }
                Entry::Occupied(first) if is_same(first.get(), &import.ty()) => {}
                Entry::Occupied(_) => {
                    let import = wanted(import.module(), import.name(), &import.ty());
                    return Err(ambiguous_import(&import));
                }
            }
            if types.len() > MOST {
                return Err(Failure::link(format!(
                    "The program has more than {MOST} imports that are not part of WASI, the limit"
                )));
            }
        }
        Ok(imports)
    }

    fn add(&mut self, import: &ImportType<'_>) {
        let (module, name) = (import.module().to_owned(), import.name().to_owned());
        match import.ty() {
            ExternType::Func(function) => {
                if let Some(signature) = Crossing::of(&function).map(Arc::new) {
                    self.functions.push(HostFunction { module, name, signature });
                }
            }
            ExternType::Global(global) => {
                if let Some(kind) = Kind::of(global.content()) {
                    self.globals.push(HostGlobal { module, name, kind });
                }
            }
            ExternType::Memory(memory) => {
                self.memories += 1;
                self.memory = self.memory.max(memory.minimum().saturating_mul(memory.page_size()));
            }
            ExternType::Table(_) | ExternType::Tag(_) => {}
        }
    }

    /// `ERR_WASI_LINK` if something is not given that the program expects.
    pub(super) fn check(&self, module: &Module, given: &Given) -> Result<(), Failure> {
        let lacking: HashSet<_> = self.lacking(given).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let missing =
            || imports(module).filter(|import| lacking.contains(&(import.module, import.name)));
        Err(missing_imports(missing, !given.functions.is_empty()))
    }

    /// The names of what is not given.
    fn lacking<'s>(&'s self, given: &'s Given) -> impl Iterator<Item = (&'s str, &'s str)> {
        let functions =
            self.functions.iter().enumerate().filter(|(number, _)| {
                !given.functions.get(*number).is_some_and(|is_given| *is_given)
            });
        let globals = self
            .globals
            .iter()
            .enumerate()
            .filter(|(number, _)| given.globals.get(*number).is_none_or(Option::is_none));
        let functions = functions.map(|(_, function)| (&*function.module, &*function.name));
        functions.chain(globals.map(|(_, global)| (&*global.module, &*global.name)))
    }
}

fn is_same(first: &ExternType, other: &ExternType) -> bool {
    match (first, other) {
        (ExternType::Func(first), ExternType::Func(other)) => FuncType::eq(first, other),
        (ExternType::Global(first), ExternType::Global(other)) => {
            ValType::eq(first.content(), other.content())
                && first.mutability() == other.mutability()
        }
        (ExternType::Table(first), ExternType::Table(other)) => {
            let limits = |table: &TableType| (table.minimum(), table.maximum(), table.is_64());
            RefType::eq(first.element(), other.element()) && limits(first) == limits(other)
        }
        (ExternType::Memory(first), ExternType::Memory(other)) => first == other,
        _ => false,
    }
}

fn imports(module: &Module) -> impl Iterator<Item = Wanted<'_>> {
    module.imports().map(|import| wanted(import.module(), import.name(), &import.ty()))
}
