//! Where the checks of one function go, and which instructions are done in pieces.

use std::ops::Range;

use wasmparser::{FunctionBody, Operator};

use super::facts::{Body, Facts};
use super::inline::{Piecewise, Scratch};
use super::paths::{BUDGET, Path};
use super::pieces::{Bulk, Pieces};
use super::price::{Call, Price, Prices, SMALL};
use super::{Refusal, Result};

/// Most clauses of `try_table` around one place.
const MAX_CLAUSES: usize = 250;

/// What to change in the body of a function.
#[derive(Debug)]
pub(super) enum Edit {
    Check(u64),
    /// An instruction that is done by a function that was added, unless it is small.
    Pieces(Range<u64>, Piecewise),
}

/// The edits of a function, in the order of their places.
#[derive(Debug)]
pub(super) struct Edits {
    pub edits: Vec<Edit>,
    /// What keeps lengths: locals behind those of the function.
    pub scratch: Scratch,
}

/// A block that has not ended.
struct Frame {
    is_loop: bool,
    /// Worst path out of those that branch to its end.
    end: Path,
    /// Of an `if` that has met no `else`: the path to its end, or to the `else`.
    skipped: Path,
    /// Of a `try_table`.
    clauses: usize,
}

struct Walk<'f> {
    facts: &'f Facts,
    scratch: Scratch,
    prices: Prices<'f>,
    pieces: &'f mut Pieces,
    path: Path,
    frames: Vec<Frame>,
    /// That catch what is thrown here.
    clauses: usize,
    edits: Vec<Edit>,
    /// Value of the constant just before.
    constant: Option<u64>,
}

/// The edits of the `index`th function that the module defines.
pub(super) fn edits(
    index: usize,
    body: &FunctionBody<'_>,
    facts: &Facts,
    pieces: &mut Pieces,
) -> Result<Edits> {
    let mut walk = Walk {
        facts,
        scratch: Scratch::behind(facts.type_of_defined(index), body)?,
        prices: Prices::new(facts, facts.type_of_defined(index)),
        pieces,
        path: Path::LEAF.plus(facts.prologue(body)?),
        frames: vec![Frame::new(false)],
        clauses: 0,
        edits: Vec::new(),
        constant: None,
    };
    let mut reader = body.get_operators_reader()?;
    if facts.bodies.get(index) == Some(&Body::Checked) {
        walk.check(reader.original_position());
    }
    while !reader.eof() {
        let start = reader.original_position();
        let operator = reader.read()?;
        walk.take(&operator, start..reader.original_position())?;
    }
    Ok(Edits { edits: walk.edits, scratch: walk.scratch })
}

impl Frame {
    fn new(is_loop: bool) -> Self {
        Frame { is_loop, end: Path::DEAD, skipped: Path::DEAD, clauses: 0 }
    }
}

impl Walk<'_> {
    fn take(&mut self, operator: &Operator<'_>, place: Range<u64>) -> Result<()> {
        // Asked in dead code, too: it has blocks whose types count.
        let price = self.prices.of(operator);
        if !self.path.is_dead() {
            match price {
                Price::Fixed(cost) => self.pay(cost, place.start),
                Price::Heavy => self.pay(BUDGET, place.start),
                Price::Bulk => self.bulk(operator, &place),
                Price::Call(call) => self.call(call, place.start),
            }
        }
        self.flow(operator, &place)?;
        self.constant = match operator {
            Operator::I32Const { value } => Some(value.cast_unsigned().into()),
            Operator::I64Const { value } => Some(value.cast_unsigned()),
            _ => None,
        };
        Ok(())
    }

    fn check(&mut self, place: u64) {
        self.edits.push(Edit::Check(place));
        self.path = Path::CHECKED;
    }

    /// A check comes before what would be too much.
    fn pay(&mut self, cost: u32, place: u64) {
        if self.path.is_too_long_for(cost) {
            self.check(place);
        }
        self.path = self.path.plus(cost);
    }

    fn bulk(&mut self, operator: &Operator<'_>, place: &Range<u64>) {
        let Some(bulk) = Bulk::of(operator) else { return self.pay(BUDGET, place.start) };
        self.pay(if bulk.allocates() { BUDGET } else { SMALL }, place.start);
        if self.constant.is_some_and(|length| bulk.is_small(length)) {
            return;
        }
        let local = self.scratch.local(bulk.is_length_64(self.facts));
        let piecewise = Piecewise { bulk, local, function: self.pieces.function(bulk) };
        self.edits.push(Edit::Pieces(place.clone(), piecewise));
        self.path = self.path.or(Path::RETURNED);
    }

    fn call(&mut self, call: Call, place: u64) {
        if call.is_tail {
            self.leave(place);
        }
        self.pay(call.cost.saturating_add(call.through.unwrap_or(0)), place);
        if call.through.is_none() {
            self.path = Path::DEAD;
        }
        if call.checks {
            self.path = self.path.or(Path::RETURNED);
        }
    }

    /// Where paths part and meet.
    fn flow(&mut self, operator: &Operator<'_>, place: &Range<u64>) -> Result<()> {
        match operator {
            Operator::Block { .. } => self.enter(false),
            Operator::TryTable { try_table } => {
                for catch in &try_table.catches {
                    self.branch_on(Path::RETURNED, label(catch));
                }
                self.enter(false);
                self.innermost().clauses = try_table.catches.len();
                self.cover(try_table.catches.len(), place.start)?;
            }
            Operator::Loop { .. } => {
                self.enter(true);
                if !self.path.is_dead() {
                    self.check(place.end);
                }
            }
            Operator::If { .. } => {
                self.enter(false);
                self.innermost().skipped = self.path;
            }
            Operator::Else => {
                let path = self.path;
                let frame = self.innermost();
                frame.end = frame.end.or(path);
                self.path = std::mem::replace(&mut self.innermost().skipped, Path::DEAD);
            }
            Operator::End => self.end(place.start),
            Operator::Br { relative_depth } => self.leave_by(&[*relative_depth], place.start),
            Operator::BrTable { targets } => {
                let mut depths: Vec<u32> = targets.targets().flatten().collect();
                depths.push(targets.default());
                self.leave_by(&depths, place.start);
            }
            Operator::BrIf { relative_depth }
            | Operator::BrOnNull { relative_depth }
            | Operator::BrOnNonNull { relative_depth }
            | Operator::BrOnCast { relative_depth, .. }
            | Operator::BrOnCastFail { relative_depth, .. } => {
                self.branch(&[*relative_depth], place.start);
            }
            Operator::Return => {
                self.leave(place.start);
                self.path = Path::DEAD;
            }
            Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. }
            | Operator::Throw { .. }
            | Operator::ThrowRef
            | Operator::Unreachable => self.path = Path::DEAD,
            _ => {}
        }
        Ok(())
    }

    /// Whatever is thrown looks at all clauses around each call on the stack.
    fn cover(&mut self, clauses: usize, place: u64) -> Result<()> {
        self.clauses += clauses;
        if self.clauses <= MAX_CLAUSES {
            return Ok(());
        }
        Err(Refusal::TooLarge(format!(
            "The program has {} clauses that catch exceptions around one place, but at most \
             {MAX_CLAUSES} are allowed (at offset {place:#x})",
            self.clauses,
        )))
    }

    fn enter(&mut self, is_loop: bool) {
        self.frames.push(Frame::new(is_loop));
    }

    /// Validated before: every `end` has its beginning.
    fn innermost(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a block that has not ended")
    }

    fn end(&mut self, place: u64) {
        if self.frames.len() == 1 {
            return self.leave_at_end(place);
        }
        if let Some(frame) = self.frames.pop() {
            self.clauses -= frame.clauses;
            self.path = self.path.or(frame.end).or(frame.skipped);
        }
    }

    /// Branches to the end of the function have been looked at where they are.
    fn leave_at_end(&mut self, place: u64) {
        self.leave(place);
        self.frames.pop();
    }

    fn leave(&mut self, place: u64) {
        if self.path.is_too_long_to_leave() {
            self.check(place);
        }
    }

    fn leave_by(&mut self, depths: &[u32], place: u64) {
        self.branch(depths, place);
        self.path = Path::DEAD;
    }

    fn branch(&mut self, depths: &[u32], place: u64) {
        if self.path.is_dead() {
            return;
        }
        let outermost = self.frames.len() - 1;
        if depths.iter().any(|depth| *depth as usize == outermost) {
            self.leave(place);
        }
        for depth in depths {
            self.branch_on(self.path, *depth);
        }
    }

    /// What goes back to a loop comes to the check at its head.
    fn branch_on(&mut self, path: Path, depth: u32) {
        if let Some(frame) = self.frame(depth).filter(|frame| !frame.is_loop) {
            frame.end = frame.end.or(path);
        }
    }

    fn frame(&mut self, depth: u32) -> Option<&mut Frame> {
        let index = self.frames.len().checked_sub(1 + depth as usize)?;
        self.frames.get_mut(index)
    }
}

/// The block that a clause of `try_table` branches to, counted from outside.
fn label(catch: &wasmparser::Catch) -> u32 {
    match catch {
        wasmparser::Catch::One { label, .. }
        | wasmparser::Catch::OneRef { label, .. }
        | wasmparser::Catch::All { label }
        | wasmparser::Catch::AllRef { label } => *label,
    }
}
