//! An instance that stays, and calls of its functions, one after the other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use wasmtime::{Instance as Exports, Val};

use super::failure::{Detail, Failure};
use super::life::{Life, Reason};
use super::outcome::Outcome;
use super::pools::guests;
use super::program::Program;
use super::ready::Ready;
use super::session::{End, Session};
use super::settings::Settings;
use super::value::Value;
use crate::system::Output;

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
    life: Option<Arc<Life>>,
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
        life: &Arc<Life>,
    ) -> (Outcome, Option<Arc<Self>>) {
        if life.reason().is_some() {
            return (Outcome::canceled(), None);
        }
        let timeout = settings.timeout;
        let mut session = match Session::new(ready, settings, life) {
            Ok(session) => session,
            Err(failure) => return (Outcome::failed(failure), None),
        };
        match session.enter(life, timeout, initialize) {
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
            let started = guests().submit(move || instance.work());
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
        life: &Arc<Life>,
    ) -> Outcome {
        if life.reason().is_some() {
            return Outcome::canceled();
        }
        let Some(mut alive) = self.begin(life) else {
            return Outcome::failed(Failure::closed());
        };
        let Alive { session, exports } = &mut alive;
        let called =
            session.enter(life, timeout, |session| call(session, *exports, name, arguments));
        let outcome = match called {
            Ok(results) => Outcome { results, ..session.outcome_without_output(Ok(None)) },
            Err(end) => session.outcome_without_output(Err(failure(end))),
        };
        self.finish(alive);
        outcome
    }

    /// `None` when it is closed.
    fn begin(&self, life: &Arc<Life>) -> Option<Alive> {
        let mut state = self.state();
        state.life = Some(Arc::clone(life));
        state.alive.take()
    }

    /// Keeps what is alive for the next call, unless it was closed meanwhile.
    fn finish(&self, alive: Alive) {
        let mut state = self.state();
        state.life = None;
        if state.closed {
            drop(state);
            drop(alive);
        } else {
            state.alive = Some(alive);
        }
    }

    /// Frees everything. The call under way, if any, is ended; those that wait fail.
    pub fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let alive = state.alive.take();
        let life = state.life.take();
        drop(state);
        drop(alive);
        if let Some(life) = life {
            life.end(Reason::Close);
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
    let arguments: Vec<Val> = arguments.iter().map(|value| value.to_wasm()).collect();
    let mut results = vec![Val::I32(0); function.ty(&session.store).results().len()];
    function.call(&mut session.store, &arguments, &mut results)?;
    Ok(results.iter().filter_map(Value::from_wasm).collect())
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
