//! A guest on the thread of JavaScript, and the ArrayBuffers over its memories.
//!
//! When a memory grows or the guest is closed, its buffers are detached, as those of V8's own memories.
//! JavaScript can move what is in a buffer to another one (`transfer()`), which is out of our reach then:
//! so the memory stays as long as anyone has it.
#![allow(unsafe_code)] // Memory of the guest in JavaScript.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use napi::sys;

use crate::front::js::{Js, JsResult, Value};
use crate::front::wasmtime::{Access, Instance, Remains};

/// See the module.
pub struct SyncGuest {
    pub instance: Arc<Instance>,
    /// Of each call.
    pub timeout: Option<Duration>,
    buffers: RefCell<Vec<Buffer>>,
    /// Of the next buffer. Finalizers run late, so ids are not used twice.
    next_id: Cell<u64>,
    /// How often memories had grown when the buffers were last looked at.
    growths: Cell<u64>,
    /// What is left of a guest that was closed, as long as there are buffers out of reach.
    remains: RefCell<Option<Remains>>,
}

/// One that JavaScript has, or had.
struct Buffer {
    /// Tells buffers apart.
    id: u64,
    /// Name of the memory.
    name: Option<String>,
    size: usize,
    /// Weak.
    reference: sys::napi_ref,
}

/// What a finalizer gets.
struct Owner {
    guest: Rc<SyncGuest>,
    id: u64,
}

impl SyncGuest {
    pub fn new(instance: Arc<Instance>, timeout: Option<Duration>) -> Rc<Self> {
        let (buffers, next_id, growths, remains) = Default::default();
        Rc::new(SyncGuest { instance, timeout, buffers, next_id, growths, remains })
    }

    /// A buffer over all of a memory.
    pub fn buffer(
        self: &Rc<Self>,
        js: Js,
        name: Option<String>,
        region: (*mut u8, usize),
    ) -> JsResult<Value> {
        self.refresh(js);
        let (start, size) = region;
        if size == 0 {
            return js.empty_buffer();
        }
        let id = self.next_id.replace(self.next_id.get() + 1);
        let owner = Owner { guest: Rc::clone(self), id };
        let value = owner.buffer(js, start, size)?;
        let mut reference = ptr::null_mut();
        // SAFETY: a value of this environment; the result goes to a local.
        js.check(unsafe { sys::napi_create_reference(js.0, value, 0, &mut reference) })?;
        self.buffers.borrow_mut().push(Buffer { id, name, size, reference });
        Ok(value)
    }

    /// Detaches buffers of memories that have grown.
    pub fn refresh(&self, js: Js) {
        if self.buffers.borrow().is_empty() {
            return;
        }
        let place = &self.instance.place;
        let Ok(growths) = place.access(|guest| Ok(guest.growths())) else { return };
        if growths != self.growths.replace(growths) {
            self.detach(js, |buffer| {
                let size = |guest: &mut Access<'_>| guest.size(buffer.name.as_deref());
                place.access(size).is_ok_and(|size| size == buffer.size)
            });
        }
    }

    /// Frees everything. It has no effect before the call under way, if any, has ended: call it again
    /// then.
    pub fn close(&self, js: Js) {
        if let Some(remains) = self.instance.place.close() {
            *self.remains.borrow_mut() = Some(remains);
        }
        self.detach(js, |_| false);
        self.free_unless_reachable();
    }

    /// Frees everything if it was closed during the call that has ended.
    pub fn close_if_asked(&self, js: Js) {
        if self.instance.place.is_closed() {
            self.close(js);
        }
    }

    /// Detaches those that are not `current`. Those that are out of reach stay in the list.
    fn detach(&self, js: Js, current: impl Fn(&Buffer) -> bool) {
        let ids = self
            .buffers
            .borrow()
            .iter()
            .filter(|buffer| !current(buffer))
            .map(|buffer| buffer.id)
            .collect::<Vec<_>>();
        for id in ids {
            // Finalizers may run meanwhile: they take their buffers out of the list themselves.
            let attached = self
                .buffers
                .borrow()
                .iter()
                .find(|buffer| buffer.id == id)
                .and_then(|buffer| buffer.attached(js));
            if attached.is_some_and(|value| js.detach(value)) {
                self.forget(js, id);
            }
        }
    }

    fn forget(&self, js: Js, id: u64) {
        let mut buffers = self.buffers.borrow_mut();
        if let Some(index) = buffers.iter().position(|buffer| buffer.id == id) {
            buffers.remove(index).forget(js);
        }
    }

    fn free_unless_reachable(&self) {
        if self.buffers.borrow().is_empty() {
            self.remains.take();
        }
    }

    /// Nobody has this buffer any more, nor what was in it.
    fn released(&self, js: Js, id: u64) {
        self.forget(js, id);
        self.free_unless_reachable();
    }
}

impl Buffer {
    /// `None` if it is out of reach: collected, or moved to another one.
    fn attached(&self, js: Js) -> Option<Value> {
        let (mut value, mut is_detached) = (ptr::null_mut(), false);
        // SAFETY: a reference that is not deleted, to an ArrayBuffer; results go to locals.
        unsafe {
            sys::napi_get_reference_value(js.0, self.reference, &mut value);
            if !value.is_null() {
                sys::napi_is_detached_arraybuffer(js.0, value, &mut is_detached);
            }
        }
        (!value.is_null() && !is_detached).then_some(value)
    }

    fn forget(self, js: Js) {
        // SAFETY: made by `buffer`, deleted here only.
        unsafe { sys::napi_delete_reference(js.0, self.reference) };
    }
}

impl Owner {
    /// A buffer that has this owner.
    fn buffer(self, js: Js, start: *mut u8, size: usize) -> JsResult<Value> {
        let owner = Rc::new(self);
        let data = Rc::into_raw(Rc::clone(&owner)).cast_mut().cast();
        let mut value = ptr::null_mut();
        // SAFETY: the memory stays as long as its owner, which the finalizer drops.
        let status = unsafe {
            let finalizer = Some(release as unsafe extern "C" fn(_, _, _));
            let start = start.cast::<c_void>();
            sys::napi_create_external_arraybuffer(js.0, start, size, finalizer, data, &mut value)
        };
        // Node.js calls the finalizer for a buffer that is too large, too.
        if status != sys::Status::napi_ok && Rc::strong_count(&owner) > 1 {
            // SAFETY: nobody else will.
            drop(unsafe { Rc::from_raw(data.cast::<Owner>()) });
        }
        js.check(status)?;
        Ok(value)
    }
}

unsafe extern "C" fn release(env: sys::napi_env, _: *mut c_void, owner: *mut c_void) {
    // SAFETY: from `Rc::into_raw` above; Node-API runs this once, on the thread of JavaScript.
    let owner = unsafe { Rc::from_raw(owner.cast::<Owner>()) };
    owner.guest.released(Js(env), owner.id);
}
