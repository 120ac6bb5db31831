//! Where calls come in: one folder for each engine that runs guests, and one for what JavaScript
//! asks of wasmtime.

#[cfg(all(feature = "v8", feature = "wasmtime"))]
mod bridge;
#[cfg(any(feature = "v8", feature = "wasmtime"))]
mod init;
#[cfg(feature = "v8")]
mod js;
#[cfg(feature = "v8")]
pub mod v8;
#[cfg(feature = "wasmtime")]
pub mod wasmtime;
