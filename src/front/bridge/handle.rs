//! Values of Rust that JavaScript holds without looking into them.
#![allow(unsafe_code)] // Pointers behind external values.

use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

use napi::sys;

use super::ending::Ending;
use super::operation::Operation;
use super::sync_guest::SyncGuest;
use crate::front::js::{Js, JsResult, Thrown, Value};
use crate::front::wasmtime::{HostCall, Instance, Place, Program};
use crate::system::MemoryFile;

/// What an external value of this addon holds.
pub enum Handle {
    /// `None` once it has been released.
    Program(RefCell<Option<Arc<Program>>>),
    Instance(Arc<Instance>),
    SyncGuest(Rc<SyncGuest>),
    Operation(Arc<Operation>),
    HostCall(Arc<HostCall>),
    /// What ends calls on the thread that makes them.
    Ending(Arc<Ending>),
    /// `None` once it has been closed.
    MemoryFile(RefCell<Option<MemoryFile>>),
}

impl Handle {
    /// An external value that drops this once it has been collected.
    pub fn into_value(self, js: Js) -> JsResult<Value> {
        unsafe extern "C" fn release(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
            // SAFETY: from `Box::into_raw` below; Node-API runs this once.
            drop(unsafe { Box::from_raw(data.cast::<Handle>()) });
        }
        let data: *mut c_void = Box::into_raw(Box::new(self)).cast();
        let mut value = ptr::null_mut();
        // SAFETY: `release` takes what `data` is; the result goes to a local.
        let status = unsafe {
            sys::napi_create_external(js.0, data, Some(release), ptr::null_mut(), &mut value)
        };
        if status != sys::Status::napi_ok {
            // SAFETY: nobody else will.
            drop(unsafe { Box::from_raw(data.cast::<Handle>()) });
            return Err(js.throw_error(c"ERR_INTERNAL_ASSERTION", "wasi-rs: no room for a handle"));
        }
        Ok(value)
    }

    fn of<'v>(js: Js, value: Value) -> JsResult<&'v Handle> {
        let mut data = ptr::null_mut();
        // SAFETY: writes to a local; fails for what is no external value.
        let status = unsafe { sys::napi_get_value_external(js.0, value, &mut data) };
        if status != sys::Status::napi_ok || data.is_null() {
            return Err(wrong(js));
        }
        // SAFETY: external values come here from lib/ only, which has them from `into_value`. They
        // live at least until the native function returns.
        Ok(unsafe { &*data.cast::<Handle>() })
    }

    pub fn program(js: Js, value: Value) -> JsResult<Arc<Program>> {
        match Handle::of(js, value)? {
            Handle::Program(program) => program.borrow().clone().ok_or_else(|| released(js)),
            _ => Err(wrong(js)),
        }
    }

    /// Lets go of a program now, not only when the handle is collected: it has descriptors.
    pub fn release_program(js: Js, value: Value) -> JsResult<()> {
        match Handle::of(js, value)? {
            Handle::Program(program) => drop(program.take()),
            _ => return Err(wrong(js)),
        }
        Ok(())
    }

    pub fn instance(js: Js, value: Value) -> JsResult<Arc<Instance>> {
        match Handle::of(js, value)? {
            Handle::Instance(instance) => Ok(Arc::clone(instance)),
            Handle::SyncGuest(guest) => Ok(Arc::clone(&guest.instance)),
            _ => Err(wrong(js)),
        }
    }

    pub fn host_call(js: Js, value: Value) -> JsResult<Arc<HostCall>> {
        match Handle::of(js, value)? {
            Handle::HostCall(call) => Ok(Arc::clone(call)),
            _ => Err(wrong(js)),
        }
    }

    pub fn sync_guest(js: Js, value: Value) -> JsResult<Rc<SyncGuest>> {
        match Handle::of(js, value)? {
            Handle::SyncGuest(guest) => Ok(Rc::clone(guest)),
            _ => Err(wrong(js)),
        }
    }

    /// Frees what an instance has. Calls to come fail.
    pub fn close_instance(js: Js, value: Value) -> JsResult<()> {
        match Handle::of(js, value)? {
            Handle::Instance(instance) => drop(instance.place.close()),
            Handle::SyncGuest(guest) => guest.close(js),
            _ => return Err(wrong(js)),
        }
        Ok(())
    }

    /// Detaches the buffers over memories that have grown.
    pub fn refresh_buffers(js: Js, value: Value) -> JsResult<()> {
        if let Handle::SyncGuest(guest) = Handle::of(js, value)? {
            guest.refresh(js);
        }
        Ok(())
    }

    /// Where a guest is: an instance, or one that has called a function of the host.
    pub fn place(js: Js, value: Value) -> JsResult<Arc<Place>> {
        match Handle::of(js, value)? {
            Handle::Instance(instance) => Ok(Arc::clone(&instance.place)),
            Handle::SyncGuest(guest) => Ok(Arc::clone(&guest.instance.place)),
            Handle::HostCall(call) => Ok(Arc::clone(&call.place)),
            _ => Err(wrong(js)),
        }
    }

    /// What `body` makes of a file that is open.
    pub fn memory_file<T>(
        js: Js,
        value: Value,
        body: impl FnOnce(&MemoryFile) -> T,
    ) -> JsResult<T> {
        match Handle::of(js, value)? {
            Handle::MemoryFile(file) => file.borrow().as_ref().map(body).ok_or_else(|| wrong(js)),
            _ => Err(wrong(js)),
        }
    }

    /// Closes a file now, not only when the environment ends.
    pub fn close_memory_file(js: Js, value: Value) -> JsResult<()> {
        match Handle::of(js, value)? {
            Handle::MemoryFile(file) => drop(file.take()),
            _ => return Err(wrong(js)),
        }
        Ok(())
    }

    /// Ends an operation, or a call on this thread.
    pub fn cancel(js: Js, value: Value) -> JsResult<()> {
        match Handle::of(js, value)? {
            Handle::Operation(operation) => operation.cancel(),
            Handle::Ending(ending) => ending.end(),
            _ => return Err(wrong(js)),
        }
        Ok(())
    }

    /// What ends calls on this thread, a new one for undefined.
    pub fn ending(js: Js, value: Value) -> JsResult<Arc<Ending>> {
        if js.is_undefined(value) {
            return Ok(Arc::default());
        }
        match Handle::of(js, value)? {
            Handle::Ending(ending) => Ok(Arc::clone(ending)),
            _ => Err(wrong(js)),
        }
    }
}

/// A host function may keep its caller for longer than the run, which has released its program.
fn released(js: Js) -> Thrown {
    js.throw_error(c"ERR_WASI_CLOSED", "The guest has ended")
}

fn wrong(js: Js) -> Thrown {
    js.throw_error(c"ERR_INVALID_ARG_TYPE", "wasi-rs: not a handle of the expected kind")
}
