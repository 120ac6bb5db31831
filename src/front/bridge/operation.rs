//! A run, a call or a compilation, from being asked for to its answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::convert;
use super::ending::Ending;
use super::tasks::Task;
use crate::front::js::{Js, JsResult, Value};
use crate::front::wasmtime::{Outcome, Settings};

/// See the module.
pub struct Operation {
    pub ending: Arc<Ending>,
    /// Until it starts: whoever takes this answers.
    queued: Mutex<Option<Queued>>,
}

/// What a thread needs to start.
pub struct Queued {
    pub task: Task,
    /// `None` for a call, and for a compilation.
    pub settings: Option<Settings>,
}

impl Operation {
    /// An operation whose answer `callback` gets. `host` calls functions of the host, if it is a
    /// function.
    pub fn new(
        js: Js,
        callback: Value,
        host: Value,
        settings: Option<Settings>,
    ) -> JsResult<Arc<Self>> {
        let ending = Arc::<Ending>::default();
        let task = Task::with_host(js, callback, host, &ending)?;
        let queued = Mutex::new(Some(Queued { task, settings }));
        Ok(Arc::new(Operation { ending, queued }))
    }

    /// `None` when it has been cancelled.
    pub fn begin(&self) -> Option<Queued> {
        self.queued().take()
    }

    /// Ends it. One that has not started is answered at once.
    pub fn cancel(&self) {
        self.ending.end();
        if let Some(Queued { task, .. }) = self.begin() {
            task.done(|js| convert::failed(js, &Outcome::canceled()));
        }
    }

    fn queued(&self) -> MutexGuard<'_, Option<Queued>> {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers with an outcome.
pub fn tell(task: Task, outcome: Outcome) {
    task.done(move |js| Ok(vec![convert::outcome(js, &outcome)?]));
}
