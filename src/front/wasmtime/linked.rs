//! Making instances of a program: its imports, connected with what provides them.
#![allow(unsafe_code)] // Raw arguments.

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::sync::Arc;

use wasmtime::{
    Caller, Extern, ExternType, FuncType, Global, GlobalType, ImportType, Instance, InstancePre,
    Linker, Module, Store, ValRaw,
};

use super::ending::{Stop, Thrown};
use super::failure::Failure;
use super::imports::{HostFunction, HostGlobal, Imports};
use super::short::line;
use super::store::Guest;
use super::value::{Crossing, Value};

/// See the module.
pub(super) enum Linked {
    /// All that it imports are functions.
    Once(InstancePre<Guest>),
    /// Some of what it imports belongs to one instance.
    Each(Module, Box<Linker<Guest>>),
}

impl Linked {
    /// Errors: `ERR_WASI_LINK`.
    pub fn new(
        linker: &Linker<Guest>,
        module: &Module,
        imports: &Imports,
    ) -> Result<Self, Failure> {
        let linked = link(linker, module, imports);
        linked.map_err(|error| Failure::link(line(&format!("{error:#}"))))
    }

    /// Makes an instance. The caller has made sure that the guest is given all that it imports.
    pub fn instantiate(&self, store: &mut Store<Guest>) -> wasmtime::Result<Instance> {
        match self {
            Linked::Once(linked) => linked.instantiate(store),
            Linked::Each(module, linker) => {
                let externs = externs(store, module, linker)?;
                Instance::new(store, module, &externs)
            }
        }
    }
}

fn link(linker: &Linker<Guest>, module: &Module, imports: &Imports) -> wasmtime::Result<Linked> {
    let are_functions = module.imports().all(|import| matches!(import.ty(), ExternType::Func(_)));
    if imports.functions.is_empty() && are_functions {
        return Ok(Linked::Once(linker.instantiate_pre(module)?));
    }
    let mut linker = linker.clone();
    for (number, function) in (0..).zip(&imports.functions) {
        define(&mut linker, number, function)?;
    }
    Ok(match are_functions {
        true => Linked::Once(linker.instantiate_pre(module)?),
        false => Linked::Each(module.clone(), Box::new(linker)),
    })
}

/// Defines a function of the host.
fn define(
    linker: &mut Linker<Guest>,
    number: u32,
    function: &HostFunction,
) -> wasmtime::Result<()> {
    let HostFunction { module, name, signature } = function;
    let kinds = [&signature.parameters, &signature.results];
    let [parameters, results] = kinds.map(|kinds| kinds.iter().map(|kind| kind.to_wasm()));
    let kind = FuncType::new(linker.engine(), parameters, results);
    let signature = Arc::clone(signature);
    let host = move |mut caller: Caller<'_, Guest>, values: &mut [MaybeUninit<ValRaw>]| {
        // SAFETY: the engine has put as many values there as the signature has parameters.
        let arguments = unsafe { read(values, &signature) };
        let results = call(&mut caller, number, arguments, &signature)?;
        for (value, result) in values.iter_mut().zip(results) {
            value.write(result.to_raw());
        }
        Ok(())
    };
    // SAFETY: the closure reads the parameters and writes the results that the signature says.
    unsafe { linker.func_new_unchecked(module, name, kind, host) }.map(drop)
}

/// # Safety
///
/// `values` must hold the parameters.
unsafe fn read(values: &[MaybeUninit<ValRaw>], signature: &Crossing) -> Vec<Value> {
    let values = values.iter().zip(&signature.parameters);
    // SAFETY: the caller's promise.
    values.map(|(value, kind)| Value::from_raw(*kind, unsafe { value.assume_init() })).collect()
}

/// Results of the types that the signature says.
fn call(
    caller: &mut Caller<'_, Guest>,
    number: u32,
    arguments: Vec<Value>,
    signature: &Arc<Crossing>,
) -> wasmtime::Result<Vec<Value>> {
    let Some(hosting) = caller.data().hosting.clone() else {
        return Err(Stop::Thrown(number, Thrown(None)).into());
    };
    let results = hosting.call(caller, number, arguments, signature)?;
    let kinds = results.iter().map(|value| value.kind());
    // The host has made sure of it.
    match kinds.eq(signature.results.iter().copied()) {
        true => Ok(results),
        false => Err(wasmtime::Error::msg("a host function gave other results than it should")),
    }
}

fn externs(
    store: &mut Store<Guest>,
    module: &Module,
    linker: &Linker<Guest>,
) -> wasmtime::Result<Vec<Extern>> {
    let globals = globals(store.data());
    let mut made: HashMap<(&str, &str), Extern> = HashMap::new();
    let mut externs = Vec::new();
    for import in module.imports() {
        let names = (import.module(), import.name());
        let known = made.get(&names).cloned();
        let item = match known.or_else(|| linker.get_by_import(&mut *store, &import)) {
            Some(known) => known,
            None => made.entry(names).insert_entry(make(store, &import, &globals)?).get().clone(),
        };
        externs.push(item);
    }
    Ok(externs)
}

fn make(
    store: &mut Store<Guest>,
    import: &ImportType<'_>,
    globals: &Globals,
) -> wasmtime::Result<Extern> {
    match import.ty() {
        ExternType::Global(kind) => {
            let names = (import.module().to_owned(), import.name().to_owned());
            let value = globals.get(&names).map(|value| value.to_wasm());
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

/// Values by the names of their globals.
type Globals = HashMap<(String, String), Value>;

fn globals(guest: &Guest) -> Globals {
    let globals = guest.profile.imports.globals.iter().zip(&guest.given.globals);
    let named = globals.filter_map(|(HostGlobal { module, name, .. }, value)| {
        Some(((module.clone(), name.clone()), (*value)?))
    });
    named.collect()
}
