//! One WASI object's native half, and the entrance through which its guest's calls come.
#![allow(unsafe_code)] // Callbacks of Node-API, and the scratch memory.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::{CStr, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

use napi::sys;

use super::environment::waits_can_end;
use super::share::{self, Token};
use super::trampoline::Scratch;
use crate::abi::{self, Call, FUNCTIONS, Failure, MAX_PARAMETERS, Memory, Version, errno};
use crate::front::js::{Js, JsResult, Thrown, Value};
use crate::system::{Errno, System};

/// Where the guest's linear memory is.
#[derive(Clone, Copy)]
struct LinearMemory {
    start: *mut u8,
    size: usize,
    shared: bool,
}

/// What one WASI object gives its guest.
pub struct Guest {
    system: RefCell<System>,
    version: Version,
    return_on_exit: bool,
    /// As the environment asks when the object is made. On the main thread an assignment to
    /// `process.env` reaches it; in a Worker, where `process.env` is a copy, it does not.
    trace: bool,
    /// `None` until the object is started.
    memory: Cell<Option<LinearMemory>>,
    /// In the scratch memory of the environment.
    scratch: *mut Scratch,
    /// By which other objects get the same descriptors.
    token: OnceCell<Token>,
    closed: Cell<bool>,
}

/// How a call ended, for `connect` in glue.js.
enum Outcome {
    Done,
    /// Out of bounds, as far as known here.
    PerhapsGrown,
    Exit(u32),
}

impl Guest {
    /// `scratch` is the start of the environment's scratch memory.
    pub fn new(system: System, version: Version, return_on_exit: bool, scratch: *mut u8) -> Self {
        Guest {
            system: RefCell::new(system),
            version,
            return_on_exit,
            trace: abi::trace::is_asked_for(),
            memory: Cell::new(None),
            scratch: scratch.cast(),
            token: OnceCell::new(),
            closed: Cell::new(false),
        }
    }

    /// For a guest that has the descriptors of others, who know them by `token`.
    pub fn with_token(self, token: Option<Token>) -> Self {
        Guest { token: token.map_or_else(OnceCell::new, OnceCell::from), ..self }
    }

    /// The functions `enter` and `attach` of glue.js. The guest lives as long as either of them.
    pub fn functions(self: &Rc<Self>, js: Js) -> JsResult<[Value; 2]> {
        let function = |name, callback| function(js, name, callback, Rc::clone(self));
        Ok([function("enter", enter as Callback)?, function("attach", attach)?])
    }

    /// Closes all descriptors, unless a call is under way, which only a callback from within it
    /// could see.
    pub fn close(&self) {
        if let Ok(mut system) = self.system.try_borrow_mut() {
            system.close();
            self.closed.set(true);
        }
    }

    /// Lets other objects have the same descriptors, who ask by the token that this gives.
    ///
    /// Errors: `ERR_INVALID_STATE` once the object is closed, and during a call of the guest.
    pub fn share(&self, js: Js) -> JsResult<Token> {
        if self.closed.get() {
            return Err(js.throw_error(INVALID_STATE, "Invalid state: the WASI object is closed"));
        }
        let Ok(mut system) = self.system.try_borrow_mut() else {
            let message = "Invalid state: the guest of the WASI object is in a call";
            return Err(js.throw_error(INVALID_STATE, message));
        };
        if let Some(token) = self.token.get() {
            return Ok(token.clone());
        }
        let mut random = [0; 16];
        if system.random_get(&mut random).is_err() {
            let message = "Operation failed: no random bytes for a token";
            return Err(js.throw_error(c"ERR_OPERATION_FAILED", message));
        }
        let token = share::publish(&system.share(waits_can_end()), random);
        Ok(self.token.get_or_init(|| token).clone())
    }

    /// Runs the call that the trampoline has put into the scratch memory.
    fn enter(&self, js: Js) -> JsResult<Outcome> {
        // SAFETY: the scratch memory lives as long as the environment, only this thread uses it,
        // and it is aligned: V8 puts memories at the start of a page. No guest runs until the call
        // is over, so nothing changes what this refers to.
        let Scratch { arguments, function, .. } = unsafe { &*self.scratch };
        let result = match self.call(js, *function, arguments)? {
            Err(Failure::Exit(code)) => return Ok(Outcome::Exit(code)),
            Err(Failure::Errno(errno)) => errno,
            Ok(()) => Errno::Success,
        };
        // SAFETY: as above; the references to the arguments are gone.
        unsafe { (*self.scratch).result = errno::number(result).into() };
        let grows_unseen = result == Errno::Overflow;
        Ok(if grows_unseen { Outcome::PerhapsGrown } else { Outcome::Done })
    }

    fn call(
        &self,
        js: Js,
        function: u32,
        arguments: &[u64; MAX_PARAMETERS],
    ) -> JsResult<Result<(), Failure>> {
        let Some(function) = FUNCTIONS.get(function as usize) else {
            return Ok(Err(Failure::Errno(Errno::NoSys)));
        };
        let exits = !function.returns_errno();
        let memory = match self.memory.get() {
            Some(memory) => memory,
            None if exits && self.return_on_exit => NO_MEMORY,
            None => return Err(not_started(js)),
        };
        let Ok(mut system) = self.system.try_borrow_mut() else {
            return Ok(Err(Failure::Errno(Errno::Busy)));
        };
        // SAFETY: glue.js, whose closure holds the memory, attaches it again before this call if
        // it has moved. During the call no JavaScript runs but `nothing` of glue.js, and a shared
        // memory, which other threads may grow, never moves.
        let memory = unsafe { Memory::new(memory.start, memory.size, memory.shared) };
        let version = self.version;
        let mut call = Call { system: &mut system, memory, version, arguments };
        Ok(abi::call(function, &mut call, self.trace))
    }
}

const INVALID_STATE: &CStr = c"ERR_INVALID_STATE";

const NO_MEMORY: LinearMemory =
    LinearMemory { start: ptr::NonNull::dangling().as_ptr(), size: 0, shared: false };

fn not_started(js: Js) -> Thrown {
    js.throw_error(c"ERR_WASI_NOT_STARTED", "wasi.start() has not been called")
}

type Callback = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> Value;

/// A function whose data is the guest, which it keeps alive.
fn function(js: Js, name: &str, callback: Callback, guest: Rc<Guest>) -> JsResult<Value> {
    unsafe extern "C" fn release(_: sys::napi_env, guest: *mut c_void, _: *mut c_void) {
        // SAFETY: from `Rc::into_raw` below; Node-API runs this once, when the function is gone.
        drop(unsafe { Rc::from_raw(guest.cast_const().cast::<Guest>()) });
    }
    let guest: *mut c_void = Rc::into_raw(guest).cast_mut().cast();
    let made = js.function(name, callback, guest).and_then(|function| {
        // SAFETY: `release` takes what `guest` is.
        unsafe { js.when_gone(function, guest, release) }.map(|()| function)
    });
    if made.is_err() {
        // SAFETY: no function will release it.
        drop(unsafe { Rc::from_raw(guest.cast_const().cast::<Guest>()) });
    }
    made
}

/// `enter()` of glue.js.
unsafe extern "C" fn enter(env: sys::napi_env, info: sys::napi_callback_info) -> Value {
    let js = Js(env);
    let mut guest = ptr::null_mut::<c_void>();
    let (no_count, none) = (ptr::null_mut(), ptr::null_mut::<Value>());
    // SAFETY: writes to a local. The data is the guest, which lives as long as this function.
    let guest = unsafe {
        sys::napi_get_cb_info(env, info, no_count, none, none, &mut guest);
        &*guest.cast::<Guest>()
    };
    // Null is undefined for Node-API; with an exception pending, it does not matter.
    guarded(js, || match guest.enter(js)? {
        Outcome::Done => Ok(ptr::null_mut()),
        Outcome::PerhapsGrown => js.null(),
        Outcome::Exit(code) => js.int32(code.cast_signed()),
    })
}

/// `attach(view, shared)` of glue.js: `view` is of all the memory.
unsafe extern "C" fn attach(env: sys::napi_env, info: sys::napi_callback_info) -> Value {
    let js = Js(env);
    let mut guest = ptr::null_mut::<c_void>();
    let mut arguments = [ptr::null_mut(); 2];
    let mut count = arguments.len();
    // SAFETY: as in `enter`; the arguments go to a local array of the length given.
    let guest = unsafe {
        let none = ptr::null_mut::<Value>();
        sys::napi_get_cb_info(env, info, &mut count, arguments.as_mut_ptr(), none, &mut guest);
        &*guest.cast::<Guest>()
    };
    guarded(js, || {
        let [view, shared] = arguments;
        let (start, size) = js.bytes(view)?;
        guest.memory.set(Some(LinearMemory { start, size, shared: js.truthy(shared)? }));
        Ok(ptr::null_mut())
    })
}

/// Nothing unwinds into Node: a panic becomes an error there.
fn guarded(js: Js, body: impl FnOnce() -> JsResult<Value>) -> Value {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result.unwrap_or(ptr::null_mut()),
        Err(_) => {
            js.throw_error(c"ERR_INTERNAL_ASSERTION", "wasi-rs: a bug in the addon, please report");
            ptr::null_mut()
        }
    }
}
