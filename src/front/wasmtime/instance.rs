//! An instance that stays, and calls of its functions, one after the other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasmtime::{Instance as Exports, Val};

use super::control::{Control, Reason};
use super::failure::{Detail, Failure};
use super::pool::Pool;
use super::program::{Program, Ready};
use super::run::{Outcome, Settings};
use super::session::{End, Session};
use crate::system::Output;

/// A number that crosses between host and guest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// 32-bit integer.
    I32(i32),
    /// 64-bit integer.
    I64(i64),
    /// 32-bit float.
    F32(f32),
    /// 64-bit float.
    F64(f64),
}

/// See the module.
pub struct Instance {
    program: Arc<Program>,
    outputs: [Option<Output>; 2],
    state: Mutex<State>,
}

type Job = Box<dyn FnOnce(&Instance) + Send>;

#[derive(Default)]
struct State {
    /// `None` while a call has it, and when closed.
    alive: Option<Alive>,
    busy: bool,
    closed: bool,
    jobs: VecDeque<Job>,
    /// Of the call under way.
    control: Option<Arc<Control>>,
}

struct Alive {
    session: Session,
    exports: Exports,
}

impl Instance {
    /// Makes an instance and runs its `_initialize`, if it has one. Blocks.
    pub fn open(
        program: Arc<Program>,
        ready: &Arc<Ready>,
        settings: Settings,
        control: &Arc<Control>,
    ) -> (Outcome, Option<Arc<Self>>) {
        if control.reason().is_some() {
            return (Outcome::canceled(), None);
        }
        let timeout = settings.timeout;
        let session = Session::new(ready, settings, control).and_then(|session| {
            session.ready.linked.as_ref().map(drop).map_err(Clone::clone)?;
            Ok(session)
        });
        let mut session = match session {
            Ok(session) => session,
            Err(failure) => return (Outcome::failed(failure), None),
        };
        match session.enter(control, timeout, initialize) {
            Ok(exports) => {
                let outputs = session.store.data().outputs.clone();
                let outcome = session.outcome_without_output(Ok(None));
                let alive = Some(Alive { session, exports });
                let state = Mutex::new(State { alive, ..State::default() });
                (outcome, Some(Arc::new(Instance { program, outputs, state })))
            }
            Err(end) => (session.outcome(Err(failure(end))), None),
        }
    }

    /// What it is an instance of.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Captured output so far.
    pub fn output(&self) -> [Vec<u8>; 2] {
        self.outputs.each_ref().map(|output| output.as_ref().map(Output::bytes).unwrap_or_default())
    }

    /// Runs `job`, which calls, when those before are done.
    ///
    /// Errors: what starting a thread gives; the job is not run then.
    pub fn submit(
        self: &Arc<Self>,
        job: impl FnOnce(&Instance) + Send + 'static,
    ) -> std::io::Result<()> {
        let mut state = self.state();
        state.jobs.push_back(Box::new(job));
        if !std::mem::replace(&mut state.busy, true) {
            drop(state);
            let instance = Arc::clone(self);
            let started = Pool::guests().submit(move || instance.work());
            if started.is_err() {
                let mut state = self.state();
                state.busy = false;
                state.jobs.clear();
            }
            return started;
        }
        Ok(())
    }

    fn work(&self) {
        loop {
            let mut state = self.state();
            let Some(job) = state.jobs.pop_front() else {
                state.busy = false;
                return;
            };
            drop(state);
            job(self);
        }
    }

    /// Calls a function. Blocks.
    pub fn call(
        &self,
        name: &str,
        arguments: &[Value],
        timeout: Option<Duration>,
        control: &Arc<Control>,
    ) -> Outcome {
        if control.reason().is_some() {
            return Outcome::canceled();
        }
        let Some(mut alive) = self.begin(control) else {
            return Outcome::failed(closed());
        };
        let Alive { session, exports } = &mut alive;
        let called =
            session.enter(control, timeout, |session| call(session, *exports, name, arguments));
        let mut outcome = match called {
            Ok(results) => Outcome { results, ..session.outcome_without_output(Ok(None)) },
            Err(end) => session.outcome_without_output(Err(failure(end))),
        };
        if !self.finish(alive) {
            outcome.failure = Some(closed());
        }
        outcome
    }

    /// `None` when it is closed.
    fn begin(&self, control: &Arc<Control>) -> Option<Alive> {
        let mut state = self.state();
        state.control = Some(Arc::clone(control));
        state.alive.take()
    }

    /// Whether it is still open.
    fn finish(&self, alive: Alive) -> bool {
        let mut state = self.state();
        state.control = None;
        if state.closed {
            drop(state);
            drop(alive);
            return false;
        }
        state.alive = Some(alive);
        true
    }

    /// Frees everything. The call under way, if any, is ended; those that wait fail.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let alive = state.alive.take();
        let control = state.control.take();
        drop(state);
        drop(alive);
        if let Some(control) = control {
            control.cancel(Reason::Abort);
        }
    }

    /// Nobody panics while holding the lock.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn initialize(session: &mut Session) -> wasmtime::Result<Exports> {
    let exports = session.instantiate()?;
    if let Some(initialize) = exports.get_func(&mut session.store, "_initialize") {
        initialize.typed::<(), ()>(&session.store)?.call(&mut session.store, ())?;
    }
    Ok(exports)
}

fn call(
    session: &mut Session,
    exports: Exports,
    name: &str,
    arguments: &[Value],
) -> wasmtime::Result<Vec<Value>> {
    let function = exports.get_func(&mut session.store, name);
    let function = function.ok_or_else(|| wasmtime::Error::msg("no such function"))?;
    let arguments: Vec<Val> = arguments.iter().map(|value| to_wasm(*value)).collect();
    let mut results = vec![Val::I32(0); function.ty(&session.store).results().len()];
    function.call(&mut session.store, &arguments, &mut results)?;
    Ok(results.iter().filter_map(from_wasm).collect())
}

fn to_wasm(value: Value) -> Val {
    match value {
        Value::I32(number) => Val::I32(number),
        Value::I64(number) => Val::I64(number),
        Value::F32(number) => Val::F32(number.to_bits()),
        Value::F64(number) => Val::F64(number.to_bits()),
    }
}

/// `None` for references and vectors, which functions that can be called don't give.
fn from_wasm(value: &Val) -> Option<Value> {
    match value {
        Val::I32(number) => Some(Value::I32(*number)),
        Val::I64(number) => Some(Value::I64(*number)),
        Val::F32(bits) => Some(Value::F32(f32::from_bits(*bits))),
        Val::F64(bits) => Some(Value::F64(f64::from_bits(*bits))),
        _ => None,
    }
}

fn failure(end: End) -> Failure {
    match end {
        End::Failure(failure) => failure,
        End::Exit(code) => {
            let code = code.cast_signed();
            Failure::new("ERR_WASI_EXIT", format!("The program exited with code {code}"))
                .with("exitCode", Detail::Number(code.into()))
        }
    }
}

fn closed() -> Failure {
    Failure::new("ERR_WASI_CLOSED", "The instance is closed")
}
