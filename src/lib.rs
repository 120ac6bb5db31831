//! WASI preview1 for Node.js.
//!
//! Data flows one way: a call enters through a front, `abi` turns guest bytes into typed
//! arguments, `system` knows descriptors and rights, `host` talks to the operating system. No
//! layer knows one to its left. See ARCHITECTURE.md.
//!
//! | A line about… | belongs to |
//! |---|---|
//! | a JavaScript value | `front::v8` |
//! | a guest pointer or byte | `abi` |
//! | an fd number or a right | `system` |
//! | a flag or an error of the operating system | `host` |

#[cfg(all(feature = "v8", not(panic = "unwind")))]
compile_error!("the addon turns panics into errors: build it with panic=unwind");

pub mod abi;
pub mod front;
pub mod host;
pub mod system;
