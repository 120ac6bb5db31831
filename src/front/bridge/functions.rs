//! The functions themselves. Those that take a callback as last argument call it once, later.

use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use super::arguments::call_arguments;
use super::convert;
use super::handle::Handle;
use super::host::posted;
use super::operation::{Operation, Queued, tell};
use super::report;
use super::tasks::Task;
use crate::front::js::{Js, JsResult, Value};
use crate::front::wasmtime::{
    Entry, Failure, Instance, OnThread, Outcome, Program, Ready, Settings,
    compile_for_parent as compile_and_exit, compilers, guarded, guests, inspect as inspect_bytes,
    run as run_program, set_command, set_concurrency, set_first_concurrency,
};

const UNDEFINED: Value = ptr::null_mut();

/// `compile(request, done)`: a handle for `cancel`; `done(failure, program)`.
pub fn compile(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let request = convert::request(js, arguments[0])?;
    let operation = Operation::new(js, arguments[1], UNDEFINED, None)?;
    let handle = Handle::Operation(Arc::clone(&operation)).into_value(js)?;
    let waiting = Arc::clone(&operation);
    let done = move |program: Result<Program, Failure>| {
        let Some(Queued { task, .. }) = waiting.begin() else { return };
        task.done(move |js| match program {
            Ok(program) => {
                let program = Handle::Program(Some(Arc::new(program)).into()).into_value(js)?;
                Ok(vec![js.null()?, program])
            }
            Err(failure) => Ok(vec![convert::failure(js, Some(&failure))?]),
        });
    };
    if let Err(error) = Program::compile(request, &operation.ending.ticket, done) {
        let Some(Queued { task, .. }) = operation.begin() else { return Ok(handle) };
        task.done(move |js| Ok(vec![convert::failure(js, Some(&no_thread(&error)))?]));
    }
    Ok(handle)
}

/// `setCompiler(words, environ)`: what starts a process that compiles; or `setCompiler(reason)`,
/// why there can be none.
pub fn set_compiler(js: Js, arguments: &[Value]) -> JsResult<Value> {
    set_command(convert::command(js, arguments[0], arguments[1])?);
    Ok(UNDEFINED)
}

/// `compileForParent()`: what a process does that was started to compile. It does not return then.
pub fn compile_for_parent(_: Js, _: &[Value]) -> JsResult<Value> {
    compile_and_exit();
    Ok(UNDEFINED)
}

/// `serialize(program, done)`; `done(failure, buffer)`.
pub fn serialize(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let program = Handle::program(js, arguments[0])?;
    let task = Task::start(js, arguments[1], &Arc::default())?;
    let job = move || {
        let code = guarded(|| program.serialize()).and_then(|code| code);
        task.done(move |js| match code {
            Ok(code) => Ok(vec![js.null()?, js.buffer(&code)?]),
            Err(failure) => Ok(vec![convert::failure(js, Some(&failure))?]),
        });
    };
    // A job that is dropped answers all the same.
    let _ = compilers().submit(job);
    Ok(UNDEFINED)
}

/// `describe(program)`.
pub fn describe(js: Js, arguments: &[Value]) -> JsResult<Value> {
    convert::info(js, Handle::program(js, arguments[0])?.info())
}

/// `hostImports(program)`: the functions and globals that it expects of its host. What it can't get
/// anyway counts as none: running it tells why.
pub fn host_imports(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let program = Handle::program(js, arguments[0])?;
    convert::imports(js, program.imports())
}

/// `origin(program, fuel, maxStack)`: where the code comes from that it runs with such settings,
/// undefined if there is none yet.
pub fn origin(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let program = Handle::program(js, arguments[0])?;
    let (fuel, max_stack) = (js.truthy(arguments[1])?, js.as_f64(arguments[2])? as usize);
    let ready = program.known(fuel, max_stack);
    ready.map_or(Ok(UNDEFINED), |ready| js.string(convert::origin(ready.origin)))
}

/// `inspect(bytes)`: what can be known of them without compiling them.
pub fn inspect(js: Js, arguments: &[Value]) -> JsResult<Value> {
    report::value(js, &inspect_bytes(&js.copy_bytes(arguments[0])?))
}

/// `release(program)`: frees it as soon as nothing runs it. It can't be used any more.
pub fn release(js: Js, arguments: &[Value]) -> JsResult<Value> {
    Handle::release_program(js, arguments[0])?;
    Ok(UNDEFINED)
}

/// `settingNames()`: those of the values that `settings` is an array of.
pub fn setting_names(js: Js, _: &[Value]) -> JsResult<Value> {
    let names = convert::SETTINGS.map(|name| js.string(name));
    js.array(&names.into_iter().collect::<JsResult<Vec<_>>>()?)
}

/// `run(program, settings, done, host)`: a handle for `cancel`; `done(outcome)`. For `host`, see
/// `host`.
pub fn run(js: Js, arguments: &[Value]) -> JsResult<Value> {
    begin(js, arguments, |_, ready, settings, operation, task| {
        let entry = entry(operation, &task, settings.timeout);
        let place = Arc::default();
        let run = || run_program(ready, settings, OnThread::OfGuests, &place, entry);
        tell(task, guarded(run).unwrap_or_else(Outcome::failed));
    })
}

/// `instantiate(program, settings, done, host)`: a handle for `cancel`; `done(outcome)`, which has the
/// instance. For `host`, see `host`.
pub fn instantiate(js: Js, arguments: &[Value]) -> JsResult<Value> {
    begin(js, arguments, |program, ready, settings, operation, task| {
        let entry = entry(operation, &task, settings.timeout);
        let instance = Instance::new(program);
        let open = || instance.open(ready, settings, OnThread::OfGuests, entry);
        let outcome = guarded(open).unwrap_or_else(Outcome::failed);
        task.done(move |js| {
            let object = convert::outcome(js, &outcome)?;
            if outcome.failure.is_none() {
                js.set(object, c"instance", Handle::Instance(instance).into_value(js)?)?;
            }
            Ok(vec![object])
        });
    })
}

fn entry(operation: &Operation, task: &Task, timeout: Option<Duration>) -> Entry {
    Entry { life: Arc::clone(&operation.ending.life), host: posted(task), timeout }
}

/// What a guest thread does with a program that is ready.
type Body = fn(Arc<Program>, &Arc<Ready>, Settings, &Operation, Task);

/// Queues what needs a program and settings. What is not compiled as they want it is compiled
/// first: never on a thread of guests.
fn begin(js: Js, arguments: &[Value], body: Body) -> JsResult<Value> {
    let program = Handle::program(js, arguments[0])?;
    let (settings, failure) = match convert::settings(js, arguments[1], &program)? {
        Ok(settings) => (Some(settings), None),
        Err(failure) => (None, Some(failure)),
    };
    let (fuel, max_stack) = settings
        .as_ref()
        .map_or((false, 0), |settings| (settings.fuel.is_some(), settings.max_stack));
    let operation = Operation::new(js, arguments[2], arguments[3], settings)?;
    let handle = Handle::Operation(Arc::clone(&operation)).into_value(js)?;
    if let Some(failure) = failure {
        fail(&operation, failure);
        return Ok(handle);
    }
    if let Some(ready) = program.known(fuel, max_stack) {
        let started = start_guest(program, ready, Arc::clone(&operation), body);
        started.unwrap_or_else(|error| fail(&operation, no_thread(&error)));
        return Ok(handle);
    }
    let guest = Arc::clone(&program);
    let waiting = Arc::clone(&operation);
    program.prepare(fuel, max_stack, &operation.ending.ticket, move |ready| {
        let started = ready.and_then(|ready| {
            let started = start_guest(guest, ready, Arc::clone(&waiting), body);
            started.map_err(|error| no_thread(&error))
        });
        if let Err(failure) = started {
            fail(&waiting, failure);
        }
    });
    Ok(handle)
}

fn start_guest(
    program: Arc<Program>,
    ready: Arc<Ready>,
    operation: Arc<Operation>,
    body: Body,
) -> std::io::Result<()> {
    guests().submit(move || {
        if let Some(Queued { task, settings: Some(settings) }) = operation.begin() {
            body(program, &ready, settings, &operation, task);
        }
    })
}

fn fail(operation: &Operation, failure: Failure) {
    if let Some(Queued { task, .. }) = operation.begin() {
        tell(task, Outcome::failed(failure));
    }
}

/// `call(instance, name, arguments, timeout, done, host)`: a handle for `cancel`; `done(outcome)`. For
/// `host`, see `host`.
///
/// Throws `ERR_INVALID_ARG_VALUE` for a name that is no function's, `ERR_INVALID_ARG_TYPE` for
/// arguments that don't fit its parameters.
pub fn call(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let instance = Handle::instance(js, arguments[0])?;
    let name = js.as_text(arguments[1])?;
    let values = call_arguments(js, instance.program(), &name, arguments[2])?;
    let timeout = convert::timeout(js, arguments[3])?;
    let operation = Operation::new(js, arguments[4], arguments[5], None)?;
    let handle = Handle::Operation(Arc::clone(&operation)).into_value(js)?;
    let calling = Arc::clone(&operation);
    let job = move |instance: &Instance| {
        if let Some(Queued { task, .. }) = calling.begin() {
            let entry = entry(&calling, &task, timeout);
            let call = || instance.call(&name, &values, entry);
            tell(task, guarded(call).unwrap_or_else(Outcome::failed));
        }
    };
    instance.submit(job).unwrap_or_else(|error| fail(&operation, no_thread(&error)));
    Ok(handle)
}

/// `close(instance)`.
pub fn close(js: Js, arguments: &[Value]) -> JsResult<Value> {
    Handle::close_instance(js, arguments[0])?;
    Ok(UNDEFINED)
}

/// `output(instance)`: captured so far, `[stdout, stderr]`.
pub fn output(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let [stdout, stderr] = Handle::instance(js, arguments[0])?.output();
    js.array(&[js.buffer(&stdout)?, js.buffer(&stderr)?])
}

/// `cancel(handle)`.
pub fn cancel(js: Js, arguments: &[Value]) -> JsResult<Value> {
    Handle::cancel(js, arguments[0])?;
    Ok(UNDEFINED)
}

/// `configure(concurrency)`.
pub fn configure(js: Js, arguments: &[Value]) -> JsResult<Value> {
    set_concurrency(js.as_f64(arguments[0])? as usize);
    Ok(UNDEFINED)
}

/// `configureFirst(concurrency)`: whether nobody in the process has configured anything before. Only
/// then it does so, unless `concurrency` is 0.
pub fn configure_first(js: Js, arguments: &[Value]) -> JsResult<Value> {
    js.boolean(set_first_concurrency(js.as_f64(arguments[0])? as usize))
}

fn no_thread(error: &std::io::Error) -> Failure {
    Failure::new("EAGAIN", format!("EAGAIN: no thread for the program: {error}"))
}
