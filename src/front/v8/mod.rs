//! The engine is V8, in the caller's thread: `class WASI`. The only place that names napi.

mod class;
mod environment;
mod errors;
mod guest;
mod js;
mod options;
mod trampoline;
