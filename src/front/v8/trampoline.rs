//! The WebAssembly module whose exports are the imports of a guest.
//!
//! Each stores its arguments and its number in the scratch memory and calls the host once, without
//! arguments: the cheapest way from WebAssembly into an addon, and 64-bit numbers need no BigInt.

use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    MemArg, MemArgTarget, MemoryType, Module, TypeSection, ValType,
};

use crate::abi::{self, FUNCTIONS, MAX_PARAMETERS, ValueType};

/// What the trampoline and the addon hand each other, at the start of the scratch memory.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Scratch {
    /// An i32 is in the lower half; the upper half then has no meaning.
    pub arguments: [u64; MAX_PARAMETERS],
    /// Position in `FUNCTIONS`.
    pub function: u32,
    /// Errno.
    pub result: u32,
}

const SLOT: u64 = size_of::<u64>() as u64;
const FUNCTION_AT: u64 = std::mem::offset_of!(Scratch, function) as u64;
const RESULT_AT: u64 = std::mem::offset_of!(Scratch, result) as u64;

/// The imported function that the exports call.
const HOST: u32 = 0;
const HOST_TYPE: u32 = 0;

/// The module; every environment compiles the same one.
pub fn module() -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    for (index, function) in (0..).zip(FUNCTIONS) {
        let results = function.returns_errno().then_some(ValType::I32);
        types.ty().function(function.value_types().map(value_type), results);
        functions.function(HOST_TYPE + 1 + index);
        exports.export(function.name, ExportKind::Func, HOST + 1 + index);
        code.function(&body(index, function));
    }
    let mut module = Module::new();
    module.section(&types).section(&imports()).section(&functions).section(&exports).section(&code);
    module.finish()
}

fn imports() -> ImportSection {
    let scratch = MemoryType {
        minimum: 1,
        maximum: Some(1),
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    let mut imports = ImportSection::new();
    imports.import("host", "call", EntityType::Function(HOST_TYPE));
    imports.import("host", "scratch", EntityType::Memory(scratch));
    imports
}

fn body(index: u32, function: &abi::Function) -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    for (parameter, kind) in (0..).zip(function.value_types()) {
        code.i32_const(0).local_get(parameter);
        let slot = at(u64::from(parameter) * SLOT);
        match kind {
            ValueType::I32 => code.i32_store(slot),
            ValueType::I64 => code.i64_store(slot),
        };
    }
    code.i32_const(0).i32_const(index.cast_signed()).i32_store(at(FUNCTION_AT)).call(HOST);
    if function.returns_errno() {
        code.i32_const(0).i32_load(at(RESULT_AT));
    }
    code.end();
    body
}

fn at(offset: u64) -> MemArg {
    MemArg { offset, align: 2, target: MemArgTarget::Memory(0), ordering: None }
}

fn value_type(kind: ValueType) -> ValType {
    match kind {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
    }
}
