//! The functions of WASI that programs can import, by their names.

use crate::abi::{FUNCTIONS, Function, Version};

/// Names of the module that guests import from, and the layouts that go with them.
pub(super) const MODULES: [(&str, Version); 2] =
    [("wasi_snapshot_preview1", Version::Preview1), ("wasi_unstable", Version::Unstable)];

/// The function of this name.
pub(super) fn offered(module: &str, name: &str) -> Option<&'static Function> {
    let is_known = MODULES.iter().any(|(known, _)| *known == module);
    FUNCTIONS.iter().find(|function| is_known && function.name == name)
}
