//! What a program imports beyond WASI: functions and numbers of the host, and memories and tables, of
//! which each instance gets its own.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use wasmtime::{
    Extern, ExternType, FuncType, Global, GlobalType, ImportType, Instance, InstancePre, Linker,
    Module, RefType, Store, TableType, ValType,
};

use super::failure::Failure;
use super::host_call;
use super::info::wanted;
use super::linker::is_of_wasi;
use super::needs::{Wanted, ambiguous_import, missing_imports, refused_import};
use super::short::line;
use super::store::Guest;
use super::value::{Crossing, Kind, Value};

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
    fn of(module: &Module) -> Result<Self, Failure> {
        let (mut imports, mut types) = (Imports::default(), HashMap::new());
        for import in module.imports().filter(|import| !is_of_wasi(import.module(), import.name()))
        {
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
    fn check(&self, module: &Module, given: &Given) -> Result<(), Failure> {
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

fn is_function(import: &ImportType<'_>) -> bool {
    matches!(import.ty(), ExternType::Func(_))
}

fn imports(module: &Module) -> impl Iterator<Item = Wanted<'_>> {
    module.imports().map(|import| wanted(import.module(), import.name(), &import.ty()))
}

/// A program whose imports are known.
pub(super) struct Linked {
    pub imports: Imports,
    how: How,
}

enum How {
    /// All that it imports are functions.
    Ready(InstancePre<Guest>),
    /// Some of what it imports belongs to one instance.
    Each(Module, Linker<Guest>),
}

impl Linked {
    /// Errors: `ERR_WASI_LINK` for what can't be had in any case.
    pub fn new(linker: &Linker<Guest>, module: &Module) -> Result<Self, Failure> {
        if let Some(refused) = refused_import(|| imports(module)) {
            return Err(refused);
        }
        let imports = Imports::of(module)?;
        let how = how(linker, module, &imports)
            .map_err(|error| Failure::link(line(&format!("{error:#}"))))?;
        Ok(Linked { imports, how })
    }

    /// Makes an instance.
    pub fn instantiate(&self, store: &mut Store<Guest>) -> wasmtime::Result<Instance> {
        match &self.how {
            How::Ready(linked) => linked.instantiate(store),
            How::Each(module, linker) => {
                let externs = self.externs(store, module, linker)?;
                Instance::new(store, module, &externs)
            }
        }
    }

    /// Errors: `ERR_WASI_LINK` if something is not given that the program expects.
    pub fn check(&self, module: &Module, given: &Given) -> Result<(), Failure> {
        self.imports.check(module, given)
    }

    fn externs(
        &self,
        store: &mut Store<Guest>,
        module: &Module,
        linker: &Linker<Guest>,
    ) -> wasmtime::Result<Vec<Extern>> {
        let mut made: HashMap<(&str, &str), Extern> = HashMap::new();
        let mut externs = Vec::new();
        for import in module.imports() {
            let known = made.get(&(import.module(), import.name())).cloned();
            let extern_ = match known.or_else(|| linker.get_by_import(&mut *store, &import)) {
                Some(known) => known,
                None => self.make(store, &import)?,
            };
            if !matches!(extern_, Extern::Func(_)) {
                made.insert((import.module(), import.name()), extern_.clone());
            }
            externs.push(extern_);
        }
        Ok(externs)
    }

    fn make(&self, store: &mut Store<Guest>, import: &ImportType<'_>) -> wasmtime::Result<Extern> {
        match import.ty() {
            ExternType::Global(kind) => {
                let value = self.given(store, import).map(Value::to_wasm);
                let value = value.ok_or_else(|| wasmtime::Error::msg("a global is missing"))?;
                Ok(Global::new(store, GlobalType::clone(&kind), value)?.into())
            }
            kind => {
                let made = kind.default_value(&mut *store)?;
                if let Extern::Memory(memory) = made {
                    store.data_mut().memory.get_or_insert(memory);
                }
                Ok(made)
            }
        }
    }

    fn given(&self, store: &Store<Guest>, import: &ImportType<'_>) -> Option<Value> {
        let is_it =
            |global: &HostGlobal| global.module == import.module() && global.name == import.name();
        let number = self.imports.globals.iter().position(is_it)?;
        *store.data().given.globals.get(number)?
    }
}

fn how(linker: &Linker<Guest>, module: &Module, imports: &Imports) -> wasmtime::Result<How> {
    let needs_own = module.imports().any(|import| !is_function(&import));
    if imports.functions.is_empty() && !needs_own {
        return Ok(How::Ready(linker.instantiate_pre(module)?));
    }
    let mut linker = linker.clone();
    for (number, function) in (0..).zip(&imports.functions) {
        define(&mut linker, number, function)?;
    }
    match needs_own {
        true => Ok(How::Each(module.clone(), linker)),
        false => Ok(How::Ready(linker.instantiate_pre(module)?)),
    }
}

fn define(
    linker: &mut Linker<Guest>,
    number: u32,
    function: &HostFunction,
) -> wasmtime::Result<()> {
    let HostFunction { module, name, signature } = function;
    let kind = FuncType::new(
        linker.engine(),
        signature.parameters.iter().map(|kind| kind.to_wasm()),
        signature.results.iter().map(|kind| kind.to_wasm()),
    );
    host_call::define(linker, (module, name), kind, number, Arc::clone(signature))
}
