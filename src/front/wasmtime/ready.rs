//! A program that can start at once.
#![allow(unsafe_code)] // Loading machine code.

use std::fs::File;
use std::sync::{Arc, OnceLock};

use wasmtime::{ExternType, Module};

use super::engine::{Machine, Variant, machine};
use super::failure::{Failure, guarded};
use super::imports::{Given, HostFunction, Imports, Linked};
use super::interruptible::Names;
use super::memories::{Memories, Slot};
use super::short::{line, name};
use super::value::Crossing;

const PAGE: u64 = 65_536;

/// A program that can start at once.
pub struct Ready {
    pub(super) machine: Arc<Machine>,
    pub(super) module: Module,
    /// Of its code.
    pub origin: Origin,
    /// Of the exports that were added.
    pub(super) names: Names,
    /// Or why its imports can't be had.
    linked: Result<Linked, Failure>,
    variant: Variant,
    exported: OnceLock<Vec<Exported>>,
    /// The same, for guests beyond those that the pool has memories for.
    beyond: OnceLock<Result<Arc<Ready>, Failure>>,
}

impl Ready {
    /// Bytes of the largest memory of the program when it starts.
    pub(super) fn initial_memory(&self) -> u64 {
        let needed = self.module.resources_required();
        let added = u32::from(self.module.get_export(&self.names.interrupt).is_some());
        let size = needed.max_initial_memory_size.filter(|_| needed.num_memories > added);
        let imported = self.imports().map_or(0, |imports| imports.memory);
        size.unwrap_or_default().saturating_mul(PAGE).max(imported)
    }

    /// What it expects of its host. `None` if that can't be had.
    pub fn imports(&self) -> Option<&Imports> {
        self.linked.as_ref().ok().map(|linked| &linked.imports)
    }

    /// Makes sure that it has what it imports.
    ///
    /// Errors: `ERR_WASI_LINK`.
    pub(super) fn check(&self, given: &Given) -> Result<(), Failure> {
        self.linked.as_ref().map_err(Clone::clone)?.check(&self.module, given)
    }

    /// The function that it exports with this number, which counts functions in their order.
    pub(super) fn exported(&self, number: usize) -> Option<&Exported> {
        let all = self.exported.get_or_init(|| exported(&self.module, &self.names));
        all.get(number)
    }

    /// What makes instances. The caller has made sure that there are all imports.
    pub(super) fn linked(&self) -> wasmtime::Result<&Linked> {
        self.linked.as_ref().map_err(|failure| wasmtime::Error::msg(failure.message.clone()))
    }

    /// `ERR_WASI_HOST_FUNCTION`, for the function with this number.
    pub(super) fn thrown(&self, number: u32) -> Failure {
        let function = self.imports().and_then(|imports| imports.functions.get(number as usize));
        let full_name = function.map(|HostFunction { module, name: function, .. }| {
            format!("{}.{}", name(module), name(function))
        });
        let full_name = full_name.unwrap_or_default();
        let message = format!("The host function {full_name} threw an error");
        Failure::new("ERR_WASI_HOST_FUNCTION", message)
    }

    /// Room for one more instance, of this or of the same program with memories of the system.
    ///
    /// Errors: `ERR_WASI_TOO_MANY_INSTANCES`.
    pub(super) fn reserve(self: &Arc<Self>) -> Result<(Arc<Self>, Slot), Failure> {
        if let Some(slot) = self.slot() {
            return Ok((Arc::clone(self), slot));
        }
        if self.variant.memories != Memories::Pool {
            return Err(too_many());
        }
        let system = || guarded(|| self.again(self.variant.with(Memories::System)))?;
        let beyond = self.beyond.get_or_init(|| system().map(Arc::new));
        let beyond = beyond.as_ref().map_err(Clone::clone)?;
        let slot = beyond.slot().ok_or_else(too_many)?;
        Ok((Arc::clone(beyond), slot))
    }

    fn slot(&self) -> Option<Slot> {
        let imported = self.imports().map_or(0, |imports| imports.memories);
        self.machine.reserve(self.module.resources_required().num_memories + imported)
    }

    /// Its code, for a later process of the same version of this package on a like machine.
    pub(super) fn serialize(&self) -> Result<Vec<u8>, Failure> {
        self.module.serialize().map_err(|error| Failure::compile(format!("{error:#}")))
    }

    /// The same code for another variant.
    pub(super) fn again(&self, variant: Variant) -> Result<Self, Failure> {
        Ok(load(&Code::Bytes(&self.serialize()?), variant, self.origin)?.1)
    }

    fn new(variant: Variant, module: Module, origin: Origin) -> Self {
        let machine = machine(variant);
        let linked = Linked::new(&machine.linker, &module);
        let names = added_names(&module);
        Ready {
            machine,
            module,
            origin,
            names,
            linked,
            variant,
            exported: OnceLock::new(),
            beyond: OnceLock::new(),
        }
    }
}

/// A function that a program exports.
pub(super) struct Exported {
    pub name: String,
    /// `None` if it has parameters or results that don't cross.
    pub signature: Option<Crossing>,
}

fn exported(module: &Module, added: &Names) -> Vec<Exported> {
    let exports = module.exports().filter(|export| !added.contains(export.name()));
    let functions = exports.filter_map(|export| match export.ty() {
        ExternType::Func(function) => {
            Some(Exported { name: export.name().into(), signature: Crossing::of(&function) })
        }
        _ => None,
    });
    functions.collect()
}

fn too_many() -> Failure {
    let message = "Too many instances are open: the process can't have more memory maps. Close \
                   instances that you no longer need, or raise the limit of the system \
                   (vm.max_map_count on Linux)";
    Failure::new("ERR_WASI_TOO_MANY_INSTANCES", message)
}

fn added_names(module: &Module) -> Names {
    // Precompiled code of elsewhere need not have any: then nothing can end it while it computes.
    let names = Names::among(module.exports().map(|export| export.name()));
    names.unwrap_or_else(|| Names::beside([].into_iter(), u32::MAX))
}

/// Machine code that is to be trusted: made by this package, or vouched for by the caller of
/// `Program::compile`.
pub enum Code<'c> {
    Bytes(&'c [u8]),
    File(&'c File),
}

/// Where the code of a program comes from, for those who wonder what took so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Given by the caller, compiled before.
    Precompiled,
    /// Kept by an earlier compilation.
    Cache,
    /// Compiled in this process.
    Process,
    /// Compiled in a child process.
    Child,
}

/// A program that can start at once, and the variant that it turned out to be: what doesn't fit into
/// the pool does without.
pub fn load(
    code: &Code<'_>,
    variant: Variant,
    origin: Origin,
) -> Result<(Variant, Ready), Failure> {
    match load_into(code, variant, origin) {
        Err(failure) if failure.message.contains("pooling allocator") => {
            let variant = variant.with(Memories::System);
            Ok((variant, load_into(code, variant, origin)?))
        }
        ready => Ok((variant, ready?)),
    }
}

/// Code that was compiled elsewhere tells for which memories it is only by being refused.
///
/// Errors: `ERR_WASI_COMPILE`.
pub fn load_precompiled(code: &[u8]) -> Result<(Variant, Ready), Failure> {
    let load = |memories| load(&Code::Bytes(code), Variant::usual(memories), Origin::Precompiled);
    match load(Memories::Kept) {
        Err(failure) if failure.message.contains("memory initialization with CoW") => {
            load(Memories::Pool)
        }
        loaded => loaded,
    }
}

fn load_into(code: &Code<'_>, variant: Variant, origin: Origin) -> Result<Ready, Failure> {
    let machine = machine(variant);
    // SAFETY: as `Code` says. The engine looks at version and settings itself.
    let module = unsafe {
        match code {
            Code::Bytes(bytes) => Module::deserialize(&machine.engine, bytes),
            Code::File(file) => file
                .try_clone()
                .map_err(wasmtime::Error::new)
                .and_then(|file| Module::deserialize_open_file(&machine.engine, file)),
        }
    };
    let module = module.map_err(|error| Failure::compile(line(&format!("{error:#}"))))?;
    Ok(Ready::new(variant, module, origin))
}
