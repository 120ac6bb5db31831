//! Settings and outcomes, between JavaScript and Rust. lib/options.js has checked what comes in.

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::sync::Arc;
use std::time::Duration;

use crate::front::js::{Js, JsResult, Type, Value as JsValue};
use crate::front::wasmtime::{
    Command, CompileLimits, Detail, Failure, Given, HostFunction, HostGlobal, Import, Imports,
    Info, Kind, Origin, Outcome, Program, Request, Settings, Shape, Signature, Source, Stream,
    Value,
};
use crate::system;

/// What `compile` is asked for.
pub fn request(js: Js, object: JsValue) -> JsResult<Request> {
    let path = js.get(object, c"path")?;
    let source = match js.type_of(path) {
        Type::String => Source::Path(js.as_text(path)?),
        _ => Source::Bytes(js.copy_bytes(js.get(object, c"bytes")?)?),
    };
    let cache = js.get(object, c"cache")?;
    let cache = match js.type_of(cache) {
        Type::String => Some(js.as_text(cache)?.into()),
        _ => None,
    };
    let precompiled = js.truthy(js.get(object, c"precompiled")?)?;
    let limits = CompileLimits {
        timeout: timeout(js, js.get(object, c"timeout")?)?,
        memory: js.as_f64(js.get(object, c"memoryLimit")?)? as u64,
    };
    Ok(Request { source, cache, precompiled, limits })
}

/// What starts a process that compiles: its words and its environment; or a reason.
pub fn command(js: Js, words: JsValue, environ: JsValue) -> JsResult<Result<Command, String>> {
    if js.type_of(words) == Type::String {
        return Ok(Err(js.as_text(words)?));
    }
    let strings = |array| -> JsResult<Vec<String>> {
        elements(js, array)?.into_iter().map(|text| js.as_text(text)).collect()
    };
    Ok(Ok(Command { words: strings(words)?, environ: strings(environ)? }))
}

/// The names of the settings, in the order in which `settings` takes their values. Reading them from an
/// object by their names would take a good part of the time of a small guest.
pub const SETTINGS: [&str; 16] = [
    "args",
    "env",
    "preopens",
    "stdin",
    "stdout",
    "stderr",
    "maxBuffer",
    "timeout",
    "memoryLimit",
    "fuel",
    "maxStack",
    "maxFiles",
    "seed",
    "clock",
    "strace",
    "given",
];

/// What `run` and `instantiate` are asked for, from an array. The inner error is of descriptors.
pub fn settings(js: Js, array: JsValue, program: &Program) -> JsResult<Result<Settings, Failure>> {
    let mut values = [std::ptr::null_mut(); SETTINGS.len()];
    for (value, index) in values.iter_mut().zip(0..) {
        *value = js.element(array, index)?;
    }
    let [
        args,
        env,
        preopens,
        stdin,
        stdout,
        stderr,
        max_buffer,
        timeout,
        memory_limit,
        fuel,
        max_stack,
        max_files,
        seed,
        clock,
        strace,
        given,
    ] = values;
    let streams = [(stdin, "stdin"), (stdout, "stdout"), (stderr, "stderr")];
    let [stdin, stdout, stderr] = streams.map(|(value, name)| stream(js, value, name));
    let (stdin, stdout, stderr) = match (stdin?, stdout?, stderr?) {
        (Ok(stdin), Ok(stdout), Ok(stderr)) => (stdin, stdout, stderr),
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => return Ok(Err(error)),
    };
    Ok(Ok(Settings {
        args: texts(js, args)?,
        environ: texts(js, env)?,
        preopens: self::preopens(js, preopens)?,
        stdin,
        stdout,
        stderr,
        max_buffer: js.as_f64(max_buffer)? as usize,
        timeout: self::timeout(js, timeout)?,
        memory_limit: js.as_f64(memory_limit)? as u64,
        fuel: optional(js, fuel, Js::as_i64)?.map(i64::cast_unsigned),
        max_stack: js.as_f64(max_stack)? as usize,
        max_files: optional(js, max_files, Js::as_f64)?.map(|number| number as u32),
        seed: optional(js, seed, Js::copy_bytes)?.and_then(|seed| seed.try_into().ok()),
        clock: optional(js, clock, Js::as_i64)?.map(i64::cast_unsigned),
        trace: js.truthy(strace)?,
        given: optional(js, given, |js, given| self::given(js, given, program))?
            .unwrap_or_default(),
    }))
}

/// What a program gets of its imports: which functions there are, and the values of globals.
fn given(js: Js, given: JsValue, program: &Program) -> JsResult<Given> {
    let functions = elements(js, js.get(given, c"functions")?)?;
    let functions = functions.into_iter().map(|value| js.type_of(value) == Type::Function);
    let globals = elements(js, js.get(given, c"globals")?)?;
    let kinds = &program.imports().globals;
    let globals =
        globals.into_iter().zip(kinds).map(|(value, global)| number(js, value, global.kind));
    Ok(Given { functions: functions.collect(), globals: globals.collect::<JsResult<_>>()? })
}

/// Milliseconds; none for 0.
pub fn timeout(js: Js, value: JsValue) -> JsResult<Option<Duration>> {
    let milliseconds = js.as_f64(value)?;
    let timeout = Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or(Duration::MAX);
    Ok((milliseconds > 0.0).then_some(timeout))
}

fn optional<T>(
    js: Js,
    value: JsValue,
    read: impl FnOnce(Js, JsValue) -> JsResult<T>,
) -> JsResult<Option<T>> {
    match js.type_of(value) {
        Type::Null | Type::Undefined => Ok(None),
        _ => read(js, value).map(Some),
    }
}

/// A number is a descriptor, -1 to be captured; bytes are input.
fn stream(js: Js, value: JsValue, name: &str) -> JsResult<Result<Stream, Failure>> {
    if js.type_of(value) != Type::Number {
        return Ok(Ok(Stream::Input(js.copy_bytes(value)?.into())));
    }
    Ok(match js.as_i32(value)? {
        -1 => Ok(Stream::Capture),
        fd => match system::duplicate(fd) {
            Ok(fd) => Ok(Stream::Fd(fd)),
            Err(error) => Err(Failure::init_stream(error, name, fd)),
        },
    })
}

fn elements(js: Js, array: JsValue) -> JsResult<Vec<JsValue>> {
    (0..js.array_length(array)?).map(|index| js.element(array, index)).collect()
}

fn texts(js: Js, array: JsValue) -> JsResult<Vec<Vec<u8>>> {
    let texts = elements(js, array)?.into_iter().map(|text| Ok(js.as_text(text)?.into_bytes()));
    texts.collect()
}

fn preopens(js: Js, array: JsValue) -> JsResult<Vec<(String, String, bool)>> {
    let preopen = |entry| {
        let text = |index| js.as_text(js.element(entry, index)?);
        Ok((text(0)?, text(1)?, js.truthy(js.element(entry, 2)?)?))
    };
    elements(js, array)?.into_iter().map(preopen).collect()
}

/// Arguments of a call by the types of its parameters. `None` where a value is of another type, or
/// can't be handed over at all.
pub fn arguments(js: Js, array: JsValue, parameters: &[String]) -> JsResult<Option<Vec<Value>>> {
    let values = elements(js, array)?;
    if values.len() != parameters.len() {
        return Ok(None);
    }
    values.into_iter().zip(parameters).map(|(value, kind)| argument(js, value, kind)).collect()
}

fn argument(js: Js, value: JsValue, kind: &str) -> JsResult<Option<Value>> {
    let kinds = [Kind::I32, Kind::I64, Kind::F32, Kind::F64];
    match kinds.into_iter().find(|known| known.name() == kind) {
        Some(kind) => number(js, value, kind),
        None => Ok(None),
    }
}

/// A number, or a BigInt for an i64. `None` for other values.
pub fn number(js: Js, value: JsValue, kind: Kind) -> JsResult<Option<Value>> {
    Ok(match (kind, js.type_of(value)) {
        (Kind::I32, Type::Number) => Some(Value::I32(js.as_i32(value)?)),
        (Kind::F32, Type::Number) => Some(Value::F32(js.as_f64(value)? as f32)),
        (Kind::F64, Type::Number) => Some(Value::F64(js.as_f64(value)?)),
        (Kind::I64, Type::BigInt) => Some(Value::I64(js.as_i64(value)?)),
        _ => None,
    })
}

/// Numbers of these types, from an array that has as many.
pub fn numbers(js: Js, array: JsValue, kinds: &[Kind]) -> JsResult<Option<Vec<Value>>> {
    let values = elements(js, array)?;
    values.into_iter().zip(kinds).map(|(value, kind)| number(js, value, *kind)).collect()
}

/// `{ code, message, … }`, or null.
pub fn failure(js: Js, failure: Option<&Failure>) -> JsResult<JsValue> {
    let Some(failure) = failure else { return js.null() };
    let object = js.object()?;
    js.set(object, c"code", js.string(&failure.code)?)?;
    js.set(object, c"message", js.string(&failure.message)?)?;
    for (name, detail) in &failure.details {
        let value = match detail {
            Detail::Text(text) => js.string(text)?,
            Detail::Number(number) => js.number(*number)?,
        };
        js.set(object, &CString::new(*name).unwrap_or_default(), value)?;
    }
    Ok(object)
}

/// The object that the callbacks of `run`, `instantiate` and `call` get.
pub fn outcome(js: Js, outcome: &Outcome) -> JsResult<JsValue> {
    let object = js.object()?;
    let set = |name: &CStr, value| js.set(object, name, value);
    let or_null = |value: Option<f64>| value.map_or_else(|| js.null(), |value| js.number(value));
    set(c"started", js.boolean(outcome.started)?)?;
    set(c"failure", failure(js, outcome.failure.as_ref())?)?;
    set(c"exitCode", or_null(outcome.exit_code.map(exit_code))?)?;
    set(c"stdout", bytes_or_null(js, &outcome.stdout)?)?;
    set(c"stderr", bytes_or_null(js, &outcome.stderr)?)?;
    set(c"duration", js.number(outcome.duration.as_secs_f64() * 1000.0)?)?;
    set(c"fuelUsed", or_null(outcome.fuel_used.map(|fuel| fuel as f64))?)?;
    set(c"memoryPeak", js.number(outcome.memory_peak as f64)?)?;
    if !outcome.results.is_empty() {
        set(c"results", results(js, &outcome.results)?)?;
    }
    Ok(object)
}

/// A Buffer, or null for nothing. Most guests write to one stream at most, and a Buffer takes time.
fn bytes_or_null(js: Js, bytes: &[u8]) -> JsResult<JsValue> {
    if bytes.is_empty() { js.null() } else { js.buffer(bytes) }
}

/// Both a failure and an outcome that has one: what a callback gets whose task nobody began.
pub fn not_begun(js: Js) -> JsResult<Vec<JsValue>> {
    let failure = Failure::new("EAGAIN", "EAGAIN: no thread for the program");
    failed(js, &Outcome::failed(failure))
}

/// The same, when an answer can't be made into values.
pub fn too_large(js: Js) -> JsResult<Vec<JsValue>> {
    let failure = Failure::new("ERR_BUFFER_TOO_LARGE", "The result is too large for JavaScript");
    failed(js, &Outcome::failed(failure))
}

/// The same, of an outcome that has a failure.
pub fn failed(js: Js, failed: &Outcome) -> JsResult<Vec<JsValue>> {
    let object = outcome(js, failed)?;
    if let Some(failure) = &failed.failure {
        js.set(object, c"code", js.string(&failure.code)?)?;
        js.set(object, c"message", js.string(&failure.message)?)?;
    }
    Ok(vec![object])
}

/// Signed, as class WASI gives it.
fn exit_code(code: u32) -> f64 {
    code.cast_signed().into()
}

/// Several numbers.
pub fn results(js: Js, results: &[Value]) -> JsResult<JsValue> {
    let values = results.iter().map(|number| value(js, *number));
    js.array(&values.collect::<JsResult<Vec<_>>>()?)
}

/// A number as JavaScript has it.
pub fn value(js: Js, number: Value) -> JsResult<JsValue> {
    match number {
        Value::I32(number) => js.int32(number),
        Value::I64(number) => js.bigint(number),
        Value::F32(number) => js.number(number.into()),
        Value::F64(number) => js.number(number),
    }
}

/// What `hostImports` gives.
pub fn imports(js: Js, imports: &Imports) -> JsResult<JsValue> {
    let object = js.object()?;
    let functions = imports.functions.iter().map(|function| host_function(js, function));
    js.set(object, c"functions", js.array(&functions.collect::<JsResult<Vec<_>>>()?)?)?;
    let globals = imports.globals.iter().map(|HostGlobal { module, name, kind }| {
        let global = described(js, name, kind.name())?;
        js.set(global, c"module", js.string(module)?)?;
        Ok(global)
    });
    js.set(object, c"globals", js.array(&globals.collect::<JsResult<Vec<_>>>()?)?)?;
    Ok(object)
}

fn host_function(js: Js, function: &HostFunction) -> JsResult<JsValue> {
    let HostFunction { module, name, signature } = function;
    let object = described(js, name, "function")?;
    let kinds = signature.results.iter().map(|kind| js.string(kind.name()));
    js.set(object, c"module", js.string(module)?)?;
    js.set(object, c"results", js.array(&kinds.collect::<JsResult<Vec<_>>>()?)?)?;
    Ok(object)
}

/// What `origin` gives.
pub fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Precompiled => "precompiled",
        Origin::Cache => "cache",
        Origin::Process => "process",
        Origin::Child => "child",
    }
}

/// What `describe` gives. Functions of one type share their lists of types.
pub fn info(js: Js, info: &Info) -> JsResult<JsValue> {
    let imports = info.imports.iter().map(|Import { module, name, kind }| {
        let object = described(js, name, kind)?;
        js.set(object, c"module", js.string(module)?)?;
        Ok(object)
    });
    let mut lists = HashMap::new();
    let exports = info.exports.iter().map(|(name, Shape { kind, signature })| {
        let object = described(js, name, kind)?;
        if let Some(signature) = signature {
            let (parameters, results) = shared(js, signature, &mut lists)?;
            js.set(object, c"parameters", parameters)?;
            js.set(object, c"results", results)?;
        }
        Ok(object)
    });
    let object = js.object()?;
    js.set(object, c"imports", js.array(&imports.collect::<JsResult<Vec<_>>>()?)?)?;
    js.set(object, c"exports", js.array(&exports.collect::<JsResult<Vec<_>>>()?)?)?;
    js.set(object, c"size", js.number(info.size as f64)?)?;
    Ok(object)
}

fn described(js: Js, name: &str, kind: &str) -> JsResult<JsValue> {
    let object = js.object()?;
    js.set(object, c"name", js.string(name)?)?;
    js.set(object, c"kind", js.string(kind)?)?;
    Ok(object)
}

type Lists = (JsValue, JsValue);

fn shared(
    js: Js,
    signature: &Arc<Signature>,
    known: &mut HashMap<*const Signature, Lists>,
) -> JsResult<Lists> {
    if let Some(lists) = known.get(&Arc::as_ptr(signature)) {
        return Ok(*lists);
    }
    let lists = (strings(js, &signature.parameters)?, strings(js, &signature.results)?);
    known.insert(Arc::as_ptr(signature), lists);
    Ok(lists)
}

fn strings(js: Js, texts: &[String]) -> JsResult<JsValue> {
    js.array(&texts.iter().map(|text| js.string(text)).collect::<JsResult<Vec<_>>>()?)
}
