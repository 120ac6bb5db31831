//! Arguments and results as text. Guest memory is read only where it is in bounds; what the guest
//! has in it is never trusted to be short, or to be text.

use crate::abi::layout::{EVENT_SIZE, FDSTAT_SIZE, PRESTAT_SIZE};
use crate::abi::witx::{CLOCKIDS, EVENTTYPES, FDFLAG_BITS, FILETYPES};
use crate::abi::{Call, Kind, Notation, Region, Version};
use crate::system::{Result, SubscriptionKind, Whence};

/// Strings are cut after so many bytes,
const MAX_STRING: usize = 64;
/// and lists after so many elements.
const MAX_LIST: usize = 4;

const IOVEC_SIZE: usize = 8;

/// An argument as text.
pub struct Shown {
    pub text: String,
    /// Whether it is a string or a list of which nothing is missing.
    pub whole: bool,
}

/// The argument at `index`; a pointer out of bounds as such.
pub fn argument(call: &Call<'_>, index: usize, kind: Kind) -> Shown {
    let shown = match kind {
        Kind::Number(bytes, notation) => {
            let value = call.u64(index) & (u64::MAX >> (64 - 8 * bytes));
            return partly(number(call.version, notation, value));
        }
        Kind::Length => return partly(call.u32(index).to_string()),
        Kind::String => string(call, index, call.u32(index + 1)),
        Kind::Iovecs => iovecs(call, index, call.u32(index + 1)),
        Kind::Subscriptions => subscriptions(call, index, call.u32(index + 2)),
        _ => return partly(pointer(call, index)),
    };
    shown.unwrap_or_else(|_| partly(pointer(call, index)))
}

fn partly(text: String) -> Shown {
    Shown { text, whole: false }
}

fn pointer(call: &Call<'_>, index: usize) -> String {
    format!("{:#x}", call.u32(index))
}

/// What the call has put where the argument at `index` points, if that is a result.
pub fn result(call: &Call<'_>, index: usize, kind: Kind) -> Option<String> {
    match kind {
        Kind::Out(kind) => output(call, index, *kind).ok(),
        _ => None,
    }
}

fn output(call: &Call<'_>, index: usize, kind: Kind) -> Result<String> {
    match kind {
        Kind::Number(bytes, notation) => {
            let region = call.region(index, bytes as u64)?;
            Ok(number(call.version, notation, read(&region, bytes)))
        }
        Kind::String => Ok(string(call, index, call.u32(index + 1))?.text),
        Kind::Content => Ok(string(call, index, count_at(call, index + 2)?)?.text),
        Kind::Events => Ok(events(call, index, count_at(call, index + 2)?)?.text),
        Kind::Fdstat => Ok(fdstat(&call.region(index, FDSTAT_SIZE)?)),
        Kind::Filestat => {
            Ok(filestat(call.version, &call.region(index, call.version.filestat_size())?))
        }
        Kind::Prestat => {
            let region = call.region(index, PRESTAT_SIZE)?;
            Ok(format!("{{pr_name_len={}}}", region.read_u32(4)))
        }
        _ => Ok(pointer(call, index)),
    }
}

/// The number that the argument at `index` points to.
fn count_at(call: &Call<'_>, index: usize) -> Result<u32> {
    Ok(call.region(index, 4)?.read_u32(0))
}

/// A little-endian number of so many bytes.
fn read(region: &Region<'_>, bytes: usize) -> u64 {
    let mut number = [0; 8];
    region.read(0, &mut number[..bytes]);
    u64::from_le_bytes(number)
}

fn number(version: Version, notation: Notation, value: u64) -> String {
    match notation {
        Notation::Decimal => value.to_string(),
        Notation::Signed => value.cast_signed().to_string(),
        Notation::Hex => format!("{value:#x}"),
        Notation::Flags(names) => flags(names, value),
        Notation::Enum(names) => name(names, value),
        Notation::Whence => match version.whence(value as u8) {
            Ok(Whence::Set) => "SET".into(),
            Ok(Whence::Current) => "CUR".into(),
            Ok(Whence::End) => "END".into(),
            Err(_) => value.to_string(),
        },
    }
}

/// A number without a name is shown as it is.
fn name(names: &[&str], value: u64) -> String {
    let named = usize::try_from(value).ok().and_then(|value| names.get(value));
    named.map_or_else(|| value.to_string(), ToString::to_string)
}

/// Bits without a name come last, as one number.
fn flags(names: &[&str], value: u64) -> String {
    let named = names.iter().enumerate().filter(|(bit, _)| value >> bit & 1 != 0);
    let mut shown: Vec<String> = named.map(|(_, name)| name.to_string()).collect();
    let unnamed = value >> names.len() << names.len();
    if unnamed != 0 {
        shown.push(format!("{unnamed:#x}"));
    }
    if shown.is_empty() { "0".into() } else { shown.join("|") }
}

/// In quotes; `...` behind them when it is cut.
fn string(call: &Call<'_>, index: usize, length: u32) -> Result<Shown> {
    let region = call.region(index, length.into())?;
    let mut bytes = [0; MAX_STRING];
    let bytes = &mut bytes[..region.len().min(MAX_STRING)];
    region.read(0, bytes);
    let whole = bytes.len() == region.len();
    let rest = if whole { "" } else { "..." };
    Ok(Shown { text: format!("\"{}\"{rest}", escaped(bytes)), whole })
}

/// What is printable stays as it is, in all scripts. Nothing gets through that a terminal obeys.
fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        let quoted = format!("{:?}", chunk.valid());
        text.push_str(&quoted[1..quoted.len() - 1]);
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// The list that the argument at `index` points to, `item` showing the element at an offset.
fn list<'c>(
    call: &Call<'c>,
    index: usize,
    (count, size): (u32, usize),
    item: impl Fn(&Region<'c>, usize) -> String,
) -> Result<Shown> {
    let region = call.region(index, u64::from(count) * size as u64)?;
    let offsets = (0..region.len()).step_by(size);
    let mut shown: Vec<String> = offsets.take(MAX_LIST).map(|at| item(&region, at)).collect();
    let whole = shown.len() * size == region.len();
    if !whole {
        shown.push("...".into());
    }
    Ok(Shown { text: format!("[{}]", shown.join(", ")), whole })
}

fn iovecs(call: &Call<'_>, index: usize, count: u32) -> Result<Shown> {
    list(call, index, (count, IOVEC_SIZE), |list, at| {
        format!("{{{:#x}, {}}}", list.read_u32(at), list.read_u32(at + 4))
    })
}

fn subscriptions(call: &Call<'_>, index: usize, count: u32) -> Result<Shown> {
    let version = call.version;
    list(call, index, (count, version.subscription_size()), |list, at| {
        let details = match version.read_subscription(list, at) {
            Ok(subscription) => subscription_kind(subscription.kind),
            Err(errno) => errno.to_string(),
        };
        format!("{{userdata={:#x}, {details}}}", list.read_u64(at))
    })
}

fn subscription_kind(kind: SubscriptionKind) -> String {
    match kind {
        SubscriptionKind::Clock { clock, timeout, absolute } => {
            let flags = if absolute { ", ABSTIME" } else { "" };
            format!("CLOCK, id={}, timeout={timeout}{flags}", name(CLOCKIDS, clock as u64))
        }
        SubscriptionKind::FdRead(fd) => format!("FD_READ, fd={fd}"),
        SubscriptionKind::FdWrite(fd) => format!("FD_WRITE, fd={fd}"),
    }
}

fn events(call: &Call<'_>, index: usize, count: u32) -> Result<Shown> {
    list(call, index, (count, EVENT_SIZE), event)
}

fn event(list: &Region<'_>, at: usize) -> String {
    const CLOCK: u8 = 0;
    let kind = list.read_u8(at + 10);
    let mut text =
        format!("{{userdata={:#x}, {}", list.read_u64(at), name(EVENTTYPES, kind.into()));
    match list.read_u16(at + 8) {
        0 if kind == CLOCK => {}
        0 => text += &format!(", nbytes={}", list.read_u64(at + 16)),
        error => text += &format!(", error={error}"),
    }
    if kind != CLOCK && list.read_u16(at + 24) != 0 {
        text += ", HANGUP";
    }
    text + "}"
}

fn fdstat(stat: &Region<'_>) -> String {
    format!(
        "{{fs_filetype={}, fs_flags={}, fs_rights_base={:#x}, fs_rights_inheriting={:#x}}}",
        name(FILETYPES, stat.read_u8(0).into()),
        flags(FDFLAG_BITS, stat.read_u16(2).into()),
        stat.read_u64(8),
        stat.read_u64(16),
    )
}

/// What one asks for most.
fn filestat(version: Version, stat: &Region<'_>) -> String {
    let filetype = name(FILETYPES, stat.read_u8(16).into());
    format!("{{filetype={filetype}, size={}, ...}}", stat.read_u64(version.filestat_size_at()))
}
