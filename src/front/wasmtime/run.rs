//! Running a command from start to end.

use std::sync::Arc;

use wasmtime::{ExternType, FuncType};

use super::ending::End;
use super::entry::Entry;
use super::failure::Failure;
use super::info::shape_of;
use super::needs::refused_start;
use super::outcome::Outcome;
use super::place::Place;
use super::ready::Ready;
use super::session::Session;
use super::settings::Settings;
use super::signals::OnThread;

/// Runs `_start`. Blocks until the guest has ended. `place` is where it is meanwhile.
pub fn run(
    ready: &Arc<Ready>,
    settings: Settings,
    thread: OnThread,
    place: &Arc<Place>,
    entry: Entry,
) -> Outcome {
    if entry.life.reason().is_some() {
        return Outcome::canceled();
    }
    let session = Session::new(ready, settings, thread, &entry.life).and_then(|session| {
        check_command(&session)?;
        Ok(session)
    });
    match session {
        Ok(mut session) => {
            let end = entry.enter(&mut session, place, start);
            let outcome = session.outcome(match end {
                Ok(()) => Ok(Some(0)),
                Err(End::Exit(code)) => Ok(Some(code)),
                Err(End::Failure(failure)) => Err(failure),
            });
            place.retire(session);
            outcome
        }
        Err(failure) => Outcome::failed(failure),
    }
}

/// A command exports `_start`, which takes and gives nothing.
fn check_command(session: &Session) -> Result<(), Failure> {
    let start = session.ready.module.get_export("_start");
    match start.as_ref().and_then(ExternType::func) {
        Some(start) if start.params().len() == 0 && start.results().len() == 0 => Ok(()),
        start => Err(no_command(&session.ready, start)),
    }
}

fn no_command(Ready { module, profile, .. }: &Ready, start: Option<&FuncType>) -> Failure {
    let functions = module.exports().filter(|export| {
        matches!(export.ty(), ExternType::Func(_)) && !profile.names.contains(export.name())
    });
    let functions = functions.map(|export| export.name());
    refused_start(start.map(shape_of).as_deref(), functions)
}

fn start(session: &mut Session) -> wasmtime::Result<()> {
    let instance = session.instantiate()?;
    let start = instance.get_typed_func::<(), ()>(&mut session.store, "_start")?;
    start.call(&mut session.store, ())
}
