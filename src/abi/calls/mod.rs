//! One function per import: decode pointers, call the system, write results.
//!
//! Every region is checked before the system is called, in the order of the parameters: a call
//! that fails for a bad pointer has done nothing, and one that has done something can write what
//! it found.

pub(super) mod args;
pub(super) mod clock;
pub(super) mod fd;
pub(super) mod io;
pub(super) mod path;
pub(super) mod poll;
pub(super) mod proc;
pub(super) mod random;
pub(super) mod sock;
