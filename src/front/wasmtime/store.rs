//! What belongs to one guest.

use std::sync::Arc;

use wasmtime::Memory;

use super::control::Control;
use super::limits::Limits;
use crate::system::{Output, System};

/// Data of a guest's store.
pub struct Guest {
    pub(super) system: System,
    /// The exported one, once the instance is there.
    pub(super) memory: Option<Memory>,
    pub(super) limits: Limits,
    /// What can end the call under way.
    pub(super) control: Arc<Control>,
    /// Captured streams.
    pub(super) outputs: [Option<Output>; 2],
    /// Whether each WASI call is told on stderr.
    pub(super) trace: bool,
}

impl Guest {
    /// Whether it wrote more than is captured.
    pub(super) fn wrote_too_much(&self) -> bool {
        self.outputs.iter().flatten().any(Output::is_exceeded)
    }
}
