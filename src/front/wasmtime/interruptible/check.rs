//! The check itself.

use wasm_encoder::{BlockType, InstructionSink, MemArg, MemArgTarget, MemoryType};

/// Reads the word that ends the program.
#[derive(Debug)]
pub(super) struct Check {
    /// Index of the memory that holds the word.
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
        let word = MemArg {
            offset: 0,
            align: 2,
            target: MemArgTarget::Memory(self.memory),
            ordering: None,
        };
        code.i32_const(0).i32_atomic_load(word).if_(BlockType::Empty).unreachable().end();
    }
}

/// Its memory: one page, which the host finds by its export.
pub(super) const MEMORY: MemoryType = MemoryType {
    minimum: 1,
    maximum: Some(1),
    memory64: false,
    shared: false,
    page_size_log2: None,
};
