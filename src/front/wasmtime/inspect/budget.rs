//! How much a report tells. A small program can name the same long type or module very often.

/// Bytes that a report may still have.
pub struct Budget(usize);

const ALL: usize = 16 << 20;
/// Beside the texts of an entry.
const ENTRY: usize = 100;

impl Default for Budget {
    fn default() -> Self {
        Budget(ALL)
    }
}

impl Budget {
    /// Whether there is room for one more entry with texts of so many bytes. If not, there is none
    /// for those behind it either.
    pub fn take(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes + ENTRY);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}
