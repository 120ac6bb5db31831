//! Calls of functions of the host: on the thread of the guest, or on another one, for which the guest
//! waits. There, it can be called back into before the function returns.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasmtime::{AsContextMut, Caller};

use super::ending::{Stop, Thrown};
use super::failure::Failure;
use super::invoke::nested;
use super::place::Place;
use super::store::{Guest, Hosting};
use super::value::{Crossing, Kind, Value};
use crate::system::Signal;

/// How the functions are called.
#[derive(Default)]
pub enum Host {
    /// There are none.
    #[default]
    None,
    /// On the thread of the guest.
    Here(Arc<dyn Call>),
    /// On another thread.
    There(Arc<dyn Post>),
}

/// Calls functions.
pub trait Call: Send + Sync {
    /// Calls the function with this number, which gives results of these types. The guest stands
    /// still meanwhile: its place gives access to it.
    ///
    /// Errors: it has thrown.
    fn call(
        &self,
        number: u32,
        arguments: &[Value],
        results: &[Kind],
    ) -> Result<Vec<Value>, Thrown>;
}

/// Has functions called.
pub trait Post: Send + Sync {
    /// Has the call answered, now or later. If nothing can answer it, the guest is ended by other
    /// means.
    fn post(&self, call: &Arc<HostCall>);
}

type Answer = Result<Vec<Value>, Thrown>;
type Done = Box<dyn FnOnce(Result<Vec<Value>, Failure>) + Send>;

/// A call of a function, from the guest's waiting for it to its answer.
pub struct HostCall {
    /// Number of the function.
    pub number: u32,
    /// What it is given.
    pub arguments: Vec<Value>,
    /// Types of its parameters and results.
    pub signature: Arc<Crossing>,
    /// Where the guest is, which stands still meanwhile.
    pub place: Arc<Place>,
    signal: &'static Signal,
    mail: Mutex<Mail>,
}

/// What the thread of the guest is told.
#[derive(Default)]
struct Mail {
    calls: VecDeque<Nested>,
    answer: Option<Answer>,
    is_closed: bool,
}

/// A call of an export by the function of the host.
struct Nested {
    name: String,
    arguments: Vec<Value>,
    done: Done,
}

/// What the guest has waited for.
enum News {
    Ended,
    Call(Nested),
    Answer(Answer),
}

impl HostCall {
    /// The guest goes on with this answer. `false` if it doesn't wait for it any more.
    pub fn answer(&self, answer: Answer) -> bool {
        let mut mail = self.mail();
        if mail.is_closed || mail.answer.is_some() {
            return false;
        }
        mail.answer = Some(answer);
        drop(mail);
        self.signal.wake();
        true
    }

    /// Whether the guest has been ended, so that it doesn't wait for an answer.
    pub fn is_over(&self) -> bool {
        self.signal.is_set() || self.mail().is_closed
    }

    /// Calls an export of the guest, on its thread. `done` is told there.
    ///
    /// Errors, for `done`: `ERR_INVALID_STATE` if the function of the host has returned, and those
    /// of any call.
    pub fn call(&self, name: String, arguments: Vec<Value>, done: Done) {
        let mut mail = self.mail();
        if mail.is_closed || mail.answer.is_some() {
            drop(mail);
            return done(Err(returned()));
        }
        mail.calls.push_back(Nested { name, arguments, done });
        drop(mail);
        self.signal.wake();
    }

    /// Waits for news, without a permit unless they are there already.
    fn next(&self) -> News {
        if self.mail().is_empty() {
            self.signal.sleep_without_permit(|| !self.mail().is_empty());
        }
        let mut mail = self.mail();
        // The calls stay: `close` answers them.
        if self.signal.is_set() {
            return News::Ended;
        }
        match mail.calls.pop_front() {
            Some(call) => News::Call(call),
            None => mail.answer.take().map_or(News::Ended, News::Answer),
        }
    }

    /// Nobody answers it any more.
    fn close(&self) {
        let mut mail = self.mail();
        mail.is_closed = true;
        let calls = std::mem::take(&mut mail.calls);
        drop(mail);
        calls.into_iter().for_each(|call| (call.done)(Err(returned())));
    }

    /// Nobody panics while holding the lock.
    fn mail(&self) -> MutexGuard<'_, Mail> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mail {
    fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.answer.is_none()
    }
}

fn returned() -> Failure {
    let message = "The host function has returned, or its guest has ended, so it can no longer call \
                   the exports of the guest";
    Failure::new("ERR_INVALID_STATE", message)
}

/// Closed when dropped, also by a panic.
struct Open(Arc<HostCall>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The functions for a guest that is at this place when it stands still.
struct At {
    host: Host,
    place: Arc<Place>,
}

impl Host {
    /// `None` if there are no functions.
    pub(super) fn at(self, place: &Arc<Place>) -> Option<Arc<dyn Hosting>> {
        match self {
            Host::None => None,
            host => Some(Arc::new(At { host, place: Arc::clone(place) })),
        }
    }
}

impl Hosting for At {
    fn call(
        &self,
        caller: &mut Caller<'_, Guest>,
        number: u32,
        arguments: Vec<Value>,
        signature: &Arc<Crossing>,
    ) -> wasmtime::Result<Vec<Value>> {
        check(caller)?;
        let outer = caller.data_mut().calling.replace(number);
        let answer = match &self.host {
            Host::None => Err(Thrown(None)),
            Host::Here(host) => {
                self.place.lend(caller, || host.call(number, &arguments, &signature.results))
            }
            Host::There(post) => {
                let (place, signature) = (Arc::clone(&self.place), Arc::clone(signature));
                let (signal, mail) = (caller.data().signal, Mutex::default());
                let call = HostCall { number, arguments, signature, place, signal, mail };
                wait(caller, &**post, call).ok_or(Stop::Ended)?
            }
        };
        check(caller)?;
        caller.data_mut().calling = outer;
        answer.map_err(|thrown| Stop::Thrown(number, thrown).into())
    }
}

/// A guest that was ended neither calls nor goes on.
fn check(caller: &Caller<'_, Guest>) -> Result<(), Stop> {
    caller.data().life.reason().map_or(Ok(()), |_| Err(Stop::Ended))
}

/// Posts the call and does what it is told until it has the answer. `None` if the guest is to end.
fn wait(caller: &mut Caller<'_, Guest>, post: &dyn Post, call: HostCall) -> Option<Answer> {
    let call = Open(Arc::new(call));
    let place = Arc::clone(&call.0.place);
    let mut news = place.lend(caller, || {
        post.post(&call.0);
        call.0.next()
    });
    loop {
        match news {
            News::Ended => return None,
            News::Answer(answer) => return Some(answer),
            News::Call(Nested { name, arguments, done }) => {
                let result = nested(caller.as_context_mut(), &name, &arguments);
                // The caller may reach for the guest as soon as it is told.
                news = place.lend(caller, || {
                    done(result);
                    call.0.next()
                });
            }
        }
    }
}
