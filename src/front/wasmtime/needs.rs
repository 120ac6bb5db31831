//! What a program needs that it can't have here, and what to do about it.

use super::failure::{Detail, Failure};
use super::shape;
use super::short::{list, name};
use super::wasi::offered;
use crate::abi::{Function, ValueType};

/// An import.
#[derive(Debug, Clone)]
pub(super) struct Wanted<'m> {
    pub module: &'m str,
    pub name: &'m str,
    /// As `WebAssembly.Module.imports` names it.
    pub kind: &'static str,
    /// As in the text format, or the start of it.
    pub shape: String,
    /// Of a memory.
    pub is_shared: bool,
    /// Whether something of this type can come from the host.
    pub is_possible: bool,
}

impl Wanted<'_> {
    fn full_name(&self) -> String {
        format!("{}.{}", name(self.module), name(self.name))
    }

    fn failure(&self, message: String) -> Failure {
        Failure::link(message)
            .with("module", Detail::Text(self.module.into()))
            .with("import", Detail::Text(self.name.into()))
    }

    /// The function of WASI that it names.
    fn offered(&self) -> Option<&'static Function> {
        offered(self.module, self.name)
    }

    /// Whether it is made for each instance.
    pub fn is_made(&self) -> bool {
        matches!(self.kind, "memory" | "table")
    }
}

/// Threads, in a message.
pub(super) const THREADS: &str = "The program shares its memory between threads, which run() and \
    compile() don't support. Run it with the WASI class, with one Worker for each thread: see \
    docs/threads.md in the wasi-rs package";

/// Why some of the imports can't be had, whatever the host gives: `ERR_WASI_LINK`, with the names of
/// the first one. They are gone through several times rather than kept: there may be a million.
pub(super) fn refused_import<'m, I: Iterator<Item = Wanted<'m>>>(
    imports: impl Fn() -> I,
) -> Option<Failure> {
    let others = || imports().filter(|import| import.offered().is_none());
    if let Some(shared) = others().find(|import| import.is_shared) {
        return Some(shared.failure(THREADS.into()));
    }
    if let Some(first) = others().find(|import| !import.is_possible) {
        return Some(impossible(&first, advice(&first)));
    }
    imports().find_map(|import| mismatch(&import))
}

/// Not even the host has it.
fn impossible(import: &Wanted<'_>, advice: Option<&str>) -> Failure {
    let Wanted { kind, shape, .. } = import;
    let advice = advice.unwrap_or(match *kind {
        "function" => "Host functions only take and return numbers: i32, i64, f32 and f64",
        "global" => "Only numbers can be imported as globals: i32, i64, f32 and f64",
        "table" => "Only tables whose elements can be null are created for a program",
        _ => "Only functions, numbers, memories and tables can be imported",
    });
    let full_name = import.full_name();
    import.failure(match *kind {
        "function" => format!("The program imports the function {full_name} as {shape}. {advice}"),
        _ => format!("The program imports the {kind} {full_name}, which it can't get. {advice}"),
    })
}

/// Nothing fits all the imports of this name: `ERR_WASI_LINK`.
pub(super) fn ambiguous_import(import: &Wanted<'_>) -> Failure {
    let full_name = import.full_name();
    import.failure(format!(
        "The program imports {full_name} more than once, with different types. Correct the \
         declarations in the program, or the tool that made it"
    ))
}

/// Why a program can't run as long as these are not given: `ERR_WASI_LINK`, with the names of the
/// first one. There must be one. If some imports are given, advice about other ways to run the program
/// is left out.
pub(super) fn missing_imports<'m, I: Iterator<Item = Wanted<'m>>>(
    missing: impl Fn() -> I,
    are_some_given: bool,
) -> Failure {
    let Some(first) = missing().next() else { return Failure::link("An import is missing") };
    let known = missing().find_map(|import| advice(&import)).filter(|_| !are_some_given);
    let advice = known.map(str::to_owned);
    let advice = advice.unwrap_or_else(|| in_options(&first, missing().count()));
    first.failure(format!("{}. {advice}", listed(missing)))
}

/// The same, of what a program expects besides what it gets in any case. `None` if that is nothing.
pub(super) fn expected_imports<'m, I: Iterator<Item = Wanted<'m>>>(
    imports: impl Fn() -> I,
) -> Option<Failure> {
    let missing = || imports().filter(|import| import.offered().is_none() && !import.is_made());
    missing().next().map(|_| missing_imports(missing, false))
}

/// How to give the first of so many.
fn in_options(import: &Wanted<'_>, count: usize) -> String {
    let (module, item) = (name(import.module), name(import.name));
    let member = match import.kind {
        "global" => format!("{item}: 0"),
        _ => format!("{item}() {{ … }}"),
    };
    match (count, import.kind) {
        (1, "global") => {
            format!("Pass the value in options.imports: {{ {module}: {{ {member} }} }}")
        }
        (1, _) => format!("Pass the function in options.imports: {{ {module}: {{ {member} }} }}"),
        _ => format!("Pass them in options.imports, such as {{ {module}: {{ {member}, … }} }}"),
    }
}

fn listed<'m, I: Iterator<Item = Wanted<'m>>>(missing: impl Fn() -> I) -> String {
    let named = list(missing().map(|import| format!("{} {}", import.kind, import.full_name())));
    match missing().count() {
        1 => format!("The program imports the {named}, which is not part of WASI"),
        count => format!("The program has {count} imports that are not part of WASI: {named}"),
    }
}

const BINDGEN: &str = "It looks like a module for wasm-bindgen, which runs with the JavaScript that \
    wasm-bindgen generates. Import that JavaScript instead, or build a program without \
    wasm-bindgen for wasm32-wasip1";
const EMSCRIPTEN: &str = "It looks like a module for Emscripten's JavaScript. Import that \
    JavaScript instead, or build a standalone program with -sSTANDALONE_WASM or with wasi-sdk";
const GO: &str = "It looks like a Go program for JavaScript (GOOS=js). Build it with \
    GOOS=wasip1 GOARCH=wasm, or with -target=wasip1 in TinyGo";
const ASSEMBLYSCRIPT: &str = "It looks like an AssemblyScript module. Compile it with \
    @assemblyscript/wasi-shim, or pass the function in options.imports: { env: { abort() { … } } }";
const NODE_API: &str = "It looks like a Node-API addon (napi-rs), which the JavaScript of its \
    package loads. Import that package instead";
const PREVIEW2: &str = "It was built for WASI 0.2 or later. Build it for WASI preview1, for \
    example for wasm32-wasip1 in Rust";
const WASIX: &str = "It was built for WASIX, which only Wasmer runs. Build it for WASI preview1 \
    instead";
const WASI_THREADS: &str = "It starts threads. Run it with the WASI class, with one Worker for \
    each thread: see docs/threads.md in the wasi-rs package";
const EXTENSION: &str = "WASI preview1 has no such function: it may be an extension of another \
    runtime, or the program was built for another version of WASI";

/// What is known of some imports by their names.
fn advice(import: &Wanted<'_>) -> Option<&'static str> {
    let Wanted { module, name, .. } = *import;
    let starts = |with: &str| name.starts_with(with);
    Some(match module {
        "wbg" | "__wbindgen_placeholder__" | "__wbindgen_externref_xform__" => BINDGEN,
        "go" | "gojs" => GO,
        "wasi" if name == "thread-spawn" => WASI_THREADS,
        "wasi_snapshot_preview1" | "wasi_unstable" => EXTENSION,
        _ if starts("__wbindgen_") || starts("__wbg_") => BINDGEN,
        _ if module.starts_with("wasix_") => WASIX,
        _ if module.starts_with("wasi_snapshot_preview2") || is_interface(module) => PREVIEW2,
        "env" | "napi" if starts("napi_") => NODE_API,
        "env" if starts("emscripten_") || starts("_emscripten_") => EMSCRIPTEN,
        "env" if starts("__syscall_") || starts("invoke_") || name == "_abort_js" => EMSCRIPTEN,
        "env" if name == "abort" && import.shape == ABORT => ASSEMBLYSCRIPT,
        _ => return None,
    })
}

/// That of AssemblyScript: message, file, line and column.
const ABORT: &str = "(func (param i32 i32 i32 i32))";

/// Such as `wasi:io/streams@0.2.0`.
fn is_interface(module: &str) -> bool {
    module.starts_with("wasi:") || module.starts_with("cm32p2|wasi:")
}

/// A function of WASI that the program takes for another kind of function.
fn mismatch(import: &Wanted<'_>) -> Option<Failure> {
    let expected = shape_of(import.offered()?);
    if import.shape == expected {
        return None;
    }
    let (full_name, shape) = (import.full_name(), &import.shape);
    Some(import.failure(format!(
        "The program imports {full_name} as {shape}, but in WASI it is {expected}. Correct the \
         declaration of the import in the program, or the tool that made it"
    )))
}

fn shape_of(function: &Function) -> String {
    let parameters = function.value_types().map(|kind| match kind {
        ValueType::I32 => "i32",
        ValueType::I64 => "i64",
    });
    let parameters: Vec<_> = parameters.collect();
    let results = if function.returns_errno() { &["i32"][..] } else { &[] };
    shape::function(parameters.iter(), results.iter())
}

/// Of the function that makes a program a command.
pub(super) const START: &str = "(func)";

/// Why it is no command: `ERR_WASI_LINK`. `start` is the shape of its `_start`, if it has one, which is
/// not `START`; `functions` are those that it exports.
pub(super) fn refused_start<'m>(
    start: Option<&str>,
    functions: impl Iterator<Item = &'m str>,
) -> Failure {
    match start {
        Some(shape) => Failure::link(format!(
            "The function '_start' of a program must be {START}, but here it is {shape}. Use \
             instantiate() to call it like any other function"
        )),
        None => Failure::link(library(&callable(functions))),
    }
}

fn library(functions: &str) -> String {
    let what = "The module exports no function '_start', so it is a library (a reactor), not a \
                command";
    match functions {
        "" => format!("{what}. It exports no other functions either: check how it was linked"),
        functions => {
            format!("{what}. Use instantiate() to call the functions that it exports: {functions}")
        }
    }
}

fn callable<'m>(functions: impl Iterator<Item = &'m str>) -> String {
    list(functions.filter(|function| *function != "_initialize").map(name))
}
