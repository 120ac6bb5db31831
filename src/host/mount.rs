//! Read-only mounts.

use super::{Errno, Result};

/// Whether what is in a preopen may be changed. Everything opened through it inherits this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mount {
    /// As the host's permissions allow.
    ReadWrite,
    /// Never.
    ReadOnly,
}

impl Mount {
    /// The second line of defence: the rights of a read-only preopen lack all that would get here.
    ///
    /// Errors: `EROFS`.
    pub(super) fn check_writable(self) -> Result<()> {
        match self {
            Mount::ReadWrite => Ok(()),
            Mount::ReadOnly => Err(Errno::Rofs),
        }
    }
}
