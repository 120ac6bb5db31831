//! A compiled program.
#![allow(unsafe_code)] // Loading code that the caller vouches for.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::{Engine, ExternType, InstancePre, Module, ValType};

use super::cache::Cache;
use super::engine::{Machine, Variant, machine};
use super::failure::Failure;
use super::interruptible::{Names, interruptible};
use super::linker::MODULES;
use super::store::Guest;
use crate::abi::FUNCTIONS;

/// Where a program comes from.
#[derive(Debug)]
pub enum Source {
    /// A file of the host.
    Path(String),
    /// Its content.
    Bytes(Vec<u8>),
}

/// What to compile and how.
#[derive(Debug)]
pub struct Request {
    /// WebAssembly, binary or text.
    pub source: Source,
    /// Directory for compiled code.
    pub cache: Option<PathBuf>,
    /// The source may be what `serialize` gave. It can do anything in this process: the caller
    /// must know where it comes from.
    pub precompiled: bool,
}

/// A program, compiled for the variants that were asked for so far.
pub struct Program {
    /// Empty when it was compiled elsewhere.
    wasm: Option<Vec<u8>>,
    cache: Option<Cache>,
    pooled: bool,
    ready: Mutex<HashMap<Variant, Arc<Ready>>>,
    info: Info,
}

/// A program that can start at once.
pub(super) struct Ready {
    pub machine: Arc<Machine>,
    pub module: Module,
    /// Of the exports that were added.
    pub names: Names,
    /// Or why its imports can't be had.
    pub linked: Result<InstancePre<Guest>, Failure>,
}

/// What can be known of a program without running it.
#[derive(Debug, Clone)]
pub struct Info {
    /// What it needs.
    pub imports: Vec<Import>,
    /// What it offers: name and shape.
    pub exports: Vec<(String, Shape)>,
    /// Bytes of its source.
    pub size: usize,
}

/// An import.
#[derive(Debug, Clone)]
pub struct Import {
    /// First part of its name.
    pub module: String,
    /// Second part.
    pub name: String,
    /// What it must be.
    pub shape: Shape,
}

/// What an import or export is.
#[derive(Debug, Clone)]
pub struct Shape {
    /// As `WebAssembly.Module.exports` names it.
    pub kind: &'static str,
    /// Of a function: types of parameters and results.
    pub signature: Option<(Vec<String>, Vec<String>)>,
}

impl Program {
    /// Reads and compiles. Blocks: not for the event loop.
    pub fn compile(request: Request) -> Result<Self, Failure> {
        let bytes = read(request.source)?;
        let size = bytes.len();
        let cache = request.cache.map(Cache::new);
        let code = if request.precompiled && is_precompiled(&bytes) {
            Code::Precompiled(bytes)
        } else {
            Code::Wasm(binary(bytes)?)
        };
        let (variant, ready) = first(&code, cache.as_ref())?;
        let wasm = match code {
            Code::Wasm(wasm) => Some(wasm),
            Code::Precompiled(_) => None,
        };
        let info = info(&ready, size);
        let ready = Mutex::new(HashMap::from([(variant, Arc::new(ready))]));
        Ok(Program { wasm, cache, pooled: variant.pooled, ready, info })
    }

    /// What is known of it.
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// Its code, for a later process of the same version of this package on a like machine.
    pub fn serialize(&self) -> Result<Vec<u8>, Failure> {
        self.usual()?.module.serialize().map_err(|error| Failure::compile(&error))
    }

    /// Ready to start. Compiles when this variant is asked for the first time.
    pub(super) fn ready(&self, fuel: bool, max_stack: usize) -> Result<Arc<Ready>, Failure> {
        self.variant(Variant::new(fuel, max_stack, self.pooled))
    }

    fn usual(&self) -> Result<Arc<Ready>, Failure> {
        self.variant(Variant { pooled: self.pooled, ..Variant::default() })
    }

    fn variant(&self, variant: Variant) -> Result<Arc<Ready>, Failure> {
        if let Some(ready) = self.known().get(&variant) {
            return Ok(Arc::clone(ready));
        }
        let ready = Arc::new(self.prepare(variant)?);
        self.known().insert(variant, Arc::clone(&ready));
        Ok(ready)
    }

    /// Stacks make no difference to the code, counting fuel does.
    fn prepare(&self, variant: Variant) -> Result<Ready, Failure> {
        let usual_stack = Variant::default().max_stack;
        if variant.max_stack != usual_stack {
            let same_code = Variant { max_stack: usual_stack, ..variant };
            let code = self.variant(same_code)?.module.serialize();
            let code = code.map_err(|error| Failure::compile(&error))?;
            return load(&code, variant);
        }
        match &self.wasm {
            Some(wasm) => compile(wasm, self.cache.as_ref(), variant),
            None => Err(Failure::new(
                "ERR_INVALID_ARG_VALUE",
                "A precompiled program was compiled without counting: it can't be run with fuel",
            )),
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Variant, Arc<Ready>>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(source: Source) -> Result<Vec<u8>, Failure> {
    match source {
        Source::Bytes(bytes) => Ok(bytes),
        Source::Path(path) => std::fs::read(&path).map_err(|error| Failure::file(&error, &path)),
    }
}

fn is_precompiled(bytes: &[u8]) -> bool {
    Engine::detect_precompiled(bytes).is_some()
}

/// The binary format, from either.
fn binary(bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if is_precompiled(&bytes) {
        return Err(Failure::new(
            "ERR_WASI_COMPILE",
            "This is precompiled code, which can do anything in this process: it is loaded only \
             with allowPrecompiled",
        ));
    }
    if bytes.starts_with(b"\0asm") {
        return Ok(bytes);
    }
    match wat::parse_bytes(&bytes) {
        Ok(wasm) => Ok(wasm.into_owned()),
        Err(error) => Err(Failure::new("ERR_WASI_COMPILE", error.to_string())),
    }
}

fn compile(wasm: &[u8], cache: Option<&Cache>, variant: Variant) -> Result<Ready, Failure> {
    let machine = machine(variant);
    let engine = &machine.engine;
    if let Some(module) = cache.and_then(|cache| cache.load(engine, wasm)) {
        return Ok(Ready::new(machine, module));
    }
    let module = compile_interruptible(engine, wasm).map_err(|error| Failure::compile(&error))?;
    if let Some(cache) = cache {
        cache.store(engine, wasm, &module);
    }
    Ok(Ready::new(machine, module))
}

enum Code {
    Wasm(Vec<u8>),
    Precompiled(Vec<u8>),
}

/// What most runs use. What does not fit into the pool does without.
fn first(code: &Code, cache: Option<&Cache>) -> Result<(Variant, Ready), Failure> {
    let make = |variant| match code {
        Code::Wasm(wasm) => compile(wasm, cache, variant),
        Code::Precompiled(code) => load(code, variant),
    };
    let usual = Variant::default();
    match make(usual) {
        Err(failure) if failure.message.contains("memory is shared") => Err(Failure::new(
            failure.code,
            "The program shares its memory between threads, which only class WASI can do",
        )),
        Err(failure) if failure.message.contains("pooling allocator") => {
            let variant = Variant { pooled: false, ..usual };
            Ok((variant, make(variant)?))
        }
        ready => Ok((usual, ready?)),
    }
}

/// `code` comes of `Module::serialize`, as the caller of `Program::compile` vouches.
fn load(code: &[u8], variant: Variant) -> Result<Ready, Failure> {
    let machine = machine(variant);
    // SAFETY: as said.
    let module = unsafe { Module::deserialize(&machine.engine, code) };
    Ok(Ready::new(machine, module.map_err(|error| Failure::compile(&error))?))
}

/// The offsets of errors are those of the program as it was given.
fn compile_interruptible(engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Module> {
    Module::validate(engine, wasm)?;
    let checked = interruptible(wasm).map_err(wasmtime::Error::new)?;
    Module::from_binary(engine, &checked)
}

impl Ready {
    fn new(machine: Arc<Machine>, module: Module) -> Self {
        let linked = missing_import(&module).map_or_else(
            || {
                let linked = machine.linker.instantiate_pre(&module);
                linked.map_err(|error| Failure::link(format!("{error:#}")))
            },
            Err,
        );
        let names = added_names(&module);
        Ready { machine, module, names, linked }
    }
}

/// The first import that nobody offers.
fn missing_import(module: &Module) -> Option<Failure> {
    let offered = |module: &str, name: &str| {
        MODULES.iter().any(|(known, _)| *known == module)
            && FUNCTIONS.iter().any(|function| function.name == name)
    };
    let missing = module.imports().find(|import| !offered(import.module(), import.name()))?;
    let (from, name) = (missing.module(), missing.name());
    let kind = shape(&missing.ty()).kind;
    let message =
        format!("The program imports the {kind} {from}.{name}, which is not part of WASI");
    Some(
        Failure::link(message)
            .with("module", super::failure::Detail::Text(from.into()))
            .with("import", super::failure::Detail::Text(name.into())),
    )
}

fn added_names(module: &Module) -> Names {
    // Precompiled code of elsewhere need not have any: then nothing can end it while it computes.
    let names = Names::among(module.exports().map(|export| export.name()));
    names.unwrap_or_else(|| Names::beside([].into_iter(), u32::MAX))
}

fn info(ready: &Ready, size: usize) -> Info {
    let module = &ready.module;
    let imports = module.imports().map(|import| Import {
        module: import.module().into(),
        name: import.name().into(),
        shape: shape(&import.ty()),
    });
    let exports = module.exports().filter(|export| !ready.names.contains(export.name()));
    let exports = exports.map(|export| (export.name().into(), shape(&export.ty())));
    Info { imports: imports.collect(), exports: exports.collect(), size }
}

fn shape(kind: &ExternType) -> Shape {
    let (kind, signature) = match kind {
        ExternType::Func(function) => {
            let names = |types: &mut dyn Iterator<Item = ValType>| {
                types.map(|kind| kind.to_string()).collect::<Vec<String>>()
            };
            let signature = (names(&mut function.params()), names(&mut function.results()));
            ("function", Some(signature))
        }
        ExternType::Global(_) => ("global", None),
        ExternType::Table(_) => ("table", None),
        ExternType::Memory(_) => ("memory", None),
        ExternType::Tag(_) => ("tag", None),
    };
    Shape { kind, signature }
}
