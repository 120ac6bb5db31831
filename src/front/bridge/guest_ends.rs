//! The guests' ends of pipes, until the guests have them. If their environment ends before, because
//! a Worker is terminated while a program is compiled, nobody else would close them.
#![allow(unsafe_code)] // A hook of Node-API; closes descriptors by their numbers.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ffi::c_void;
use std::os::fd::RawFd;

use napi::sys;

use crate::front::js::Js;
use crate::system;

thread_local! {
    static ENDS: RefCell<HashMap<usize, HashSet<RawFd>>> = RefCell::default();
}

/// Closes it with the environment, unless `close` does so before.
pub fn keep(js: Js, fd: RawFd) {
    ENDS.with_borrow_mut(|all| {
        let ends = all.entry(js.0.addr()).or_insert_with(|| {
            // SAFETY: the environment of this thread; the hook takes what is passed.
            unsafe { sys::napi_add_env_cleanup_hook(js.0, Some(close_all), js.0.cast()) };
            HashSet::new()
        });
        ends.insert(fd);
    });
}

/// Closes one that was kept.
pub fn close(js: Js, fd: RawFd) {
    let is_known =
        ENDS.with_borrow_mut(|all| all.get_mut(&js.0.addr()).is_some_and(|ends| ends.remove(&fd)));
    if is_known {
        // SAFETY: nobody else closes it.
        unsafe { system::close(fd) };
    }
}

unsafe extern "C" fn close_all(env: *mut c_void) {
    let ends = ENDS.try_with(|all| all.try_borrow_mut().ok()?.remove(&env.addr()));
    for fd in ends.ok().flatten().into_iter().flatten() {
        // SAFETY: as above.
        unsafe { system::close(fd) };
    }
}
