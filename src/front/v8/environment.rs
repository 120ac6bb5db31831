//! What the addon keeps for each environment (the main thread, a Worker): the object that glue.js
//! evaluates to.
#![allow(unsafe_code)] // A reference that Node-API counts.

use std::cell::Cell;
use std::ffi::CStr;
use std::ptr;

use napi::{Env, sys};
use once_cell::sync::Lazy;

use crate::front::js::{Js, JsResult, Thrown, Value};
use crate::system::{Interrupt, Thread};

static GLUE: &str = include_str!("glue.js");

/// The same bytes for every environment of the process.
static TRAMPOLINE: Lazy<Vec<u8>> = Lazy::new(super::trampoline::module);

/// A strong reference to the glue, for the life of the environment.
struct State {
    glue: sys::napi_ref,
}

thread_local! {
    /// An environment of this thread, for `is_terminating`.
    static ENVIRONMENT: Cell<sys::napi_env> = const { Cell::new(ptr::null_mut()) };
}

/// A Worker can be terminated, which must end what its guest waits for. Nothing can stop the main
/// thread but the end of the process.
pub fn interrupt() -> Interrupt {
    if Thread::current().is_main() { Interrupt::NEVER } else { waits_can_end() }
}

/// For descriptors that objects of several threads have: ends the waits of each in its own.
pub fn waits_can_end() -> Interrupt {
    Interrupt::when(is_terminating)
}

/// Whether V8 lets no more JavaScript run on this thread: calling a function that does nothing
/// tells. Asked while a guest waits in a call, so the environment is alive: those of a thread, should
/// there be several, end together, and the guest has one.
fn is_terminating() -> bool {
    let js = Js(ENVIRONMENT.get());
    js.scoped(|| Glue::of(Env::from_raw(js.0))?.call(c"nothing", &[]).map(drop)).is_err()
}

/// The glue of the running environment.
#[derive(Clone, Copy)]
pub struct Glue {
    pub js: Js,
    object: Value,
}

impl Glue {
    /// Of the environment of the running native function; evaluated when first asked for.
    pub fn of(env: Env) -> JsResult<Self> {
        let js = Js(env.raw());
        if let Ok(Some(state)) = env.get_instance_data::<State>() {
            let mut object = ptr::null_mut();
            // SAFETY: the reference is strong and of this environment.
            unsafe { sys::napi_get_reference_value(js.0, state.glue, &mut object) };
            return Ok(Glue { js, object });
        }
        let object = js.run(GLUE)?;
        let mut glue = ptr::null_mut();
        // SAFETY: a new reference to a value of this environment.
        unsafe { sys::napi_create_reference(js.0, object, 1, &mut glue) };
        env.set_instance_data(State { glue }, (), |_| {}).map_err(|_| Thrown)?;
        ENVIRONMENT.set(js.0);
        Ok(Glue { js, object })
    }

    /// A property.
    pub fn get(self, name: &CStr) -> JsResult<Value> {
        self.js.get(self.object, name)
    }

    /// Calls one of the functions.
    pub fn call(self, name: &CStr, arguments: &[Value]) -> JsResult<Value> {
        self.js.call(self.js.undefined()?, self.get(name)?, arguments)
    }

    /// Calls one of the functions as a method of `this`.
    pub fn call_on(self, this: Value, name: &CStr, arguments: &[Value]) -> JsResult<Value> {
        self.js.call(this, self.get(name)?, arguments)
    }

    /// Whether one of the functions gives something true.
    pub fn test(self, name: &CStr, arguments: &[Value]) -> JsResult<bool> {
        self.js.truthy(self.call(name, arguments)?)
    }

    /// Where the scratch memory starts.
    pub fn scratch(self) -> JsResult<*mut u8> {
        Ok(self.js.bytes(self.get(c"scratch")?)?.0)
    }

    /// Puts imports and memory setter on a WASI object: see `connect` in glue.js.
    pub fn connect(self, wasi: Value, functions: [Value; 2], return_on_exit: bool) -> JsResult<()> {
        let [enter, attach] = functions;
        let bytes = self.js.buffer(&TRAMPOLINE)?;
        let return_on_exit = self.js.boolean(return_on_exit)?;
        self.call(c"connect", &[wasi, bytes, enter, attach, return_on_exit]).map(drop)
    }

    /// Text of a string that one of the functions gives.
    pub fn text(self, name: &CStr, arguments: &[Value]) -> JsResult<String> {
        self.js.as_text(self.call(name, arguments)?)
    }
}
