//! What can be known of a file without compiling it: in time that grows with its size, and with
//! what it says bounded.

mod budget;
mod component;
mod module;
mod sections;
mod types;

use std::borrow::Cow;
use std::sync::Arc;

use super::compile::{SHORT_TEXT, binary};
use super::failure::{Failure, damaged};
use super::kind::Kind;
use super::needs;
use super::short::line;

pub use sections::Sections;

/// See the module.
#[derive(Debug, Default)]
pub struct Report {
    /// What the bytes are, such as "module".
    pub kind: &'static str,
    /// Whether they are in the text format.
    pub is_text: bool,
    /// Whether it runs here, as far as can be told: as a command, or when its functions are called.
    pub runs: Option<bool>,
    /// What keeps it from running.
    pub needs: Vec<Need>,
    /// "command" or "reactor", of a module.
    pub role: Option<&'static str>,
    /// What it needs from its host.
    pub imports: List,
    /// What it offers.
    pub exports: List,
    /// Its memories, imported ones first.
    pub memories: Vec<Memory>,
    /// What is said of it beside its code.
    pub sections: Sections,
}

/// Something that is missing, and what to do about it.
#[derive(Debug)]
pub struct Need {
    /// For programs.
    pub about: &'static str,
    /// For people.
    pub message: String,
}

/// Imports or exports, as many as are to be told.
#[derive(Debug, Default)]
pub struct List {
    /// In their order.
    pub items: Vec<Item>,
    /// How many there are in all.
    pub count: usize,
}

/// An import or an export.
#[derive(Debug)]
pub struct Item {
    /// First part of the name of a module's import.
    pub module: Option<String>,
    /// Its name.
    pub name: String,
    /// As `WebAssembly.Module.exports` names it, or as components do.
    pub kind: &'static str,
    /// As in the text format.
    pub shape: Option<Arc<str>>,
}

/// A linear memory.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Whether it comes from the host.
    pub is_imported: bool,
    /// Pages at the start.
    pub initial: u64,
    /// Pages at most.
    pub maximum: Option<u64>,
    /// Bytes of a page.
    pub page: u64,
    /// Whether threads share it.
    pub is_shared: bool,
    /// Whether its addresses have 64 bits.
    pub is_64: bool,
}

/// Why no more can be read.
struct Broken(String);

impl From<wasmparser::Error> for Broken {
    fn from(error: wasmparser::Error) -> Self {
        Broken(damaged(line(&error.to_string())))
    }
}

type Result<T> = std::result::Result<T, Broken>;

/// Reads all that can be read.
pub fn inspect(bytes: &[u8]) -> Report {
    let kind = Kind::of(bytes);
    let is_text = matches!(kind, Kind::Text | Kind::Component) && !bytes.starts_with(b"\0asm");
    let mut report = Report { kind: kind.name(), is_text, ..Report::default() };
    match contents(kind, bytes) {
        Ok(wasm) => report.read(kind, &wasm),
        Err(need) => report.needs.push(need),
    }
    if let Some(message) = kind.refusal() {
        report.needs.insert(0, Need { about: kind.name(), message: message.into() });
    }
    let is_unknown = report.needs.iter().any(|need| need.about == TOO_LONG);
    report.runs = (!is_unknown).then(|| report.needs.iter().all(|need| need.about == CALLS));
    report
}

const TOO_LONG: &str = "too-long";
/// Only that someone calls its functions.
const CALLS: &str = "calls";

/// The binary format; empty where there is none.
fn contents(kind: Kind, bytes: &[u8]) -> std::result::Result<Cow<'_, [u8]>, Need> {
    match kind {
        Kind::Module | Kind::Component if bytes.starts_with(b"\0asm") => Ok(bytes.into()),
        Kind::Text | Kind::Component if bytes.len() > SHORT_TEXT => Err(Need {
            about: TOO_LONG,
            message: format!(
                "The text is longer than {SHORT_TEXT} bytes, and longer texts are not inspected. \
                 Translate it to the binary format first, for example with wat2wasm"
            ),
        }),
        Kind::Text | Kind::Component => {
            binary(bytes).map_err(|Failure { message, .. }| invalid(&message))
        }
        _ => Ok(Cow::Borrowed(&[])),
    }
}

fn invalid(reason: &str) -> Need {
    Need { about: "invalid", message: format!("The module is not valid: {reason}") }
}

impl Report {
    fn read(&mut self, kind: Kind, wasm: &[u8]) {
        let read: Result<()> = match kind {
            Kind::Component => component::read(wasm, self),
            Kind::Module | Kind::Text => module::read(wasm, self),
            _ => Ok(()),
        };
        if let Err(Broken(reason)) = read {
            self.needs.insert(0, invalid(&reason));
        }
    }

    fn need(&mut self, about: &'static str, failure: Option<Failure>) {
        let message = failure.map(|failure| failure.message);
        self.needs.extend(message.map(|message| Need { about, message }));
    }

    /// Only one: a program without threads can't import their memory either.
    fn need_imports(&mut self, refused: Option<Failure>) {
        match self.memories.iter().any(|memory| memory.is_shared) {
            true => self.need("threads", Some(Failure::link(needs::THREADS))),
            false => self.need("imports", refused),
        }
    }
}
