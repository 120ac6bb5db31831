//! An instance that stays, and calls of its functions, one after the other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::AsContextMut;

use super::invoke::invoke;
use super::outcome::Outcome;
use super::place::Place;
use super::pools::guests;
use super::program::Program;
use super::ready::Ready;
use super::session::{Entry, Session};
use super::settings::Settings;
use super::signals::{OnThread, OwnSignal};
use super::value::Value;
use crate::system::Output;

/// See the module.
pub struct Instance {
    program: Arc<Program>,
    outputs: [Option<Output>; 2],
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
    /// Makes an instance and runs its `_initialize`, if it has one. Blocks.
    pub fn open(
        program: Arc<Program>,
        ready: &Arc<Ready>,
        settings: Settings,
        thread: OnThread,
        entry: Entry,
    ) -> (Outcome, Option<Arc<Self>>) {
        if entry.life.reason().is_some() {
            return (Outcome::canceled(), None);
        }
        let place = Arc::<Place>::default();
        let signal = OwnSignal::take(thread);
        let mut session = match Session::new(ready, settings, signal, &place, &entry.life) {
            Ok(session) => session,
            Err(failure) => return (Outcome::failed(failure), None),
        };
        if let Err(end) = session.enter(entry, initialize) {
            place.close();
            return (session.outcome(Err(end.into_failure())), None);
        }
        let outputs = session.store.data().outputs.clone();
        let outcome = session.outcome_without_output(Ok(None));
        place.settle(Box::new(session));
        (outcome, Some(Arc::new(Instance { program, outputs, place, queue: Mutex::default() })))
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
        if entry.life.reason().is_some() {
            return Outcome::canceled();
        }
        let mut session = match self.place.begin(&entry.life) {
            Ok(session) => session,
            Err(failure) => return Outcome::failed(failure),
        };
        let called =
            session.enter(entry, |session| invoke(session.store.as_context_mut(), name, arguments));
        let outcome = match called {
            Ok(results) => Outcome { results, ..session.outcome_without_output(Ok(None)) },
            Err(end) => session.outcome_without_output(Err(end.into_failure())),
        };
        self.place.settle(session);
        outcome
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
