//! A run or a call, from being queued to its answer.

use std::sync::{Arc, Mutex, PoisonError};

use super::convert;
use super::tasks::Task;
use crate::front::js::{Js, JsResult, Value};
use crate::front::wasmtime::{Control, Outcome, Reason, Settings};

/// See the module.
pub struct Operation {
    pub control: Arc<Control>,
    /// Until it starts: whoever takes this answers.
    queued: Mutex<Option<Queued>>,
}

/// What a thread needs to start.
pub struct Queued {
    pub task: Task,
    /// `None` for a call.
    pub settings: Option<Settings>,
}

impl Operation {
    /// An operation whose answer `callback` gets.
    pub fn new(js: Js, callback: Value, settings: Option<Settings>) -> JsResult<Arc<Self>> {
        let control = Arc::<Control>::default();
        let task = Task::start(js, callback, &control)?;
        let queued = Mutex::new(Some(Queued { task, settings }));
        Ok(Arc::new(Operation { control, queued }))
    }

    /// `None` when it has been cancelled.
    pub fn begin(&self) -> Option<Queued> {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends it. One that has not started is answered at once.
    pub fn cancel(&self) {
        self.control.cancel(Reason::Abort);
        if let Some(Queued { task, .. }) = self.begin() {
            tell(task, Outcome::canceled(Reason::Abort));
        }
    }
}

/// Answers with an outcome.
pub fn tell(task: Task, outcome: Outcome) {
    task.done(move |js| Ok(vec![convert::outcome(js, &outcome)?]));
}
