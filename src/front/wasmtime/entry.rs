//! Calls into a guest, as they are asked for.

use std::sync::Arc;
use std::time::Duration;

use super::ending::End;
use super::host_call::Host;
use super::life::Life;
use super::place::Place;
use super::session::Session;

/// What is needed to enter a guest: what can end the call, what the guest can call itself, and for how
/// long it may run.
pub struct Entry {
    /// The call.
    pub life: Arc<Life>,
    /// Functions of the host.
    pub host: Host,
    /// From the start of the call.
    pub timeout: Option<Duration>,
}

impl Entry {
    /// Runs code of a guest, which is at this place when it stands still.
    pub(super) fn enter<T>(
        self,
        session: &mut Session,
        place: &Arc<Place>,
        body: impl FnOnce(&mut Session) -> wasmtime::Result<T>,
    ) -> Result<T, End> {
        session.enter(&self.life, self.host.at(place), self.timeout, body)
    }
}
