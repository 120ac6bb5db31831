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
    /// The stream to which it wrote more than is captured.
    pub(super) fn wrote_too_much(&self) -> Option<&'static str> {
        let streams = ["stdout", "stderr"].into_iter().zip(&self.outputs);
        let exceeded = |output: &Option<Output>| output.as_ref().is_some_and(Output::is_exceeded);
        streams.into_iter().find(|(_, output)| exceeded(output)).map(|(name, _)| name)
    }
}
