//! The check itself.

use wasm_encoder::{BlockType, InstructionSink, MemArg, MemArgTarget, MemoryType};

/// Reads the byte that ends the program.
#[derive(Debug)]
pub(super) struct Check {
    /// Index of the memory that holds the byte.
    memory: u32,
    encoded: Vec<u8>,
}

impl Check {
    pub fn new(memory: u32) -> Self {
        let mut check = Check { memory, encoded: Vec::new() };
        let mut encoded = Vec::new();
        check.emit(&mut InstructionSink::new(&mut encoded));
        check.encoded = encoded;
        check
    }

    /// Its bytes.
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// It changes nothing on the operand stack, so it may stand anywhere.
    pub fn emit(&self, code: &mut InstructionSink<'_>) {
        let byte = MemArg {
            offset: 0,
            align: 0,
            target: MemArgTarget::Memory(self.memory),
            ordering: None,
        };
        code.i32_const(0).i32_atomic_load8_u(byte).if_(BlockType::Empty).unreachable().end();
    }
}

/// Its memory, which the host finds by its export. It has one page of one byte, and so takes no more
/// than one page of the host: <https://github.com/WebAssembly/custom-page-sizes>.
pub(super) const MEMORY: MemoryType = MemoryType {
    minimum: super::SIZE,
    maximum: Some(super::SIZE),
    memory64: false,
    shared: false,
    page_size_log2: Some(0),
};
