//! Names of the exports that are added: like none that the program has.
//!
//! They begin with one more NUL than any of its own names.

/// Of the memory whose byte ends the program. The number of the program's functions follows:
/// those behind are added ones.
const INTERRUPT: &str = "wasi-rs interrupt ";
/// Of what was the start function.
const START: &str = "wasi-rs start";

/// The names of one module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub interrupt: String,
    pub start: String,
    /// How many functions the program has itself.
    pub functions: u32,
}

impl Names {
    /// Names that are not among `taken`.
    pub fn beside<'n>(taken: impl Iterator<Item = &'n str>, functions: u32) -> Self {
        let nuls = taken.map(leading_nuls).max().unwrap_or(0) + 1;
        Names::with(nuls, functions)
    }

    /// The names that were added to a module with these exports.
    pub fn among<'n>(exports: impl Iterator<Item = &'n str>) -> Option<Self> {
        let last = exports.filter(|name| name.starts_with('\0')).max_by_key(|name| {
            // Both have as many, and a name of the program fewer.
            (leading_nuls(name), name.contains(INTERRUPT))
        })?;
        let functions = last.trim_start_matches('\0').strip_prefix(INTERRUPT)?.parse().ok()?;
        Some(Names::with(leading_nuls(last), functions))
    }

    /// Whether an export is one of these.
    pub fn contains(&self, export: &str) -> bool {
        export == self.interrupt || export == self.start
    }

    fn with(nuls: usize, functions: u32) -> Self {
        let nuls = "\0".repeat(nuls);
        Names {
            interrupt: format!("{nuls}{INTERRUPT}{functions}"),
            start: format!("{nuls}{START}"),
            functions,
        }
    }
}

fn leading_nuls(name: &str) -> usize {
    name.bytes().take_while(|byte| *byte == 0).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_like_none_of_the_program_and_found_again() {
        let first = Names::beside(["memory", "_start"].into_iter(), 7);
        let own = [first.interrupt.as_str(), first.start.as_str(), "f"];
        let second = Names::beside(own.into_iter(), 9);
        assert!(!own.contains(&second.interrupt.as_str()) && !own.contains(&second.start.as_str()));
        let added = [second.start.as_str(), second.interrupt.as_str()];
        assert_eq!(Names::among(own.into_iter().chain(added)), Some(second.clone()));
        assert_eq!(Names::among(["memory", "\0x"].into_iter()), None);
    }
}
