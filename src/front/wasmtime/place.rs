//! Where a guest is: with a thread on which it computes, or where the host can reach it.
#![allow(unsafe_code)] // Lends a guest that stands still to another thread.

use std::ptr::NonNull;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::{AsContextMut, Caller, StoreContextMut};

use super::access::Access;
use super::failure::Failure;
use super::life::{Life, Reason};
use super::session::Session;
use super::signals::OnThread;
use super::store::Guest;

/// See the module.
#[derive(Default)]
pub struct Place(Mutex<State>);

#[derive(Default)]
struct State {
    at: At,
    is_closed: bool,
    /// Of the call under way.
    life: Option<Arc<Life>>,
}

#[derive(Default)]
enum At {
    /// With a thread on which it computes; or it has ended.
    #[default]
    Busy,
    /// Here, between calls.
    Idle(Box<Session>),
    /// With a thread on which it waits for a function of the host.
    Lent(Loan),
}

/// The memory and the descriptors of a guest that was closed.
pub struct Remains {
    _session: Box<Session>,
}

/// A guest that stands still, on the thread that has lent it.
struct Loan(NonNull<Caller<'static, Guest>>);

// SAFETY: used under the lock only, while the thread that has lent it waits for it.
unsafe impl Send for Loan {}

impl Place {
    /// Puts a guest here that can be called. One that was closed meanwhile is freed, but on the thread
    /// of the caller only by `close`: the caller may have its memory.
    pub(super) fn settle(&self, session: Box<Session>) {
        let mut state = self.state();
        state.life = None;
        if state.is_closed && session.thread() == OnThread::OfGuests {
            drop(state);
            drop(session);
        } else {
            state.at = At::Idle(session);
        }
    }

    /// The same, of a guest that can't be called any more.
    pub(super) fn retire(&self, session: Session) {
        self.state().is_closed = true;
        if session.thread() == OnThread::OfCaller {
            self.settle(Box::new(session));
        }
    }

    /// Takes the guest for a call.
    ///
    /// Errors: `ERR_WASI_CLOSED`, `ERR_INVALID_STATE`.
    pub(super) fn begin(&self, life: &Arc<Life>) -> Result<Box<Session>, Failure> {
        let mut state = self.state();
        if state.is_closed {
            return Err(Failure::closed());
        }
        match std::mem::take(&mut state.at) {
            At::Idle(session) => {
                state.life = Some(Arc::clone(life));
                Ok(session)
            }
            other => {
                state.at = other;
                Err(computes())
            }
        }
    }

    /// The call under way, if any, is ended; those to come fail. Everything is freed with what this
    /// gives, or, if it is nothing, at the end of the call.
    pub fn close(&self) -> Option<Remains> {
        let mut state = self.state();
        state.is_closed = true;
        let life = state.life.take();
        let session = match std::mem::take(&mut state.at) {
            At::Idle(session) => Some(session),
            other => {
                state.at = other;
                None
            }
        };
        drop(state);
        if let Some(life) = life {
            life.end(Reason::Close);
        }
        session.map(|session| Remains { _session: session })
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// What `body` makes of the guest, if it stands still.
    ///
    /// Errors: `ERR_WASI_CLOSED`, `ERR_INVALID_STATE`.
    pub fn access<T>(
        &self,
        body: impl FnOnce(&mut Access<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut state = self.state();
        let state = &mut *state;
        match &mut state.at {
            At::Idle(_) if state.is_closed => Err(Failure::closed()),
            At::Idle(session) => body(&mut Access::new(session.store.as_context_mut())),
            // SAFETY: the lock keeps the thread that has lent it from taking it back.
            At::Lent(loan) => body(&mut Access::new(unsafe { loan.store() })),
            At::Busy if state.is_closed => Err(Failure::closed()),
            At::Busy => Err(computes()),
        }
    }

    /// Lends a guest that stands still as long as `body` runs.
    pub(super) fn lend<T>(&self, caller: &mut Caller<'_, Guest>, body: impl FnOnce() -> T) -> T {
        self.state().at = At::Lent(Loan(NonNull::from(caller).cast()));
        let _taken_back = Lent(self);
        body()
    }

    /// What `body` makes of the guest that stands still for a function of the host, which calls it
    /// back on the same thread. `None` if there is none.
    pub(super) fn nested<T>(
        &self,
        body: impl FnOnce(StoreContextMut<'_, Guest>) -> T,
    ) -> Option<T> {
        let mut state = self.state();
        let mut loan = match std::mem::take(&mut state.at) {
            At::Lent(loan) => loan,
            other => {
                state.at = other;
                return None;
            }
        };
        drop(state);
        // SAFETY: nobody else has the loan, and the thread that has lent it is this one.
        let result = body(unsafe { loan.store() });
        self.state().at = At::Lent(loan);
        Some(result)
    }

    /// Nobody panics while holding the lock but within `access`, which leaves everything as it is.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loan {
    /// # Safety
    ///
    /// The thread that has lent it must wait, and nobody else use it.
    unsafe fn store(&mut self) -> StoreContextMut<'_, Guest> {
        // SAFETY: as above. The lifetime is that of the loan, which ends before the caller's.
        unsafe { self.0.as_mut() }.as_context_mut()
    }
}

/// Takes a guest back when dropped.
struct Lent<'p>(&'p Place);

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.state().at = At::Busy;
    }
}

fn computes() -> Failure {
    let message = "The guest is running: it can be accessed between calls, and by a host function \
                   that it has called";
    Failure::new("ERR_INVALID_STATE", message)
}
