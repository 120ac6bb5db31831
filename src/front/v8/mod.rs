//! The engine is V8, in the caller's thread: `class WASI`. Names napi.

mod class;
mod environment;
mod errors;
mod guest;
mod options;
mod share;
mod trampoline;
