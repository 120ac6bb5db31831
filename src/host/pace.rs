//! Ending calls that have much to do: work of a size that the guest names is done piece by piece,
//! with a look at the interrupt in between.

use arrayvec::ArrayVec;

use super::{Buffer, Interrupt, MAX_BUFFERS, Result};

/// Bytes that are moved between two looks. They take some milliseconds at worst, where every page
/// has to be made first.
const PIECE: usize = 1 << 20;

/// Bytes that one system call moves at most (`MAX_RW_COUNT` of Linux). What is done in pieces moves
/// no more.
pub(super) const MOST: usize = 0x7fff_f000;

/// Counts the work of a call and looks at the interrupt now and then.
#[derive(Debug)]
pub struct Pace {
    interrupt: Interrupt,
    left: usize,
}

impl Pace {
    /// Nothing is done yet.
    pub fn new(interrupt: Interrupt) -> Self {
        Pace { interrupt, left: PIECE }
    }

    /// Some work has been done: as much as moving so many bytes, at about a nanosecond each.
    ///
    /// Errors: `ECANCELED` when interrupted.
    #[inline]
    pub fn step(&mut self, bytes: usize) -> Result<()> {
        if bytes < self.left {
            self.left -= bytes;
            return Ok(());
        }
        self.left = PIECE;
        self.interrupt.check()
    }
}

/// Lets `transfer` move `buffers`, all at once where nothing can interrupt, else piece by piece; it
/// gets each piece and how many bytes were moved before. What has been moved before an error, or an
/// interrupt, counts. A piece of which only a part is moved is the last.
pub(super) fn in_pieces(
    buffers: &[Buffer<'_>],
    interrupt: Interrupt,
    mut transfer: impl FnMut(&[Buffer<'_>], usize) -> Result<usize>,
) -> Result<usize> {
    if !interrupt.is_possible() || total(buffers) <= PIECE {
        return transfer(buffers, 0);
    }
    one_by_one(buffers, interrupt, &mut transfer)
}

/// Apart, since the list of a piece takes 16 KiB of stack.
#[inline(never)]
fn one_by_one(
    buffers: &[Buffer<'_>],
    interrupt: Interrupt,
    transfer: &mut dyn FnMut(&[Buffer<'_>], usize) -> Result<usize>,
) -> Result<usize> {
    let mut moved = 0;
    while moved < MOST {
        let piece = piece::<MAX_BUFFERS>(buffers, moved, PIECE.min(MOST - moved));
        let wanted = total(&piece);
        let some = match transfer(&piece, moved) {
            Err(error) if moved == 0 => return Err(error),
            result => result.unwrap_or(0),
        };
        moved += some;
        if some < wanted || wanted == 0 || interrupt.check().is_err() {
            break;
        }
    }
    Ok(moved)
}

/// Lets `transfer` move the first `most` bytes of `buffers`, or all if there are fewer.
pub(super) fn at_most<T>(
    buffers: &[Buffer<'_>],
    most: usize,
    transfer: impl FnOnce(&[Buffer<'_>]) -> T,
) -> T {
    if total(buffers) <= most {
        return transfer(buffers);
    }
    transfer(&piece::<MAX_BUFFERS>(buffers, 0, most))
}

/// Bytes of all.
pub(super) fn total(buffers: &[Buffer<'_>]) -> usize {
    buffers.iter().map(Buffer::len).sum()
}

/// Of what comes after the first `skip` bytes, as much as there is room for, in `N` buffers.
pub(super) fn piece<'m, const N: usize>(
    buffers: &[Buffer<'m>],
    mut skip: usize,
    mut room: usize,
) -> ArrayVec<Buffer<'m>, N> {
    let mut piece = ArrayVec::new();
    for buffer in buffers {
        let part = buffer.without_first(skip).truncated(room);
        skip -= skip.min(buffer.len());
        room -= part.len();
        if !part.is_empty() && piece.try_push(part).is_err() {
            break;
        }
    }
    piece
}
