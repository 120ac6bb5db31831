//! Texts of the guest in messages: as much as fits, and nothing that could be meant for a terminal.

use std::fmt::{Display, Error, Result, Write};

/// The start of what `value` shows. No more of it is made.
pub(super) fn short(value: impl Display, most: usize) -> String {
    let mut short = Short { text: String::new(), room: most };
    // Ends with an error when it is long enough.
    match write!(short, "{value:#}") {
        Ok(()) => short.text,
        Err(Error) => short.text + "…",
    }
}

struct Short {
    text: String,
    room: usize,
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> Result {
        for letter in text.chars() {
            self.room = self.room.checked_sub(1).ok_or(Error)?;
            push(&mut self.text, letter);
        }
        Ok(())
    }
}

fn push(text: &mut String, letter: char) {
    match letter.is_control() || turns_or_breaks(letter) {
        true => text.extend(letter.escape_default()),
        false => text.push(letter),
    }
}

/// What makes text run in the other direction, or on the next line.
fn turns_or_breaks(letter: char) -> bool {
    matches!(
        letter,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// All of a text that may quote the guest, on one line.
pub(super) fn line(text: &str) -> String {
    escaped(text, "")
}

/// The same, on the lines that it has.
pub(super) fn lines(text: &str) -> String {
    escaped(text, "\n\t")
}

fn escaped(text: &str, but: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match but.contains(letter) {
            true => escaped.push(letter),
            false => push(&mut escaped, letter),
        }
    }
    escaped
}

/// Most letters of a name in a message.
const MOST_OF_NAME: usize = 80;

/// A name.
pub(super) fn name(name: &str) -> String {
    short(name, MOST_OF_NAME)
}

/// Most members of a list in a message.
const MOST_LISTED: usize = 5;

/// Some of several, and how many more there are: "a, b and 3 more".
pub(super) fn list(items: impl Iterator<Item = String>) -> String {
    let mut items = items;
    let first: Vec<String> = items.by_ref().take(MOST_LISTED).collect();
    match (items.count(), first.split_last()) {
        (0, Some((last, others))) if !others.is_empty() => {
            format!("{} and {last}", others.join(", "))
        }
        (0, _) => first.concat(),
        (more, _) => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_texts_and_escapes_them() {
        assert_eq!(short("abc", 3), "abc");
        assert_eq!(short("abcd", 3), "abc…");
        assert_eq!(short("a\x1b[2J", 10), "a\\u{1b}[2J");
        assert_eq!(short("a\u{202e}b\u{2028}c", 10), "a\\u{202e}b\\u{2028}c");
        assert_eq!(line("a\n\x07b"), "a\\n\\u{7}b");
        assert_eq!(lines("a\n\t\x07b\n"), "a\n\t\\u{7}b\n");
    }

    #[test]
    fn lists_some() {
        let listed = |count: usize| list((1..=count).map(|number| number.to_string()));
        assert_eq!(listed(1), "1");
        assert_eq!(listed(2), "1 and 2");
        assert_eq!(listed(5), "1, 2, 3, 4 and 5");
        assert_eq!(listed(7), "1, 2, 3, 4, 5 and 2 more");
    }
}
