//! A program that can start at once.
#![allow(unsafe_code)] // Loading machine code.

use std::fs::File;
use std::sync::{Arc, OnceLock};

use wasmtime::Module;

use super::engine::{Machine, Variant, machine};
use super::failure::{Failure, guarded};
use super::imports::{Given, Imports};
use super::linked::Linked;
use super::memories::{Memories, Slot};
use super::profile::Profile;
use super::short::line;

/// A program that can start at once.
pub struct Ready {
    pub(super) machine: Arc<Machine>,
    pub(super) module: Module,
    /// Of its code.
    pub origin: Origin,
    pub(super) profile: Arc<Profile>,
    /// Or why its imports can't be had.
    linked: Result<Linked, Failure>,
    variant: Variant,
    /// The same, for guests beyond those that the pool has memories for.
    beyond: OnceLock<Result<Arc<Ready>, Failure>>,
}

impl Ready {
    /// Makes sure that it has what it imports.
    ///
    /// Errors: `ERR_WASI_LINK`.
    pub(super) fn check(&self, given: &Given) -> Result<(), Failure> {
        self.linked.as_ref().map_err(Clone::clone)?;
        self.profile.imports.check(&self.module, given)
    }

    /// What makes instances. The caller has made sure that there are all imports.
    pub(super) fn linked(&self) -> wasmtime::Result<&Linked> {
        self.linked.as_ref().map_err(|failure| wasmtime::Error::msg(failure.message.clone()))
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
        self.machine.reserve(self.profile.memories())
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
        let imports = Imports::of(&module);
        let link = |imports| Linked::new(&machine.linker, &module, imports);
        let linked = imports.as_ref().map_err(Clone::clone).and_then(link);
        let profile = Arc::new(Profile::new(&module, imports.unwrap_or_default()));
        Ready { machine, module, origin, profile, linked, variant, beyond: OnceLock::new() }
    }
}

fn too_many() -> Failure {
    let message = "Too many instances are open: the process can't have more memory maps. Close \
                   instances that you no longer need, or raise the limit of the system \
                   (vm.max_map_count on Linux)";
    Failure::new("ERR_WASI_TOO_MANY_INSTANCES", message)
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
