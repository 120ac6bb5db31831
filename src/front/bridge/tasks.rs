//! Telling JavaScript, on its event loop, what came of work on other threads.
//!
//! One per environment (the main thread, each Worker). It keeps the event loop alive as long as
//! something is under way, and ends all that is under way with the environment.
#![allow(unsafe_code)] // A thread-safe function of Node-API.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use napi::sys;

use super::convert;
use super::ending::Ending;
use crate::front::js::{Js, JsResult, Type, Value};

/// Makes the value that a callback gets.
type Answer = Box<dyn FnOnce(Js) -> JsResult<Vec<Value>> + Send>;

/// The part that other threads see.
pub struct Tasks {
    /// Locked while it is called: ending the environment takes the lock first.
    function: Mutex<Function>,
    /// With a lock of their own, so that the event loop, once woken, need not wait for who woke it.
    answers: Mutex<VecDeque<(u64, To, Answer)>>,
}

/// Which callback of a task is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    /// That for its end.
    Done,
    /// That for calls of functions of the host.
    Host,
}

/// Null once the environment has ended.
struct Function(sys::napi_threadsafe_function);

// SAFETY: a thread-safe function is for use by every thread, and not used once it is null.
unsafe impl Send for Function {}

/// The part that only the environment's own thread sees.
struct Pending {
    tasks: Arc<Tasks>,
    /// That of the tasks, without its lock: it lives at least as long as this.
    function: sys::napi_threadsafe_function,
    next: u64,
    waiting: HashMap<u64, Waiting>,
}

struct Waiting {
    callback: sys::napi_ref,
    /// Calls functions of the host. Null if there are none.
    host: sys::napi_ref,
    ending: Weak<Ending>,
}

thread_local! {
    static PENDING: RefCell<HashMap<usize, Pending>> = RefCell::default();
}

/// Something under way, whose callback waits.
pub struct Task {
    tasks: Arc<Tasks>,
    id: u64,
    has_host: bool,
    is_done: bool,
}

impl Task {
    /// Keeps `callback` until the task is done. `ending` ends the task with its environment.
    pub fn start(js: Js, callback: Value, ending: &Arc<Ending>) -> JsResult<Self> {
        Task::with_host(js, callback, ptr::null_mut(), ending)
    }

    /// The same, with a function that calls functions of the host, unless it is undefined or null.
    pub fn with_host(js: Js, callback: Value, host: Value, ending: &Arc<Ending>) -> JsResult<Self> {
        let host = match host.is_null() || js.type_of(host) != Type::Function {
            true => ptr::null_mut(),
            false => reference(js, host)?,
        };
        let callback = reference(js, callback)?;
        let waiting = Waiting { callback, host, ending: Arc::downgrade(ending) };
        PENDING.with_borrow_mut(|all| {
            let key = js.0.addr();
            if let std::collections::hash_map::Entry::Vacant(entry) = all.entry(key) {
                entry.insert(Pending::new(js)?);
            }
            let pending = all.get_mut(&key).expect("just made");
            Ok(pending.add(js, waiting))
        })
    }

    /// Calls the callback with what `answer` makes.
    pub fn done(mut self, answer: impl FnOnce(Js) -> JsResult<Vec<Value>> + Send + 'static) {
        self.answer(Box::new(answer));
    }

    fn answer(&mut self, answer: Answer) {
        self.is_done = true;
        self.tasks.send(self.id, To::Done, answer);
    }

    /// What has functions of the host called, as long as the task is not done. `None` if there are none.
    pub fn host(&self) -> Option<TaskHost> {
        self.has_host.then(|| TaskHost { tasks: Arc::clone(&self.tasks), id: self.id })
    }
}

/// Has functions of the host called by the callback of a task.
pub struct TaskHost {
    tasks: Arc<Tasks>,
    id: u64,
}

impl TaskHost {
    /// Calls the callback with what `values` makes, unless that fails.
    pub fn tell(&self, values: impl FnOnce(Js) -> JsResult<Vec<Value>> + Send + 'static) {
        self.tasks.send(self.id, To::Host, Box::new(values));
    }
}

fn reference(js: Js, value: Value) -> JsResult<sys::napi_ref> {
    let mut reference = ptr::null_mut();
    // SAFETY: a value of this environment; the result goes to a local.
    js.check(unsafe { sys::napi_create_reference(js.0, value, 1, &mut reference) })?;
    Ok(reference)
}

/// A task that nobody could begin, for want of a thread, is answered all the same.
impl Drop for Task {
    fn drop(&mut self) {
        if !self.is_done {
            self.answer(Box::new(convert::not_begun));
        }
    }
}

impl Tasks {
    fn send(&self, id: u64, to: To, answer: Answer) {
        let function = self.function();
        if function.0.is_null() {
            return;
        }
        let mut answers = self.answers();
        let is_first = answers.is_empty();
        answers.push_back((id, to, answer));
        drop(answers);
        if is_first {
            // SAFETY: not null, so the environment is there: ending it takes the lock first.
            unsafe {
                sys::napi_call_threadsafe_function(
                    function.0,
                    ptr::null_mut(),
                    sys::ThreadsafeFunctionCallMode::nonblocking,
                );
            }
        }
    }

    /// Nobody panics while holding the lock.
    fn function(&self) -> MutexGuard<'_, Function> {
        self.function.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same. Taken after that of the function, if both are.
    fn answers(&self) -> MutexGuard<'_, VecDeque<(u64, To, Answer)>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn new(js: Js) -> JsResult<Self> {
        let function = Mutex::new(Function(ptr::null_mut()));
        let tasks = Arc::new(Tasks { function, answers: Mutex::default() });
        let mut function = ptr::null_mut();
        let (no_function, name) = (ptr::null_mut(), js.string("wasi-rs")?);
        let resource = resource(js)?;
        // SAFETY: what is not needed is null; `answer_all` takes no data but the environment.
        js.check(unsafe {
            let (no_limit, threads) = (0, 1);
            let none = ptr::null_mut();
            sys::napi_create_threadsafe_function(
                js.0,
                no_function,
                resource,
                name,
                no_limit,
                threads,
                none,
                None,
                none,
                Some(answer_all),
                &mut function,
            )
        })?;
        // SAFETY: the environment and the function are this thread's. The hook runs before the
        // function is gone: hooks run in reverse order.
        unsafe {
            sys::napi_unref_threadsafe_function(js.0, function);
            sys::napi_add_env_cleanup_hook(js.0, Some(end), js.0.cast());
        }
        tasks.function().0 = function;
        Ok(Pending { tasks, function, next: 0, waiting: HashMap::new() })
    }

    fn add(&mut self, js: Js, waiting: Waiting) -> Task {
        if self.waiting.is_empty() {
            // SAFETY: this thread's, and there until the environment ends.
            unsafe { sys::napi_ref_threadsafe_function(js.0, self.function) };
        }
        let (id, has_host) = (self.next, !waiting.host.is_null());
        self.next += 1;
        self.waiting.insert(id, waiting);
        Task { tasks: Arc::clone(&self.tasks), id, has_host, is_done: false }
    }

    /// The callback. If it is that for the end, nothing is left of the task.
    fn callback(&mut self, js: Js, id: u64, to: To) -> JsResult<Option<Value>> {
        match to {
            To::Host => match self.waiting.get(&id) {
                Some(waiting) if !waiting.host.is_null() => value_of(js, waiting.host),
                _ => Ok(None),
            },
            To::Done => self.take(js, id),
        }
    }

    fn take(&mut self, js: Js, id: u64) -> JsResult<Option<Value>> {
        let Some(Waiting { callback, host, .. }) = self.waiting.remove(&id) else {
            return Ok(None);
        };
        if self.waiting.is_empty() {
            // SAFETY: as in `add`.
            unsafe { sys::napi_unref_threadsafe_function(js.0, self.function) };
        }
        let value = value_of(js, callback);
        for reference in [callback, host].into_iter().filter(|reference| !reference.is_null()) {
            // SAFETY: made by `Task::with_host`, deleted here only.
            unsafe { sys::napi_delete_reference(js.0, reference) };
        }
        value
    }
}

fn value_of(js: Js, reference: sys::napi_ref) -> JsResult<Option<Value>> {
    let mut value = ptr::null_mut();
    // SAFETY: a reference that is not deleted; the result goes to a local.
    js.check(unsafe { sys::napi_get_reference_value(js.0, reference, &mut value) })?;
    Ok(Some(value))
}

/// What stands for the thread-safe function in `async_hooks`. Its method `hasRef`, like that of a
/// timer, tells test runners that look for leaks whether it keeps the event loop alive.
fn resource(js: Js) -> JsResult<Value> {
    let resource = js.object()?;
    js.set(resource, c"hasRef", js.function("hasRef", has_ref, ptr::null_mut())?)?;
    Ok(resource)
}

unsafe extern "C" fn has_ref(env: sys::napi_env, _info: sys::napi_callback_info) -> Value {
    let is_busy = |all: &HashMap<usize, Pending>| {
        all.get(&env.addr()).is_some_and(|pending| !pending.waiting.is_empty())
    };
    let is_busy = PENDING.try_with(|all| all.try_borrow().is_ok_and(|all| is_busy(&all)));
    Js(env).boolean(is_busy.unwrap_or(false)).unwrap_or(ptr::null_mut())
}

/// Runs on the event loop.
unsafe extern "C" fn answer_all(
    env: sys::napi_env,
    _function: Value,
    _context: *mut c_void,
    _data: *mut c_void,
) {
    if env.is_null() {
        return;
    }
    let js = Js(env);
    let answers = PENDING.with_borrow(|all| {
        let pending = all.get(&env.addr());
        pending.map(|pending| std::mem::take(&mut *pending.tasks.answers()))
    });
    for (id, to, answer) in answers.into_iter().flatten() {
        let answered = catch_unwind(AssertUnwindSafe(|| js.scoped(|| tell(js, id, to, answer))));
        if !matches!(answered, Ok(Ok(()))) {
            js.report_exception();
        }
    }
}

fn tell(js: Js, id: u64, to: To, answer: Answer) -> JsResult<()> {
    let callback = PENDING.with_borrow_mut(|all| {
        all.get_mut(&js.0.addr()).map_or(Ok(None), |pending| pending.callback(js, id, to))
    });
    let Some(callback) = callback? else { return Ok(()) };
    let arguments = match answer(js) {
        Ok(arguments) => arguments,
        // Something was too large for V8: the callback must be told all the same.
        Err(_) if to == To::Done => {
            js.forget_exception();
            convert::too_large(js)?
        }
        Err(_) => {
            js.forget_exception();
            return Ok(());
        }
    };
    js.call(js.undefined()?, callback, &arguments).map(drop)
}

/// The environment ends: what is under way ends too, and tells nobody.
unsafe extern "C" fn end(env: *mut c_void) {
    let pending = PENDING.try_with(|all| all.try_borrow_mut().ok()?.remove(&env.addr()));
    let Ok(Some(pending)) = pending else { return };
    pending.tasks.function().0 = ptr::null_mut();
    pending.tasks.answers().clear();
    for ending in pending.waiting.values().filter_map(|waiting| waiting.ending.upgrade()) {
        ending.end();
    }
}
