//! What is known of a program besides its code.

use std::sync::OnceLock;

use wasmtime::{ExternType, Module};

use super::failure::Failure;
use super::imports::{HostFunction, Imports};
use super::interruptible::Names;
use super::short::name;
use super::value::Crossing;

/// See the module.
pub(super) struct Profile {
    module: Module,
    /// Of the exports that were added.
    pub names: Names,
    /// What it expects of its host. Nothing if it can't be had.
    pub imports: Imports,
    exported: OnceLock<Vec<Exported>>,
}

/// A function that a program exports.
pub(super) struct Exported {
    pub name: String,
    /// `None` if it has parameters or results that don't cross.
    pub signature: Option<Crossing>,
}

const PAGE: u64 = 65_536;

impl Profile {
    pub fn new(module: &Module, imports: Imports) -> Self {
        // Precompiled code of elsewhere need not have any: then nothing can end it while it computes.
        let names = Names::among(module.exports().map(|export| export.name()));
        let names = names.unwrap_or_else(|| Names::beside([].into_iter(), u32::MAX));
        Profile { module: module.clone(), names, imports, exported: OnceLock::new() }
    }

    /// Bytes of the largest memory of the program when it starts.
    pub fn initial_memory(&self) -> u64 {
        let needed = self.module.resources_required();
        let added = u32::from(self.module.get_export(&self.names.interrupt).is_some());
        let size = needed.max_initial_memory_size.filter(|_| needed.num_memories > added);
        size.unwrap_or_default().saturating_mul(PAGE).max(self.imports.memory)
    }

    /// How many memories each instance has, ours included.
    pub fn memories(&self) -> u32 {
        self.module.resources_required().num_memories + self.imports.memories
    }

    /// The function that it exports with this number, which counts functions in their order.
    pub fn exported(&self, number: usize) -> Option<&Exported> {
        self.exported.get_or_init(|| exported(&self.module, &self.names)).get(number)
    }

    /// The name of the host function with this number, for messages.
    pub fn host_function(&self, number: u32) -> String {
        let function = self.imports.functions.get(number as usize);
        let full_name = function.map(|HostFunction { module, name: function, .. }| {
            format!("{}.{}", name(module), name(function))
        });
        full_name.unwrap_or_default()
    }

    /// `ERR_WASI_HOST_FUNCTION`, for the function with this number.
    pub fn thrown(&self, number: u32) -> Failure {
        let message = format!("The host function {} threw an error", self.host_function(number));
        Failure::new("ERR_WASI_HOST_FUNCTION", message)
    }
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
