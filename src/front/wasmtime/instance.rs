//! An instance that stays, and calls of its functions, one after the other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use wasmtime::{AsContextMut, StoreContextMut};

use super::entry::Entry;
use super::invoke::{invoke, invoke_number, within};
use super::outcome::Outcome;
use super::place::Place;
use super::pools::guests;
use super::program::Program;
use super::ready::Ready;
use super::session::Session;
use super::settings::Settings;
use super::signals::OnThread;
use super::store::Guest;
use super::value::{Crossing, Value};
use crate::system::Output;

/// See the module.
pub struct Instance {
    program: Arc<Program>,
    /// Once it is open.
    outputs: OnceLock<[Option<Output>; 2]>,
    /// Where it is.
    pub place: Arc<Place>,
    queue: Mutex<Queue>,
}

type Job = Box<dyn FnOnce(&Instance) + Send>;

/// Calls that wait, and whether a thread is at them.
#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    is_busy: bool,
}

impl Instance {
    /// One that is to be opened.
    pub fn new(program: Arc<Program>) -> Arc<Self> {
        let (outputs, place, queue) = Default::default();
        Arc::new(Instance { program, outputs, place, queue })
    }

    /// Makes an instance and runs its `_initialize`, if it has one. Blocks.
    pub fn open(
        &self,
        ready: &Arc<Ready>,
        settings: Settings,
        thread: OnThread,
        entry: Entry,
    ) -> Outcome {
        if entry.life.reason().is_some() {
            return Outcome::canceled();
        }
        let mut session = match Session::new(ready, settings, thread, &entry.life) {
            Ok(session) => session,
            Err(failure) => return Outcome::failed(failure),
        };
        if let Err(end) = entry.enter(&mut session, &self.place, initialize) {
            let outcome = session.outcome(Err(end.into_failure()));
            self.place.retire(session);
            return outcome;
        }
        let _ = self.outputs.set(session.store.data().outputs.clone());
        let outcome = session.outcome_without_output(Ok(None));
        self.place.settle(Box::new(session));
        outcome
    }

    /// What it is an instance of.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Captured output so far.
    pub fn output(&self) -> [Vec<u8>; 2] {
        let bytes = |output: &Option<Output>| output.as_ref().map(Output::bytes);
        let outputs = self.outputs.get().map(|outputs| outputs.each_ref().map(bytes));
        outputs.unwrap_or_default().map(Option::unwrap_or_default)
    }

    /// Runs `job`, which calls, when those before are done.
    ///
    /// Errors: what starting a thread gives; the job is not run then.
    pub fn submit(
        self: &Arc<Self>,
        job: impl FnOnce(&Instance) + Send + 'static,
    ) -> std::io::Result<()> {
        let mut queue = self.queue();
        queue.jobs.push_back(Box::new(job));
        if std::mem::replace(&mut queue.is_busy, true) {
            return Ok(());
        }
        drop(queue);
        let instance = Arc::clone(self);
        let started = guests().submit(move || instance.work());
        if started.is_err() {
            let mut queue = self.queue();
            queue.is_busy = false;
            queue.jobs.clear();
        }
        started
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            job(self);
        }
    }

    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        let job = queue.jobs.pop_front();
        queue.is_busy = job.is_some();
        job
    }

    /// Calls a function. Blocks.
    pub fn call(&self, name: &str, arguments: &[Value], entry: Entry) -> Outcome {
        let call = |store: StoreContextMut<'_, Guest>| invoke(store, name, arguments);
        let called = self.enter(entry, call, |session, results| Outcome {
            results,
            ..session.outcome_without_output(Ok(None))
        });
        called.unwrap_or_else(|outcome| *outcome)
    }

    /// Calls the exported function with this number, on the thread of the caller: also within a
    /// function of the host that the guest has called.
    pub fn call_here(
        &self,
        number: usize,
        arguments: &[Value],
        entry: Entry,
    ) -> Result<Vec<Value>, Box<Outcome>> {
        let call = |store: StoreContextMut<'_, Guest>| invoke_number(store, number, arguments);
        if let Some(called) = self.place.nested(|mut store| within(&mut store, call)) {
            return called.map_err(|failure| Box::new(Outcome::failed(failure)));
        }
        self.enter(entry, call, |_, results| results)
    }

    /// What `tell` makes of the results of a call.
    fn enter<T>(
        &self,
        entry: Entry,
        call: impl FnOnce(StoreContextMut<'_, Guest>) -> wasmtime::Result<Vec<Value>>,
        tell: impl FnOnce(&Session, Vec<Value>) -> T,
    ) -> Result<T, Box<Outcome>> {
        if entry.life.reason().is_some() {
            return Err(Box::new(Outcome::canceled()));
        }
        let failed = |failure| Box::new(Outcome::failed(failure));
        let mut session = self.place.begin(&entry.life).map_err(failed)?;
        let call = |session: &mut Session| call(session.store.as_context_mut());
        let called = entry.enter(&mut session, &self.place, call);
        let told = match called {
            Ok(results) => Ok(tell(&session, results)),
            Err(end) => Err(session.outcome_without_output(Err(end.into_failure())).into()),
        };
        self.place.settle(session);
        told
    }

    /// What an exported function takes and gives. `None` if there is none with this number, or if
    /// something of it doesn't cross.
    pub fn signature(&self, number: usize) -> Option<&Crossing> {
        self.program.exported(number)
    }

    /// Nobody panics while holding the lock.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn initialize(session: &mut Session) -> wasmtime::Result<()> {
    let exports = session.instantiate()?;
    if let Some(initialize) = exports.get_func(&mut session.store, "_initialize") {
        initialize.typed::<(), ()>(&session.store)?.call(&mut session.store, ())?;
    }
    Ok(())
}
