//! How much work there may have been since the last check, on the worst path to an instruction.
//!
//! Only paths forward count: every loop begins with a check, so what comes back to it has been
//! paid for.

/// Most work between two checks within a function.
pub(super) const BUDGET: u32 = 4096;
/// Most work between the call of a function and its first check, if it makes no calls.
pub(super) const LEAF: u32 = 512;
/// Most work between the return of a call and that of its caller. As many functions as fit on the
/// stack may return one after the other without a check.
pub(super) const TAIL: u32 = 64;

/// Worst costs at one place. `None`: no path leads here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path {
    /// Since a check.
    checked: Option<u32>,
    /// Since a call has come back that may have made a check.
    returned: Option<u32>,
}

impl Path {
    pub const DEAD: Path = Path { checked: None, returned: None };
    pub const CHECKED: Path = Path { checked: Some(0), returned: None };
    /// Something has come back from a call, or has caught what it threw. That is not nothing: what
    /// is as dear as all of the budget needs a check.
    pub const RETURNED: Path = Path { checked: None, returned: Some(1) };
    /// A function that makes no calls begins without a check, as if `LEAF` were all that is left.
    pub const LEAF: Path = Path { checked: Some(BUDGET - LEAF), returned: None };

    pub fn is_dead(self) -> bool {
        self == Path::DEAD
    }

    pub fn plus(self, cost: u32) -> Self {
        let add = |path: Option<u32>| path.map(|before| before.saturating_add(cost));
        Path { checked: add(self.checked), returned: add(self.returned) }
    }

    /// Where two paths meet.
    pub fn or(self, other: Path) -> Self {
        // None is less than any number.
        Path {
            checked: self.checked.max(other.checked),
            returned: self.returned.max(other.returned),
        }
    }

    /// Whether a check must come before something that costs as much.
    pub fn is_too_long_for(self, cost: u32) -> bool {
        let worst = self.checked.max(self.returned).unwrap_or(0);
        worst > 0 && worst.saturating_add(cost) > BUDGET
    }

    /// Whether a check must come before the function is left.
    pub fn is_too_long_to_leave(self) -> bool {
        self.returned > Some(TAIL)
    }
}
