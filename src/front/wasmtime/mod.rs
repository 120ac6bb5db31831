//! The engine is wasmtime, on threads of our own: programs that nobody vouched for, with limits.
//! The only place that names wasmtime; it knows nothing of JavaScript.

mod access;
mod bounds;
mod cache;
mod compile;
mod ending;
mod engine;
mod failure;
mod host_call;
mod idle;
mod imports;
mod info;
mod inspect;
mod instance;
mod interruptible;
mod invoke;
mod kept;
mod kind;
mod legacy_exceptions;
mod life;
mod limits;
mod linker;
mod memories;
mod module_limits;
mod needs;
mod outcome;
mod permits;
mod place;
mod pool;
mod pools;
mod processors;
mod program;
mod ready;
mod run;
mod session;
mod settings;
mod shape;
mod short;
mod signals;
mod store;
mod stragglers;
mod trap;
mod value;
mod watchdog;
mod woken;

pub use access::{Access, Region};
pub use compile::{
    Command, Limits as CompileLimits, Ticket, set_command, work as compile_for_parent,
};
pub use failure::{Detail, Failure, guarded};
pub use host_call::{Call, Host, HostCall, Post, Thrown};
pub use imports::{Given, HostFunction, HostGlobal, Imports};
pub use info::{Import, Info, Shape, Signature};
pub use inspect::{Item, List, Memory, Need, Report, Sections, inspect};
pub use instance::Instance;
pub use life::{Life, Reason};
pub use outcome::Outcome;
pub use place::{Place, Remains};
pub use pools::{compilers, guests, set_concurrency, set_first_concurrency};
pub use program::{Program, Request, Source};
pub use ready::{Origin, Ready};
pub use run::run;
pub use session::Entry;
pub use settings::{Settings, Stream};
pub use signals::OnThread;
pub use value::{Crossing, Kind, Value};
