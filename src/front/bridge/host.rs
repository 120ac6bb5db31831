//! Functions of the host: lib/ calls them, on the event loop, for guests that wait on other threads.
//!
//! For that, `run`, `instantiate` and `call` take a function `host(call, number, ...arguments)`. It must
//! answer the call, by `answer`, at once or later.

use std::ptr;
use std::sync::Arc;

use super::arguments::call_arguments;
use super::convert;
use super::handle::Handle;
use super::operation::tell;
use super::tasks::{Task, TaskHost};
use crate::front::js::{self, Js, JsResult, Type, Value};
use crate::front::wasmtime::{Host, HostCall, Outcome, Post, Thrown};

const UNDEFINED: Value = ptr::null_mut();

/// Has functions called by the function of a task.
pub fn posted(task: &Task) -> Host {
    task.host().map_or(Host::None, |host| Host::There(Arc::new(host)))
}

impl Post for TaskHost {
    fn post(&self, call: &Arc<HostCall>) {
        let call = Arc::clone(call);
        self.tell(move |js| {
            // Nothing is called for a guest that was ended meanwhile.
            if call.is_over() {
                return Err(js::Thrown);
            }
            // If the call can't be passed to JavaScript, the guest must not wait for an answer.
            arguments(js, &call).inspect_err(|_| {
                call.answer(Err(Thrown(None)));
            })
        });
    }
}

fn arguments(js: Js, call: &Arc<HostCall>) -> JsResult<Vec<Value>> {
    let handle = Handle::HostCall(Arc::clone(call)).into_value(js)?;
    let mut values = vec![handle, js.number(call.number.into())?];
    for number in &call.arguments {
        values.push(convert::value(js, *number)?);
    }
    Ok(values)
}

/// `answer(call, results)`: an array of numbers as the signature says. If the function has thrown, it's
/// the number under which lib/ keeps what that was. Whether the guest still waits for it.
pub fn answer(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let call = Handle::host_call(js, arguments[0])?;
    let answer = match js.type_of(arguments[1]) {
        Type::Number => Err(Thrown(Some(js.as_f64(arguments[1])? as u32))),
        _ => convert::numbers(js, arguments[1], &call.signature.results)?.ok_or(Thrown(None)),
    };
    js.boolean(call.answer(answer))
}

/// `callExport(call, program, name, arguments, done)`: calls an export of the guest that waits for
/// `call`; `done(outcome)`.
///
/// Throws as `call` does.
pub fn call_export(js: Js, arguments: &[Value]) -> JsResult<Value> {
    let call = Handle::host_call(js, arguments[0])?;
    let program = Handle::program(js, arguments[1])?;
    let name = js.as_text(arguments[2])?;
    let values = call_arguments(js, &program, &name, arguments[3])?;
    let task = Task::start(js, arguments[4], &Arc::default())?;
    let done = move |results| {
        tell(
            task,
            match results {
                Ok(results) => Outcome { results, ..Outcome::none() },
                Err(failure) => Outcome::failed(failure),
            },
        );
    };
    call.call(name, values, Box::new(done));
    Ok(UNDEFINED)
}
