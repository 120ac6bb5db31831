//! Where calls come in: one folder for each engine that runs guests.

#[cfg(feature = "v8")]
pub mod v8;
