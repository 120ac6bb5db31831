//! What ends an operation from outside.

use std::sync::Arc;

use crate::front::wasmtime::{Life, Reason, Ticket};

/// See the module.
#[derive(Default)]
pub struct Ending {
    /// The guest.
    pub life: Arc<Life>,
    /// The compilation.
    pub ticket: Ticket,
}

impl Ending {
    pub fn end(&self) {
        self.ticket.cancel();
        self.life.end(Reason::Abort);
    }
}
