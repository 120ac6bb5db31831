//! The engine is wasmtime, on threads of our own: programs that nobody vouched for, with limits.
//! The only place that names wasmtime; it knows nothing of JavaScript.

mod cache;
mod control;
mod engine;
mod failure;
mod instance;
mod interruptible;
mod limits;
mod linker;
mod pool;
mod program;
mod run;
mod session;
mod store;
mod watchdog;

pub use control::{Control, Reason};
pub use failure::{Detail, Failure, guarded};
pub use instance::{Instance, Value};
pub use pool::{Pool, set_concurrency};
pub use program::{Import, Info, Program, Request, Shape, Source};
pub use run::{Outcome, Settings, Stream, run};
