//! Functions added to a module that tell its state: `#global 0` gives a global, `#memory 0` a
//! checksum of a memory and its size, and `#fuel` fills up the fuel that lets it go on. `#call 0`
//! calls a function that JavaScript has no values for, with a constant in place of such parameters,
//! and gives numbers in place of such results. `#storm 0` calls a function again and again, without
//! a loop.

use wasm_encoder::reencode::{Error, Reencode, RoundtripReencoder, utils};
use wasm_encoder::{
    BlockType, CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction,
    MemArg, Module, TypeSection, ValType,
};
use wasmparser::{CompositeInnerType, MemoryType, Parser, Payload, SubType};

/// A function to add.
#[derive(Debug)]
struct Observer {
    name: String,
    parameters: Vec<ValType>,
    results: Vec<ValType>,
    body: Function,
}

/// What is there already.
#[derive(Default, Debug)]
struct Contents {
    types: Vec<SubType>,
    /// Types of functions, by index.
    functions: Vec<u32>,
    globals: Vec<wasmparser::ValType>,
    memories: Vec<MemoryType>,
}

/// The module with such functions, and with one that sets a global, the fuel, to a value.
pub fn observable(wasm: &[u8], fuel: (u32, u32)) -> Result<Vec<u8>, Error> {
    let contents = contents(wasm)?;
    let observers = observers(&contents, fuel);
    with(wasm, contents, observers)
}

/// The module with functions that take long if those that they call do anything.
pub fn amplified(wasm: &[u8], calls: usize) -> Result<Vec<u8>, Error> {
    let contents = contents(wasm)?;
    let storms = (0..)
        .zip(&contents.functions)
        .filter_map(|(function, index)| storm(function, &contents.types[*index as usize], calls));
    let storms = storms.take(STORMS).collect();
    with(wasm, contents, storms)
}

/// How many functions are called so.
const STORMS: usize = 3;

fn with(wasm: &[u8], contents: Contents, observers: Vec<Observer>) -> Result<Vec<u8>, Error> {
    let mut module = Module::new();
    let mut rewriter = Rewriter { contents, observers };
    rewriter.parse_core_module(&mut module, Parser::new(0), wasm)?;
    Ok(module.finish())
}

fn contents(wasm: &[u8]) -> Result<Contents, Error> {
    let mut contents = Contents::default();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::TypeSection(section) => {
                for group in section {
                    contents.types.extend(group?.into_types());
                }
            }
            Payload::FunctionSection(section) => {
                contents.functions = section.into_iter().collect::<Result<_, _>>()?;
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    contents.globals.push(global?.ty.content_type);
                }
            }
            Payload::MemorySection(section) => {
                contents.memories = section.into_iter().collect::<Result<_, _>>()?;
            }
            _ => {}
        }
    }
    Ok(contents)
}

fn observers(contents: &Contents, (fuel, value): (u32, u32)) -> Vec<Observer> {
    let mut observers = vec![refuel(fuel, value)];
    for (index, content) in (0..).zip(&contents.globals) {
        observers.extend((index != fuel).then(|| global(index, *content)).flatten());
    }
    for (index, memory) in (0..).zip(&contents.memories) {
        observers.push(checksum(index, memory.memory64));
    }
    for (function, index) in (0..).zip(&contents.functions) {
        observers.extend(call(function, &contents.types[*index as usize]));
    }
    observers
}

fn body(locals: &[ValType], instructions: &[Instruction<'_>]) -> Function {
    let mut function = Function::new_with_locals_types(locals.iter().copied());
    for instruction in instructions.iter().chain([&Instruction::End]) {
        function.instruction(instruction);
    }
    function
}

fn refuel(global: u32, value: u32) -> Observer {
    let instructions = [Instruction::I32Const(value.cast_signed()), Instruction::GlobalSet(global)];
    Observer {
        name: "#fuel".to_owned(),
        parameters: Vec::new(),
        results: Vec::new(),
        body: body(&[], &instructions),
    }
}

/// The type, if JavaScript has numbers for it.
fn number(content: wasmparser::ValType) -> Option<ValType> {
    match content {
        wasmparser::ValType::I32 => Some(ValType::I32),
        wasmparser::ValType::I64 => Some(ValType::I64),
        wasmparser::ValType::F32 => Some(ValType::F32),
        wasmparser::ValType::F64 => Some(ValType::F64),
        _ => None,
    }
}

/// Globals that JavaScript has no numbers for are left out.
fn global(index: u32, content: wasmparser::ValType) -> Option<Observer> {
    let results = vec![number(content)?];
    let body = body(&[], &[Instruction::GlobalGet(index)]);
    Some(Observer { name: format!("#global {index}"), parameters: Vec::new(), results, body })
}

/// Of a function that has other types than those of numbers, unless a reference is needed to call
/// it.
fn call(function: u32, ty: &SubType) -> Option<Observer> {
    let CompositeInnerType::Func(ty) = &ty.composite_type.inner else { return None };
    if ty.params().iter().chain(ty.results()).all(|one| number(*one).is_some()) {
        return None;
    }
    let mut parameters = Vec::new();
    let mut instructions = Vec::new();
    for parameter in ty.params() {
        match number(*parameter) {
            Some(number) => {
                instructions.push(Instruction::LocalGet(parameters.len() as u32));
                parameters.push(number);
            }
            None => instructions.push(constant(*parameter)?),
        }
    }
    instructions.push(Instruction::Call(function));
    let first = parameters.len() as u32;
    let count = ty.results().len() as u32;
    instructions.extend((first..first + count).rev().map(Instruction::LocalSet));
    let mut results = Vec::new();
    for (local, result) in (first..).zip(ty.results()) {
        tell(local, *result, &mut instructions, &mut results);
    }
    let locals: Option<Vec<_>> =
        ty.results().iter().map(|one| RoundtripReencoder.val_type(*one).ok()).collect();
    Some(Observer {
        name: format!("#call {function}"),
        parameters,
        results,
        body: body(&locals?, &instructions),
    })
}

/// Calls of a function in a row, unless a reference is needed to call it.
fn storm(function: u32, ty: &SubType, calls: usize) -> Option<Observer> {
    let CompositeInnerType::Func(ty) = &ty.composite_type.inner else { return None };
    let arguments: Option<Vec<_>> = ty.params().iter().map(|one| constant(*one)).collect();
    let mut once = arguments?;
    once.push(Instruction::Call(function));
    once.extend(ty.results().iter().map(|_| Instruction::Drop));
    let all: Vec<_> = std::iter::repeat_n(once, calls).flatten().collect();
    let body = body(&[], &all);
    Some(Observer {
        name: format!("#storm {function}"),
        parameters: Vec::new(),
        results: Vec::new(),
        body,
    })
}

/// Something of a type, but of a reference that can't be null.
fn constant(parameter: wasmparser::ValType) -> Option<Instruction<'static>> {
    match parameter {
        wasmparser::ValType::I32 => Some(Instruction::I32Const(1_000_000)),
        wasmparser::ValType::I64 => Some(Instruction::I64Const(1_000_000)),
        wasmparser::ValType::F32 => Some(Instruction::F32Const(1.5_f32.into())),
        wasmparser::ValType::F64 => Some(Instruction::F64Const(1.5_f64.into())),
        wasmparser::ValType::V128 => {
            Some(Instruction::V128Const(0x4000_0000_3f80_0000_0000_0007_8000_0001))
        }
        wasmparser::ValType::Ref(reference) if reference.is_nullable() => {
            Some(Instruction::RefNull(RoundtripReencoder.heap_type(reference.heap_type()).ok()?))
        }
        _ => None,
    }
}

/// A number as it is, a vector as two, of a reference whether it is null.
fn tell(
    local: u32,
    content: wasmparser::ValType,
    instructions: &mut Vec<Instruction<'_>>,
    results: &mut Vec<ValType>,
) {
    let get = Instruction::LocalGet(local);
    match (number(content), content) {
        (Some(number), _) => {
            instructions.push(get);
            results.push(number);
        }
        (None, wasmparser::ValType::V128) => {
            for lane in [0, 1] {
                instructions.extend([get.clone(), Instruction::I64x2ExtractLane(lane)]);
                results.push(ValType::I64);
            }
        }
        (None, _) => {
            instructions.extend([get, Instruction::RefIsNull]);
            results.push(ValType::I32);
        }
    }
}

/// Each eight bytes are added to 31 times what came of those before; the size comes first.
fn checksum(memory: u32, is64: bool) -> Observer {
    use Instruction::*;
    const ADDRESS: u32 = 0;
    const SUM: u32 = 1;
    let widen = if is64 { Nop } else { I64ExtendI32U };
    let narrow = if is64 { Nop } else { I32WrapI64 };
    let place = MemArg { offset: 0, align: 0, memory_index: memory };
    let size = [MemorySize(memory), widen];
    let mut instructions = size.to_vec();
    instructions.extend([
        LocalSet(SUM),
        Block(BlockType::Empty),
        Loop(BlockType::Empty),
        LocalGet(ADDRESS),
    ]);
    instructions.extend(size);
    instructions.extend([
        I64Const(65_536),
        I64Mul,
        I64GeU,
        BrIf(1),
        LocalGet(SUM),
        I64Const(31),
        I64Mul,
        LocalGet(ADDRESS),
        narrow,
        I64Load(place),
        I64Add,
        LocalSet(SUM),
        LocalGet(ADDRESS),
        I64Const(8),
        I64Add,
        LocalSet(ADDRESS),
        Br(0),
        End,
        End,
        LocalGet(SUM),
    ]);
    let body = body(&[ValType::I64, ValType::I64], &instructions);
    Observer {
        name: format!("#memory {memory}"),
        parameters: Vec::new(),
        results: vec![ValType::I64],
        body,
    }
}

#[derive(Debug)]
struct Rewriter {
    contents: Contents,
    observers: Vec<Observer>,
}

impl Rewriter {
    /// Indices that the observers get, when there are as many others.
    fn indices(&self, others: u32) -> impl Iterator<Item = (u32, &Observer)> {
        (others..).zip(&self.observers)
    }
}

type Outcome = Result<(), Error>;

/// Each observer has a type of its own; all sections are there, since there is a function.
impl Reencode for Rewriter {
    type Error = std::convert::Infallible;

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Outcome {
        utils::parse_type_section(self, types, section)?;
        for observer in &self.observers {
            types
                .ty()
                .function(observer.parameters.iter().copied(), observer.results.iter().copied());
        }
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Outcome {
        utils::parse_function_section(self, functions, section)?;
        for (index, _) in self.indices(self.contents.types.len() as u32) {
            functions.function(index);
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Outcome {
        utils::parse_export_section(self, exports, section)?;
        for (index, observer) in self.indices(self.contents.functions.len() as u32) {
            exports.export(&observer.name, ExportKind::Func, index);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Outcome {
        utils::parse_code_section(self, code, section)?;
        for observer in &self.observers {
            code.function(&observer.body);
        }
        Ok(())
    }
}
