//! The types that [witx](https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/witx/typenames.witx)
//! gives to parameters: how wide each is, and how a trace shows it.

use super::ValueType;

/// A parameter of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Its name; a result, which has none in witx, goes by that of earlier versions.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
}

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number of so many bytes: what is above has no meaning.
    Number(usize, Notation),
    /// Pointer to a string; the next parameter is its length.
    String,
    /// Pointer to a list of `iovec`; the next parameter is how many.
    Iovecs,
    /// Pointer to a list of `subscription`; the parameter after the next is how many.
    Subscriptions,
    /// Length of the string or the list before, with which it is shown.
    Length,
    /// Pointer to where the call puts a result.
    Out(&'static Kind),
    /// As a result only: the struct.
    Fdstat,
    /// As a result only: the struct.
    Filestat,
    /// As a result only: the struct.
    Prestat,
    /// As a result only: a list of `event`; the parameter after the next points to how many.
    Events,
    /// As a result only: a string; the parameter after the next points to its length.
    Content,
}

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// Unsigned.
    Decimal,
    /// Signed; of 64 bits.
    Signed,
    /// Pointers, and rights, whose names would fill lines.
    Hex,
    /// Names of the bits, from the lowest up.
    Flags(&'static [&'static str]),
    /// Names of the numbers, from 0 up.
    Enum(&'static [&'static str]),
    /// `whence`: the numbers differ between the ABIs.
    Whence,
}

impl Kind {
    /// How WebAssembly passes it.
    pub fn value_type(self) -> ValueType {
        match self {
            Kind::Number(8, _) => ValueType::I64,
            _ => ValueType::I32,
        }
    }
}

use Notation::{Decimal, Enum, Flags, Hex, Signed};

macro_rules! numbers {
    ($($name:ident $bytes:literal $notation:expr;)*) => {
        $(pub(super) const $name: Kind = Kind::Number($bytes, $notation);)*
    };
}

numbers! {
    ADVICE 1 Enum(&["NORMAL", "SEQUENTIAL", "RANDOM", "WILLNEED", "DONTNEED", "NOREUSE"]);
    CLOCKID 4 Enum(CLOCKIDS);
    DIRCOOKIE 8 Decimal;
    EXITCODE 4 Decimal;
    FD 4 Decimal;
    FDFLAGS 2 Flags(FDFLAG_BITS);
    FILEDELTA 8 Signed;
    FILESIZE 8 Decimal;
    FSTFLAGS 2 Flags(&["ATIM", "ATIM_NOW", "MTIM", "MTIM_NOW"]);
    LOOKUPFLAGS 4 Flags(&["SYMLINK_FOLLOW"]);
    OFLAGS 2 Flags(&["CREAT", "DIRECTORY", "EXCL", "TRUNC"]);
    POINTER 4 Hex;
    RIFLAGS 2 Flags(&["RECV_PEEK", "RECV_WAITALL"]);
    RIGHTS 8 Hex;
    ROFLAGS 2 Flags(&["RECV_DATA_TRUNCATED"]);
    SDFLAGS 1 Flags(&["RD", "WR"]);
    SIFLAGS 2 Flags(&[]);
    SIGNAL 1 Enum(&[
        "NONE", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
        "USR2", "PIPE", "ALRM", "TERM", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
        "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "POLL", "PWR", "SYS",
    ]);
    SIZE 4 Decimal;
    TIMESTAMP 8 Decimal;
    WHENCE 1 Notation::Whence;
}

/// `clockid`.
pub const CLOCKIDS: &[&str] = &["REALTIME", "MONOTONIC", "PROCESS_CPUTIME_ID", "THREAD_CPUTIME_ID"];

/// `fdflags`.
pub const FDFLAG_BITS: &[&str] = &["APPEND", "DSYNC", "NONBLOCK", "RSYNC", "SYNC"];

/// `filetype`.
pub const FILETYPES: &[&str] = &[
    "UNKNOWN",
    "BLOCK_DEVICE",
    "CHARACTER_DEVICE",
    "DIRECTORY",
    "REGULAR_FILE",
    "SOCKET_DGRAM",
    "SOCKET_STREAM",
    "SYMBOLIC_LINK",
];

/// `eventtype`.
pub const EVENTTYPES: &[&str] = &["CLOCK", "FD_READ", "FD_WRITE"];
