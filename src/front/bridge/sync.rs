//! Guests on the thread of JavaScript.
//!
//! `functions` is an array of functions of the host, by their numbers, which give values of the right types.
//! What one throws becomes its property `thrown`, and the guest ends. `ending` is what `ending` gives, or
//! undefined.
#![allow(unsafe_code)] // Values of JavaScript, for the time of a call.

use std::cell::Cell;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::channel;

use napi::sys;

use super::convert;
use super::ending::Ending;
use super::handle::Handle;
use super::sync_guest::SyncGuest;
use crate::front::js::{Js, JsResult, Type, Value};
use crate::front::wasmtime::{
    Call, Entry, Failure, Host, Instance, Kind, OnThread, Outcome, Program, Ready, Settings,
    Thrown, Ticket, Value as Number, guarded, run as run_program, set_caller_check,
};
use crate::system::Thread;

/// `ending()`: what `cancel` takes to end a call that gets it.
pub fn ending(js: Js, _: &[Value]) -> JsResult<Value> {
    Handle::Ending(Arc::default()).into_value(js)
}

/// `runSync(program, settings, functions, ending)`: an outcome. The guest is `functions.guest`.
pub fn run(js: Js, arguments: &[Value]) -> JsResult<Value> {
    open(js, arguments, |instance, ready, settings, entry| {
        let outcome = run_program(ready, settings, OnThread::OfCaller, &instance.place, entry);
        (outcome, Then::Close)
    })
}

/// `instantiateSync(program, settings, functions, ending)`: an outcome. The instance is
/// `functions.guest`.
pub fn instantiate(js: Js, arguments: &[Value]) -> JsResult<Value> {
    open(js, arguments, |instance, ready, settings, entry| {
        let outcome = instance.open(ready, settings, OnThread::OfCaller, entry);
        let then = if outcome.failure.is_none() { Then::Stay } else { Then::Close };
        (outcome, then)
    })
}

fn open(
    js: Js,
    arguments: &[Value],
    body: impl FnOnce(&Instance, &Arc<Ready>, Settings, Entry) -> (Outcome, Then),
) -> JsResult<Value> {
    let program = Handle::program(js, arguments[0])?;
    let settings = convert::settings(js, arguments[1], &program)?;
    let functions = arguments[2];
    let ending = Handle::ending(js, arguments[3])?;
    let ready = settings.and_then(|settings| Ok((ready(&program, &settings)?, settings)));
    let (ready, settings) = match ready {
        Ok(ready) => ready,
        Err(failure) => return convert::outcome(js, &Outcome::failed(failure)),
    };
    let guest = SyncGuest::new(Instance::new(program), settings.timeout);
    if !js.is_undefined(functions) {
        js.set(functions, c"guest", Handle::SyncGuest(Rc::clone(&guest)).into_value(js)?)?;
    }
    let entry = entry(js, functions, &guest, &ending);
    let opened = guarded(|| body(&guest.instance, &ready, settings, entry));
    let (outcome, then) = opened.unwrap_or_else(|bug| (Outcome::failed(bug), Then::Close));
    match then {
        Then::Stay => guest.refresh(js),
        Then::Close => guest.close(js),
    }
    convert::outcome(js, &outcome)
}

/// What becomes of a guest when its first call has ended.
enum Then {
    Stay,
    Close,
}

/// Waits until it is compiled as the settings want it.
fn ready(program: &Arc<Program>, settings: &Settings) -> Result<Arc<Ready>, Failure> {
    let (fuel, max_stack) = (settings.fuel.is_some(), settings.max_stack);
    if let Some(ready) = program.known(fuel, max_stack) {
        return Ok(ready);
    }
    let (done, compiled) = channel();
    program.prepare(fuel, max_stack, &Ticket::default(), move |ready| drop(done.send(ready)));
    let lost = |_| Failure::new("EAGAIN", "EAGAIN: no thread to compile the program");
    compiled.recv().map_err(lost)?
}

thread_local! {
    /// That of the guest which runs on this thread.
    static ENVIRONMENT: Cell<sys::napi_env> = const { Cell::new(ptr::null_mut()) };
}

/// Whether V8 lets no more JavaScript run on this thread, because the Worker is being terminated.
/// Asked while a guest waits, so its environment is there.
fn is_terminating() -> bool {
    let js = Js(ENVIRONMENT.get());
    !Thread::current().is_main() && js.scoped(|| js.run("0").map(drop)).is_err()
}

fn entry(js: Js, functions: Value, guest: &Rc<SyncGuest>, ending: &Arc<Ending>) -> Entry {
    set_caller_check(is_terminating);
    ENVIRONMENT.set(js.0);
    let host = match js.is_undefined(functions) {
        true => Host::None,
        false => Host::Here(Arc::new(Functions { js, functions, guest: Rc::clone(guest) })),
    };
    Entry { life: Arc::clone(&ending.life), host, timeout: guest.timeout }
}

/// `callSync(instance, number, functions, ending, ...arguments)`: a number or a BigInt, undefined, an
/// array of several results; or an outcome with a failure. A function with more parameters takes them
/// as one array.
///
/// Throws what the conversion of arguments throws, and `ERR_INVALID_ARG_TYPE` for what can't be
/// converted.
pub fn call(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let guest = Handle::sync_guest(js, arguments[0])?;
    let instance = &guest.instance;
    let number = js.as_f64(arguments[1])? as usize;
    let ending = Handle::ending(js, arguments[3])?;
    let values = match instance.signature(number) {
        Some(signature) => converted(js, &signature.parameters, &arguments[4..])?,
        None => return Err(js.throw_type_error(c"ERR_INVALID_ARG_TYPE", NOT_NUMBERS)),
    };
    let entry = entry(js, arguments[2], &guest, &ending);
    let called = guarded(|| instance.call_here(number, &values, entry));
    guest.refresh(js);
    match called.unwrap_or_else(|bug| Err(Box::new(Outcome::failed(bug)))) {
        Ok(results) => told(js, &results),
        Err(outcome) => {
            guest.close_if_asked(js);
            convert::outcome(js, &outcome)
        }
    }
}

const NOT_NUMBERS: &str = "The function takes or returns something other than numbers (i32, i64, f32 \
    and f64), so JavaScript can't call it";

fn told(js: Js, results: &[Number]) -> JsResult<Value> {
    match results {
        [] => Ok(ptr::null_mut()),
        [result] => convert::value(js, *result),
        results => convert::results(js, results),
    }
}

fn converted(js: Js, kinds: &[Kind], arguments: &[Value]) -> JsResult<Vec<Number>> {
    if kinds.len() <= arguments.len() {
        return kinds
            .iter()
            .zip(arguments)
            .map(|(kind, value)| to_number(js, *kind, *value))
            .collect();
    }
    let element =
        |(kind, index): (&Kind, u32)| to_number(js, *kind, js.element(arguments[0], index)?);
    kinds.iter().zip(0..).map(element).collect()
}

/// As in the WebAssembly JavaScript API: <https://webassembly.github.io/spec/js-api/#towebassemblyvalue>,
/// but only BigInts become 64-bit integers.
fn to_number(js: Js, kind: Kind, value: Value) -> JsResult<Number> {
    if kind == Kind::I64 {
        return match js.type_of(value) {
            Type::BigInt => js.as_i64(value).map(Number::I64),
            _ => Err(
                js.throw_type_error(c"ERR_INVALID_ARG_TYPE", "An i64 must be a BigInt, such as 1n")
            ),
        };
    }
    let value = match js.type_of(value) {
        Type::Number => value,
        _ => js.to_number(value)?,
    };
    Ok(match kind {
        Kind::I32 => Number::I32(js.as_i32(value)?),
        Kind::F32 => Number::F32(js.as_f64(value)? as f32),
        Kind::F64 | Kind::I64 => Number::F64(js.as_f64(value)?),
    })
}

/// Functions of the host, while a call to the addon is under way.
struct Functions {
    js: Js,
    functions: Value,
    guest: Rc<SyncGuest>,
}

// SAFETY: a guest on the thread of JavaScript has it, for the time of one call, and never leaves that
// thread meanwhile.
unsafe impl Send for Functions {}
// SAFETY: the same.
unsafe impl Sync for Functions {}

impl Call for Functions {
    fn call(
        &self,
        number: u32,
        arguments: &[Number],
        results: &[Kind],
    ) -> Result<Vec<Number>, Thrown> {
        let js = self.js;
        let mut answer = Err(Thrown(None));
        let called = js.scoped(|| {
            answer = Ok(self.called(number, arguments, results)?);
            Ok(())
        });
        if called.is_err() {
            self.keep_exception();
        }
        answer
    }
}

impl Functions {
    fn called(&self, number: u32, arguments: &[Number], results: &[Kind]) -> JsResult<Vec<Number>> {
        let js = self.js;
        self.guest.refresh(js);
        let function = js.element(self.functions, number)?;
        let arguments: JsResult<Vec<Value>> =
            arguments.iter().map(|value| convert::value(js, *value)).collect();
        let value = js.call(js.undefined()?, function, &arguments?)?;
        match results {
            [] => Ok(Vec::new()),
            [kind] => Ok(vec![to_number(js, *kind, value)?]),
            kinds => kinds
                .iter()
                .zip(0..)
                .map(|(kind, index)| to_number(js, *kind, js.element(value, index)?))
                .collect(),
        }
    }

    fn keep_exception(&self) {
        // An environment that is ending takes nothing any more.
        let _ = self.js.scoped(|| {
            let thrown = self.js.take_exception()?;
            self.js.set(self.functions, c"thrown", thrown)
        });
    }
}
