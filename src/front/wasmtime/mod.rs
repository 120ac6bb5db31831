//! The engine is wasmtime, on threads of our own: programs that nobody vouched for, with limits.
//! The only place that names wasmtime; it knows nothing of JavaScript.

mod bounds;
mod cache;
mod compile;
mod control;
mod engine;
mod failure;
mod info;
mod inspect;
mod instance;
mod interruptible;
mod kind;
mod legacy_exceptions;
mod limits;
mod linker;
mod module_limits;
mod needs;
mod permits;
mod pool;
mod program;
mod run;
mod session;
mod shape;
mod short;
mod store;
mod trap;
mod watchdog;

pub use compile::{
    Command, Limits as CompileLimits, Origin, Ticket, set_command, work as compile_for_parent,
};
pub use control::{Control, Reason};
pub use failure::{Detail, Failure, guarded};
pub use info::{Import, Info, Shape, Signature};
pub use inspect::{Item, List, Memory, Need, Report, Sections, inspect};
pub use instance::{Instance, Value};
pub use pool::{Pool, set_concurrency};
pub use program::{Program, Ready, Request, Source};
pub use run::{Outcome, Settings, Stream, run};
