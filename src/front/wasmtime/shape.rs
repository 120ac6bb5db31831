//! Types of functions as in the text format, or the start of them: they may be as long as a program.

use std::fmt::{self, Display, Formatter};

use super::short::short;

/// Letters of a type. No function of WASI has as many.
const MOST: usize = 500;

/// Such as `(func (param i32 i64) (result i32))`.
pub(super) fn function<T: Display>(
    parameters: impl Iterator<Item = T> + Clone,
    results: impl Iterator<Item = T> + Clone,
) -> String {
    let parameters = Part { name: "param", types: parameters };
    let results = Part { name: "result", types: results };
    short(format_args!("(func{parameters}{results})"), MOST)
}

struct Part<I> {
    name: &'static str,
    types: I,
}

impl<T: Display, I: Iterator<Item = T> + Clone> Display for Part<I> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let mut types = self.types.clone().peekable();
        if types.peek().is_none() {
            return Ok(());
        }
        write!(formatter, " ({}", self.name)?;
        types.try_for_each(|kind| write!(formatter, " {kind}"))?;
        formatter.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_there_is() {
        let types = ["i32", "i64"];
        let none: [&str; 0] = [];
        assert_eq!(function(none.iter(), none.iter()), "(func)");
        assert_eq!(function(types.iter(), none.iter()), "(func (param i32 i64))");
        assert_eq!(function(none.iter(), types.iter()), "(func (result i32 i64))");
        assert!(function([0; 1000].iter(), [0; 1000].iter()).chars().count() <= MOST + 1);
    }
}
